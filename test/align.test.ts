import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { align } from '../src/align.ts';
import { holds } from './support/holds.ts';

const sideBySide = (left: string, right: string) =>
  align([...left], [...right], (a, b) => a === b).map(({ left: l, right: r }) => `${l ?? '-'}${r ?? '-'}`);

describe('two lists side by side', () => {
  test.each([
    ['both empty', '', '', []],
    ['the same', 'abc', 'abc', ['aa', 'bb', 'cc']],
    ['one only left', 'abc', 'ac', ['aa', 'b-', 'cc']],
    ['one only right', 'ac', 'abc', ['aa', '-b', 'cc']],
    ['one for another', 'abc', 'axc', ['aa', 'b-', '-x', 'cc']],
    ['nothing in common', 'ab', 'xy', ['a-', 'b-', '-x', '-y']],
    ['a repetition that overlaps head and tail', 'aa', 'aaa', ['aa', 'aa', '-a']],
  ])('%s', (_, left, right, pairs) => {
    expect(sideBySide(left, right)).toEqual(pairs);
  });

  test('each side comes out whole and in order, and pairs are equal', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 });
    holds(
      fc.property(text, text, (left, right) => {
        const pairs = align([...left], [...right], (a, b) => a === b);
        expect(pairs.map((pair) => pair.left ?? '').join('')).toBe(left);
        expect(pairs.map((pair) => pair.right ?? '').join('')).toBe(right);
        for (const { left: l, right: r } of pairs) if (l !== null && r !== null) expect(l).toBe(r);
      }),
    );
  });

  test('a long list with little in common ends quickly, and what both end with is found', () => {
    const left = Array.from({ length: 5000 }, (_, i) => `left ${i}`);
    const right = Array.from({ length: 5000 }, (_, i) => `right ${i}`);
    const pairs = align([...left, 'end'], [...right, 'end'], (a, b) => a === b);
    expect(pairs).toHaveLength(10_001);
    expect(pairs.at(-1)).toEqual({ left: 'end', right: 'end' });
  });
});
