/** Where the context descriptors of a stage 1 STE are: every format of the architecture, and the worked example. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { MemoryView } from '../../../src/dump/view.ts';
import { type CdArray, cdArrays, cdTableOf, l1CdPointer } from '../../../src/smmu/structures/cd-table.ts';
import { dumpOf, hex } from '../../support/made/machine.ts';

const TABLE = 0x9200_0000;
const LEAF = 0x9300_0000;
/** Values of S1Fmt. */
const LINEAR = 0;
const LEAVES_4K = 1;
const LEAVES_64K = 2;
const LINEAR_TOO = 3;
const SSID_BITS = 20;

/** Memory that has nothing of the table. */
const elsewhere = () => new Image().reserve(0x8000_0000, 4096);

/** The arrays that a table leads to, as `SSID: address x count`, and how many level 1 descriptors are missing. */
function arraysOf(memory: Image, s1fmt: number, s1cdmax: number, ssidBits = SSID_BITS) {
  let missing = 0;
  const table = cdTableOf(TABLE, s1fmt, s1cdmax, ssidBits);
  const heard = (descriptors: number) => {
    missing += descriptors;
  };
  const arrays = [...cdArrays(table, new MemoryView(dumpOf(memory)), heard)].map(
    ({ firstSsid, paddr, count }) => `${hex(firstSsid)}: ${hex(paddr)} x ${count}`,
  );
  return { format: table.format, cds: table.cds, arrays, missing };
}

/** Valid level 1 descriptors, by index. */
function level1(descriptors: Readonly<Record<number, bigint>>): Image {
  const image = new Image().reserve(TABLE, 0x1000);
  for (const [index, value] of Object.entries(descriptors)) image.write(TABLE + Number(index) * 8, [value]);
  return image;
}

describe('one CD', () => {
  test.each([
    ['S1CDMax 0', LINEAR, 0, SSID_BITS],
    ['S1CDMax 0 in any format: S1Fmt is ignored', LEAVES_64K, 0, SSID_BITS],
    ['no SubstreamIDs in hardware: S1CDMax is ignored', LEAVES_64K, 10, 0],
    ['and the format with it', LEAVES_4K, 10, 0],
  ])('%s', (_, s1fmt, s1cdmax, ssidBits) => {
    expect(arraysOf(elsewhere(), s1fmt, s1cdmax, ssidBits)).toEqual({
      format: 'single',
      cds: 1,
      arrays: ['0x0: 0x92000000 x 1'],
      missing: 0,
    });
  });
});

describe('a linear table', () => {
  test.each([
    ['S1Fmt 0', LINEAR],
    ['S1Fmt 3, which is reserved', LINEAR_TOO],
  ])('%s', (_, s1fmt) => {
    expect(arraysOf(elsewhere(), s1fmt, 3)).toEqual({
      format: 'linear',
      cds: 8,
      arrays: ['0x0: 0x92000000 x 8'],
      missing: 0,
    });
  });

  test('of the largest size there is', () => {
    expect(cdTableOf(TABLE, LINEAR, 20, SSID_BITS)).toEqual({
      format: 'linear',
      paddr: TABLE,
      cds: 1 << 20,
      leafCds: 1 << 20,
    });
  });
});

describe('leaves', () => {
  test('of 4 KiB: SubstreamID bits 5:0 count in the leaf, those above choose it', () => {
    const memory = level1({ 0: 0x9300_0001n, 3: 0x9300_1001n });
    expect(arraysOf(memory, LEAVES_4K, 8)).toEqual({
      format: '4k-leaves',
      cds: 256,
      arrays: ['0x0: 0x93000000 x 64', '0xc0: 0x93001000 x 64'],
      missing: 0,
    });
  });

  test('of 64 KiB: bits 9:0', () => {
    const memory = level1({ 1: 0x9300_0001n, 2: 0x9301_0001n });
    expect(arraysOf(memory, LEAVES_64K, 12)).toEqual({
      format: '64k-leaves',
      cds: 4096,
      arrays: ['0x400: 0x93000000 x 1024', '0x800: 0x93010000 x 1024'],
      missing: 0,
    });
  });

  test.each([
    ['4 KiB', LEAVES_4K, 5, 32],
    ['64 KiB', LEAVES_64K, 9, 512],
    ['64 KiB', LEAVES_64K, 1, 2],
  ])('a table smaller than a leaf of %s uses its beginning', (_, s1fmt, s1cdmax, count) => {
    const memory = level1({ 0: 0x9300_0001n, 1: 0x9400_0001n });
    expect(arraysOf(memory, s1fmt, s1cdmax).arrays).toEqual([`0x0: 0x93000000 x ${count}`]);
  });

  test('a descriptor with V=0 leads nowhere, whatever its pointer', () => {
    expect(arraysOf(level1({ 0: 0x9300_0000n, 1: 0n }), LEAVES_64K, 11).arrays).toEqual([]);
  });

  test('the hardware aligns a leaf to its size', () => {
    const memory = level1({ 0: 0x9300_3001n });
    expect(arraysOf(memory, LEAVES_4K, 6).arrays).toEqual(['0x0: 0x93003000 x 64']);
    expect(arraysOf(memory, LEAVES_64K, 10).arrays).toEqual(['0x0: 0x93000000 x 1024']);
  });

  test('descriptors that the dump lacks are counted', () => {
    // A page of 512 descriptors is there, and one of them is valid; a second page is not.
    const memory = level1({ 5: 0x9300_0001n });
    expect(arraysOf(memory, LEAVES_64K, 20)).toMatchObject({ arrays: ['0x1400: 0x93000000 x 1024'], missing: 512 });
    expect(arraysOf(elsewhere(), LEAVES_4K, 8)).toMatchObject({ arrays: [], missing: 4 });
  });

  test('several slots may share a leaf', () => {
    const memory = level1({ 0: 0x9300_0001n, 1: 0x9300_0001n });
    expect(arraysOf(memory, LEAVES_64K, 11).arrays).toEqual(['0x0: 0x93000000 x 1024', '0x400: 0x93000000 x 1024']);
  });
});

test.each([
  ['bits 51:12', 0x9300_0001, 0, 0x9300_0000],
  ['the low bits are no address', 0x9300_0fff, 0, 0x9300_0000],
  ['bit 31 is one of it', 0xf000_0001, 0, 0xf000_0000],
  ['the upper half', 0x9300_0001, 0x000a_bcde, 0xa_bcde_9300_0000],
  ['bits above 51 are left out', 0x9300_0001, 0xfff0_0001, 0x1_9300_0000],
])('the pointer of a level 1 descriptor: %s', (_, low, high, paddr) => {
  expect(hex(l1CdPointer(low, high))).toBe(hex(paddr));
});

test('a worked example: 2^10 SubstreamIDs in one leaf of 64 KiB', () => {
  const memory = level1({ 0: BigInt(LEAF) | 1n });
  const table = cdTableOf(TABLE, LEAVES_64K, 10, SSID_BITS);
  const [array, ...others] = [...cdArrays(table, new MemoryView(dumpOf(memory)), () => {})] as [CdArray];
  expect(others).toEqual([]);
  expect(array).toEqual({ firstSsid: 0, paddr: LEAF, count: 0x400 });
  // SubstreamID 0x345 at L2Ptr + 0xd140; 0x400 is out of range.
  expect(hex(array.paddr + (0x345 - array.firstSsid) * 64)).toBe('0x9300d140');
});
