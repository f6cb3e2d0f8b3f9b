/** Revisions side by side: the first thing that one does differently, and where that deserves a note. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { REVISIONS } from '../../src/adopt/revisions/revisions.ts';
import type { RevisionSplit } from '../../src/index.ts';
import {
  bypassOnTwoBusses,
  CDS,
  HOLE,
  type Inspected,
  IOMEM,
  inspectMachine,
  L1,
  L2_BUS0,
  L2_BUS1,
  LINEAR,
  LINEAR_REGISTERS,
  type MachineOptions,
} from '../support/made/machine.ts';

const stage1 = { V: 1, Config: 5, S1ContextPtr: CDS };

const ATS = { IDR0: '0x0d4c141b' };

/** Three that stand for many: which revision has which rule is the model's matter. */
const WATCHED: readonly string[] = ['v6', 'v7', 'v10'];

const all = (memory: Image, options: MachineOptions = {}) => inspectMachine(memory, { revision: 'all', ...options });
/** The splits as `aspect of revision at check`. */
const aspects = ({ smmu }: Inspected) =>
  smmu.splits
    ?.filter(({ revision }) => WATCHED.includes(revision))
    .map(
      ({ revision, from, aspect, check }) =>
        `${aspect} of ${revision} from ${from}${check === null ? '' : ` at ${check}`}`,
    );
const whyOf = ({ smmu }: Inspected, revision: string) =>
  smmu.splits?.find((split: RevisionSplit) => split.revision === revision)?.why;
const verdicts = ({ smmu }: Inspected) =>
  Object.fromEntries(WATCHED.map((name) => [name, smmu.adoptions?.[name]?.verdict]));
const notes = ({ findings }: Inspected) =>
  findings.flatMap(({ rule, args, severity }) => (rule === 'revisions-differ' ? [{ severity, args }] : []));

describe('--revision all', () => {
  test('has what each revision does, in the order of their making, and no split where they agree', async () => {
    const inspected = await all(bypassOnTwoBusses(), { insert: [0x8, 0x100], iomem: IOMEM });
    expect(Object.keys(inspected.smmu.adoptions ?? {})).toEqual([...REVISIONS.keys()]);
    expect(verdicts(inspected)).toEqual({ v6: 'adopted', v7: 'adopted', v10: 'adopted' });
    expect(aspects(inspected)).toEqual([]);
    expect(inspected.smmu.adoption.revision).toBe('v6');
    for (const [name, one] of Object.entries(inspected.smmu.adoptions ?? {})) {
      expect(one).toMatchObject({ revision: name, panic: null, lost: null, reset: { kind: 'adopted' } });
      expect(one.inserts.map(({ sid, ret }: { sid: number; ret: number | null }) => [sid, ret])).toEqual([
        [0x8, 0],
        [0x100, 0],
      ]);
    }
  });

  test('the one that is reported is the same in both places', async () => {
    const { smmu } = await all(bypassOnTwoBusses(), { insert: [0x8] });
    expect(smmu.adoptions?.['v6']).toEqual({
      ...smmu.adoption,
      fate: smmu.fate,
      inserts: smmu.inserts,
      devices: smmu.devices,
      reset: smmu.reset,
      kernelLog: smmu.kernelLog,
      panic: smmu.panic,
      lost: smmu.lost,
    });
  });

  test('one revision has neither', async () => {
    const { smmu } = await inspectMachine(bypassOnTwoBusses());
    expect([smmu.adoptions, smmu.splits]).toEqual([null, null]);
  });
});

describe('the adoption', () => {
  test('at a check that one does not make', async () => {
    const inspected = await all(bypassOnTwoBusses().cd(CDS, 0, { V: 1, ASID: 0 }).ste(L2_BUS0, 8, stage1));
    expect(verdicts(inspected)).toEqual({ v6: 'adopted', v7: 'adopted', v10: 'fallback' });
    expect(aspects(inspected)).toEqual(['adoption of v10 from v6 at ids.scan']);
    expect(whyOf(inspected, 'v10')).toMatch(/^v6 does not ask; v10 fails: .*ASID 0/);
  });

  test('at a check that both make', async () => {
    const inspected = await all(
      bypassOnTwoBusses()
        .l1(L1, 1, 9, L2_BUS1 + 0x1000)
        .reserve(L2_BUS1 + 0x4000, 0x1000),
    );
    expect(aspects(inspected)).toEqual(['adoption of v10 from v6 at two-level.l1-descriptors']);
    expect(whyOf(inspected, 'v10')).toBe(
      'v6 passes: 2 of 16 in use, each with span 9; v10 fails: L1[1] has pointer 0x88015000, ' +
        'required: span 0, or span 9 with a 16 KiB aligned pointer',
    );
  });

  test.each<[string, () => Promise<Inspected>, string]>([
    [
      'the alignment of the L1 table',
      () => all(new Image().reserve(L1, 8192), { registers: { STRTAB_BASE: '0x88000040' } }),
      'two-level.l1-alignment',
    ],
    [
      'the alignment of a linear table',
      () => all(new Image().abortTable(LINEAR, 128), { registers: { ...LINEAR_REGISTERS, STRTAB_BASE: '0x88100040' } }),
      'linear.alignment',
    ],
    [
      'a linear table for more StreamIDs than there are',
      () => {
        const registers = { ...LINEAR_REGISTERS, STRTAB_BASE_CFG: '0x14' };
        return all(new Image().abortTable(LINEAR, 64), { registers, memremap: 'kernel' });
      },
      'linear.log2size',
    ],
  ])('at %s', async (_, inspected, check) => {
    const one = await inspected();
    expect(verdicts(one)).toEqual({ v6: 'adopted', v7: 'adopted', v10: 'fallback' });
    expect(aspects(one)).toEqual([`adoption of v10 from v6 at ${check}`]);
  });

  test('coherency, which only v6 asserts once the gate is skipped', async () => {
    const inspected = await all(bypassOnTwoBusses(), { firmwareCoherent: false, gate: false });
    expect(verdicts(inspected)).toEqual({ v6: 'fallback', v7: 'adopted', v10: 'adopted' });
    expect(aspects(inspected)).toEqual([
      'adoption of v7 from v6 at two-level.coherent',
      'adoption of v10 from v6 at two-level.coherent',
    ]);
    expect(whyOf(inspected, 'v7')).toBe('v6 fails: false, required: true; v7 does not ask');
  });

  test('a death, which is no check', async () => {
    const memory = bypassOnTwoBusses().l1(L1, 1, 9, HOLE);
    const inspected = await all(memory, { iomem: IOMEM, insert: [0x8] });
    expect(verdicts(inspected)).toEqual({ v6: 'adopted', v7: 'adopted', v10: 'panic' });
    expect(aspects(inspected)).toEqual(['adoption of v10 from v6 at ids.scan']);
    const dies = { where: 'arm_smmu_kexec_scan_and_resv_ids', address: '0x170000000' };
    expect(inspected.smmu.adoptions?.['v10']?.panic).toMatchObject(dies);
    expect(inspected.smmu.panic).toBeNull();
  });

  test('the same end for the same reason is no difference', async () => {
    expect(aspects(await all(bypassOnTwoBusses().l1(L1, 5, 3, L2_BUS0)))).toEqual([]);
  });
});

describe('what devices meet', () => {
  test('a descriptor that changed after the adoption', async () => {
    // Through v7 a null pointer is an empty slot.
    const inspected = await all(bypassOnTwoBusses(), {
      later: bypassOnTwoBusses().l1(L1, 1, 9, 0),
      insert: [0x8, 0x100],
    });
    expect(verdicts(inspected)).toEqual({ v6: 'adopted', v7: 'adopted', v10: 'adopted' });
    expect(aspects(inspected)).toEqual(['insertions of v10 from v6']);
    expect(whyOf(inspected, 'v10')).toBe('SID 0x100: v6 accepted, v10 -EINVAL');
    expect(inspected.smmu.adoptions?.['v10']?.lost).toMatchObject({ sid: 0x100, errno: 'EINVAL' });
    expect(inspected.smmu.lost).toBeNull();
  });

  test('nobody asks, nobody meets anything', async () => {
    expect(aspects(await all(bypassOnTwoBusses(), { later: bypassOnTwoBusses().l1(L1, 1, 9, 0) }))).toEqual([]);
  });
});

describe('the registers after the reset', () => {
  test('ATSCHK, which v6 switches on', async () => {
    const inspected = await all(bypassOnTwoBusses(), { registers: ATS });
    expect(aspects(inspected)).toEqual(['reset of v7 from v6', 'reset of v10 from v6']);
    expect(whyOf(inspected, 'v7')).toBe('v6 leaves CR0 at 0x19 (ATSCHK 1), v7 leaves CR0 at 0x9 (ATSCHK 0)');
  });

  test('bits that only v10 keeps', async () => {
    const inspected = await all(bypassOnTwoBusses(), { registers: { CR0: '0xcd' } });
    expect(aspects(inspected)).toEqual(['reset of v10 from v6']);
    expect(whyOf(inspected, 'v10')).toBe('v6 leaves CR0 at 0x9 (ATSCHK 0), v10 leaves CR0 at 0xc9 (ATSCHK 0)');
  });
});

describe('the IDs that live entries use', () => {
  const translating = () => bypassOnTwoBusses().cd(CDS, 0, { V: 1, ASID: 1 }).ste(L2_BUS0, 8, stage1);

  test('v10 holds them, the others hand them out again', async () => {
    const inspected = await all(translating().ste(L2_BUS0, 9, { V: 1, Config: 6, S2VMID: 3 }));
    expect(inspected.smmu.adoptions?.['v10']?.reserved).toEqual({ asids: [1], vmids: [3] });
    expect(inspected.smmu.adoptions?.['v7']?.reserved).toEqual({ asids: [], vmids: [] });
    expect(aspects(inspected)).toEqual(['ids of v10 from v6 at ids.scan']);
    expect(whyOf(inspected, 'v10')).toBe('v10 reserves 2 IDs that live entries use; v6 may give them to new domains');
  });

  test('what comes first in the life of an adoption goes before', async () => {
    expect(aspects(await all(translating(), { registers: ATS }))).toEqual([
      'reset of v7 from v6',
      'reset of v10 from v6',
    ]);
    const later = translating().l1(L1, 1, 9, 0);
    expect(aspects(await all(translating(), { registers: ATS, later, insert: [0x100] }))).toEqual([
      'reset of v7 from v6',
      'insertions of v10 from v6',
    ]);
  });
});

describe('a note where one revision is asked for', () => {
  test('says that others would decide differently, and who', async () => {
    const inspected = await inspectMachine(bypassOnTwoBusses(), { firmwareCoherent: false, gate: false });
    expect(notes(inspected)).toEqual([
      {
        severity: 'note',
        args: {
          revision: 'v6',
          others: 'v7 to next',
          check: 'two-level.coherent',
          why: 'v6 fails: false, required: true; v7 does not ask',
        },
      },
    ]);
  });

  test('is told from the revision that is asked for', async () => {
    const memory = bypassOnTwoBusses().ste(L2_BUS0, 0x80, { V: 1, Config: 2 });
    const [note] = notes(await inspectMachine(memory, { revision: 'v10' }));
    expect(note?.args).toMatchObject({ revision: 'v10', others: 'v6 and v7', check: 'ids.scan' });
    expect(note?.args.why).toMatch(/^v10 fails: .*; v6 does not ask$/);
  });

  test('has no check where devices meet the difference', async () => {
    const [note] = notes(
      await inspectMachine(bypassOnTwoBusses(), { later: bypassOnTwoBusses().l1(L1, 1, 9, 0), insert: [0x100] }),
    );
    expect(note?.args).toMatchObject({ others: 'v8 to next', check: '' });
  });

  test.each<[string, () => Promise<Inspected>]>([
    ['the revisions agree', () => inspectMachine(bypassOnTwoBusses())],
    ['they leave other registers', () => inspectMachine(bypassOnTwoBusses(), { registers: ATS })],
    [
      'they leave other IDs',
      () => inspectMachine(bypassOnTwoBusses().cd(CDS, 0, { V: 1, ASID: 1 }).ste(L2_BUS0, 8, stage1)),
    ],
    ['nothing can be told of the one that is asked for', () => inspectMachine(bypassOnTwoBusses(), { revision: 'v3' })],
    [
      'nothing can be told of the others',
      () => inspectMachine(new Image().l1(L1, 0, 9, L2_BUS0).l1(L1, 15, 0, 0), { iomem: IOMEM }),
    ],
    ['all are asked for', () => all(bypassOnTwoBusses().ste(L2_BUS0, 0x80, { V: 1, Config: 2 }))],
  ])('not where %s', async (_, inspected) => {
    expect(notes(await inspected())).toEqual([]);
  });
});
