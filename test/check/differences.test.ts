/** Comparing JSON values: equal ones have no difference, and a changed place is the one that is named. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differences, lineDifferences } from '../../src/check/differences.ts';
import { holds } from '../support/holds.ts';

const all = (expected: unknown, found: unknown) => [...differences(expected, found)];

/** What a JSON pointer leads to. */
function at(value: unknown, pointer: string): unknown {
  let here = value;
  for (const step of pointer.split('/').slice(1)) {
    here = (here as Record<string, unknown>)[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return here;
}

describe('JSON', () => {
  test('a value does not differ from itself, whatever the order of its keys', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .map(([key, member]) => [key, reversed(member)])
          .reverse(),
      );
    };
    // Keys that look like indices keep their own order, whatever is done.
    holds(fc.property(fc.jsonValue(), (value) => all(value, reversed(value)).length === 0));
  });

  test('each difference says what is where', () => {
    holds(
      fc.property(fc.jsonValue(), fc.jsonValue(), (expected, found) => {
        for (const difference of differences(expected, found)) {
          if ('expected' in difference) expect(at(expected, difference.place)).toBe(difference.expected);
          if ('found' in difference) expect(at(found, difference.place)).toBe(difference.found);
          expect('expected' in difference || 'found' in difference).toBe(true);
        }
      }),
    );
  });

  test.each<[string, unknown, unknown, unknown[]]>([
    ['a value', { a: { b: 1 } }, { a: { b: 2 } }, [{ place: '/a/b', expected: 1, found: 2 }]],
    ['a kind', { a: [] }, { a: {} }, [{ place: '/a', expected: [], found: {} }]],
    ['null', { a: null }, { a: {} }, [{ place: '/a', expected: null, found: {} }]],
    ['a missing key', { a: 1 }, {}, [{ place: '/a', expected: 1 }]],
    ['a key too many', {}, { a: null }, [{ place: '/a', found: null }]],
    ['a key by inheritance', { toString: 1 }, {}, [{ place: '/toString', expected: 1 }]],
    [
      'elements',
      [1, 2, 3],
      [1, 3],
      [
        { place: '/1', expected: 2, found: 3 },
        { place: '/2', expected: 3 },
      ],
    ],
    ['keys with strokes', { 'a/b~': 1 }, { 'a/b~': 2 }, [{ place: '/a~1b~0', expected: 1, found: 2 }]],
    ['the version of the tool', { tool: { name: 'x', version: '1' } }, { tool: { name: 'x', version: '2' } }, []],
    [
      'another version',
      { a: { tool: { version: 1 } } },
      { a: { tool: { version: 2 } } },
      [{ place: '/a/tool/version', expected: 1, found: 2 }],
    ],
  ])('%s', (_, expected, found, result) => expect(all(expected, found)).toEqual(result));
});

test('lines', () => {
  expect([...lineDifferences('a\nb\nc\n', 'a\r\nB\n')]).toEqual([
    { place: 'line 2', expected: 'b', found: 'B' },
    { place: 'line 3', expected: 'c', found: '' },
    { place: 'line 4', expected: '' },
  ]);
  expect([...lineDifferences('a\n', 'a\n')]).toEqual([]);
});
