/** ASIDs and VMIDs in use, which a new kernel hands out again. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { inspect, parseSnapshot } from '../../../src/index.ts';
import { CDS, dumpOf, hex, inspectMachine, L1, L2_BUS0, L2_BUS1 } from '../../support/made/machine.ts';
import { busZero, cd, found, rulesOf, stage1, stage2, TTB } from '../../support/made/risk-machine.ts';

const machine = () => busZero(new Image()).reserve(TTB, 4096);
const withAsids = (...asids: readonly number[]) =>
  asids.reduce(
    (image, asid, i) => image.ste(L2_BUS0, 8 * (i + 1), stage1(i)).cd(CDS, i, cd({ ASID: asid })),
    machine(),
  );

describe('asid-reuse', () => {
  test('each ASID once, ascending', async () => {
    expect(found(await inspectMachine(withAsids(7, 3, 7)), 'asid-reuse')).toEqual([
      { args: { asids: '3, 7', count: 2 }, location: {} },
    ]);
  });

  test.each([
    ['v6', true],
    ['v7', true],
    ['v10', false],
  ])('with %s: %s', async (revision, reused) => {
    expect(rulesOf(await inspectMachine(withAsids(3), { revision })).has('asid-reuse')).toBe(reused);
  });

  test('not after a reset, which flushes', async () => {
    const inspected = await inspectMachine(withAsids(3).l1(L1, 1, 3, L2_BUS1));
    expect(inspected.smmu.adoption.verdict).toBe('fallback');
    expect([...rulesOf(inspected)]).not.toContain('asid-reuse');
  });

  test('not for ASID 0, which no domain gets, nor behind what the hardware refuses', async () => {
    expect([...rulesOf(await inspectMachine(withAsids(0)))]).not.toContain('asid-reuse');
    const illegalCd = machine()
      .ste(L2_BUS0, 8, stage1(0))
      .cd(CDS, 0, cd({ ASID: 3, A: 0 }));
    expect([...rulesOf(await inspectMachine(illegalCd))], 'CD').not.toContain('asid-reuse');
    const illegalSte = withAsids(3).ste(L2_BUS0, 8, stage1(0, { S1STALLD: 1 }));
    expect([...rulesOf(await inspectMachine(illegalSte))], 'STE').not.toContain('asid-reuse');
  });
});

describe('vmid-reuse', () => {
  const withVmid = (vmid: number, more = {}) => machine().ste(L2_BUS0, 8, stage2({ S2VMID: vmid, ...more }));

  test('of stage 2 alone and of nested streams', async () => {
    const image = withVmid(9).ste(L2_BUS0, 16, stage2({ Config: 7, S2VMID: 4, S1ContextPtr: 0x1000 }));
    expect(found(await inspectMachine(image), 'vmid-reuse')).toEqual([
      { args: { vmids: '4, 9', count: 2 }, location: {} },
    ]);
  });

  test('not with a revision that scans, not for VMID 0, not of a stage 1 stream', async () => {
    expect([...rulesOf(await inspectMachine(withVmid(9), { revision: 'v10' }))]).not.toContain('vmid-reuse');
    expect([...rulesOf(await inspectMachine(withVmid(0)))]).not.toContain('vmid-reuse');
    const other = machine()
      .ste(L2_BUS0, 8, stage1(0, { S2VMID: 9 }))
      .cd(CDS, 0, cd());
    expect([...rulesOf(await inspectMachine(other))]).not.toContain('vmid-reuse');
  });
});

describe('asid-tag-space', () => {
  const streams = () => withAsids(1, 2, 3).ste(L2_BUS0, 16, stage1(1, { STRW: 2 }));
  const HYP = { IDR0: '0x0d4c121b', CR2: '0x2' };

  test('streams of both kinds', async () => {
    const inspected = await inspectMachine(streams(), { registers: HYP });
    expect(found(inspected, 'asid-tag-space')).toEqual([{ args: { el1: 2, el2: 1 }, location: {} }]);
  });

  test('not where STRW means nothing, nor where all are of EL1', async () => {
    expect([...rulesOf(await inspectMachine(streams(), { registers: { CR2: '0x2' } }))]).not.toContain(
      'asid-tag-space',
    );
    const el1 = await inspectMachine(withAsids(1, 2), { registers: HYP });
    expect([...rulesOf(el1)]).not.toContain('asid-tag-space');
  });
});

describe('asid-clash', () => {
  const SECOND = 0x8806_0000;
  const registers = {
    IDR0: '0x0d4c101b',
    IDR1: '0x02730510',
    IDR5: '0x74',
    CR0: '0xd',
    STRTAB_BASE: hex(L1),
    STRTAB_BASE_CFG: '0x1020c',
  };

  /** The first SMMU has `streams` streams under ASID 1, the second one under `asid`. */
  async function clashes(streams: number, asid: number, second: Record<string, string> = {}) {
    const image = machine()
      .cd(CDS, 0, cd({ ASID: 1 }))
      .cd(CDS, 1, cd({ ASID: asid }));
    for (let i = 0; i < streams; i++) image.ste(L2_BUS0, i, stage1(0));
    image.l1(SECOND, 0, 9, L2_BUS1).abortTable(L2_BUS1, 256).ste(L2_BUS1, 8, stage1(1));
    const smmus = [
      { name: 'first', registers },
      { name: 'second', registers: { ...registers, STRTAB_BASE: hex(SECOND), ...second } },
    ];
    const { findings } = await inspect(dumpOf(image), parseSnapshot({ smmus }, 'regs.json'));
    return findings.filter(({ rule }) => rule === 'asid-clash').map(({ smmu, args }) => ({ smmu, args }));
  }

  test('an ASID that a domain of the first may get, up to as many as it has streams', async () => {
    // 1 is reserved, so that two streams get 2 and 3.
    expect(await clashes(2, 3)).toEqual([
      { smmu: 'second', args: { other: 'first', asids: { listed: [3], total: 1 }, count: 1 } },
    ]);
    expect(await clashes(2, 4)).toEqual([]);
  });

  test('not one that both have from the crashed kernel', async () => {
    expect(await clashes(2, 1)).toEqual([]);
  });

  test('not of an SMMU that was off, where nothing is scanned', async () => {
    expect(await clashes(2, 3, { CR0: '0x0' })).toEqual([]);
  });
});
