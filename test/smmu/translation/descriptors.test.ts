/** Descriptors bit by bit. */

import { describe, expect, test } from 'vitest';
import { type Field, fieldBits, type Layout } from '../../../src/smmu/fields.ts';
import {
  contiguousEntries,
  descriptorKind,
  indexLsb,
  isStage2Device,
  leafAddress,
  minBlockLevelOf,
  STAGE1_LEAF,
  STAGE2_LEAF,
  tableAddress,
} from '../../../src/smmu/translation/descriptors.ts';

/** Bits that have a field, each word written down as a whole. What they leave out is address, ignored or reserved. */
const PINNED: readonly (readonly [Layout, bigint])[] = [
  [STAGE1_LEAF, 0x7ffc_0000_0000_0fffn],
  [STAGE2_LEAF, 0x7ff8_0000_0000_0fffn],
];

describe.each(PINNED)('$name', (layout, pinned) => {
  test.each(Array.from({ length: 64 }, (_, lsb) => lsb))('bit %i alone is in one field or in none', (lsb) => {
    const seeing = layout.fields.filter((field) => fieldBits(field, [1n << BigInt(lsb)]) !== 0n);
    const expected = ((pinned >> BigInt(lsb)) & 1n) === 1n ? 1 : 0;
    expect(
      seeing.map(({ name }) => name),
      `fields that see bit ${lsb}`,
    ).toHaveLength(expected);
    for (const field of seeing) expect(fieldBits(field, [1n << BigInt(lsb)])).toBe(1n << BigInt(lsb - field.lsb));
  });

  test('fields have encodings that they can hold', () => {
    const tooLarge = layout.fields.flatMap(({ name, values, width }: Field) =>
      Object.keys(values ?? {})
        .filter((code) => Number(code) >= 2 ** width)
        .map((code) => `${name} ${code}`),
    );
    expect(tooLarge).toEqual([]);
  });
});

describe('address bits', () => {
  const halves = (word: bigint): [number, number] => [Number(word & 0xffff_ffffn), Number(word >> 32n)];
  /** Where each bit of a descriptor goes in a page's address; bits that go nowhere are left out. */
  const moves = (granuleLog2: number, ds: boolean): [number, number][] =>
    Array.from({ length: 64 }, (_, lsb) => lsb).flatMap((lsb) => {
      const address = tableAddress({ granuleLog2, ds }, ...halves(1n << BigInt(lsb)));
      return address === 0 ? [] : [[lsb, Math.log2(address)] as [number, number]];
    });
  const straight = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, i) => [first + i, first + i] as [number, number]);

  test.each([
    [12, false, straight(12, 47)],
    [14, false, straight(14, 47)],
    [12, true, [[8, 50], [9, 51], ...straight(12, 49)]],
    [14, true, [[8, 50], [9, 51], ...straight(14, 49)]],
    [16, false, [[12, 48], [13, 49], [14, 50], [15, 51], ...straight(16, 47)]],
  ])('granule 2^%i, DS %j', (granuleLog2, ds, expected) => {
    expect(moves(granuleLog2, ds)).toEqual(expected);
  });

  test('of a block begin above its offset', () => {
    const all = [0xffff_ffff, 0xffff_ffff] as const;
    expect(leafAddress({ granuleLog2: 12, ds: false }, ...all, 21).toString(16)).toBe('ffffffe00000');
    expect(leafAddress({ granuleLog2: 14, ds: true }, ...all, 36).toString(16)).toBe('ffff000000000');
    expect(leafAddress({ granuleLog2: 16, ds: false }, ...all, 29).toString(16)).toBe('fffffe0000000');
  });
});

test.each([
  [12, [48, 39, 30, 21, 12]],
  [14, [58, 47, 36, 25, 14]],
  [16, [68, 55, 42, 29, 16]],
])('the index of a granule of 2^%i bytes begins at', (granule, expected) => {
  expect([-1, 0, 1, 2, 3].map((level) => indexLsb(granule, level))).toEqual(expected);
});

test.each([
  [12, false, false, 1],
  [12, true, true, 0],
  [14, false, true, 2],
  [14, true, true, 1],
  [16, false, false, 2],
  [16, false, true, 1],
])('blocks of granule 2^%i, DS %j, 52 bits %j begin at level %i', (granuleLog2, ds, wide, level) => {
  expect(minBlockLevelOf({ granuleLog2, ds }, wide)).toBe(level);
});

test.each([
  [0, 3, 'none'],
  [2, 3, 'none'],
  [1, 3, 'none'],
  [3, 3, 'leaf'],
  [0, 2, 'none'],
  [1, 2, 'leaf'],
  [3, 2, 'table'],
  [1, 0, 'none'],
  [3, -1, 'table'],
] as const)('bits 1:0 of %i at level %i are %s', (low, level, kind) => {
  expect(descriptorKind(low, level, 1)).toBe(kind);
});

test.each([
  [12, [1, 1, 16, 16, 16]],
  [14, [1, 1, 1, 32, 128]],
  [16, [1, 1, 1, 32, 32]],
])('contiguous runs of granule 2^%i, from level -1 on', (granule, expected) => {
  expect([-1, 0, 1, 2, 3].map((level) => contiguousEntries(granule, level))).toEqual(expected);
});

test.each([
  [false, [0, 1, 2, 3]],
  [true, [0, 1, 2, 3, 8, 9, 10, 11]],
])('with S2FWB %j stage 2 Device memory has MemAttr', (fwb, device) => {
  const all = Array.from({ length: 16 }, (_, memAttr) => memAttr);
  expect(all.filter((memAttr) => isStage2Device((memAttr << 2) | 0x7c3, fwb))).toEqual(device);
});
