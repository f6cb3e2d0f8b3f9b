/** The page counts of a mapping, and the rule for pages that are in more than one state. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countPages,
  isWhollyRam,
  PAGE_STATES,
  type PageCounts,
  type PageState,
  UnchartedMemory,
  worstState,
} from '../../src/dump/memory.ts';
import { holds } from '../support/holds.ts';
import { runs } from '../support/slow.ts';
import { memoryOfStates, memoryOfStretches } from '../support/states.ts';

const KIB = 1024;
const NO_PAGES: PageCounts = { present: 0, zero: 0, excluded: 0, hole: 0, lost: 0 };

describe('worstState', () => {
  const fromEvidenceToNothing: readonly PageState[] = ['present', 'zero', 'excluded', 'lost', 'hole'];

  test('every state has its place', () => expect([...fromEvidenceToNothing].sort()).toEqual([...PAGE_STATES].sort()));

  test.each(
    fromEvidenceToNothing.flatMap((a, i) => fromEvidenceToNothing.map((b, j) => [a, b, i > j ? a : b] as const)),
  )('%s and %s make %s', (a, b, worst) => expect(worstState(a, b)).toBe(worst));
});

describe('countPages', () => {
  // The same 128 KiB on kernels of all three page sizes: a lost tail of 4 KiB spoils one page of any size.
  const memory = memoryOfStretches([
    [60 * KIB, 'present'],
    [4 * KIB, 'lost'],
    [64 * KIB, 'excluded'],
  ]);
  test.each([
    [4, { present: 15, lost: 1, excluded: 16 }],
    [16, { present: 3, lost: 1, excluded: 4 }],
    [64, { lost: 1, excluded: 1 }],
  ])('pages of %i KiB', (kib, expected) => {
    expect(countPages(memory, 0, 128 * KIB, kib * KIB)).toEqual({ ...NO_PAGES, ...expected });
  });

  test.each([
    ['inside one page', 0x1010, 0x20, { present: 1 }],
    ['from the last byte of one page to the first of the next', 0x1fff, 2, { present: 2 }],
    ['a whole page, from its start', 0x1000, 0x1000, { present: 1 }],
    ['a page length, from the middle', 0x1800, 0x1000, { present: 2 }],
    ['beyond everything that is known', 0x40_000, 0x1800, { hole: 2 }],
    ['no bytes at all', 0x1000, 0, {}],
  ])('%s', (_, paddr, byteLength, expected) => {
    const pages = memoryOfStretches([[0x10_000, 'present']]);
    expect(countPages(pages, paddr, byteLength, 0x1000)).toEqual({ ...NO_PAGES, ...expected });
  });

  test('of a page in several states, only the bytes inside the range are judged', () => {
    const page = memoryOfStretches([
      [0x100, 'hole'],
      [0xe00, 'present'],
      [0x100, 'lost'],
    ]);
    const judge = (paddr: number, byteLength: number) => countPages(page, paddr, byteLength, 0x1000);
    expect(judge(0x100, 0xe00)).toEqual({ ...NO_PAGES, present: 1 });
    expect(judge(0x100, 0xe01)).toEqual({ ...NO_PAGES, lost: 1 });
    expect(judge(0xff, 0xe01)).toEqual({ ...NO_PAGES, hole: 1 });
    expect(judge(0, 0x1000), 'a hole outweighs what is lost').toEqual({ ...NO_PAGES, hole: 1 });
  });

  test('a page that stays mixed over three runs is counted once, by the worst', () => {
    const memory = memoryOfStretches([
      [0x1400, 'present'],
      [0x400, 'excluded'],
      [0x400, 'zero'],
      [0x2400, 'present'],
    ]);
    expect(countPages(memory, 0, 0x4000, 0x1000)).toEqual({ ...NO_PAGES, present: 3, excluded: 1 });
  });

  test('an L2 table of 16 KiB shares one page of 64 KiB with other data', () => {
    const memory = memoryOfStretches([
      [16 * KIB, 'present'],
      [48 * KIB, 'excluded'],
    ]);
    expect(countPages(memory, 0, 16 * KIB, 64 * KIB)).toEqual({ ...NO_PAGES, present: 1 });
    expect(countPages(memory, 8 * KIB, 16 * KIB, 64 * KIB)).toEqual({ ...NO_PAGES, excluded: 1 });
  });

  test('equals a count page by page', () => {
    const states = fc.array(fc.constantFrom(...PAGE_STATES), { maxLength: 60 });
    const range = fc.tuple(fc.nat(70), fc.nat(70));
    holds(
      fc.property(states, range, fc.constantFrom(1, 4, 7, 16, 64), (bytes, [paddr, byteLength], pageSize) => {
        const worstOfPage = new Map<number, PageState>();
        for (let at = paddr; at < paddr + byteLength; at++) {
          const page = Math.floor(at / pageSize);
          worstOfPage.set(page, worstState(worstOfPage.get(page) ?? 'present', bytes[at] ?? 'hole'));
        }
        const expected = { ...NO_PAGES };
        for (const state of worstOfPage.values()) expected[state] += 1;
        expect(countPages(memoryOfStates(bytes), paddr, byteLength, pageSize)).toEqual(expected);
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('isWhollyRam', () => {
  const memory = memoryOfStates(['present', 'zero', 'excluded', 'lost', 'hole', 'present']);
  test.each([
    ['every state but a hole is RAM', 0, 4, true],
    ['one byte of hole is enough', 0, 5, false],
    ['a hole in the middle', 3, 3, false],
    ['behind the hole', 5, 1, true],
    ['beyond the end', 5, 2, false],
  ])('%s', (_, paddr, byteLength, expected) => expect(isWhollyRam(memory, paddr, byteLength)).toBe(expected));

  const uncharted = new UnchartedMemory(memory);
  test.each([
    ['RAM is known to be RAM', 0, 4, true],
    ['of what is behind it nothing is known', 0, 5, null],
    ['nor of what is in no range', 6, 1000, null],
  ])('where the memory map may be short: %s', (_, paddr, byteLength, expected) =>
    expect(isWhollyRam(uncharted, paddr, byteLength)).toBe(expected),
  );
});

test('memory whose map may be short has no holes', () => {
  const memory = new UnchartedMemory(memoryOfStates(['hole', 'present', 'lost', 'hole']));
  const expected = [
    { offset: 0, byteLength: 1, state: 'lost', uncharted: true },
    { offset: 1, byteLength: 1, state: 'present' },
    { offset: 2, byteLength: 1, state: 'lost' },
    { offset: 3, byteLength: 5, state: 'lost', uncharted: true },
  ];
  expect(memory.runs(0, 8)).toEqual(expected);
  expect(memory.read(0, new Uint8Array(8))).toEqual(expected);
  expect(countPages(memory, 0, 8, 1)).toEqual({ ...NO_PAGES, present: 1, lost: 7 });
});
