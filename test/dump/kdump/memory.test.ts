/** Pages of kdump-compressed dumps against a list of pages, what is read to find them, and what damage leaves. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DumpContents } from '../../../src/dump/dump.ts';
import { openKdump } from '../../../src/dump/kdump/kdump.ts';
import type { PageState, StateRun } from '../../../src/dump/memory.ts';
import type { DescriptorFlaw } from '../../../src/dump/problem.ts';
import { InputError } from '../../../src/errors.ts';
import { holdsLater } from '../../support/holds.ts';
import { runs, SLOW } from '../../support/slow.ts';
import { MemorySource, patternBytes } from '../../support/sources.ts';
import { expectPartition } from '../../support/states.ts';
import { type KdumpImage, type KdumpPage, kdump } from '../../support/writers/kdump-writer.ts';

const KIB = 1024;
const PAGE = 4096;

/** A page that every codec makes smaller, unlike any other. */
function compressible(seed: number, byteLength = PAGE): Uint8Array {
  const bytes = new Uint8Array(byteLength).fill(seed & 0xff);
  bytes.set(patternBytes(200, seed + 1), (seed * 37) % (byteLength - 200));
  return bytes;
}

const open = (image: KdumpImage | Uint8Array) => openKdump([new MemorySource('stored' in image ? image.bytes : image)]);

/** What memory should be, page by page. */
interface ModelPage {
  readonly state: PageState;
  readonly bytes: Uint8Array | null;
}
type Model = ReadonlyMap<number, ModelPage>;

function modelOf(pages: readonly KdumpPage[], blockSize: number, oneBitmap = false): Model {
  return new Map(
    pages.map(({ pfn, as, bytes }): [number, ModelPage] => {
      if (as === 'excluded') return [pfn, { state: oneBitmap ? 'hole' : 'excluded', bytes: null }];
      return [pfn, { state: 'present', bytes: bytes ?? new Uint8Array(blockSize) }];
    }),
  );
}

function expected(model: Model, blockSize: number, paddr: number, byteLength: number) {
  const bytes = new Uint8Array(byteLength);
  const runs: { offset: number; byteLength: number; state: PageState }[] = [];
  for (let at = paddr; at < paddr + byteLength; ) {
    const pfn = Math.floor(at / blockSize);
    const end = Math.min(paddr + byteLength, (pfn + 1) * blockSize);
    const page = model.get(pfn);
    const state = page?.state ?? 'hole';
    if (page?.bytes) bytes.set(page.bytes.subarray(at - pfn * blockSize, end - pfn * blockSize), at - paddr);
    const last = runs.at(-1);
    if (last?.state === state) last.byteLength += end - at;
    else runs.push({ offset: at - paddr, byteLength: end - at, state });
    at = end;
  }
  return { bytes, runs };
}

function read(dump: DumpContents, paddr: number, byteLength: number): { bytes: Uint8Array; runs: StateRun[] } {
  const bytes = new Uint8Array(byteLength).fill(0xee);
  return { runs: dump.memory.read(paddr, bytes), bytes };
}

const stateAt = (dump: DumpContents, paddr: number) => dump.memory.runs(paddr, 1)[0]?.state;

describe('against a list of pages', () => {
  const kinds = fc.constantFrom('plain', 'zlib', 'lzo', 'snappy', 'zstd', 'excluded', 'zero', 'random' as const);
  const layouts = fc.record({
    kinds: fc
      .array(fc.option(kinds, { nil: null, freq: 4 }), { minLength: 1, maxLength: 24 })
      .filter((list) => list.some((kind) => kind !== null && kind !== 'excluded')),
    firstPfn: fc.constantFrom(0, 5, 31, 300, 4090),
    oneBitmap: fc.boolean(),
    spare: fc.nat(40),
    subHeaderBlocks: fc.constantFrom(1, 2),
    asked: fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 6 }),
  });

  test.each([4, 16, 64].flatMap((kib) => [1, 2, 3, 4, 5, 6].map((version) => [kib, version] as const)))(
    'blocks of %i KiB, version %i',
    async (kib, version) => {
      const blockSize = kib * KIB;
      await holdsLater(
        fc.asyncProperty(layouts, async ({ kinds: list, firstPfn, oneBitmap, spare, subHeaderBlocks, asked }) => {
          const pages = list.flatMap((kind, i): KdumpPage[] => {
            const pfn = firstPfn + i;
            if (kind === null) return [];
            if (kind === 'zero') return [{ pfn, as: 'plain', shared: true }];
            if (kind === 'random') return [{ pfn, as: 'zlib', bytes: patternBytes(blockSize, i) }];
            return [{ pfn, as: kind, bytes: compressible(i, blockSize) }];
          });
          const maxMapnr = firstPfn + list.length + spare;
          const image = kdump(pages, { version, blockSize, oneBitmap, maxMapnr, subHeaderBlocks });
          const dump = await open(image);
          expect(dump).toMatchObject({ complete: true, problems: [], pageSize: blockSize });
          const model = modelOf(pages, blockSize, oneBitmap);
          const space = (maxMapnr + 3) * blockSize;
          const around = [(firstPfn - 1) * blockSize + 100, list.length * blockSize] as const;
          for (const [a, b] of [around, ...asked]) {
            const paddr = Math.max(0, a) % space;
            const byteLength = 1 + (b % (6 * blockSize));
            const right = expected(model, blockSize, paddr, byteLength);
            expect(dump.memory.runs(paddr, byteLength)).toEqual(right.runs);
            const found = read(dump, paddr, byteLength);
            expect(found.runs).toEqual(right.runs);
            expect(Buffer.compare(found.bytes, right.bytes), 'the bytes').toBe(0);
          }
          const ram = [...model].filter(([, { state }]) => state !== 'hole').map(([pfn]) => pfn);
          expect(dump.memory.ranges.flatMap(({ start, end }) => pfns(start / blockSize, end / blockSize))).toEqual(ram);
          expect(dump.memory.ranges.every(({ start }, i, all) => i === 0 || start > (all[i - 1]?.end ?? 0))).toBe(true);
          const codecs: Record<string, number> = {};
          for (const { as } of image.stored.values()) codecs[as] = (codecs[as] ?? 0) + 1;
          const present = image.stored.size;
          expect(dump.census()).toEqual({
            pages: { present, zero: 0, excluded: ram.length - present, lost: 0 },
            codecs,
          });
          expect(dump.problems).toEqual([]);
        }),
        { numRuns: runs(40) },
      );
    },
  );

  const pfns = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i);
});

describe('what is read', () => {
  // Far apart in the bitmap, and 600 neighbours.
  const pages = [
    { pfn: 7, as: 'zlib', bytes: compressible(1) } as const,
    ...Array.from({ length: 600 }, (_, i): KdumpPage => ({ pfn: 1000 + i, as: 'zlib', bytes: compressible(i) })),
  ];
  const image = kdump(pages);
  const opened = async () => {
    const source = new MemorySource(image.bytes);
    const dump = await openKdump([source]);
    source.reads.length = 0;
    return { source, dump };
  };
  const inPages = ({ reads }: MemorySource) => reads.filter(({ offset }) => offset >= image.descriptorsEnd);
  const inTable = ({ reads }: MemorySource) =>
    reads.filter(({ offset }) => offset >= image.descriptorsAt && offset < image.descriptorsEnd);

  test('of a structure of 64 bytes, its page, once', async () => {
    const { source, dump } = await opened();
    const paddr = 1300 * PAGE + 128;
    for (let i = 0; i < 3; i++) {
      expect(read(dump, paddr + i * 64, 64).bytes).toEqual(compressible(300).subarray(128 + i * 64, 192 + i * 64));
    }
    const { at, size } = image.stored.get(1300) as { at: number; size: number };
    expect(inPages(source)).toEqual([{ offset: at, byteLength: size }]);
    expect(inTable(source)).toEqual([{ offset: image.descriptorsAt + 256 * 24, byteLength: 256 * 24 }]);
    // The words of both bitmaps were read when the dump was opened.
    expect(source.reads).toHaveLength(2);
  });

  test('of plain pages, only the bytes that are asked for', async () => {
    const plain = kdump([{ pfn: 2, as: 'plain', bytes: patternBytes(PAGE) }]);
    const source = new MemorySource(plain.bytes);
    const dump = await openKdump([source]);
    source.reads.length = 0;
    expect(read(dump, 2 * PAGE + 5, 11).bytes).toEqual(patternBytes(PAGE).subarray(5, 16));
    expect(source.reads.at(-1)).toEqual({ offset: plain.descriptorsEnd + 5, byteLength: 11 });
  });

  test('for states, descriptors in runs of 256 and no page', async () => {
    const { source, dump } = await opened();
    const everything = [
      { offset: 0, byteLength: 7 * PAGE, state: 'hole' },
      { offset: 7 * PAGE, byteLength: PAGE, state: 'present' },
      { offset: 8 * PAGE, byteLength: 992 * PAGE, state: 'hole' },
      { offset: 1000 * PAGE, byteLength: 600 * PAGE, state: 'present' },
      { offset: 1600 * PAGE, byteLength: 2 ** 52 - 1600 * PAGE, state: 'hole' },
    ];
    expect(dump.memory.runs(0, 2 ** 52)).toEqual(everything);
    expect(inPages(source)).toEqual([]);
    // The first run was read when the dump was opened.
    expect(inTable(source)).toHaveLength(2);
    expect(dump.memory.runs(0, 2 ** 52)).toEqual(everything);
    expect(inTable(source)).toHaveLength(2);
  });

  test('for the ranges, nothing that opening has not read, and they are made once', async () => {
    const { source, dump } = await opened();
    const [a, b] = [dump.memory.ranges, dump.memory.ranges];
    expect(a).toBe(b);
    expect(source.reads).toEqual([]);
  });

  test('for the census, no page', async () => {
    const { source, dump } = await opened();
    expect(dump.census().codecs).toEqual({ zlib: 601 });
    expect(inPages(source)).toEqual([]);
    expect(inTable(source), 'neighbours are read together').toHaveLength(1);
  });

  test('pages leave the cache when many others were read', async () => {
    const { source, dump } = await opened();
    const first = () => read(dump, 1000 * PAGE, 1);
    first();
    // Downwards, so that none is read together with another.
    for (let pfn = 1063; pfn > 1000; pfn--) read(dump, pfn * PAGE, PAGE);
    first();
    expect(inPages(source), 'all 64 are kept').toHaveLength(64);
    read(dump, 1064 * PAGE, PAGE);
    expect(inPages(source)).toHaveLength(65);
    read(dump, 1063 * PAGE, 1);
    expect(inPages(source), 'the one used longest ago made room').toHaveLength(66);
    first();
    expect(inPages(source), 'the one used since did not').toHaveLength(66);
    expect(read(dump, 1000 * PAGE, 100 * PAGE)).toEqual(expected(modelOf(pages, PAGE), PAGE, 1000 * PAGE, 100 * PAGE));
  });
});

describe('damage of single pages', () => {
  const good = (pfn: number): KdumpPage => ({ pfn, as: 'zlib', bytes: compressible(pfn) });
  /** Three pages, of which the middle one's descriptor lies. */
  const withDescriptor = (descriptor: NonNullable<KdumpPage['descriptor']>, as: KdumpPage['as'] = 'zlib') =>
    kdump([good(1), { ...good(2), as, descriptor }, good(3)]);

  const badSize = (size: number, flags = 1) => ({ kind: 'bad-size', size, flags, pageByteLength: 4096 }) as const;

  const cases: [string, KdumpImage, DescriptorFlaw][] = [
    ['an empty descriptor', withDescriptor({ offset: 0n, size: 0, flags: 0 }), { kind: 'unwritten' }],
    ['size 0', withDescriptor({ size: 0 }), badSize(0)],
    ['a size beyond a page', withDescriptor({ size: 4097 }), badSize(4097)],
    ['a size of 4 GiB', withDescriptor({ size: 0xffff_ffff }), badSize(0xffff_ffff)],
    ['a plain page that is short', withDescriptor({ size: 4095 }, 'plain'), badSize(4095, 0)],
    ['an unknown flag', withDescriptor({ flags: 8 }), { kind: 'bad-flags', flags: 8 }],
    ['two flags', withDescriptor({ flags: 3 }), { kind: 'bad-flags', flags: 3 }],
    ['a place among the headers', withDescriptor({ offset: 4096n }), { kind: 'misplaced' }],
    ['a negative place', withDescriptor({ offset: -1n }), { kind: 'misplaced' }],
    ['a place far away', withDescriptor({ offset: 2n ** 62n }), { kind: 'cut' }],
  ];
  test.each(cases)('%s: lost, already for runs()', async (name, image, why) => {
    const dump = await open(image);
    const [descriptorAt, opening] = [
      (image.stored.get(2) as { descriptorAt: number }).descriptorAt,
      dump.problems.length,
    ];
    expect(dump.memory.runs(PAGE, 3 * PAGE).map(({ state }) => state)).toEqual(['present', 'lost', 'present']);
    const { bytes, runs } = read(dump, PAGE, 3 * PAGE);
    expect(runs.map(({ state }) => state)).toEqual(['present', 'lost', 'present']);
    expect(bytes.subarray(PAGE, 2 * PAGE).every((byte) => byte === 0)).toBe(true);
    expect(bytes.subarray(2 * PAGE)).toEqual(compressible(3));
    expect(dump.census().pages).toMatchObject({ present: 2, lost: 1 });
    // Near the end of the table, what is beyond the file was seen, and said, when the dump was opened.
    const saidAtOnce = name === 'a place far away';
    expect(opening).toBe(saidAtOnce ? 1 : 0);
    const what = { kind: 'page-lost', paddr: 0x2000, why };
    if (!saidAtOnce) expect(dump.problems).toEqual([{ file: 'dump', fileOffset: descriptorAt, what }]);
  });

  test.each(['zlib', 'lzo', 'snappy', 'zstd'] as const)('%s data of another page size: lost when read', async (as) => {
    const short = { pfn: 2, as, bytes: compressible(2) };
    const sound = kdump([good(1), short, good(3)]);
    const { at, size } = sound.stored.get(2) as { at: number; size: number };
    const cut = kdump([good(1), { ...short, descriptor: { size: size - 9 } }, good(3)]);
    const dump = await open(cut);
    expect(stateAt(dump, 2 * PAGE)).toBe('present');
    for (let i = 0; i < 2; i++) {
      const { bytes, runs } = read(dump, PAGE, 3 * PAGE);
      expect(runs.map(({ state }) => state)).toEqual(['present', 'lost', 'present']);
      expect(bytes.subarray(PAGE, 2 * PAGE)).toEqual(new Uint8Array(PAGE));
    }
    expect(stateAt(dump, 2 * PAGE), 'known from then on').toBe('lost');
    const why = { kind: 'compressed-data', byteLength: size - 9, codec: as, pageByteLength: 4096 };
    const what = { kind: 'page-lost', paddr: 0x2000, why };
    expect(dump.problems).toEqual([{ file: 'dump', fileOffset: at, what }]);
  });

  test('of many, the first 16 and that there are more', async () => {
    const pages = Array.from({ length: 40 }, (_, pfn): KdumpPage => ({ ...good(pfn), descriptor: { flags: 64 } }));
    const dump = await open(kdump(pages));
    expect(dump.problems).toEqual([]);
    for (let i = 0; i < 2; i++) expect(dump.memory.runs(0, 40 * PAGE)).toMatchObject([{ state: 'lost' }]);
    expect(dump.problems).toHaveLength(17);
    expect(dump.problems[15]?.what).toMatchObject({ kind: 'page-lost', paddr: 0xf000 });
    expect(dump.problems[16]?.what).toEqual({ kind: 'more-pages-lost' });
  });

  test('empty descriptors of a dump that says it is incomplete are what it said', async () => {
    const empty = { offset: 0n, size: 0, flags: 0 };
    const pages = [good(1), { ...good(2), descriptor: empty }, { ...good(3), descriptor: empty }];
    const dump = await open(kdump(pages, { status: 9 }));
    expect(dump.memory.runs(PAGE, 3 * PAGE).map(({ state }) => state)).toEqual(['present', 'lost']);
    expect(dump).toMatchObject({ complete: false, problems: [] });
    const unmarked = await open(kdump(pages));
    const what = { kind: 'last-descriptors-unwritten' };
    expect(unmarked).toMatchObject({ complete: false, problems: [{ what }] });
  });

  test('a file that has become shorter since it was opened', async () => {
    const image = kdump([good(1), { ...good(2), as: 'plain' }, good(3)]);
    const { at } = image.stored.get(2) as { at: number };
    const dump = await openKdump([new MemorySource(image.bytes.subarray(0, at + 10), 'dump', image.bytes.length)]);
    const { bytes, runs } = read(dump, PAGE, 3 * PAGE);
    expect(runs).toEqual([
      { offset: 0, byteLength: PAGE, state: 'present' },
      { offset: PAGE, byteLength: 2 * PAGE, state: 'lost' },
    ]);
    expect(bytes.subarray(PAGE).every((byte) => byte === 0)).toBe(true);
    expect(dump.problems.map(({ what }) => what)).toEqual([
      { kind: 'page-lost', paddr: 0x2000, why: { kind: 'bytes-missing' } },
      { kind: 'page-lost', paddr: 0x3000, why: { kind: 'bytes-missing' } },
    ]);
  });

  test('a hostile bitmap: the list of ranges ends, the memory does not', async () => {
    // More ranges than are listed.
    const maxMapnr = 2 ** 17 + 2 ** 10;
    const image = kdump([{ pfn: maxMapnr - 4, as: 'plain' }], { maxMapnr });
    const length = maxMapnr / 8;
    image.bytes.fill(0x55, image.ramBitmapAt, image.ramBitmapAt + length);
    const dump = await open(image);
    expect(dump.problems).toEqual([]);
    expect(dump.memory.ranges).toHaveLength(2 ** 16);
    const what = { kind: 'ram-ranges', limit: 65536 };
    expect(dump.problems).toEqual([{ file: 'dump', fileOffset: image.ramBitmapAt, what }]);
    expect(stateAt(dump, (maxMapnr - 2) * PAGE)).toBe('excluded');
    expect(dump.census().pages.excluded).toBe(maxMapnr / 2 - 1);
  });
});

describe('whatever happens to a file', () => {
  const pages: KdumpPage[] = [
    { pfn: 1, as: 'zlib', bytes: compressible(1) },
    { pfn: 2, as: 'plain', shared: true },
    { pfn: 3, as: 'excluded' },
    { pfn: 5, as: 'lzo', bytes: compressible(5) },
    { pfn: 6, as: 'snappy', bytes: compressible(6) },
    { pfn: 7, as: 'plain', shared: true },
    { pfn: 8, as: 'zstd', bytes: compressible(8) },
    { pfn: 9, as: 'plain', bytes: patternBytes(PAGE, 9) },
    { pfn: 12, as: 'zlib', bytes: compressible(12) },
  ];
  const image = kdump(pages, { vmcoreinfo: 'PAGESIZE=4096\nOSRELEASE=6.1\n' });
  const model = modelOf(pages, PAGE);
  const SPACE = 14 * PAGE;

  test('cut at many lengths: a refusal, or the truth about every page', async () => {
    const end = image.bytes.length;
    const edges = [...image.stored.values()].flatMap(({ at, size, descriptorAt }) => [at, at + size, descriptorAt]);
    const near = [...edges, image.descriptorsAt, 4096, 8192].flatMap((at) => [at - 1, at, at + 1]);
    const lengths = new Set([
      ...near,
      0,
      463,
      464,
      ...Array.from({ length: 60 }, (_, i) => Math.floor((i * end) / 60)),
    ]);
    for (const length of lengths) {
      if (length >= end) continue;
      const cut = image.bytes.subarray(0, length);
      if (length < image.descriptorsAt) {
        await expect(open(cut), `cut at ${length}`).rejects.toMatchObject({ name: 'InputError', tag: 'format' });
        continue;
      }
      const dump = await open(cut);
      expect(dump, `cut at ${length}`).toMatchObject({ complete: false, problems: [{}] });
      const left = new Map(
        [...model].map(([pfn, page]) => {
          const { at, size, descriptorAt } = image.stored.get(pfn) ?? { at: 0, size: 0, descriptorAt: 0 };
          const there = at + size <= length && descriptorAt + 24 <= length;
          return [pfn, there ? page : { state: 'lost' as const, bytes: null }];
        }),
      );
      const right = expected(left, PAGE, 0, SPACE);
      expect(dump.memory.runs(0, SPACE), `cut at ${length}`).toEqual(right.runs);
      const found = read(dump, 0, SPACE);
      expect(found.runs, `cut at ${length}`).toEqual(right.runs);
      expect(Buffer.compare(found.bytes, right.bytes), `the bytes, cut at ${length}`).toBe(0);
      expect(dump.problems, 'once is enough').toHaveLength(1);
    }
  });

  /** Opens a damaged file: a refusal is fine; a dump must answer about its memory without surprises. */
  async function mustNotBreak(file: Uint8Array): Promise<DumpContents | null> {
    const source = new MemorySource(file);
    try {
      const dump = await openKdump([source]);
      const { bytes, runs } = read(dump, 0, SPACE);
      expectPartition(runs, SPACE);
      expectPartition(dump.memory.runs(0, 2 ** 52), 2 ** 52);
      for (const { offset, byteLength, state } of runs) {
        if (state === 'present') continue;
        if (bytes.subarray(offset, offset + byteLength).some((byte) => byte !== 0)) throw new Error('invented bytes');
      }
      let last = -1;
      for (const { start, end } of dump.memory.ranges) {
        if (start <= last || end <= start || end > 2 ** 52) throw new Error('ranges ascend, apart, within 52 bits');
        last = end;
      }
      dump.census();
      expect(source.bytesRead, 'bytes read').toBeLessThan(20 * file.length);
      return dump;
    } catch (error) {
      if (error instanceof InputError) return null;
      throw error;
    }
  }

  test('every byte of the headers, bitmaps and descriptors replaced', async () => {
    const ends: [number, number][] = [
      [0, 464],
      [4096, 4096 + 160],
      [image.ramBitmapAt, image.ramBitmapAt + 4],
      [image.storedBitmapAt, image.storedBitmapAt + 4],
      [image.descriptorsAt, image.descriptorsEnd],
    ];
    for (const [start, end] of ends) {
      for (let at = start; at < end; at += SLOW ? 1 : 3) {
        const original = image.bytes[at] as number;
        const values = [0, 0x7f, 0x80, 0xff, original ^ 1, original ^ 0x80];
        for (const value of SLOW ? new Set(values) : [values[Math.floor(at / 3) % values.length] as number]) {
          if (value === original) continue;
          const damaged = Uint8Array.from(image.bytes);
          damaged[at] = value;
          await mustNotBreak(damaged).catch((cause) => {
            throw new Error(`byte 0x${at.toString(16)} set to 0x${value.toString(16)}`, { cause });
          });
        }
      }
    }
  });

  test('bytes of compressed pages replaced: other pages stay, and zlib, which has a checksum, never lies', async () => {
    const { at, size } = image.stored.get(12) as { at: number; size: number };
    for (let i = 0; i < size; i += SLOW ? 1 : 3) {
      const damaged = Uint8Array.from(image.bytes);
      damaged[at + i] = (damaged[at + i] as number) ^ (1 << (i % 8));
      const dump = await mustNotBreak(damaged);
      if (dump === null) throw new Error('the headers are sound');
      const { bytes, runs } = read(dump, 12 * PAGE, PAGE);
      // Header bits of a zlib stream that do not bear on the content may differ.
      if (runs[0]?.state === 'present') expect(Buffer.compare(bytes, compressible(12)), `byte ${i}`).toBe(0);
      else expect(dump.problems).toMatchObject([{ fileOffset: at }]);
      expect(Buffer.compare(read(dump, 9 * PAGE, PAGE).bytes, patternBytes(PAGE, 9))).toBe(0);
    }
  });

  test('many bytes replaced at once, and the file cut', async () => {
    const places = fc.oneof(
      fc.nat(464),
      fc.integer({ min: 4096, max: 4300 }),
      fc.integer({ min: image.descriptorsAt, max: image.bytes.length - 1 }),
    );
    const damage = fc.array(fc.tuple(places, fc.nat(255)), { minLength: 1, maxLength: 10 });
    await holdsLater(
      fc.asyncProperty(damage, fc.nat(3000), async (changes, cut) => {
        const damaged = Uint8Array.from(image.bytes.subarray(0, image.bytes.length - cut));
        // Signature and version stay, else nearly every try would end there.
        for (const [at, value] of changes) if (at >= 12 && at < damaged.length) damaged[at] = value;
        await mustNotBreak(damaged);
      }),
      { numRuns: runs(400) },
    );
  });
});
