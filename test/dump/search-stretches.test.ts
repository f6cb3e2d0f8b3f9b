/** Memory in stretches for several at once: nothing that the dump holds is in none of them, or in two. */

import { expect, test } from 'vitest';
import type { PhysicalMemory, StateRun } from '../../src/dump/memory.ts';
import { stretchesOf } from '../../src/dump/search-stretches.ts';

const KIB_64 = 1 << 16;

/** RAM of which the dump has what is named, in units of 64 KiB. */
function memoryOf(...ranges: { from: number; to: number; held: readonly [from: number, to: number][] }[]) {
  const memory: PhysicalMemory = {
    ranges: ranges.map(({ from, to }) => ({ start: from * KIB_64, end: to * KIB_64 })),
    runs: (paddr) => {
      const range = ranges.find(({ from }) => from * KIB_64 === paddr);
      return (range?.held ?? []).map(
        ([from, to]): StateRun => ({
          offset: from * KIB_64 - paddr,
          byteLength: (to - from) * KIB_64,
          state: 'present',
        }),
      );
    },
    read: () => {
      throw new Error('no page is read');
    },
  };
  return memory;
}

const cuts = (memory: PhysicalMemory, units: number) =>
  stretchesOf(memory, units * KIB_64).map(({ start, end }) => [start / KIB_64, end / KIB_64]);

test.each<[string, PhysicalMemory, number[][]]>([
  ['nothing', memoryOf(), []],
  ['RAM of which the dump has nothing', memoryOf({ from: 0, to: 1 << 20, held: [] }), []],
  ['less than a stretch', memoryOf({ from: 16, to: 20, held: [[17, 19]] }), [[0, 19]]],
  [
    'whole stretches',
    memoryOf({ from: 0, to: 8, held: [[0, 8]] }),
    [
      [0, 4],
      [4, 8],
    ],
  ],
  [
    'what is left',
    memoryOf({ from: 0, to: 9, held: [[0, 9]] }),
    [
      [0, 4],
      [4, 8],
      [8, 9],
    ],
  ],
  [
    'gaps, within a range and between two',
    memoryOf(
      {
        from: 0,
        to: 100,
        held: [
          [0, 3],
          [50, 52],
        ],
      },
      { from: 1000, to: 2000, held: [[1999, 2000]] },
    ),
    [
      [0, 51],
      [51, 2000],
    ],
  ],
])('%s', (_, memory, expected) => {
  expect(cuts(memory, 4)).toEqual(expected);
});

test('what begins within 64 KiB is cut behind them', () => {
  const held: StateRun[] = [{ offset: 0x3000, byteLength: 0x2_0000, state: 'present' }];
  const memory = { ranges: [{ start: 0, end: 0x10_0000 }], runs: () => held, read: () => held };
  expect(stretchesOf(memory, KIB_64)).toEqual([
    { start: 0, end: 0x2_0000 },
    { start: 0x2_0000, end: 0x3_0000 },
  ]);
});
