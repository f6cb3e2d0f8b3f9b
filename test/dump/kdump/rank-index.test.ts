/** Bitmaps that stay in the file, and the number of set bits before a bit, against plain lists of bits. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bitmap, RankIndex } from '../../../src/dump/kdump/rank-index.ts';
import { holds } from '../../support/holds.ts';
import { refusalOf } from '../../support/refusal.ts';
import { runs } from '../../support/slow.ts';
import { MemorySource } from '../../support/sources.ts';

const CHUNK_BITS = 2 ** 20;

/** A bitmap in a file, from offset `at` on, and what it is made of. */
function bitmapOf(bytes: Uint8Array, bitCount = bytes.length * 8, at = 3) {
  const file = new Uint8Array(at + bytes.length).fill(0xa5, 0, at);
  file.set(bytes, at);
  const source = new MemorySource(file);
  return { source, bitmap: new Bitmap(source, at, bitCount) };
}

/** The set bits before each bit, counted one by one. */
function ranksOf(bytes: Uint8Array): Uint32Array {
  const ranks = new Uint32Array(bytes.length * 8 + 1);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    ranks[bit + 1] = (ranks[bit] as number) + (((bytes[bit >> 3] as number) >> (bit & 7)) & 1);
  }
  return ranks;
}

/** Bytes in stretches, so that runs of all lengths occur: within a word, over words, strides and chunks. */
const stretches = fc
  .array(fc.tuple(fc.constantFrom(0, 0xff, 0x55, 0x80, 0x01, 0xfe), fc.constantFrom(1, 3, 4, 511, 512, 40_000)), {
    minLength: 1,
    maxLength: 8,
  })
  .map((list) => Buffer.concat(list.map(([value, length]) => Buffer.alloc(length, value))));

test('set bits before a bit, in any order of questions, from any bit on', () => {
  holds(
    fc.property(stretches, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), fc.nat(), (bytes, asked, start) => {
      const ranks = ranksOf(bytes);
      const { bitmap } = bitmapOf(bytes);
      const from = start % bitmap.bitCount;
      const index = new RankIndex(bitmap, from);
      for (const one of [...asked, bitmap.bitCount]) {
        const bit = from + (one % (bitmap.bitCount - from + 1));
        expect(index.before(bit)).toBe((ranks[bit] as number) - (ranks[from] as number));
      }
    }),
    { numRuns: runs(150) },
  );
});

test('ends of runs', () => {
  holds(
    fc.property(stretches, fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 12 }), (bytes, asked) => {
      const { bitmap } = bitmapOf(bytes);
      const bitOf = (bit: number) => (((bytes[bit >> 3] as number) >> (bit & 7)) & 1) === 1;
      for (const [a, b] of asked) {
        const bit = a % bitmap.bitCount;
        const limit = bit + 1 + (b % (bitmap.bitCount - bit));
        let end = bit + 1;
        while (end < limit && bitOf(end) === bitOf(bit)) end += 1;
        expect(bitmap.has(bit)).toBe(bitOf(bit));
        expect(bitmap.endOfRun(bit, limit)).toBe(end);
      }
    }),
    { numRuns: runs(150) },
  );
});

test('bits of one bitmap that another does not have', () => {
  fc.assert(
    fc.property(stretches, stretches, fc.nat(), fc.nat(), (a, b, start, length) => {
      const bytes = Math.min(a.length, b.length);
      const from = start % (bytes * 8);
      const to = from + 1 + (length % (bytes * 8 - from));
      const bitOf = (of: Uint8Array, bit: number) => ((of[bit >> 3] as number) >> (bit & 7)) & 1;
      let first: number | null = null;
      let count = 0;
      for (let bit = from; bit < to; bit++) {
        if (bitOf(a, bit) === 0 || bitOf(b, bit) === 1) continue;
        first ??= bit;
        count += 1;
      }
      const [mine, theirs] = [bitmapOf(a, bytes * 8).bitmap, bitmapOf(b, bytes * 8).bitmap];
      expect(mine.beyond(theirs, from, to)).toEqual({ first, count });
      let any = false;
      for (let bit = from; bit < to; bit++) any ||= bitOf(a, bit) === 1;
      expect(mine.hasAny(from, to)).toBe(any);
    }),
    { numRuns: 60, seed: 20 },
  );
});

test('chunks of nothing, of everything, and of any bits, more than are kept at once', () => {
  // Pseudorandom words by Marsaglia's xorshift.
  let state = 1;
  const word = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
  const kinds = [
    'ones',
    'any',
    'zeros',
    'any',
    'ones',
    'ones',
    'zeros',
    'any',
    'any',
    'any',
    'any',
    'ones',
    'any',
    'any',
  ];
  const fillers: Readonly<Record<string, () => number>> = { ones: () => -1, zeros: () => 0, any: word };
  const chunks = kinds.map((kind) => Int32Array.from({ length: CHUNK_BITS / 32 }, fillers[kind] as () => number));
  const bytes = Buffer.concat(chunks.map(({ buffer }) => new Uint8Array(buffer)));
  const shifted = Buffer.concat(
    [...chunks.slice(3), ...chunks.slice(0, 3)].map(({ buffer }) => new Uint8Array(buffer)),
  );
  const ranks = ranksOf(bytes);
  const [{ bitmap }, { bitmap: other }] = [bitmapOf(bytes), bitmapOf(shifted)];
  const index = new RankIndex(bitmap, 77);
  for (const bit of [bitmap.bitCount, 12, 11, 4, 3, 2, 9, 1].map((n) => (n < 20 ? n * CHUNK_BITS + 1000 * n : n))) {
    expect(index.before(bit), `before ${bit}`).toBe((ranks[bit] as number) - (ranks[77] as number));
  }
  expect(bitmap.endOfRun(4 * CHUNK_BITS, bitmap.bitCount)).toBe(6 * CHUNK_BITS);
  let [count, first] = [0, -1];
  for (let i = 0; i < bytes.length; i++) {
    let left = (bytes[i] as number) & ~(shifted[i] as number);
    if (first < 0 && left !== 0) first = i * 8 + Math.log2(left & -left);
    for (; left !== 0; left &= left - 1) count += 1;
  }
  expect(bitmap.beyond(other, 0, bitmap.bitCount)).toEqual({ first, count });
});

describe('what is read', () => {
  const bytes = new Uint8Array(CHUNK_BITS).fill(0x11);

  test('one chunk for a question about one bit, and nothing for the next', () => {
    const { source, bitmap } = bitmapOf(bytes);
    expect(bitmap.has(5 * CHUNK_BITS + 4)).toBe(true);
    expect(bitmap.has(5 * CHUNK_BITS + 5)).toBe(false);
    expect(source.reads).toEqual([{ offset: 3 + (5 * CHUNK_BITS) / 8, byteLength: CHUNK_BITS / 8 }]);
  });

  test('a count goes no further than the bit, and once', () => {
    const { source, bitmap } = bitmapOf(bytes);
    const index = new RankIndex(bitmap);
    expect(index.before(2 * CHUNK_BITS - 1)).toBe(CHUNK_BITS / 2);
    expect(source.bytesRead).toBe((2 * CHUNK_BITS) / 8);
    expect(index.before(CHUNK_BITS)).toBe(CHUNK_BITS / 4);
    expect(source.bytesRead).toBe((2 * CHUNK_BITS) / 8);
  });

  test('a count from the middle does not read what lies before', () => {
    const { source, bitmap } = bitmapOf(bytes);
    expect(new RankIndex(bitmap, 6 * CHUNK_BITS + 1).before(7 * CHUNK_BITS)).toBe(CHUNK_BITS / 4 - 1);
    expect(source.bytesRead).toBe(CHUNK_BITS / 8);
  });

  test.each([0, 0xff])('a chunk of bytes %i alone, once', (byte) => {
    const { source, bitmap } = bitmapOf(new Uint8Array((20 * CHUNK_BITS) / 8).fill(byte));
    for (let i = 0; i < 2; i++) {
      expect(bitmap.endOfRun(0, 20 * CHUNK_BITS)).toBe(20 * CHUNK_BITS);
      expect(bitmap.count(5, 20 * CHUNK_BITS)).toBe(byte === 0 ? 0 : 20 * CHUNK_BITS - 5);
      expect(bitmap.has(19 * CHUNK_BITS)).toBe(byte !== 0);
    }
    expect(source.reads).toHaveLength(20);
  });

  test('nothing behind the last bit', () => {
    const { source, bitmap } = bitmapOf(bytes, 100);
    expect(bitmap.endOfRun(96, 100)).toBe(97);
    expect(source.reads).toEqual([{ offset: 3, byteLength: 13 }]);
  });
});

test('a system whose pages lie far apart: the counts stay few, and right', () => {
  // A bitmap of 2^34 bits, all of them zero but for one byte in each chunk.
  const source = {
    name: 'dump',
    byteLength: 2 ** 31,
    read(_: number, into: Uint8Array) {
      into.fill(0);
      into[7] = 0xff;
      return into.byteLength;
    },
    close() {},
  };
  const bitmap = new Bitmap(source, 0, 2 ** 34);
  for (const from of [0, 2 ** 34 - 2 ** 24]) {
    const index = new RankIndex(bitmap, from);
    expect(index.before(from + 2 ** 24)).toBe((2 ** 24 / CHUNK_BITS) * 8);
    expect(index.before(from + 2 ** 24 - CHUNK_BITS + 60)).toBe((2 ** 24 / CHUNK_BITS - 1) * 8 + 4);
  }
});

test('a bitmap that cannot be read is an error, not a hole', async () => {
  const source = new MemorySource(new Uint8Array(10), 'short', 100);
  expect(await refusalOf(() => new Bitmap(source, 0, 800).has(0))).toEqual({
    tag: 'file',
    message: 'short: offset 0x0: the bitmap of pages cannot be read here',
  });
});
