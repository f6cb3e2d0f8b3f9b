/** Start levels of both stages, every combination against a table written independently of the one in the source. */

import { describe, expect, test } from 'vitest';
import { GRANULES, stage1SizeLimits, stage1StartLevel } from '../../src/smmu/granules.ts';
import { stage2StartLevel } from '../../src/smmu/stage2-start.ts';

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** `granule sl0 sl0_2`: level and the sizes that fit without S2DS, with it, and with small tables besides either. */
const FITTING: Readonly<Record<string, { level: number; plain: number[]; ds: number[]; stt: number[] }>> = {
  '12 2 0': { level: 0, plain: range(16, 24), ds: range(12, 15), stt: [] },
  '12 1 0': { level: 1, plain: range(21, 33), ds: [], stt: [] },
  '12 0 0': { level: 2, plain: range(30, 39), ds: [], stt: range(40, 42) },
  '12 3 0': { level: 3, plain: [], ds: [], stt: range(39, 48) },
  '12 0 1': { level: -1, plain: [], ds: range(12, 15), stt: [] },
  '14 3 0': { level: 0, plain: [], ds: range(12, 16), stt: [] },
  '14 2 0': { level: 1, plain: range(16, 27), ds: range(13, 15), stt: [] },
  '14 1 0': { level: 2, plain: range(24, 38), ds: [], stt: [] },
  '14 0 0': { level: 3, plain: range(35, 39), ds: [], stt: range(40, 48) },
  '16 2 0': { level: 1, plain: range(12, 21), ds: [], stt: [] },
  '16 1 0': { level: 2, plain: range(18, 34), ds: [], stt: [] },
  '16 0 0': { level: 3, plain: range(31, 39), ds: [], stt: range(40, 47) },
};

function expected(granule: number, sl0: number, sl02: number, t0sz: number, ds: boolean, stt: boolean): number | null {
  const counts = ds && granule === 12 ? sl02 : 0;
  const row = FITTING[`${granule} ${sl0} ${counts}`];
  if (row === undefined) return null;
  const fits = [...row.plain, ...(ds ? row.ds : []), ...(stt ? row.stt : [])];
  return fits.includes(t0sz) ? row.level : null;
}

describe.each([12, 14, 16])('stage 2 with granules of 2^%i bytes', (granule) => {
  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('every start level and size, S2DS %s, small tables %s', (ds, stt) => {
    for (const sl0 of range(0, 3)) {
      for (const sl02 of [0, 1]) {
        const levels = range(0, 63).map((t0sz) => stage2StartLevel(granule, sl0, sl02, t0sz, ds, stt));
        expect(levels, `SL0 ${sl0}, SL0_2 ${sl02}`).toEqual(
          range(0, 63).map((t0sz) => expected(granule, sl0, sl02, t0sz, ds, stt)),
        );
      }
    }
  });

  test('what fits needs 16 tables side by side at most, and more than one descriptor', () => {
    for (const [sl0, t0sz, ds] of range(0, 3).flatMap((sl0) =>
      range(0, 63).flatMap((t0sz) => [true, false].map((ds) => [sl0, t0sz, ds] as const)),
    )) {
      const level = stage2StartLevel(granule, sl0, 0, t0sz, ds, true);
      if (level === null) continue;
      const bitsBelow = granule + (3 - level) * (granule - 3);
      expect(64 - t0sz - bitsBelow).toBeGreaterThan(0);
      expect(64 - t0sz - bitsBelow).toBeLessThanOrEqual(granule - 3 + 4);
    }
  });
});

test('no other granule has a start level', () => {
  expect(range(0, 63).map((t0sz) => stage2StartLevel(13, 1, 0, t0sz, true, true))).toEqual(
    range(0, 63).map(() => null),
  );
});

describe('stage 1', () => {
  test.each([
    [12, { '-1': range(12, 15), 0: range(16, 24), 1: range(25, 33), 2: range(34, 42), 3: range(43, 48) }],
    [14, { 0: range(12, 16), 1: range(17, 27), 2: range(28, 38), 3: range(39, 48) }],
    [16, { 1: range(12, 21), 2: range(22, 34), 3: range(35, 47) }],
  ])('the level follows from the size, granules of 2^%i bytes', (granule, levels) => {
    for (const [level, sizes] of Object.entries(levels)) {
      expect(sizes.map((size) => stage1StartLevel(granule, size))).toEqual(sizes.map(() => Number(level)));
    }
  });

  test.each([
    ['4KB', 12, false, 0, false, 16, 39],
    ['4KB, small tables', 12, false, 0, true, 16, 48],
    ['4KB, 52-bit inputs without DS', 12, false, 1, false, 16, 39],
    ['4KB, 52-bit inputs with DS', 12, true, 1, false, 12, 39],
    ['16KB, DS without 52-bit inputs', 14, true, 0, true, 16, 48],
    ['64KB, 52-bit inputs', 16, false, 1, true, 12, 47],
    ['64KB', 16, false, 0, false, 16, 39],
  ])('limits of the size: %s', (_, granule, ds, vax, stt, min, max) => {
    expect(stage1SizeLimits(granule, ds, vax, stt)).toEqual({ min, max });
  });
});

test('the granules of TG0 and TG1 are numbered differently, S2TG as TG0', () => {
  expect(GRANULES.TG0.map((log2) => log2 && 2 ** log2)).toEqual([4096, 65536, 16384, null]);
  expect(GRANULES.TG1.map((log2) => log2 && 2 ** log2)).toEqual([null, 16384, 4096, 65536]);
  expect(GRANULES.S2TG).toEqual(GRANULES.TG0);
});
