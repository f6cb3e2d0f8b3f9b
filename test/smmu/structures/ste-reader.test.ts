/** Arrays of STEs gone through several times: what was found quiet is remembered, and nothing else changes by it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type EntrySlice,
  SteReader,
  type SteSlice,
  type TableMemory,
} from '../../../src/smmu/structures/ste-reader.ts';
import { holds } from '../../support/holds.ts';
import { runs, slowTest } from '../../support/slow.ts';

const STE_WORDS = 16;

/** The low half of an STE's first word: V, and Config in bits 3:1. */
const INVALID = 0;
const ABORT = 1;
const RESERVED = 1 | (2 << 1);
const BYPASS = 1 | (4 << 1);
const STAGE1 = 1 | (5 << 1);

/** Entries of one state in a row: `quiet` has abort and invalid entries, `busy` an active one in seven, `active` no other. */
interface Stretch {
  readonly count: number;
  readonly kind: 'quiet' | 'busy' | 'active' | 'unknown';
  readonly state: string;
}

/** A table of such stretches at address 0, cut into slices of a length that no stretch depends on. */
class Table implements TableMemory<string> {
  /** Entries handed out with their bytes, `first` and `count` of every slice. */
  readonly read: { readonly first: number; readonly count: number }[] = [];
  readonly entries: readonly { readonly low: number | null; readonly state: string }[];
  readonly #sliceLength: number;

  constructor(stretches: readonly Stretch[], sliceLength: number) {
    this.#sliceLength = sliceLength;
    this.entries = stretches.flatMap(({ count, kind, state }) =>
      Array.from({ length: count }, (_, i) => ({ low: kind === 'unknown' ? null : lowOf(kind, i), state })),
    );
  }

  *slices(paddr: number, entryByteLength: number, count: number): Generator<EntrySlice<string>> {
    const from = paddr / entryByteLength;
    const buffer = new Uint32Array(this.#sliceLength * STE_WORDS);
    for (let first = 0; first < count; ) {
      const { low, state } = this.#entry(from + first);
      let length = 1;
      while (length < this.#sliceLength && first + length < count && this.#joins(from + first, length)) length += 1;
      const known = low !== null;
      if (known) this.read.push({ first: from + first, count: length });
      for (let i = 0; i < length; i++) buffer[i * STE_WORDS] = this.#entry(from + first + i).low ?? 0;
      yield {
        first,
        count: length,
        state,
        known,
        words: known ? buffer.subarray(0, length * STE_WORDS) : new Uint32Array(0),
      };
      first += length;
    }
  }

  #entry(index: number): { readonly low: number | null; readonly state: string } {
    const entry = this.entries[index];
    if (entry === undefined) throw new Error(`entry ${index} is beyond the table`);
    return entry;
  }

  #joins(start: number, length: number): boolean {
    const [a, b] = [this.#entry(start), this.#entry(start + length)];
    return a.state === b.state && (a.low === null) === (b.low === null);
  }
}

function lowOf(kind: 'quiet' | 'busy' | 'active', index: number): number {
  if (kind === 'active') return BYPASS;
  if (kind === 'busy' && index % 7 === 3) return [BYPASS, STAGE1, RESERVED][index % 3] as number;
  return index % 5 === 0 ? INVALID : ABORT;
}

/** What a pass says, whatever slices it came in; the first word only where the pass has it. */
interface Pass {
  /** Stretches of known and unknown entries, as in `known 3000, unknown 12`. */
  readonly stretches: string;
  readonly active: readonly (readonly [index: number, low: number])[];
  readonly byConfig: Readonly<Record<string, number>>;
}

function passOf(slices: Iterable<SteSlice<string>>): Pass {
  const runs: { known: boolean; count: number }[] = [];
  const active: [number, number][] = [];
  const byConfig: Record<string, number> = {};
  let next = 0;
  for (const { first, count, counts, known, words } of slices) {
    if (first !== next) throw new Error(`a slice begins at ${first}, the one before it ends at ${next}`);
    if (known !== (counts !== null)) throw new Error(`counts of ${first} are ${counts}, known is ${known}`);
    next += count;
    const last = runs.at(-1);
    if (last?.known === known) last.count += count;
    else runs.push({ known, count });
    for (let at = 0; at < words.length; at += STE_WORDS) {
      const low = words[at] as number;
      if ((low & 1) === 1 && low !== ABORT) active.push([first + at / STE_WORDS, low]);
    }
    for (const [config, number] of Object.entries(counts?.byConfig() ?? {})) {
      byConfig[config] = (byConfig[config] ?? 0) + number;
    }
  }
  const stretches = runs.map(({ known, count }) => `${known ? 'known' : 'unknown'} ${count}`).join(', ');
  return { stretches, active, byConfig };
}

const quiet = (count: number, state = 'present'): Stretch => ({ count, kind: 'quiet', state });
const busy = (count: number): Stretch => ({ count, kind: 'busy', state: 'present' });
const allActive = (count: number): Stretch => ({ count, kind: 'active', state: 'present' });
const unknown = (count: number): Stretch => ({ count, kind: 'unknown', state: 'lost' });
const total = (stretches: readonly Stretch[]) => stretches.reduce((sum, { count }) => sum + count, 0);

describe('any table', () => {
  const stretch = fc.record({
    count: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 4096 })),
    kind: fc.constantFrom('quiet' as const, 'quiet' as const, 'busy' as const, 'active' as const, 'unknown' as const),
    state: fc.constant('present'),
  });
  const sliceLength = fc.constantFrom(33, 64, 1000, 4096);
  /** Lengths around the one from which on anything is remembered. */
  const tables = fc
    .tuple(fc.array(stretch, { maxLength: 5 }), fc.constantFrom(0, 4095, 4096, 4097))
    .map(([stretches, length]) => {
      const missing = length - total(stretches);
      return missing > 0 ? [...stretches, quiet(missing)] : stretches;
    });

  test('every pass says the same of every entry, and counts alike', () => {
    holds(
      fc.property(tables, sliceLength, (stretches, length) => {
        const table = new Table(stretches, length);
        const lows = table.entries.map(({ low }) => low);
        const reader = new SteReader(table);
        const once = passOf(reader.slices(0, lows.length));
        const isActive = (low: number | null) => low !== null && low !== ABORT && low !== INVALID;
        expect(once.active).toEqual(lows.flatMap((low, i) => (isActive(low) ? [[i, low]] : [])));
        expect(once.byConfig['abort'] ?? 0).toBe(lows.filter((low) => low === ABORT).length);
        for (const _ of [2, 3]) expect(passOf(reader.slices(0, lows.length))).toEqual(once);
      }),
      { numRuns: runs(60) },
    );
  });
});

describe('what was found quiet', () => {
  const stretches = [quiet(3000), unknown(500), busy(64), quiet(2000), busy(32), quiet(100)];
  const readTwice = (slices: readonly Stretch[], length = 256) => {
    const table = new Table(slices, length);
    const reader = new SteReader(table);
    const first = passOf(reader.slices(0, total(slices)));
    const readAtFirst = table.read.splice(0);
    const second = passOf(reader.slices(0, total(slices)));
    return { first, second, readAtFirst, readAgain: table.read };
  };

  test('is not read again, nor are a few active ones and what is between them', () => {
    const { first, second, readAtFirst, readAgain } = readTwice(stretches, 32);
    expect(readAtFirst.reduce((sum, { count }) => sum + count, 0)).toBe(5196);
    expect(readAgain).toEqual([]);
    expect(second).toEqual(first);
  });

  test('a quiet table is never read again', () => {
    const { first, second, readAgain } = readTwice([quiet(4096)]);
    expect(readAgain).toEqual([]);
    expect(second).toEqual(first);
    expect(second.byConfig).toMatchObject({ abort: 3276 });
  });

  slowTest('beyond 65,536 active ones only those are read again', () => {
    const { first, second, readAgain } = readTwice([allActive(70_000), quiet(5000), allActive(64), quiet(3000)], 8192);
    expect(first.active).toHaveLength(70_064);
    expect(second).toEqual(first);
    // With the rest of the last 64.
    expect(readAgain).toEqual([
      { first: 65_536, count: 4480 },
      { first: 75_000, count: 64 },
    ]);
  });

  test('all arrays of one reader have 65,536 active ones kept together', () => {
    const table = new Table([allActive(65_500), quiet(100), allActive(64), quiet(100)], 8192);
    const reader = new SteReader(table);
    const array = () => reader.slices(0, 65_600);
    const longer = () => reader.slices(0, 65_764);
    passOf(array());
    passOf(longer());
    table.read.length = 0;
    passOf(array());
    expect(table.read, 'of the one that was there first').toEqual([]);
    passOf(longer());
    expect(table.read.reduce((sum, { count }) => sum + count, 0)).toBe(65_564);
  });

  slowTest('all arrays of one reader have 32,768 turns remembered together', () => {
    const turns = Array.from({ length: 6000 }, () => [quiet(1), quiet(1, 'zero'), quiet(1, 'filled')]).flat();
    const table = new Table(turns, 1);
    const reader = new SteReader(table);
    const arrays = [0, 1, 2].map((from) => () => reader.slices(from * 64, turns.length - from));
    for (const array of arrays) passOf(array());
    const readAgain = arrays.map((array) => {
      table.read.length = 0;
      passOf(array());
      return table.read.reduce((sum, { count }) => sum + count, 0);
    });
    expect(readAgain).toEqual([0, 3231, 17_998]);
  });

  test('arrays as small as an L2 table are not read again, whatever they hold', () => {
    for (const stretches of [[quiet(4095)], [busy(256)], [quiet(100), busy(28)]]) {
      const { first, second, readAgain } = readTwice(stretches, 4096);
      expect(readAgain).toEqual([]);
      expect(second).toEqual(first);
    }
  });

  test('but one that is not known as a whole is, and so is another one at its address', () => {
    expect(readTwice([busy(64), unknown(64)]).readAgain).toEqual([{ first: 0, count: 64 }]);
    const table = new Table([busy(256)], 4096);
    const reader = new SteReader(table);
    for (const count of [256, 128, 256]) passOf(reader.slices(0, count));
    expect(table.read.map(({ count }) => count)).toEqual([256, 128]);
  });

  test('and not of more tables than a real machine has', () => {
    const table = new Table([busy(600)], 4096);
    const reader = new SteReader(table);
    const all = () => Array.from({ length: 600 }, (_, i) => passOf(reader.slices(64 * i, 1)));
    const once = all();
    table.read.length = 0;
    expect(all()).toEqual(once);
    expect(table.read).toHaveLength(600 - 512);
  });

  test('is remembered by address and length', () => {
    const table = new Table([quiet(9000)], 256);
    const reader = new SteReader(table);
    passOf(reader.slices(0, 5000));
    table.read.length = 0;
    passOf(reader.slices(0, 5001));
    passOf(reader.slices(64, 5000));
    expect(table.read.reduce((sum, { count }) => sum + count, 0)).toBe(10_001);
  });

  test('comes without words but with its counts', () => {
    const table = new Table([quiet(5000)], 256);
    const reader = new SteReader(table);
    passOf(reader.slices(0, 5000));
    const slices = [...reader.slices(0, 5000)].map(({ first, count, known, words, counts }) => {
      return { first, count, known, words: words.length, valid: counts?.valid, active: counts?.active };
    });
    expect(slices).toEqual([{ first: 0, count: 5000, known: true, words: 0, valid: 4000, active: 0 }]);
  });

  test('keeps the state of each entry', () => {
    const table = new Table([quiet(3000, 'present'), quiet(3000, 'zero')], 1000);
    const reader = new SteReader(table);
    const states = () => {
      const entriesOf: Record<string, number> = {};
      for (const { state, count } of reader.slices(0, 6000)) entriesOf[state] = (entriesOf[state] ?? 0) + count;
      return entriesOf;
    };
    expect(states()).toEqual({ present: 3000, zero: 3000 });
    expect(states(), 'second pass').toEqual({ present: 3000, zero: 3000 });
  });
});

describe('quietToo', () => {
  const stretches = [quiet(3000), busy(64), quiet(2000)];
  const words = (slices: Iterable<SteSlice<string>>) =>
    [...slices].reduce((sum, slice) => sum + slice.words.length / STE_WORDS, 0);

  test('has the words of every known entry, before and after a pass', () => {
    const reader = new SteReader(new Table(stretches, 256));
    expect(words(reader.slices(0, 5064, true))).toBe(5064);
    expect(words(reader.slices(0, 5064))).toBeLessThan(600);
    expect(words(reader.slices(0, 5064, true))).toBe(5064);
  });

  test('remembers for those who need no words', () => {
    const table = new Table([quiet(5000)], 256);
    const reader = new SteReader(table);
    passOf(reader.slices(0, 5000, true));
    table.read.length = 0;
    passOf(reader.slices(0, 5000));
    expect(table.read).toEqual([]);
  });
});

describe('who stops early', () => {
  const stretches = [quiet(3000), busy(64), quiet(3000), unknown(10), busy(7)];

  test.each([1, 2, 12, 13, 20])('after %i slices leaves nothing half remembered', (stopAfter) => {
    const table = new Table(stretches, 256);
    const reader = new SteReader(table);
    let seen = 0;
    for (const _ of reader.slices(0, 6081)) if (++seen === stopAfter) break;
    expect(passOf(reader.slices(0, 6081))).toEqual(passOf(new SteReader(new Table(stretches, 256)).slices(0, 6081)));
  });

  test('in a later pass takes nothing away from the next', () => {
    const table = new Table(stretches, 256);
    const reader = new SteReader(table);
    const once = passOf(reader.slices(0, 6081));
    for (const _ of reader.slices(0, 6081)) break;
    table.read.length = 0;
    expect(passOf(reader.slices(0, 6081))).toEqual(once);
    expect(table.read.every(({ first }) => first > 2000)).toBe(true);
  });
});
