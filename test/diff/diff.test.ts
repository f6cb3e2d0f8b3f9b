/** Two dumps of one machine, compared: what counts as a change, what does not, and what it comes to. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import type { DiffOptions } from '../../src/diff/diff.ts';
import { lockstep } from '../../src/diff/lockstep.ts';
import type { DiffReport, SmmuDiff } from '../../src/diff/report.ts';
import { type Stretch, sideBySide } from '../../src/diff/stretches.ts';
import { MemoryView } from '../../src/dump/view.ts';
import { diff, parseIomem, parseSnapshot } from '../../src/index.ts';
import { diffText } from '../../src/report/text/diff/diff.ts';
import { makeStyle } from '../../src/report/text/style.ts';
import { holds, holdsLater } from '../support/holds.ts';
import { CDS, dumpOf, HOLE, IOMEM, L1, L2_BUS0, L2_BUS1, LINEAR, LINEAR_REGISTERS } from '../support/made/machine.ts';
import { diffJson, type Published } from '../support/published.ts';
import { expectStrictlyValidDiff } from '../support/schema.ts';
import { runs } from '../support/slow.ts';

const REGISTERS = {
  IDR0: '0x0d4c101b',
  IDR1: '0x02730510',
  IDR3: '0x1404',
  IDR5: '0x74',
  AIDR: '0x1',
  CR0: '0xd',
  GBPA: '0x1000',
  GERROR: '0x0',
  GERRORN: '0x0',
  STRTAB_BASE: '0x4000000088000000',
  STRTAB_BASE_CFG: '0x1020c',
};
const snapshotOf = (registers: Readonly<Record<string, string>> = {}) =>
  parseSnapshot({ smmus: [{ name: 'smmu0', registers: { ...REGISTERS, ...registers } }] }, 'regs.json');

const BYPASS = { V: 1, Config: 4, SHCFG: 1 };
const ABORT = { V: 1, SHCFG: 1 };
const STAGE1 = { V: 1, Config: 5, S1ContextPtr: CDS, S1CIR: 1, S1COR: 1, S1CSH: 3, SHCFG: 1 };
const CD = { V: 1, T0SZ: 20, IPS: 4, EPD1: 1, AA64: 1, R: 1, A: 1, ASID: 3, TTB0: 0x8820_0000 };

/** Bus 0 with a stage 1 stream, 0x8, and bus 1 with one that bypasses, 0x100. */
const machine = () =>
  new Image()
    .l1(L1, 0, 9, L2_BUS0)
    .l1(L1, 1, 9, L2_BUS1)
    .abortTable(L2_BUS0, 256)
    .abortTable(L2_BUS1, 256)
    .ste(L2_BUS0, 8, STAGE1)
    .cd(CDS, 0, CD)
    .ste(L2_BUS1, 0, BYPASS);

type Compared = Published<DiffReport> & { readonly smmu: Published<SmmuDiff> };

async function compare(
  after: Image,
  {
    before = machine(),
    registers = {},
    ...options
  }: DiffOptions & { before?: Image; registers?: Record<string, string> } = {},
): Promise<Compared> {
  const report = await diffJson(dumpOf(before), dumpOf(after), snapshotOf(registers), options);
  expectStrictlyValidDiff(report);
  return { ...report, smmu: report.smmus[0] as Published<SmmuDiff> };
}

const fieldsOf = ({ fields }: { fields: Published<SmmuDiff['stes'][number]['fields']> }) =>
  fields.map(({ name, before, after }) => `${name} ${before} -> ${after}`);

describe('nothing changed', () => {
  test('in the same memory', async () => {
    const { smmu, summary } = await compare(machine());
    expect(summary).toEqual({ changed: false, complete: true, exitCode: 0 });
    expect(smmu.counts).toEqual({ registers: null, l1: 0, stes: 0, cds: 0, devices: 0, missing: 0, newlyIllegal: 0 });
    expect(smmu.kernel).toBeNull();
  });

  test('in what no table leads to', async () => {
    const after = machine().write(0x8900_0000, [1n]).cd(CDS, 1, CD).ste(0x8900_1000, 0, BYPASS);
    expect((await compare(after)).summary.changed).toBe(false);
  });
});

describe('an STE', () => {
  test('field by field, with what the values mean', async () => {
    const { smmu, summary } = await compare(machine().ste(L2_BUS1, 0, { ...BYPASS, Config: 0 }));
    expect(summary).toEqual({ changed: true, complete: true, exitCode: 1 });
    expect(smmu.counts).toMatchObject({ l1: 0, stes: 1, cds: 0, devices: 1 });
    const [change] = smmu.stes;
    expect(change).toMatchObject({
      sid: 0x100,
      bdf: '01:00.0',
      before: { address: '0x88014000', pageState: 'present', valid: true, config: 'bypass' },
      after: { address: '0x88014000', pageState: 'present', valid: true, config: 'abort' },
    });
    expect(change?.fields).toEqual([
      {
        name: 'Config',
        meaning: 'Stream configuration',
        before: 4,
        after: 0,
        beforeMeaning: 'bypass both stages',
        afterMeaning: 'abort, no event',
      },
    ]);
  });

  test('that differs only in bits that no field names', async () => {
    const { smmu } = await compare(machine().write(L2_BUS1 + 3 * 8, [1n << 63n]));
    expect(smmu.stes).toMatchObject([
      { sid: 0x100, fields: [], reserved: [{ word: 3, before: `0x${'0'.repeat(16)}`, after: '0x8000000000000000' }] },
    ]);
  });

  test('that is abort at both moments affects no device', async () => {
    const { smmu } = await compare(machine().ste(L2_BUS1, 9, { V: 1, SHCFG: 0 }));
    expect(smmu.counts).toMatchObject({ stes: 1, devices: 0 });
  });

  test('behind a descriptor that is new: only those that do something', async () => {
    const after = machine().l1(L1, 4, 9, 0x8803_0000).abortTable(0x8803_0000, 256).ste(0x8803_0000, 2, BYPASS);
    const { smmu } = await compare(after);
    expect(smmu.counts).toMatchObject({ l1: 1, stes: 1, devices: 1 });
    expect(smmu.stes).toMatchObject([{ sid: 0x402, before: null, after: { config: 'bypass' } }]);
    expect(fieldsOf(smmu.stes[0] as SmmuDiff['stes'][number])).toEqual([
      'V null -> 1',
      'Config null -> 4',
      'SHCFG null -> 1',
    ]);
  });

  test('becomes illegal', async () => {
    const { smmu } = await compare(machine().ste(L2_BUS1, 0, { V: 1, Config: 6, S2AA64: 1, S2T0SZ: 50, S2SL0: 1 }));
    expect(smmu.counts.newlyIllegal).toBe(1);
    const [change] = smmu.stes;
    expect(change?.before?.illegal).toEqual([]);
    expect(change?.after?.illegal.map(({ rule }) => rule)).toEqual(['ste-s2t0sz', 'ste-s2sl0']);
  });
});

describe('a context descriptor', () => {
  test('behind an STE that has not changed', async () => {
    const { smmu } = await compare(machine().cd(CDS, 0, { ...CD, ASID: 4 }));
    expect(smmu.counts).toMatchObject({ stes: 0, cds: 1, devices: 1 });
    expect(smmu.cds).toMatchObject([{ sid: 8, ssid: 0, before: { asid: 3 }, after: { asid: 4 } }]);
    expect(fieldsOf(smmu.cds[0] as never)).toEqual(['ASID 3 -> 4']);
  });

  test('at another address, because the STE has changed', async () => {
    const after = machine().ste(L2_BUS0, 8, { ...STAGE1, S1ContextPtr: 0x8803_0000 });
    after.cd(0x8803_0000, 0, { ...CD, TTB0: 0x8c00_0000 });
    const { smmu } = await compare(after);
    expect(smmu.counts).toMatchObject({ stes: 1, cds: 1, devices: 1 });
    expect(smmu.cds).toMatchObject([{ before: { address: '0x88020000' }, after: { address: '0x88030000' } }]);
  });

  test('of a SubstreamID, in another format of table', async () => {
    const linear = { ...STAGE1, S1CDMax: 2, S1DSS: 2 };
    const before = machine()
      .ste(L2_BUS0, 8, linear)
      .cd(CDS, 3, { ...CD, ASID: 7 });
    const after = machine()
      .ste(L2_BUS0, 8, { ...linear, S1Fmt: 1, S1ContextPtr: 0x8803_0000 })
      .write(0x8803_0000, [0x8803_1001n])
      .cd(0x8803_1000, 0, CD)
      .cd(0x8803_1000, 3, { ...CD, ASID: 8 });
    const { smmu } = await compare(after, { before });
    expect(smmu.cds).toMatchObject([{ ssid: 3, before: { asid: 7 }, after: { asid: 8 } }]);
  });

  test('of a stream that is stage 1 at one moment only is told by its STE', async () => {
    const { smmu } = await compare(
      machine()
        .ste(L2_BUS0, 8, ABORT)
        .cd(CDS, 0, { ...CD, ASID: 9 }),
    );
    expect(smmu.counts).toMatchObject({ stes: 1, cds: 0 });
  });

  test('of a nested stream is a guest matter', async () => {
    const nested = { ...STAGE1, Config: 7, S2AA64: 1, S2T0SZ: 24, S2SL0: 1 };
    const { smmu } = await compare(machine().ste(L2_BUS0, 8, nested), { before: machine().ste(L2_BUS0, 8, nested) });
    expect(smmu.notCompared.guests).toBe(1);
  });

  test('becomes illegal', async () => {
    const { smmu } = await compare(machine().cd(CDS, 0, { ...CD, TG0: 3 }));
    expect(smmu.counts.newlyIllegal).toBe(1);
    expect(smmu.cds[0]?.after?.illegal).toMatchObject([{ rule: 'cd-tg0-reserved' }]);
  });
});

describe('what a dump lacks is no change', () => {
  test('an L2 table that the later dump lacks', async () => {
    const after = new Image().l1(L1, 0, 9, L2_BUS0).l1(L1, 1, 9, L2_BUS1).abortTable(L2_BUS0, 256);
    after.ste(L2_BUS0, 8, STAGE1).cd(CDS, 0, CD);
    const { smmu, summary } = await compare(after);
    expect(summary).toEqual({ changed: false, complete: false, exitCode: 3 });
    expect(smmu.missing).toEqual([
      { table: 'L2 table', firstSid: 0x100, lastSid: 0x1ff, entries: 256, before: 'present', after: 'hole' },
    ]);
  });

  test('an L1 table that the first dump lacks', async () => {
    const before = new Image().reserve(0x8900_0000, 4096);
    const { smmu, summary } = await compare(machine(), { before });
    expect(summary.exitCode).toBe(3);
    expect(smmu.counts).toMatchObject({ l1: 0, stes: 0, missing: 4096 });
    expect(smmu.missing[0]).toMatchObject({ table: 'L1 table', firstSid: 0, before: 'hole' });
  });

  test('a CD, and the level above it', async () => {
    const two = { ...STAGE1, S1CDMax: 8, S1Fmt: 1, S1ContextPtr: 0x8803_0000 };
    const before = machine().ste(L2_BUS0, 8, two).write(0x8803_0000, [0x8803_1001n]).cd(0x8803_1000, 0, CD);
    const lacksLeaf = machine().ste(L2_BUS0, 8, two).write(0x8803_0000, [0x8803_1001n]);
    const lacksBoth = machine().ste(L2_BUS0, 8, two);
    expect((await compare(lacksLeaf, { before })).smmu.missing).toMatchObject([
      { table: 'CD table', firstSid: 8, lastSid: 8, entries: 64, before: 'present', after: 'hole' },
    ]);
    expect((await compare(lacksBoth, { before })).smmu.missing).toMatchObject([
      { table: 'CD L1 table', entries: 64, after: 'hole' },
      { table: 'CD L1 table', entries: 192, before: null, after: 'hole' },
    ]);
  });

  test('is not compared with the zeros of another state, and those of a page of zeros are', async () => {
    const after = new Image().l1(L1, 0, 9, L2_BUS0).l1(L1, 1, 9, L2_BUS1).abortTable(L2_BUS0, 256);
    after.ste(L2_BUS0, 8, STAGE1).cd(CDS, 0, CD).reserve(L2_BUS1, 0x4000);
    const { smmu } = await compare(after);
    expect(smmu.counts).toMatchObject({ stes: 256, devices: 1, missing: 0 });
  });
});

describe('an L1 descriptor', () => {
  test('that loses most of its table: those behind it are affected', async () => {
    const { smmu } = await compare(machine().l1(L1, 1, 3, L2_BUS1));
    expect(smmu.counts).toMatchObject({ l1: 1, stes: 0, devices: 1 });
    expect(smmu.l1).toMatchObject([
      {
        index: 1,
        firstSid: 0x100,
        lastSid: 0x1ff,
        before: { span: 9, hardwareStes: 256, refusedFor: null },
        after: { span: 3, hardwareStes: 4, refusedFor: 'span' },
        device: { sid: 0x100, turn: 'refused', after: { errno: 'EINVAL' } },
      },
    ]);
    expect(smmu.kernel).toMatchObject({
      verdict: { before: 'adopted', after: 'fallback' },
      decidedBy: { before: null, after: { id: 'two-level.l1-descriptors' } },
    });
  });

  test('that goes: its streams have no entry any more', async () => {
    const { smmu } = await compare(machine().l1(L1, 1, 0, 0));
    expect(smmu.counts).toMatchObject({ l1: 1, stes: 1, devices: 1 });
    expect(smmu.stes).toMatchObject([{ sid: 0x100, before: { config: 'bypass' }, after: null }]);
  });
});

describe('the kdump kernel', () => {
  const turnsOf = ({ smmu }: Compared) => smmu.stes.map(({ sid, device }) => [sid, device?.turn]);

  test('attaches at once what was active, and defers what becomes active', async () => {
    const after = machine().ste(L2_BUS1, 0, ABORT).ste(L2_BUS1, 5, BYPASS).ste(L2_BUS1, 6, { V: 1, Config: 2 });
    expect(turnsOf(await compare(after))).toEqual([
      [0x100, 'not-deferred'],
      [0x105, 'deferred'],
      [0x106, 'deferred'],
    ]);
  });

  test('sees no difference between one active STE and another', async () => {
    expect(turnsOf(await compare(machine().ste(L2_BUS1, 0, { ...BYPASS, MTCFG: 1 })))).toEqual([[0x100, null]]);
  });

  test('dies of a table in a hole, and that stream does not speak for the others', async () => {
    const iomem = parseIomem(IOMEM.map((line) => `${line}\n`).join(''), 'iomem.txt');
    const after = machine().l1(L1, 1, 9, HOLE).ste(L2_BUS0, 9, BYPASS);
    const { smmu } = await compare(after, { iomem });
    expect(smmu.l1).toMatchObject([{ index: 1, device: { turn: 'dies' } }]);
    expect(smmu.stes.find(({ sid }) => sid === 9)?.device?.turn).toBe('deferred');
  });

  test('is red where a device is worse off than before, and nowhere else', async () => {
    const iomem = parseIomem(IOMEM.map((line) => `${line}\n`).join(''), 'iomem.txt');
    const reds = async (before: Image, after: Image) => {
      const report = await diff(dumpOf(before), dumpOf(after), snapshotOf(), { iomem });
      const text = [...diffText(report, await makeStyle({ width: 200, color: true }), false)].join('');
      return text.split('\u001b[31m').flatMap((part, i) => (i === 0 ? [] : (part.split('\u001b[39m')[0] ?? [])));
    };
    const [refused, dead] = [machine().l1(L1, 1, 3, L2_BUS1), machine().l1(L1, 1, 9, HOLE)];
    expect(await reds(machine(), refused)).toEqual(['refused', '(-EINVAL)']);
    expect(await reds(machine(), dead)).toEqual(['the', 'kernel', 'dies']);
    expect(await reds(refused, machine())).toEqual([]);
  });

  test('is not asked about streams of a table that it did not adopt', async () => {
    const before = machine().l1(L1, 3, 4, L2_BUS1);
    const { smmu } = await compare(machine().l1(L1, 3, 4, L2_BUS1).ste(L2_BUS1, 0, ABORT), { before });
    expect(smmu.kernel).toMatchObject({ verdict: { before: 'fallback' }, tried: 0 });
    expect(smmu.stes.every(({ device }) => device === null)).toBe(true);
  });

  test('of the revision that is asked for', async () => {
    const after = machine().l1(L1, 3, 9, 0x8803_0040);
    const refusals = async (revision: string) => (await compare(after, { revision })).smmu.l1[0]?.after?.refusedFor;
    expect([await refusals('v6'), await refusals('v10')]).toEqual([null, 'pointer']);
  });
});

describe('registers of both moments', () => {
  test('are compared field by field, where both are known', async () => {
    const snapshotAfter = snapshotOf({ CR0: '0x9', CMDQ_PROD: '0x7' });
    const { smmu, summary } = await compare(machine(), { snapshotAfter });
    expect(smmu.registers).toMatchObject([
      { register: 'CR0', before: '0xd', after: '0x9', fields: [{ name: 'EVENTQEN', before: 1, after: 0 }] },
    ]);
    expect(summary).toMatchObject({ changed: true, exitCode: 1 });
    expect(smmu.kernel).toBeNull();
  });

  test('lead to another table, of another shape', async () => {
    const after = new Image().abortTable(LINEAR, 64).ste(LINEAR, 8, STAGE1).cd(CDS, 0, CD);
    const { smmu } = await compare(after, { snapshotAfter: snapshotOf(LINEAR_REGISTERS) });
    expect(smmu.table).toMatchObject({ before: { format: '2lvl' }, after: { format: 'linear', log2Size: 6 } });
    expect(smmu.l1).toEqual([]);
    // STE 8 is the same in both; 0x100 is beyond the end of the second.
    expect(smmu.stes.map(({ sid, after }) => [sid, after])).toEqual([[0x100, null]]);
  });

  test('of an SMMU that has another name there', async () => {
    const snapshotAfter = parseSnapshot({ smmus: [{ name: 'other', registers: REGISTERS }] }, 'after.json');
    expect((await compare(machine(), { snapshotAfter })).summary.exitCode).toBe(0);
  });
});

describe('the StreamIDs asked for', () => {
  const changed = () => machine().ste(L2_BUS0, 8, ABORT).ste(L2_BUS1, 0, ABORT).l1(L1, 5, 9, 0x8803_0000);

  test('alone are compared', async () => {
    const { smmu } = await compare(changed(), { sids: [0x100, 0x101, 0x100] });
    expect(smmu.stes.map(({ sid }) => sid)).toEqual([0x100]);
    expect(smmu.l1).toEqual([]);
  });

  test('with their descriptors', async () => {
    const { smmu } = await compare(changed(), { sids: [0x502] });
    expect(smmu.l1.map(({ index }) => index)).toEqual([5]);
    expect(smmu.missing).toMatchObject([{ firstSid: 0x502, lastSid: 0x502 }]);
  });

  test('that have no entry are named', async () => {
    expect((await compare(machine(), { sids: [8, 0x300, 0x10000] })).smmu.notCompared.sids).toEqual([0x300, 0x10000]);
  });
});

test('a long list is cut, and everything is counted', async () => {
  const after = machine().abortTable(L2_BUS0, 0);
  for (let index = 0; index < 256; index++)
    after.ste(L2_BUS0, index, BYPASS).ste(L2_BUS1, index, { ...BYPASS, MTCFG: 1 });
  const { smmu } = await compare(after);
  expect([smmu.stes.length, smmu.notListed.stes, smmu.counts.stes]).toEqual([256, 256, 512]);
  expect((await compare(after, { all: true })).smmu.notListed.stes).toBe(0);
});

describe('two sequences of stretches', () => {
  const stretch = (first: number, count: number, paddr: number | null = first * 64): Stretch => ({
    first,
    count,
    paddr,
    state: 'present',
  });
  const said = (before: Stretch[], after: Stretch[]) =>
    [...sideBySide(before, after)].map(
      (one) => `${one.first}+${one.count} ${one.before?.paddr ?? '-'} ${one.after?.paddr ?? '-'}`,
    );

  test('are cut where either begins or ends', () => {
    expect(said([stretch(0, 10), stretch(20, 5)], [stretch(5, 18, 0x1000)])).toEqual([
      '0+5 0 -',
      '5+5 320 4096',
      '10+10 - 4416',
      '20+3 1280 5056',
      '23+2 1472 -',
    ]);
  });

  const anyStretches = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 9 })), { maxLength: 12 })
    .map((parts) => {
      let at = 0;
      return parts.map(([gap, count]) => {
        const one = stretch(at + gap, count);
        at += gap + count;
        return one;
      });
    });

  test('every entry comes once, with the side that has it', () => {
    holds(
      fc.property(anyStretches, anyStretches, (before, after) => {
        const entries = (list: readonly Stretch[]) =>
          list.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
        const paired = [...sideBySide(before, after)];
        for (const [side, list] of [
          ['before', before],
          ['after', after],
        ] as const) {
          const met = paired.flatMap((one) => (one[side] === null ? [] : [{ ...one[side], count: one.count }]));
          expect(entries(met)).toEqual(entries(list));
          for (const { first, paddr } of met) expect(paddr).toBe(first * 64);
        }
      }),
    );
  });
});

test('two arrays are gone through in slices that both agree on', () => {
  const [a, b] = [new Image().reserve(0x1000, 0x3000), new Image().reserve(0x8000, 0x1000).reserve(0xa000, 0x1000)];
  const place = (image: Image, paddr: number) => ({ view: new MemoryView(dumpOf(image)), paddr });
  const slices = [...lockstep(place(a, 0x1000), place(b, 0x8000), 64, 192)];
  expect(slices.map(({ first, count, before, after }) => [first, count, before?.state, after?.state])).toEqual([
    [0, 64, 'present', 'present'],
    [64, 64, 'present', 'hole'],
    [128, 64, 'present', 'present'],
  ]);
});

test('whatever is in memory, it is compared', async () => {
  const words = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 64, maxLength: 64 });
  // Pointers of garbage lead nowhere most of the time; these lead back into the pages.
  const near = words.map((list) =>
    list.map((word, i) => (i % 3 === 0 ? (word & 0x3fn) | BigInt(L1 + (i % 4) * 0x1000) : word)),
  );
  await holdsLater(
    fc.asyncProperty(near, near, async (before, after) => {
      const image = (list: readonly bigint[]) =>
        new Image()
          .write(L1, list)
          .write(L1 + 0x1000, list)
          .reserve(L1, 0x4000);
      expectStrictlyValidDiff(await diffJson(dumpOf(image(before)), dumpOf(image(after)), snapshotOf()));
    }),
    { numRuns: runs(60) },
  );
});
