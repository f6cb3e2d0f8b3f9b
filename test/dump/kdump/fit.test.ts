/** Bitmaps that do not fit the page descriptors: no page is ever given the bytes of another one. */

import { describe, expect, test } from 'vitest';
import type { DumpContents } from '../../../src/dump/dump.ts';
import { openKdump } from '../../../src/dump/kdump/kdump.ts';
import type { DumpProblem } from '../../../src/dump/problem.ts';
import { MemorySource, patternBytes } from '../../support/sources.ts';
import { type KdumpImage, type KdumpOptions, type KdumpPage, kdump } from '../../support/writers/kdump-writer.ts';

const MAX_MAPNR = 40;

/** Pages that differ in every byte that matters, so that one in another's place shows. */
function contentOf(pfn: number, blockSize: number): Uint8Array {
  const bytes = new Uint8Array(blockSize).fill(pfn);
  bytes.set(patternBytes(64, pfn + 1), pfn);
  return bytes;
}

interface Layout {
  readonly name: string;
  readonly blockSize: number;
  readonly as: KdumpPage['as'];
  /** Which pages of RAM (4 to 9, and 14 to 27) are left out, and which are a shared page of zeros. */
  readonly isOut: (pfn: number) => boolean;
  readonly isZero: (pfn: number) => boolean;
  readonly options: KdumpOptions;
}

const never = () => false;
const LAYOUTS: readonly Layout[] = [
  { name: 'level 0', blockSize: 4096, as: 'plain', isOut: never, isZero: never, options: { dumpLevel: 0 } },
  {
    name: 'level 31, compressed',
    blockSize: 4096,
    as: 'zstd',
    isOut: (pfn) => pfn % 3 === 0,
    isZero: never,
    options: { dumpLevel: 31 },
  },
  {
    name: 'level 1 with a page of zeros that many share',
    blockSize: 4096,
    as: 'lzo',
    isOut: never,
    isZero: (pfn) => pfn % 4 !== 1,
    options: { dumpLevel: 1 },
  },
  {
    name: 'blocks of 64 KiB, a shared page of zeros first',
    blockSize: 65536,
    as: 'snappy',
    isOut: never,
    isZero: (pfn) => pfn < 6,
    options: { dumpLevel: 1, utsname: { release: '', sysname: '' }, vmcoreinfo: 'PAGESIZE=65536\n' },
  },
  {
    name: 'a part of a split dump',
    blockSize: 4096,
    as: 'plain',
    isOut: (pfn) => pfn === 15,
    isZero: never,
    options: { dumpLevel: 31, split: { startPfn: 6, endPfn: 20 } },
  },
];

const isRam = (pfn: number) => (pfn >= 4 && pfn < 10) || (pfn >= 14 && pfn < 28);
const PFNS = Array.from({ length: MAX_MAPNR }, (_, pfn) => pfn);

function write({ blockSize, as, isOut, isZero, options }: Layout): KdumpImage {
  const pages = PFNS.filter(isRam).map((pfn): KdumpPage => {
    if (isOut(pfn)) return { pfn, as: 'excluded' };
    if (isZero(pfn)) return { pfn, as: 'plain', shared: true };
    return { pfn, as, bytes: contentOf(pfn, blockSize) };
  });
  return kdump(pages, { ...options, blockSize, maxMapnr: MAX_MAPNR });
}

/** The file with some bits of its bitmaps turned over. */
function flipped(image: KdumpImage, bits: readonly { readonly at: number; readonly bit: number }[]): MemorySource {
  const bytes = new Uint8Array(image.bytes);
  for (const { at, bit } of bits) bytes[at + (bit >> 3)] = (bytes[at + (bit >> 3)] as number) ^ (1 << (bit & 7));
  return new MemorySource(bytes);
}

/** The pages that the dump answers for with bytes, checked against what they are. */
function presentPages(dump: DumpContents, { blockSize, isZero, name }: Layout, said: string): number[] {
  const bytes = new Uint8Array(blockSize);
  const present = PFNS.filter((pfn) => dump.memory.read(pfn * blockSize, bytes)[0]?.state === 'present' && check(pfn));
  function check(pfn: number): boolean {
    const right = isZero(pfn) ? new Uint8Array(blockSize) : contentOf(pfn, blockSize);
    if (Buffer.compare(bytes, right) !== 0) expect.fail(`${name}, ${said}: page ${pfn} has other bytes than its own`);
    return true;
  }
  return present;
}

describe.each(LAYOUTS)('$name', (layout) => {
  const image = write(layout);
  const { split } = layout.options;
  const inPart = (pfn: number) => split === undefined || (pfn >= split.startPfn && pfn < split.endPfn);
  const all = PFNS.filter((pfn) => isRam(pfn) && inPart(pfn) && !layout.isOut(pfn));

  test('as it was written, nothing is said and nothing is missing', async () => {
    const dump = await openKdump([flipped(image, [])]);
    expect(dump.problems).toHaveLength(split === undefined ? 0 : 1);
    expect(presentPages(dump, layout, 'whole')).toEqual(all);
  });

  test('any bit of the bitmap of stored pages turned over: noticed, and no page in the place of another', async () => {
    for (const bit of PFNS.filter(inPart)) {
      const dump = await openKdump([flipped(image, [{ at: image.storedBitmapAt, bit }])]);
      expect(dump.complete, `bit ${bit}`).toBe(false);
      const { what } = dump.problems.at(-1) as DumpProblem;
      if (what.kind !== 'bitmap-damaged') expect.fail(`bit ${bit}: ${what.kind}`);
      expect(what.described, `bit ${bit}`).not.toBeOneOf([null, what.stored]);
      const present = presentPages(dump, layout, `bit ${bit}`);
      expect(present.every((pfn) => pfn < bit)).toBe(true);
      // What lies behind the damage is neither left out nor, unless the bitmap of RAM stays good, no RAM.
      const states = PFNS.filter((pfn) => pfn >= bit && inPart(pfn) && isRam(pfn)).map(
        (pfn) => dump.memory.runs(pfn * layout.blockSize, 1)[0]?.state,
      );
      expect(new Set(states)).toEqual(new Set(states.length === 0 ? [] : ['lost']));
      expect(dump.census().pages.present).toBe(present.length);
    }
  });

  test('bits that cancel out, one of them no RAM', async () => {
    for (const bit of all) {
      const stray = PFNS.find((pfn) => !isRam(pfn) && inPart(pfn)) as number;
      const bits = [bit, stray].map((one) => ({ at: image.storedBitmapAt, bit: one }));
      const dump = await openKdump([flipped(image, bits)]);
      expect(dump.complete, `bits ${bit} and ${stray}`).toBe(false);
      presentPages(dump, layout, `bits ${bit} and ${stray}`);
    }
  });

  test('any bit of the bitmap of RAM turned over gives no other bytes', async () => {
    for (const bit of PFNS) {
      const dump = await openKdump([flipped(image, [{ at: image.ramBitmapAt, bit }])]);
      presentPages(dump, layout, `bit ${bit} of RAM`);
      if (all.includes(bit)) expect(dump.complete, `bit ${bit} of RAM`).toBe(false);
    }
  });
});

describe('where the damage lies', () => {
  const layout = LAYOUTS[0] as Layout;
  const image = write(layout);
  const openWith = (at: number, bit: number) => openKdump([flipped(image, [{ at, bit }])]);

  test('level 0: the bitmaps are the same up to it, and what lies before stays', async () => {
    const dump = await openWith(image.storedBitmapAt, 16);
    expect(dump.problems).toEqual([
      {
        file: 'dump',
        fileOffset: image.storedBitmapAt,
        what: { kind: 'bitmap-damaged', stored: 19, described: 20, lostFrom: 0x10000 },
      },
    ]);
    expect(presentPages(dump, layout, 'bit 16')).toEqual(PFNS.filter((pfn) => isRam(pfn) && pfn < 16));
    expect(dump.memory.runs(30 * 4096, 1), 'no RAM is no RAM').toMatchObject([{ state: 'hole' }]);
  });

  test('level 0: RAM that is not in the file', async () => {
    const dump = await openWith(image.ramBitmapAt, 12);
    const what = { kind: 'pages-left-out', count: 1, paddr: 0xc000 };
    expect(dump).toMatchObject({ complete: false, problems: [{ what }] });
    expect(presentPages(dump, layout, 'bit 12')).toEqual(PFNS.filter(isRam));
  });

  test('a page that is no RAM, in a dump that leaves pages out', async () => {
    const other = LAYOUTS[1] as Layout;
    const written = write(other);
    const dump = await openKdump([flipped(written, [{ at: written.storedBitmapAt, bit: 11 }])]);
    expect(dump.problems[0]?.what).toMatchObject({ kind: 'bitmap-damaged', lostFrom: 0xb000 });
    expect(presentPages(dump, other, 'bit 11')).toEqual([4, 5, 7, 8]);
  });

  test('nowhere to be seen: all is lost, and no address is said to be no RAM', async () => {
    const other = LAYOUTS[1] as Layout;
    const written = write(other);
    const dump = await openKdump([flipped(written, [{ at: written.storedBitmapAt, bit: 20 }])]);
    expect(dump.problems[0]?.what).toMatchObject({ kind: 'bitmap-damaged', lostFrom: null });
    expect(dump.memory.runs(0, MAX_MAPNR * 4096)).toEqual([{ offset: 0, byteLength: MAX_MAPNR * 4096, state: 'lost' }]);
  });
});

test('bitmaps that were never written: no address is said to be no RAM', async () => {
  const image = kdump([], { maxMapnr: MAX_MAPNR });
  const dump = await openKdump([new MemorySource(image.bytes)]);
  const what = { kind: 'bitmaps-empty' };
  expect(dump).toMatchObject({ complete: false, problems: [{ fileOffset: image.storedBitmapAt, what }] });
  expect(dump.memory.runs(0, MAX_MAPNR * 4096)).toMatchObject([{ state: 'lost' }]);
});

test('more pages than any machine has: those beyond 64 TiB are not looked at', async () => {
  const most = 2 ** 34;
  const small = kdump([{ pfn: 5, as: 'plain', bytes: contentOf(5, 4096) }], {
    maxMapnr: MAX_MAPNR,
    vmcoreinfo: 'A=1\n',
  });
  const maxMapnr = 2 ** 40;
  const blocks = (2 * maxMapnr) / 8 / 4096;
  const header = Buffer.from(small.bytes.subarray(0, 2 * 4096));
  header.writeUInt32LE(blocks, 436);
  header.writeBigUInt64LE(BigInt(maxMapnr), 4096 + 96);
  const bitmapsAt = 2 * 4096;
  const storedAt = bitmapsAt + (blocks / 2) * 4096;
  let bytesRead = 0;
  const source = {
    name: 'dump',
    byteLength: bitmapsAt + blocks * 4096 + 8192,
    read(offset: number, into: Uint8Array) {
      into.fill(0);
      bytesRead += into.byteLength;
      if (offset < bitmapsAt) into.set(header.subarray(offset, offset + into.byteLength));
      if (offset === bitmapsAt || offset === storedAt) into[0] = 1 << 5;
      return into.byteLength;
    },
    close() {},
  };
  const dump = await openKdump([source]);
  const what = { kind: 'max-mapnr', pages: maxMapnr, notRead: { start: 2 ** 46, end: 2 ** 52 } };
  expect(dump).toMatchObject({ complete: false, problems: [{ fileOffset: 4096 + 96, what }] });
  expect(dump.memory.runs(most * 4096 - 4096, 8192).map(({ state }) => state)).toEqual(['hole', 'lost']);
  expect(bytesRead, 'opening counts no pages').toBeLessThan(2 ** 20);
});

describe('descriptors that are damaged themselves', () => {
  const layout = LAYOUTS[0] as Layout;
  const image = write(layout);
  const all = PFNS.filter(isRam);

  test.each([1, 9, all.length - 1])('number %i, any bit of its offset: that page alone is lost', async (index) => {
    const { descriptorAt } = image.stored.get(all[index] as number) as { descriptorAt: number };
    for (let bit = 0; bit < 24; bit++) {
      const dump = await openKdump([flipped(image, [{ at: descriptorAt, bit }])]);
      const present = presentPages(dump, layout, `bit ${bit} of descriptor ${index}`);
      // A first page before it has nothing else to lean on.
      const others = all.filter((_, i) => i !== index && i > 0);
      expect(
        present.filter((pfn) => pfn !== all[0]),
        `bit ${bit}`,
      ).toEqual(others);
    }
  });

  test('number 0, any bit of its offset: the second says where it ends, so that page alone is lost', async () => {
    const { descriptorAt } = image.stored.get(all[0] as number) as { descriptorAt: number };
    for (let bit = 0; bit < 24; bit++) {
      const dump = await openKdump([flipped(image, [{ at: descriptorAt, bit }])]);
      expect(presentPages(dump, layout, `bit ${bit} of descriptor 0`), `bit ${bit}`).toEqual(all.slice(1));
    }
  });

  test('the first ones place page data where none of them ends: said so, and not in fractions', async () => {
    for (const bits of [0, 1, 2, 3, 4].map((bit) => [bit, 24 * 8 + bit + 1])) {
      const at = image.descriptorsAt;
      const dump = await openKdump([
        flipped(
          image,
          bits.map((bit) => ({ at, bit })),
        ),
      ]);
      const [problem] = dump.problems;
      const told = problem?.what.kind === 'bitmap-damaged' ? problem.what.described : null;
      expect(told === null || (Number.isInteger(told) && told > 0), `bits ${bits}`).toBe(true);
      presentPages(dump, layout, `bits ${bits}`);
    }
  });

  test('the first one empty: the others still say that all fits', async () => {
    const bytes = Uint8Array.from(image.bytes);
    bytes.fill(0, image.descriptorsAt, image.descriptorsAt + 24);
    const dump = await openKdump([new MemorySource(bytes)]);
    expect(presentPages(dump, layout, 'no first descriptor')).toEqual(all.slice(1));
  });
});

describe('the second page is the page of zeros that many share', () => {
  /** Behind the first one, which takes the room of `descriptors` when it is packed. */
  const descriptors = 2;
  const images = Array.from({ length: 64 }, (_, length) =>
    kdump([
      { pfn: 4, as: 'zlib', bytes: Buffer.concat([patternBytes(length), Buffer.alloc(4096 - length)]) },
      ...[5, 6, 7].map((pfn): KdumpPage => ({ pfn, as: 'plain', shared: true })),
      ...[8, 9, 10, 11].map((pfn): KdumpPage => ({ pfn, as: 'plain', bytes: contentOf(pfn, 4096) })),
    ]),
  );
  const image = images.find(({ stored }) => stored.get(4)?.size === descriptors * 24) as KdumpImage;

  test('as many bits too few: what lies before the zeros is not where page data begins', async () => {
    const bits = [8, 9].map((bit) => ({ at: image.storedBitmapAt, bit }));
    const dump = await openKdump([flipped(image, bits)]);
    expect(dump).toMatchObject({ complete: false, mapComplete: false });
    expect(dump.problems).toMatchObject([
      { what: { kind: 'bitmap-damaged', stored: 6, described: 8, lostFrom: null } },
    ]);
    expect(dump.memory.runs(4 * 4096, 8 * 4096)).toMatchObject([{ state: 'lost' }]);
  });
});

describe('a wrong count of blocks, so that other bytes are taken for the bitmaps', () => {
  const of = (image: KdumpImage, at: number, value: number) => {
    const bytes = Buffer.from(image.bytes);
    bytes.writeUInt32LE(value, at);
    return openKdump([new MemorySource(bytes)]);
  };
  const [SUB_HEADER_BLOCKS, BITMAP_BLOCKS] = [432, 436];

  test.each([
    ['of the sub header', SUB_HEADER_BLOCKS, 2],
    ['of the bitmaps', BITMAP_BLOCKS, 4],
  ])('%s: no page was left out by the word of descriptors', async (_, at, value) => {
    for (const dumpLevel of [0, 31]) {
      const pages = Array.from(
        { length: 300 },
        (_, pfn): KdumpPage => ({ pfn, as: 'plain', bytes: contentOf(1 + (pfn % 255), 4096) }),
      );
      const { memory, complete, mapComplete } = await of(kdump(pages, { dumpLevel }), at, value);
      expect({ complete, mapComplete }).toEqual({ complete: false, mapComplete: false });
      expect(memory.runs(0, 300 * 4096).map(({ state }) => state)).not.toContain('excluded');
    }
  });

  test('into page data, of which nothing is a descriptor: no address is said to be no RAM', async () => {
    const pages = Array.from(
      { length: 40 },
      (_, i): KdumpPage => ({ pfn: i, as: 'plain', bytes: patternBytes(4096, i) }),
    );
    for (const blocks of [5, 9, 17]) {
      const { memory, mapComplete } = await of(
        kdump(pages, { dumpLevel: 0, oneBitmap: true }),
        SUB_HEADER_BLOCKS,
        blocks,
      );
      expect({ blocks, mapComplete }).toEqual({ blocks, mapComplete: false });
      expect(memory.runs(0, 40 * 4096).map(({ state }) => state)).not.toContain('present');
    }
  });
});

/** As makedumpfile's cyclic mode leaves it where space runs out: the second bitmap ends with the last cycle begun. */
describe('stopped in the middle of the cycles', () => {
  const layout = LAYOUTS[1] as Layout;
  const whole = write(layout);
  const states = async (source: MemorySource) => {
    const dump = await openKdump([source]);
    const bytes = new Uint8Array(4096);
    const stateOf = (pfn: number) => dump.memory.read(pfn * 4096, bytes)[0]?.state;
    return { dump, states: PFNS.map(stateOf), present: presentPages(dump, layout, 'stopped') };
  };
  /** The bitmap up to `cycleEnd`, and the descriptors of pages before `writtenTo`. */
  const stopped = (cycleEnd: number, writtenTo: number, status: number) => {
    const bytes = Buffer.from(whole.bytes);
    for (let pfn = cycleEnd; pfn < MAX_MAPNR; pfn++) {
      const at = whole.storedBitmapAt + (pfn >> 3);
      bytes[at] = (bytes[at] as number) & ~(1 << (pfn & 7));
    }
    for (const [pfn, { descriptorAt }] of whole.stored)
      if (pfn >= writtenTo) bytes.fill(0, descriptorAt, descriptorAt + 24);
    bytes.writeUInt32LE(status, 424);
    return bytes;
  };
  const isStored = (pfn: number) => isRam(pfn) && !layout.isOut(pfn);
  const lastBefore = (end: number) => PFNS.filter((pfn) => pfn < end && isStored(pfn)).at(-1) ?? -1;

  test.each([
    ['between two cycles', 16, 16, 9],
    ['without its own word for it', 20, 20, 1],
    ['before the first page', 16, 0, 9],
    ['before the first bitmap', 0, 0, 9],
    ['before the first bitmap, without its own word for it', 0, 0, 1],
  ])('%s', async (_, cycleEnd, writtenTo, status) => {
    const { dump, states: found, present } = await states(new MemorySource(stopped(cycleEnd, writtenTo, status)));
    expect(present).toEqual(PFNS.filter((pfn) => pfn < writtenTo && isStored(pfn)));
    const last = lastBefore(cycleEnd);
    for (const pfn of PFNS.filter(isRam)) {
      const expected = pfn > last ? 'lost' : isStored(pfn) ? (pfn < writtenTo ? 'present' : 'lost') : 'excluded';
      expect({ pfn, state: found[pfn] }).toEqual({ pfn, state: expected });
    }
    expect(dump).toMatchObject({ complete: false, mapComplete: false });
    expect(dump.problems.map(({ what }) => what)).toContainEqual(
      expect.objectContaining({ kind: 'bitmap-unfinished', lostFrom: (last + 1) * 4096 }),
    );
  });

  test('within a cycle: what the bitmap has no bit for is lost as well', async () => {
    const pages = Array.from(
      { length: 300 },
      (_, pfn): KdumpPage => ({ pfn, as: pfn % 2 === 0 ? 'plain' : 'excluded' }),
    );
    const image = kdump(pages, { status: 8 });
    const bytes = Buffer.from(image.bytes);
    bytes.fill(0, image.storedBitmapAt + 128 / 8, image.descriptorsAt);
    for (const [pfn, { descriptorAt }] of image.stored) if (pfn >= 100) bytes.fill(0, descriptorAt, descriptorAt + 24);
    const { memory } = await openKdump([new MemorySource(bytes)]);
    const stateOf = (pfn: number) => memory.read(pfn * 4096, new Uint8Array(4096))[0]?.state;
    expect([98, 99, 100, 101, 125, 126, 127, 128, 299].map(stateOf)).toEqual([
      'present',
      'excluded',
      'lost',
      'excluded',
      'excluded',
      'lost',
      'lost',
      'lost',
      'lost',
    ]);
  });

  test('a bit that is missing among the others is damage, also where the last descriptors are empty', async () => {
    for (const pfn of [5, 17]) {
      const bytes = stopped(MAX_MAPNR, 22, 9);
      const at = whole.storedBitmapAt + (pfn >> 3);
      bytes[at] = (bytes[at] as number) & ~(1 << (pfn & 7));
      const { present } = await states(new MemorySource(bytes));
      expect(present).toEqual([]);
    }
  });
});
