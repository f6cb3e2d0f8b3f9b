/** Lists sorted out and searched, against the slow way. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareNumbers, compareText, firstIndex, groupBy } from '../src/lists.ts';
import { holds } from './support/holds.ts';

const NUMBERS = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 40 });

test('groups have all of a list in its order, keys as they come', () => {
  holds(
    fc.property(NUMBERS, (list) => {
      const groups = groupBy(list, (number) => number % 7);
      expect([...groups.keys()]).toEqual([...new Set(list.map((number) => number % 7))]);
      for (const [key, group] of groups) expect(group).toEqual(list.filter((number) => number % 7 === key));
    }),
  );
});

test('halving finds what going through the list finds', () => {
  holds(
    fc.property(NUMBERS, fc.integer({ min: -1, max: 41 }), (list, limit) => {
      const sorted = list.toSorted((a, b) => a - b);
      const found = sorted.findIndex((number) => number >= limit);
      expect(firstIndex(sorted, (number) => number >= limit)).toBe(found < 0 ? sorted.length : found);
    }),
  );
});

test('numbers are compared one after the other, text by code unit', () => {
  expect(
    [
      [2, 1],
      [1, 9],
      [1, 3],
    ].sort(compareNumbers),
  ).toEqual([
    [1, 3],
    [1, 9],
    [2, 1],
  ]);
  expect(['b', 'a', 'B', 'ä'].sort(compareText)).toEqual(['B', 'a', 'b', 'ä']);
});
