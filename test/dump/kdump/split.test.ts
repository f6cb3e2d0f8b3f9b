/** Dumps that makedumpfile --split wrote: parts in any order, parts that are missing, and files that do not belong. */

import { describe, expect, test } from 'vitest';
import { openKdump } from '../../../src/dump/kdump/kdump.ts';
import { refusalOf } from '../../support/refusal.ts';
import { MemorySource, patternBytes } from '../../support/sources.ts';
import { type KdumpOptions, type KdumpPage, kdump } from '../../support/writers/kdump-writer.ts';

const PAGE = 4096;
const MAX_MAPNR = 40;

/** RAM from page 4 to page 36; every fifth page is left out, and pages 16 to 18 are a hole. */
const pages = Array.from({ length: 32 }, (_, i): KdumpPage => {
  const bytes = new Uint8Array(PAGE).fill(i);
  bytes.set(patternBytes(64, i));
  return { pfn: 4 + i, as: i % 5 === 4 ? 'excluded' : i % 2 === 0 ? 'zlib' : 'plain', bytes };
}).filter(({ pfn }) => pfn < 16 || pfn > 18);

function part(name: string, startPfn: number, endPfn: number, options: KdumpOptions = {}): MemorySource {
  return new MemorySource(kdump(pages, { maxMapnr: MAX_MAPNR, split: { startPfn, endPfn }, ...options }).bytes, name);
}

const paddr = (pfn: number) => pfn * PAGE;

/** The pages whose state or content is not what the list of pages says, with what was found instead. */
function differences({ memory }: Awaited<ReturnType<typeof openKdump>>): [number, string][] {
  const found: [number, string][] = [];
  for (let pfn = 0; pfn < MAX_MAPNR; pfn++) {
    const into = new Uint8Array(PAGE).fill(0xee);
    const runs = memory.read(paddr(pfn), into);
    expect(memory.runs(paddr(pfn), PAGE)).toEqual(runs);
    const state = runs[0]?.state ?? 'none';
    const page = pages.find((one) => one.pfn === pfn);
    const right = page === undefined ? 'hole' : page.as === 'excluded' ? 'excluded' : 'present';
    const bytes = right === 'present' && state === 'present' ? (page?.bytes as Uint8Array) : new Uint8Array(PAGE);
    if (state !== right) found.push([pfn, state]);
    expect(Buffer.compare(into, bytes), `the bytes of page ${pfn}`).toBe(0);
  }
  return found;
}

/** Stored pages in a range: those that are lost with it. */
const storedIn = (from: number, to: number) =>
  pages.filter(({ pfn, as }) => as !== 'excluded' && pfn >= from && pfn < to).map(({ pfn }) => [pfn, 'lost']);

const ranges = [
  { start: paddr(4), end: paddr(16) },
  { start: paddr(19), end: paddr(36) },
];

describe.each([2, 5, 6])('version %i', (version) => {
  test.each([[[0, 1, 2]], [[2, 0, 1]], [[2, 1, 0]]])('all parts, in the order %j', async (order) => {
    const parts = [part('a', 0, 11, { version }), part('b', 11, 20, { version }), part('c', 20, 40, { version })];
    const dump = await openKdump(order.map((i) => parts[i] as MemorySource));
    expect(dump).toMatchObject({ complete: true, problems: [] });
    expect(differences(dump)).toEqual([]);
    expect(dump.memory.ranges).toEqual(ranges);
    const stored = storedIn(0, 40).length;
    expect(dump.census().pages).toEqual({ present: stored, zero: 0, excluded: pages.length - stored, lost: 0 });
  });

  test('one part alone', async () => {
    const dump = await openKdump([part('b', 11, 20, { version })]);
    const what = { kind: 'part-alone', memory: { start: 0xb000, end: 0x14000 } };
    const fileOffset = PAGE + (version < 6 ? 16 : 80);
    expect(dump).toMatchObject({ complete: false, problems: [{ file: 'b', fileOffset, what }] });
    expect(differences(dump)).toEqual([...storedIn(0, 11), ...storedIn(20, 40)]);
    expect(dump.memory.ranges, 'RAM is known all the same').toEqual(ranges);
    expect(dump.census().pages.lost).toBe(storedIn(0, 11).length + storedIn(20, 40).length);
  });
});

describe('parts without pages, as there are when there are more parts than pages', () => {
  const all = part('a', 0, MAX_MAPNR);
  const empty = (name: string, at = MAX_MAPNR) => part(name, at, at);

  test.each([
    ['behind the others', [all, empty('b'), empty('c')]],
    ['given first', [empty('b'), all]],
    ['in the middle', [part('a', 0, 20), empty('b', 20), part('c', 20, MAX_MAPNR)]],
  ] as [string, MemorySource[]][])('%s', async (_, parts) => {
    const dump = await openKdump(parts);
    expect(dump).toMatchObject({ complete: true, mapComplete: true, problems: [] });
    expect(differences(dump)).toEqual([]);
  });

  test('alone: it holds no memory', async () => {
    const dump = await openKdump([empty('b')]);
    const what = { kind: 'part-alone', memory: null };
    expect(dump).toMatchObject({ complete: false, problems: [{ what }] });
    expect(differences(dump)).toEqual(storedIn(0, MAX_MAPNR));
    expect(dump.memory.ranges, 'its bitmap says once what is RAM').toEqual((await openKdump([all])).memory.ranges);
  });
});

test('a last part that ends one page too far', async () => {
  const dump = await openKdump([part('a', 0, 20), part('b', 20, 41)]);
  expect(dump).toMatchObject({ complete: true, problems: [] });
  expect(differences(dump)).toEqual([]);
});

test('a part in the middle is missing', async () => {
  const dump = await openKdump([part('c', 20, 40), part('a', 0, 11)]);
  const what = { kind: 'part-missing', memory: { start: 0xb000, end: 0x14000 } };
  expect(dump).toMatchObject({ complete: false, problems: [{ file: 'c', fileOffset: PAGE + 80, what }] });
  expect(differences(dump)).toEqual(storedIn(11, 20));
});

test('the first and the last part are missing', async () => {
  const dump = await openKdump([part('b', 11, 20), part('c', 20, 30)]);
  expect(dump.problems.map(({ file, what }) => [file, what])).toEqual([
    ['b', { kind: 'part-missing', memory: { start: 0, end: 0xb000 } }],
    ['c', { kind: 'part-missing', memory: { start: 0x1e000, end: 0x28000 } }],
  ]);
  expect(differences(dump)).toEqual([...storedIn(0, 11), ...storedIn(30, 40)]);
});

test('parts that overlap: the one that begins first is read', async () => {
  const [a, b] = [part('a', 0, 22), part('b', 13, 40)];
  const dump = await openKdump([b, a]);
  const what = { kind: 'part-again', memory: { start: 0xd000, end: 0x16000 }, file: 'a' };
  const problems = [{ file: 'b', fileOffset: PAGE + 80, what }];
  expect(dump).toMatchObject({ complete: true, problems });
  b.reads.length = 0;
  dump.memory.read(paddr(19), new Uint8Array(3 * PAGE));
  expect(b.reads).toEqual([]);
  expect(differences(dump)).toEqual([]);
});

test('a part given twice, and one that holds nothing', async () => {
  const dump = await openKdump([part('a', 0, 20), part('b', 20, 40), part('again', 20, 40), part('none', 20, 20)]);
  const what = { kind: 'part-again', memory: { start: 0x14000, end: 0x28000 }, file: 'b' };
  expect(dump).toMatchObject({ complete: true, problems: [{ file: 'again', what }] });
  expect(differences(dump)).toEqual([]);
});

test('one part of several is cut off: only its pages are lost', async () => {
  const { bytes } = kdump(pages, { maxMapnr: MAX_MAPNR, split: { startPfn: 0, endPfn: 20 } });
  const dump = await openKdump([new MemorySource(bytes.subarray(0, bytes.length - 1), 'a'), part('b', 20, 40)]);
  expect(dump).toMatchObject({ complete: false, problems: [{ file: 'a' }] });
  expect(differences(dump)).toEqual(storedIn(19, 20));
});

test('one part says that it ran out of space', async () => {
  const dump = await openKdump([part('a', 0, 20), part('b', 20, 40, { status: 9 })]);
  expect(dump).toMatchObject({ complete: false, problems: [] });
});

describe('files that do not belong together', () => {
  const first = part('a', 0, 20);
  test.each([
    ['another kernel', part('b', 20, 40, { utsname: { release: '5.10' } }), 'release 5.10, there 6.12.0-test'],
    ['another machine', part('b', 20, 40, { utsname: { nodename: 'x' } }), 'nodename x, there '],
    ['another time', part('b', 20, 40, { seconds: 5 }), 'timestamp 5.000000, there 1700000000.000000'],
    ['another size', part('b', 20, 40, { maxMapnr: 41 }), 'max_mapnr 41, there 40'],
  ])('%s', async (_, second, what) => {
    expect(await refusalOf(() => openKdump([first, second]))).toEqual({
      tag: 'format',
      message: `b: is not a part of the same dump as a: ${what}`,
    });
  });

  test('other blocks', async () => {
    const other = kdump([], { maxMapnr: MAX_MAPNR, blockSize: 16384, split: { startPfn: 20, endPfn: 40 } });
    expect((await refusalOf(() => openKdump([first, new MemorySource(other.bytes, 'b')]))).message).toBe(
      'b: is not a part of the same dump as a: block size 16384, there 4096',
    );
  });

  test('a whole dump among the parts', async () => {
    const whole = new MemorySource(kdump(pages, { maxMapnr: MAX_MAPNR }).bytes, 'whole');
    expect(await refusalOf(() => openKdump([first, whole]))).toEqual({
      tag: 'format',
      message: 'whole: is a whole kdump-compressed dump; give it alone',
    });
  });
});
