/** What the driver's ways back leave behind: nothing, but for v6 asking a register that no longer answers. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import type { RegisterPage } from '../../../src/adopt/stream-table/cleanup.ts';
import {
  CDS,
  type Inspected,
  inspectMachine,
  L1,
  L2_BUS0,
  L2_BUS1,
  LINEAR,
  LINEAR_REGISTERS,
  logOf,
  type MachineOptions,
} from '../../support/made/machine.ts';

const REVISIONS = ['v6', 'v7', 'v10'];
const ADOPTING = "kdump: adopting crashed kernel's stream table";
const NOT_SET_UP = 'kdump: failed to set up cleanup action';
const NOT_RESERVED = 'kdump: failed to reserve in-use ASIDs/VMIDs';
const FALLING_BACK = 'kdump: falling back to full reset';
const RESETTING = 'SMMU currently enabled! Resetting...';

const stage1 = (cdTable: number) => ({ V: 1, Config: 5, S1ContextPtr: cdTable });
const cd = (asid: number) => ({ V: 1, ASID: asid });

/** Two busses; three streams with a linear CD table, and one with a table of two levels. */
const twoLevel = () =>
  new Image()
    .l1(L1, 0, 9, L2_BUS0)
    .l1(L1, 1, 9, L2_BUS1)
    .abortTable(L2_BUS0, 256)
    .abortTable(L2_BUS1, 256)
    .ste(L2_BUS0, 0x08, stage1(CDS))
    .ste(L2_BUS0, 0x10, stage1(CDS + 0x40))
    .ste(L2_BUS1, 0x00, stage1(CDS + 0x80))
    .ste(L2_BUS1, 0x01, { ...stage1(CDS + 0x1000), S1Fmt: 2, S1CDMax: 11 })
    .cd(CDS, 0, cd(1))
    .cd(CDS, 1, cd(2))
    .cd(CDS, 2, cd(3))
    .write(CDS + 0x1000, [0x8804_0001n, 0x8805_0001n])
    .reserve(0x8804_0000, 0x2_0000)
    .cd(0x8804_0000, 0, cd(4));
const linear = () =>
  new Image()
    .abortTable(LINEAR, 64)
    .ste(LINEAR, 8, stage1(CDS))
    .ste(LINEAR, 9, stage1(CDS + 0x40))
    .cd(CDS, 0, cd(1))
    .cd(CDS, 1, cd(2));

type Table = 'two-level' | 'linear';
const onMachine = (table: Table, options: MachineOptions) =>
  table === 'linear'
    ? inspectMachine(linear(), { registers: LINEAR_REGISTERS, ...options })
    : inspectMachine(twoLevel(), options);

const NOTHING = { leaked: 0, doubleReleased: 0 };
const balance = ({ smmu: { adoption } }: Inspected) => {
  const { leaked, doubleReleased } = adoption.teardown;
  return { leaked, doubleReleased };
};
/** What was got and never given back. */
const leaks = ({ smmu: { adoption, inserts } }: Inspected) => [
  ...[...adoption.mappings, ...inserts.flatMap(({ mappings }) => mappings)]
    .filter(({ ok, released }) => ok && !released)
    .map(({ purpose }) => purpose),
  ...adoption.allocations.filter(({ ok, released }) => ok && !released).map(({ what }) => what),
];
const ended = ({ smmu: { adoption } }: Inspected) => ({
  verdict: adoption.verdict,
  ret: adoption.ret,
  twoLevel: adoption.featuresAfter.twoLevelStreamTable,
  option: adoption.optionAfter,
});

describe('unbinding', () => {
  test.each<[string, Table, RegisterPage, string[]]>([
    // The table is one pointer of a union: as a linear table it is unmapped all the same.
    ['v6', 'two-level', 'zeros', ['l2ptrs']],
    ['v6', 'two-level', 'ones', ['l1-table', 'l2ptrs']],
    ['v6', 'linear', 'zeros', []],
    ['v6', 'linear', 'ones', ['linear-table']],
    ['v6', 'two-level', 'live', []],
    ['v6', 'linear', 'live', []],
    ...['v7', 'v10'].flatMap((revision) =>
      (['two-level', 'linear'] as const).flatMap((table) =>
        (['live', 'zeros', 'ones'] as const).map((page): [string, Table, RegisterPage, string[]] => [
          revision,
          table,
          page,
          [],
        ]),
      ),
    ),
  ])('%s, %s, with the register page reading as %s leaks %j', async (revision, table, page, leaked) => {
    const inspected = await onMachine(table, { revision, poweredDown: page, insert: [0x8] });
    expect(leaks(inspected)).toEqual(leaked);
    expect(inspected.smmu.adoption.teardown).toEqual({ registerPage: page, leaked: leaked.length, doubleReleased: 0 });
    const finding = inspected.findings.filter(({ rule }) => rule === 'cleanup-leak');
    expect(finding).toHaveLength(leaked.length > 0 ? 1 : 0);
  });

  test('the finding names what is lost', async () => {
    const { findings } = await onMachine('two-level', { poweredDown: 'ones' });
    expect(findings.find(({ rule }) => rule === 'cleanup-leak')?.args).toEqual({
      revision: 'v6',
      page: 'ones',
      leaked: 'the l1-table mapping and the l2ptrs array',
    });
  });

  test('L2 tables, adopted and new, go with the device', async () => {
    const inspected = await onMachine('two-level', { insert: [0x8, 0x100, 0x300], poweredDown: 'ones' });
    expect(inspected.smmu.inserts.map(({ fresh }) => fresh)).toEqual([false, false, true]);
    const releasedBy = inspected.smmu.inserts.flatMap(({ mappings }) => mappings.map((one) => one.releasedBy));
    expect(releasedBy).toEqual(Array(2).fill('devres, when the SMMU is unbound'));
    expect(inspected.smmu.adoption.allocations.map(({ call, released }) => [call, released])).toEqual([
      ['kcalloc', false],
      ['dmam_alloc_coherent', true],
    ]);
  });

  test.each(['zeros', 'ones'] as const)('a fallback has left nothing that a page of %s could leak', async (page) => {
    const memory = twoLevel().l1(L1, 5, 3, L2_BUS1);
    const inspected = await inspectMachine(memory, { poweredDown: page });
    expect(inspected.smmu.adoption).toMatchObject({ verdict: 'fallback', ret: -22 });
    expect(balance(inspected)).toEqual(NOTHING);
  });
});

describe.each(REVISIONS)('made to fail, %s', (revision) => {
  test('the array of L2 pointers: -ENOMEM, the L1 table unmapped', async () => {
    const inspected = await onMachine('two-level', { revision, fail: { kcalloc: true } });
    expect(ended(inspected)).toEqual({ verdict: 'fallback', ret: -12, twoLevel: true, option: false });
    expect(logOf(inspected)).toEqual([ADOPTING, FALLING_BACK, RESETTING]);
    expect(inspected.smmu.adoption.allocations).toMatchObject([{ what: 'l2ptrs', ok: false }]);
    expect(inspected.smmu.adoption.mappings).toMatchObject([{ purpose: 'l1-table', held: false, released: true }]);
    expect(balance(inspected)).toEqual(NOTHING);
  });

  test('a linear table needs no such array', async () => {
    const inspected = await onMachine('linear', { revision, fail: { kcalloc: true } });
    expect(ended(inspected)).toEqual({ verdict: 'adopted', ret: 0, twoLevel: false, option: true });
  });

  test.each<[Table, boolean]>([
    ['two-level', true],
    // v6 alone leaves the feature off, and the full reset builds a linear table.
    ['linear', revision !== 'v6'],
  ])('the registration of the clean-up, %s: it has run by then, and runs no second time', async (table, feature) => {
    const inspected = await onMachine(table, { revision, fail: { devmAction: true } });
    expect(ended(inspected)).toEqual({ verdict: 'fallback', ret: -12, twoLevel: feature, option: false });
    expect(logOf(inspected)).toEqual([ADOPTING, NOT_SET_UP, FALLING_BACK, RESETTING]);
    expect(inspected.smmu.adoption.mappings.filter(({ held }) => held)).toEqual([]);
    expect(balance(inspected)).toEqual(NOTHING);
    expect(inspected.smmu.adoption.reserved).toEqual({ asids: [], vmids: [] });
  });

  test.each<[Table]>([['two-level'], ['linear']])('the first mapping, %s: -ENOMEM', async (table) => {
    const inspected = await onMachine(table, { revision, fail: { memremaps: new Set([1]) } });
    expect(ended(inspected)).toEqual({ verdict: 'fallback', ret: -12, twoLevel: true, option: false });
    expect(logOf(inspected)).toEqual([ADOPTING, FALLING_BACK, RESETTING]);
    expect(inspected.smmu.adoption.mappings).toMatchObject([{ ok: false, held: false, released: false }]);
    expect(inspected.smmu.adoption.mappings).toHaveLength(1);
    expect(balance(inspected)).toEqual(NOTHING);
  });
});

describe('the second mapping', () => {
  const fail = { memremaps: new Set([2]) };

  test.each(['v6', 'v7'])('%s: it is the L2 table of the first device, -ENXIO', async (revision) => {
    const options = { revision, fail, insert: [0x8, 0x10], kernel: { major: 6, minor: 12 } };
    const inspected = await onMachine('two-level', options);
    expect(ended(inspected)).toMatchObject({ verdict: 'adopted', ret: 0 });
    expect(inspected.smmu.inserts.map(({ ret }) => ret)).toEqual([-6, 0]);
    expect(logOf(inspected).at(-1)).toBe('kdump: failed to adopt l2 stream table for SID 8');
    expect(balance(inspected)).toEqual(NOTHING);
  });

  test.each<[Table]>([['two-level'], ['linear']])('v10, %s: it is the first of the scan, -ENOMEM', async (table) => {
    const inspected = await onMachine(table, { revision: 'v10', fail });
    expect(ended(inspected)).toEqual({ verdict: 'fallback', ret: -12, twoLevel: true, option: false });
    expect(logOf(inspected)).toEqual([ADOPTING, NOT_RESERVED, FALLING_BACK, RESETTING]);
    expect(balance(inspected)).toEqual(NOTHING);
  });
});

describe('the scan of v10, any of its mappings made to fail, leaves nothing', () => {
  /** Mapped in this order, each of them unmapped before the next but for what it hangs below. */
  const OF_THE_SCAN = [
    'l2-table 0x88010000',
    'cd-table 0x88020000',
    'cd-table 0x88020040',
    'l2-table 0x88014000',
    'cd-table 0x88020080',
    'cd-table 0x88021000',
    'cd-leaf 0x88040000',
    'cd-leaf 0x88050000',
  ];
  const scanned = ({ smmu }: Inspected) => smmu.adoption.mappings.slice(1);

  test('none fails: every one is given back, and the IDs are held', async () => {
    const inspected = await onMachine('two-level', { revision: 'v10' });
    expect(scanned(inspected).map(({ purpose, address }) => `${purpose} ${address}`)).toEqual(OF_THE_SCAN);
    expect(scanned(inspected).every(({ held, released }) => released && !held)).toBe(true);
    expect(inspected.smmu.adoption.reserved).toEqual({ asids: [1, 2, 3, 4], vmids: [] });
    expect(balance(inspected)).toEqual(NOTHING);
  });

  test.each(OF_THE_SCAN.map((what, i) => [i + 2, what] as const))('memremap:%i, %s', async (nth, what) => {
    const inspected = await onMachine('two-level', { revision: 'v10', fail: { memremaps: new Set([nth]) } });
    expect(ended(inspected)).toEqual({ verdict: 'fallback', ret: -12, twoLevel: true, option: false });
    expect(logOf(inspected)).toEqual([ADOPTING, NOT_RESERVED, FALLING_BACK, RESETTING]);
    const last = inspected.smmu.adoption.mappings.at(-1);
    expect(`${last?.purpose} ${last?.address}`, 'the scan ends here').toBe(what);
    expect(last).toMatchObject({ ok: false, why: 'made to fail' });
    expect(inspected.smmu.adoption.reserved).toEqual({ asids: [], vmids: [] });
    expect(leaks(inspected)).toEqual([]);
    expect(balance(inspected)).toEqual(NOTHING);
  });

  test('one more than there are changes nothing', async () => {
    const inspected = await onMachine('two-level', { revision: 'v10', fail: { memremaps: new Set([10]) } });
    expect(ended(inspected)).toMatchObject({ verdict: 'adopted', ret: 0 });
  });
});
