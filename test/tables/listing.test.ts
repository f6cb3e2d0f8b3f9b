/** What is listed of tables that many descriptors lead to: rows and the reads behind them are counted, not timed. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { REGISTERS } from '../../samples/machine.ts';
import { CdComparison } from '../../src/diff/cds.ts';
import { diff } from '../../src/diff/diff.ts';
import { DiffBudget } from '../../src/diff/limits.ts';
import { Listed, MissingList } from '../../src/diff/listed.ts';
import { momentOf } from '../../src/diff/moment.ts';
import { SteComparison } from '../../src/diff/stes.ts';
import { MemoryView } from '../../src/dump/view.ts';
import { inspect } from '../../src/inspect/inspect.ts';
import { noProgress } from '../../src/progress.ts';
import { parseSnapshot } from '../../src/snapshot/load.ts';
import type { SmmuSnapshot } from '../../src/snapshot/snapshot.ts';
import { firstOf, ListBudget } from '../../src/tables/listing.ts';
import { dumpOf, inspectMachine, L1, L2_BUS0 } from '../support/made/machine.ts';

/** Span 5: fewer than Linux has in a table, so that repeating it costs a test little. */
const FEW = { span: 5, stes: 16 };
const LINUX = { span: 9, stes: 256 };
/** As many tables again as are ever listed, behind the first. */
const REPEATED = new ListBudget(1).steLimits.repeatedTables;

/** `tables` descriptors that lead to one table, and after them one that leads to a table of its own. */
function aliased(tables: number, { span, stes } = LINUX): Image {
  const own = L2_BUS0 + 0x10_0000;
  let image = new Image().abortTable(L2_BUS0, stes).abortTable(own, stes);
  for (let i = 0; i < stes; i++) image = image.ste(L2_BUS0, i, { V: 1, Config: 4 });
  for (let i = 0; i < tables; i++) image = image.l1(L1, i, span, L2_BUS0);
  return image.ste(own, 7, { V: 1, Config: 4 }).l1(L1, tables, span, own);
}

describe('a table that many descriptors lead to', () => {
  test.each([
    ['a few', 4, 0],
    ['as many as are listed', REPEATED + 1, 0],
    ['more', REPEATED + 21, 20],
  ])('%s', async (_, tables, left) => {
    const { smmus, findings } = await inspectMachine(aliased(tables, FEW), {
      registers: { STRTAB_BASE_CFG: '0x10210' },
    });
    const [smmu] = smmus;
    const rows = [...(smmu?.stes ?? [])];
    expect(rows).toHaveLength((tables - left) * FEW.stes + 1);
    expect(smmu?.stesNotListed).toBe(left * FEW.stes);
    expect(smmu?.census.byConfig.bypass).toBe(tables * FEW.stes + 1);
    // What comes behind is listed all the same.
    expect(rows.at(-1)?.sid).toBe(tables * 256 + 7);
    const cut = findings.filter(({ rule }) => rule === 'list-cut').map(({ args }) => args);
    expect(cut).toEqual(left === 0 ? [] : [{ what: 'STEs', notListed: left * FEW.stes }]);
  });
});

/** One SMMU whose descriptors lead to a few tables. */
function momentIn(image: Image) {
  const registers = { ...REGISTERS, STRTAB_BASE: '0x88000000', STRTAB_BASE_CFG: '0x10210' };
  const { smmus } = parseSnapshot({ smmus: [{ name: 'smmu0', registers }] }, 'regs.json');
  return momentOf(smmus[0] as SmmuSnapshot, new MemoryView(dumpOf(image)));
}

describe('two dumps of tables that many descriptors lead to', () => {
  const compared = (budget: DiffBudget) => {
    const moments = { before: momentIn(aliased(6, FEW)), after: momentIn(aliased(6, FEW)) };
    const missing = new MissingList(1);
    const stes = new SteComparison(moments, {
      changedL1: new Set([0, 1, 2, 3, 4, 5, 6]),
      changes: new Listed(1),
      missing,
      cds: new CdComparison(moments, new Listed(1), missing, budget),
      mappings: null,
      progress: noProgress,
      budget,
    });
    stes.compare(undefined);
    return stes;
  };

  test('are compared as far as anybody looks at STEs that do something', () => {
    const { cut, devices } = compared(new DiffBudget(3 * FEW.stes));
    expect({ cut, devices }).toEqual({ cut: true, devices: 3 * FEW.stes });
  });

  test('and to their end where that is not reached', () => {
    const { cut, devices } = compared(new DiffBudget());
    expect({ cut, devices }).toEqual({ cut: false, devices: 6 * FEW.stes + 1 });
  });
});

describe('STEs with a reserved Config', () => {
  let image = new Image();
  for (let i = 0; i < FEW.stes; i++) image = image.ste(L2_BUS0, i, { V: 1, Config: 1 });
  for (let i = 0; i < 100; i++) image = image.l1(L1, i, FEW.span, L2_BUS0);

  test('are told one by one until nobody listens', () => {
    const told: number[] = [];
    const { table } = momentIn(image);
    const { byConfig } = table.census(
      () => {},
      (sid) => told.push(sid) < 20,
    );
    expect(told).toHaveLength(20);
    expect(told.at(-1)).toBe(0x103);
    expect(byConfig.reserved).toBe(100 * FEW.stes);
  });

  test('are all counted', async () => {
    const { findings } = await inspectMachine(image, { registers: { STRTAB_BASE_CFG: '0x10210' } });
    const omitted = findings.filter(({ rule }) => rule === 'findings-omitted').map(({ args }) => args);
    expect(omitted).toContainEqual({ rule: 'ste-config-reserved', listed: 1000, total: 100 * FEW.stes });
  });
});

test('a million rows and more are listed', () => {
  expect(new ListBudget(1).steLimits.stes).toBeGreaterThanOrEqual(2 ** 20);
});

test('the SMMUs of a report share what is listed', () => {
  const list = new ListBudget(2);
  const { stes, repeatedTables } = list.steLimits;
  list.take({ stes: stes - 5, repeatedTables });
  expect(list.steLimits).toEqual({ stes: 5, repeatedTables: 0 });
});

test('nothing is asked for beyond the last that is taken', () => {
  let made = 0;
  const numbers = function* () {
    for (;;) yield ++made;
  };
  expect([...firstOf(numbers(), 3)]).toEqual([1, 2, 3]);
  expect([...firstOf(numbers(), 0)]).toEqual([]);
  expect(made).toBe(3);
});

describe('SMMUs of one table, every descriptor of which leads to the same STEs', () => {
  const registers = { ...REGISTERS, STRTAB_BASE: '0x88000000', STRTAB_BASE_CFG: '0x10210' };
  const inspected = (count: number) => {
    const smmus = Array.from({ length: count }, (_, i) => ({ name: `smmu${i}`, registers }));
    return inspect(dumpOf(aliased(255)), parseSnapshot({ captured: 'before-kdump-probe', smmus }, 'regs.json'));
  };

  test('two are a mistake that is looked at', async () => {
    expect((await inspected(2)).smmus).toHaveLength(2);
  });

  test('nor are many compared between two dumps', async () => {
    const smmus = Array.from({ length: 50 }, (_, i) => ({ name: `smmu${i}`, registers }));
    const snapshot = parseSnapshot({ captured: 'before-kdump-probe', smmus }, 'regs.json');
    await expect(diff(dumpOf(aliased(255)), dumpOf(aliased(255)), snapshot)).rejects.toThrow(
      'regs.json: up to the SMMU "smmu2" the stream tables lead to the same STEs over and over again',
    );
  });

  test('many cost more than they tell', async () => {
    await expect(inspected(50)).rejects.toThrow(
      'regs.json: up to the SMMU "smmu2" the stream tables lead to the same STEs over and over again; --smmu NAME inspects one',
    );
  });
});
