/** `diff --deep`: what became of the addresses that streams reach, by machines of which one word or another differs. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Image } from '../../samples/image.ts';
import type { DiffOptions } from '../../src/diff/diff.ts';
import type { MappingsDiff } from '../../src/diff/mapping-report.ts';
import { MappingComparison } from '../../src/diff/mappings/comparison.ts';
import { momentOf } from '../../src/diff/moment.ts';
import { MemoryView } from '../../src/dump/view.ts';
import { parseSnapshot } from '../../src/index.ts';
import type { SmmuSnapshot } from '../../src/snapshot/snapshot.ts';
import type { IovaRange } from '../../src/streams/iova-space.ts';
import { holdsLater } from '../support/holds.ts';
import { dumpOf } from '../support/made/machine.ts';
import { aliased, CD_AT, machine, REGISTERS, STRTAB, TABLES } from '../support/made/one-stream.ts';
import { diffJson, type Published } from '../support/published.ts';
import { expectStrictlyValidDiff } from '../support/schema.ts';
import { runs, slowTest } from '../support/slow.ts';
import { everything } from '../support/translations.ts';

const SNAPSHOT = parseSnapshot({ smmus: [{ name: 'smmu0', registers: REGISTERS }] }, 'regs.json');
const PAGES = TABLES + 0x1000;
const STE = { V: 1, Config: 5, S1ContextPtr: CD_AT, SHCFG: 1 };
const CD = { V: 1, AA64: 1, A: 1, R: 1, ASID: 3, IPS: 4, T0SZ: 34, TTB0: TABLES, EPD1: 1, MAIR0: 0xff };

type PublishedMappings = Published<MappingsDiff>;

async function deep(before: Image, after: Image, options: DiffOptions = {}) {
  const report = await diffJson(dumpOf(before), dumpOf(after), SNAPSHOT, { deep: true, ...options });
  expectStrictlyValidDiff(report);
  return { mappings: report.smmus[0]?.mappings as PublishedMappings, summary: report.summary };
}

/** `kind start-end before -> after`. */
function inShort({ sets }: PublishedMappings): string[] {
  const state = ({ kind, pa, rights, why }: PublishedMappings['sets'][0]['ranges'][0]['before']) =>
    [kind === 'mapped' ? '' : kind, pa, rights, why].filter((part) => part).join(' ');
  return sets.flatMap(({ ranges }) =>
    ranges.map(({ kind, start, end, before, after }) => `${kind} ${start}-${end} ${state(before)} -> ${state(after)}`),
  );
}

/** Without the table that no dump holds. */
const whole = () => machine().write(TABLES + 16, [0n]);

test('what became of each range', async () => {
  const after = whole()
    // The first page is gone, the second has its access flag, the third is elsewhere; one of two new ones has no flag.
    .write(PAGES, [0n, 0n, 0x8900_1743n, 0x8900_7f43n, 0x8900_3743n, 0x8900_4343n])
    .write(TABLES + 8, [0x9000_0745n]);
  const { mappings, summary } = await deep(whole(), after);
  expect(inShort(mappings)).toEqual([
    'unmapped 0x1000-0x1fff 0x89000000 rw-/rw- -> unmapped',
    'mapped 0x2000-0x2fff fault F_ACCESS -> 0x89001000 rw-/rwx',
    'moved 0x3000-0x3fff 0x89002000 rw-/rwx -> 0x89007000 rw-/rwx',
    'mapped 0x4000-0x4fff unmapped -> 0x89003000 rw-/rwx',
    'faults 0x5000-0x5fff unmapped -> fault F_ACCESS',
    'attributes 0x200000-0x3fffff 0x90000000 rw-/rwx -> 0x90000000 rw-/rwx',
  ]);
  expect(mappings).toMatchObject({
    ...{ complete: true, compared: 1, changed: 1, streams: 1, notListed: 0, undecided: 0, notCompared: 0 },
    counts: {
      ...{ mapped: { ranges: 2, byteLength: 0x2000 }, unmapped: { ranges: 1, byteLength: 0x1000 } },
      ...{ moved: { ranges: 1, byteLength: 0x1000 }, rights: { ranges: 0, byteLength: 0 } },
      ...{ attributes: { ranges: 1, byteLength: 0x20_0000 }, faults: { ranges: 1, byteLength: 0x1000 } },
    },
  });
  expect(summary).toEqual({ changed: true, complete: true, exitCode: 1 });
});

test('the same tables are the same, wherever they lie', async () => {
  const { mappings, summary } = await deep(whole(), whole());
  expect(mappings).toMatchObject({ complete: true, compared: 1, changed: 0, streams: 0, sets: [] });
  expect(summary).toEqual({ changed: false, complete: true, exitCode: 0 });
  // A copy of the last table, to which the first now leads.
  const copied = whole()
    .reserve(TABLES + 0x3000, 0x1000)
    .write(TABLES, [BigInt(TABLES + 0x3000) | 3n])
    .write(TABLES + 0x3000, [0n, 0x60_0000_8900_0743n, 0x8900_1343n, 0x8900_2f43n]);
  expect((await deep(whole(), copied)).mappings).toMatchObject({ complete: true, compared: 1, changed: 0 });
});

test('rights alone', async () => {
  const { mappings } = await deep(whole(), whole().write(PAGES + 8, [0x60_0000_8900_07c3n]));
  expect(inShort(mappings)).toEqual(['rights 0x1000-0x1fff 0x89000000 rw-/rw- -> 0x89000000 r--/r--']);
});

test('what a table on the way takes away from all below, where nothing below differs', async () => {
  const readOnly = 1n << 62n;
  const { mappings } = await deep(whole(), whole().write(TABLES, [BigInt(PAGES) | 3n | readOnly]));
  expect(inShort(mappings)).toEqual([
    'rights 0x1000-0x1fff 0x89000000 rw-/rw- -> 0x89000000 r--/r--',
    'rights 0x3000-0x3fff 0x89002000 rw-/rwx -> 0x89002000 r-x/r-x',
  ]);
});

test('what a dump lacks is no change', async () => {
  const both = await deep(machine(), machine());
  expect(inShort(both.mappings)).toEqual([
    expect.stringMatching(
      /^unknown 0x400000-0x5fffff unknown table not in the dump .* -> unknown table not in the dump/,
    ),
  ]);
  expect(both.summary).toEqual({ changed: false, complete: false, exitCode: 3 });
  const one = await deep(machine(), whole());
  expect(inShort(one.mappings)).toEqual([
    expect.stringMatching(/^unknown 0x400000-0x5fffff unknown table not in the dump \(hole\) -> unmapped$/),
  ]);
  expect(one.mappings).toMatchObject({ complete: false, changed: 0, counts: { unknown: { byteLength: 0x20_0000 } } });
});

describe('a stream that is something else now', () => {
  test.each([
    ['abort', { V: 1, Config: 0 }, { kind: 'none', why: null }, 'unmapped'],
    ['not valid', { V: 0 }, { kind: 'fault', why: 'C_BAD_STE' }, 'fault C_BAD_STE'],
  ])('%s', async (_, ste, source, said) => {
    const { mappings } = await deep(whole(), whole().ste(STRTAB, 0, ste));
    expect(mappings.sets[0]?.after).toMatchObject(source);
    expect(inShort(mappings)[0]).toBe(`unmapped 0x1000-0x1fff 0x89000000 rw-/rw- -> ${said}`);
    expect(mappings.counts.mapped.ranges + mappings.counts.faults.ranges).toBeLessThan(2);
  });

  test('bypass: every address goes somewhere', async () => {
    const { mappings } = await deep(whole(), whole().ste(STRTAB, 0, { V: 1, Config: 4, SHCFG: 1 }));
    expect(mappings.sets[0]?.after).toMatchObject({ kind: 'bypass', stage: null, table: null });
    const { mapped, moved, unmapped } = mappings.counts;
    expect(mapped.byteLength + moved.byteLength).toBe(2 ** 44);
    expect(unmapped.ranges).toBe(0);
  });

  test('a CD that is not valid, and one that no dump has', async () => {
    const invalid = await deep(whole(), whole().cd(CD_AT, 0, { ...CD, V: 0 }));
    expect(invalid.mappings.sets[0]?.after).toMatchObject({ kind: 'fault', why: 'C_BAD_CD' });
    const missing = await deep(whole(), whole().ste(STRTAB, 0, { ...STE, S1ContextPtr: 0xa000_0000 }));
    expect(missing.mappings).toMatchObject({ complete: false, undecided: 1, changed: 0 });
    expect(inShort(missing.mappings)[0]).toMatch(/^unknown 0x1000-0x1fff 0x89000000 rw-\/rw- -> unknown /);
  });
});

test('streams that share tables are compared once', async () => {
  const shared = () => [1, 2, 3].reduce((image, sid) => image.ste(STRTAB, sid, STE), whole());
  const { mappings } = await deep(shared(), shared().write(PAGES + 8, [0n]));
  expect(mappings).toMatchObject({ compared: 1, changed: 1, streams: 4, counts: { unmapped: { ranges: 1 } } });
  expect(mappings.sets).toMatchObject([{ sids: [0, 1, 2, 3], streams: 4, ssid: 0 }]);
});

test('every SubstreamID has its own, and only what was asked for is listed', async () => {
  const many = (pages: bigint[]) =>
    whole()
      .ste(STRTAB, 0, { ...STE, S1CDMax: 1, S1DSS: 2 })
      .cd(CD_AT, 1, { ...CD, TTB0: TABLES + 0x2000 })
      .reserve(TABLES + 0x2000, 0x2000)
      .write(TABLES + 0x2000, [BigInt(TABLES + 0x3000) | 3n])
      .write(TABLES + 0x3000, pages);
  const scattered = Array.from({ length: 40 }, (_, i) => BigInt(0x9000_0000 + (i ^ 1) * 0x1000) | 0x743n);
  const { mappings } = await deep(many([]), many(scattered));
  expect(mappings).toMatchObject({
    compared: 2,
    changed: 1,
    counts: { mapped: { ranges: 40, byteLength: 40 * 4096 } },
  });
  expect(mappings.sets[0]).toMatchObject({ ssid: 1, notListed: { changes: 24, unknown: 0 } });
  expect(mappings.sets[0]?.ranges).toHaveLength(16);
  expect((await deep(many([]), many(scattered), { all: true })).mappings.sets[0]?.ranges).toHaveLength(40);
});

test('high halves of two sizes are compared by address', async () => {
  const high = (bits: number, entry: bigint) =>
    whole()
      .cd(CD_AT, 0, { ...CD, EPD0: 1, EPD1: 0, T1SZ: 64 - bits, TG1: 2, TTB1: TABLES + 0x2000 })
      .reserve(TABLES + 0x2000, 0x3000)
      .write(TABLES + 0x2000 + 511 * 8, [entry]);
  // 30 bits begin at level 2, 31 at level 1, and the last 2 MiB are the same.
  const larger = high(31, 0n)
    .write(TABLES + 0x2000, [0n, BigInt(TABLES + 0x3000) | 3n])
    .write(TABLES + 0x3000 + 510 * 8, [0x9020_0741n, 0x9000_0741n]);
  const { mappings } = await deep(high(30, 0x9000_0741n), larger);
  expect(inShort(mappings)).toEqual([
    expect.stringMatching(/^mapped 0xffffffffffc00000-0xffffffffffdfffff unmapped -> 0x90200000 /),
  ]);
});

test('stage 2', async () => {
  const S2 = { S2AA64: 1, S2T0SZ: 34, S2SL0: 0, S2PS: 4, S2R: 1, S2TTB: TABLES + 0x2000 };
  const guest = (page: bigint) =>
    whole()
      .ste(STRTAB, 0, { ...STE, Config: 6, ...S2 })
      .reserve(TABLES + 0x2000, 0x1000)
      .write(TABLES + 0x2000, [page]);
  const S2_BLOCK = 0x9000_07fdn;
  const two = await deep(guest(S2_BLOCK), guest(S2_BLOCK + 0x20_0000n));
  expect(inShort(two.mappings)).toEqual([expect.stringMatching(/^moved 0x0-0x1fffff 0x90000000 .* -> 0x90200000 /)]);
});

test('a guest, whose addresses are those of its stage 2', async () => {
  const S2 = { S2AA64: 1, S2T0SZ: 34, S2SL0: 0, S2PS: 4, S2R: 1, S2TTB: TABLES + 0x2000 };
  // Its first 2 MiB are where the tables are.
  const guest = (page: bigint) =>
    machine({ ...S2, Config: 7, S1ContextPtr: CD_AT - STRTAB }, { TTB0: TABLES - STRTAB })
      .reserve(TABLES + 0x2000, 0x1000)
      .write(TABLES, [BigInt(PAGES - STRTAB) | 3n, 0n, 0n])
      .write(PAGES, [0n, page, 0n, 0n])
      .write(TABLES + 0x2000, [BigInt(STRTAB) | 0x7fdn]);
  const { mappings } = await deep(guest(0x3_0743n), guest(0x3_1743n));
  expect(inShort(mappings)).toEqual([expect.stringMatching(/^moved 0x1000-0x1fff 0x88030000 .* -> 0x88031000 /)]);
  expect(mappings.sets[0]?.before).toEqual({ kind: 'tables', stage: 1, table: '0x20000', nested: true, why: null });
  expect((await deep(guest(0x3_0743n), guest(0x3_0743n))).mappings).toMatchObject({
    compared: 1,
    changed: 0,
    complete: true,
  });
});

describe('tables that lead to themselves end', () => {
  // Each entry of the first table is the table itself, so that 2^48 bytes are mapped by one page of garbage.
  const garbage = (last: bigint) =>
    machine({}, { T0SZ: 16 }).write(TABLES, [...Array.from({ length: 511 }, () => BigInt(TABLES) | 0x403n), last]);

  test('the same ones at once', async () => {
    expect((await deep(garbage(0n), garbage(0n))).mappings).toMatchObject({ complete: true, compared: 1, changed: 0 });
  });

  slowTest('others with the budget', () => {
    const [smmu] = SNAPSHOT.smmus as [SmmuSnapshot];
    const [before, after] = [garbage(0n), garbage(0x9000_0743n)].map((image) =>
      momentOf(smmu, new MemoryView(dumpOf(image))),
    ) as [ReturnType<typeof momentOf>, ReturnType<typeof momentOf>];
    const comparison = new MappingComparison({ before, after }, { ranges: 16, sets: 1, descriptors: 2 ** 20 });
    const words = before.memory.readWords(STRTAB, 64);
    comparison.stream(0, { before: words, after: words });
    comparison.stream(1, { before: words, after: words });
    const report = comparison.report();
    expect(report).toMatchObject({ complete: false, compared: 1, changed: 1, streams: 2 });
    expect(report.sets[0]).toMatchObject({ complete: false, cut: true, streams: 2 });
    expect(report.sets[0]?.ranges.length).toBeLessThan(33);
  });

  slowTest('many pages through few tables', async () => {
    const { mappings } = await deep(aliased(39), aliased(39, { joined: true }), { all: false });
    expect(mappings.changed).toBe(1);
    expect(mappings.sets[0]?.ranges).toHaveLength(16);
  });
});

/** Every page of the first 6 MiB at one moment, by what `translate --all` lists. */
function pagesOf(ranges: readonly IovaRange[]): string[] {
  const pages = Array.from({ length: 1536 }, () => 'unmapped');
  for (const { kind, start, byteLength, pa, rights, attributes, why } of ranges) {
    for (let at = 0; at < byteLength; at += 4096) {
      const says = kind === 'mapped' ? `${Number(pa) + at} ${rights} ${attributes}` : kind === 'fault' ? why : kind;
      pages[(Number(start) + at) / 4096] = says ?? '';
    }
  }
  return pages;
}

test('counts what two lists of everything differ by', async () => {
  const descriptor = fc.constantFrom(0n, 0x8900_0743n, 0x8900_1743n, 0x8900_17c3n, 0x8900_1343n, 0x60_0000_8900_2743n);
  const blocks = fc.constantFrom(0n, 0x9000_0741n, 0x9020_0741n, BigInt(PAGES) | 3n, 0xa000_0003n);
  const tables = fc.record({
    top: fc.array(blocks, { minLength: 3, maxLength: 3 }),
    pages: fc.array(descriptor, { minLength: 8, maxLength: 8 }),
  });
  const image = ({ top, pages }: { top: bigint[]; pages: bigint[] }) =>
    machine().write(TABLES, top).write(PAGES, pages);
  await holdsLater(
    fc.asyncProperty(tables, tables, fc.boolean(), async (one, other, sameTop) => {
      const [before, after] = [image(one), image(sameTop ? { ...other, top: one.top } : other)];
      const { counts } = (await deep(before, after, { all: true })).mappings;
      const [left, right] = [before, after].map((memory) => pagesOf(everything({ memory }).ranges)) as [
        string[],
        string[],
      ];
      const isKnown = (i: number) => left[i] !== 'unknown' && right[i] !== 'unknown';
      const differing = left.filter((page, i) => isKnown(i) && page !== right[i]).length;
      const unknown = left.filter((_, i) => !isKnown(i)).length;
      const { unknown: lacking, ...changes } = counts;
      expect(Object.values(changes).reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(differing * 4096);
      expect(lacking.byteLength).toBe(unknown * 4096);
    }),
    { numRuns: runs(60, 4) },
  );
});
