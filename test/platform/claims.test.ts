/** Ranges that overlap: the first of the list has a number, whatever the ranges are. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Claim, firstClaims, pieceAt } from '../../src/platform/claims.ts';
import { holds } from '../support/holds.ts';
import { runs, slowTest } from '../support/slow.ts';

const claim = (first: number, last: number, owner: string): Claim<string> => ({ first, last, owner });

test('a later range has what is left of it, on both sides', () => {
  expect(firstClaims([claim(4, 6, 'a'), claim(0, 9, 'b'), claim(5, 20, 'c')])).toEqual([
    claim(0, 3, 'b'),
    claim(4, 6, 'a'),
    claim(7, 9, 'b'),
    claim(10, 20, 'c'),
  ]);
});

test('pieces of one owner that touch are one', () => {
  expect(firstClaims([claim(0, 3, 'a'), claim(4, 7, 'a'), claim(2, 5, 'b')])).toEqual([claim(0, 7, 'a')]);
});

test('nothing is claimed by nobody, up to 2^53', () => {
  const pieces = firstClaims([claim(2 ** 52, 2 ** 53 - 2, 'a')]);
  expect(pieceAt(pieces, 2 ** 52 - 1)).toBeUndefined();
  expect(pieceAt(pieces, 2 ** 53 - 2)?.owner).toBe('a');
  expect(firstClaims([])).toEqual([]);
});

test('every number has the owner that a walk through the list finds', () => {
  const range = fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 12 }));
  holds(
    fc.property(fc.array(range, { maxLength: 12 }), (ranges) => {
      const claims = ranges.map(([first, more], owner) => ({ first, last: first + more, owner }));
      const pieces = firstClaims(claims);
      for (let number = 0; number < 60; number++) {
        const expected = claims.find(({ first, last }) => first <= number && number <= last)?.owner;
        expect(pieceAt(pieces, number)?.owner).toBe(expected);
      }
      for (const [i, { first }] of pieces.entries()) expect(first).toBeGreaterThan(pieces[i - 1]?.last ?? -1);
    }),
    { seed: 11, numRuns: runs(500) },
  );
});

slowTest('a hundred thousand ranges, each inside the one before, are 199,999 pieces', () => {
  const claims = Array.from({ length: 100_000 }, (_, i) => ({ first: 99_999 - i, last: 100_000 + i, owner: i }));
  // The innermost comes first and keeps all of it; every other one has a number on either side.
  expect(firstClaims(claims)).toHaveLength(199_999);
});
