/** What may be taken for known, and tables in slices of whole entries. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SegmentMemory } from '../../src/dump/formats/segments.ts';
import { PAGE_STATES, type PageState, type PhysicalMemory, worstState } from '../../src/dump/memory.ts';
import { type ExcludedPolicy, MemoryView, type ViewedDump } from '../../src/dump/view.ts';
import { holds } from '../support/holds.ts';
import { runs } from '../support/slow.ts';
import { MemorySource, patternBytes } from '../support/sources.ts';
import { memoryOfStates } from '../support/states.ts';

function dumpOf(memory: PhysicalMemory, zeroPagesFiltered: boolean | null = null): ViewedDump {
  return { memory, pageSize: 4096, zeroPagesFiltered };
}

/** A run of `count` bytes in each state, in this order. */
const stretch = (...parts: readonly (readonly [count: number, state: PageState])[]): PageState[] =>
  parts.flatMap(([count, state]) => new Array<PageState>(count).fill(state));

describe('what is known', () => {
  const cases: [ExcludedPolicy, boolean | null, boolean][] = [
    ['auto', true, true],
    ['auto', false, false],
    ['auto', null, false],
    ['zero', true, true],
    // A dump that kept its zero pages left these out for another reason, whatever one would like them to be.
    ['zero', false, false],
    ['zero', null, true],
    ['error', true, false],
    ['error', false, false],
    ['error', null, false],
  ];
  test.each(cases)('policy %s, zero pages filtered %s: excluded is zero %s', (policy, zeroPagesFiltered, isZero) => {
    const view = new MemoryView(dumpOf(memoryOfStates([]), zeroPagesFiltered), policy);
    const known = PAGE_STATES.filter((state) => view.isKnown(state));
    expect(known).toEqual(isZero ? ['present', 'zero', 'excluded'] : ['present', 'zero']);
    expect(PAGE_STATES.filter((state) => view.isAssumed(state))).toEqual(isZero ? ['excluded'] : []);
  });

  test('auto is the policy when none is given', () => {
    const known = (filtered: boolean | null) =>
      new MemoryView(dumpOf(memoryOfStates([]), filtered)).isKnown('excluded');
    expect([true, false, null].map(known)).toEqual([true, false, false]);
  });
});

describe('one structure', () => {
  const content = patternBytes(64);
  const states = stretch([40, 'present'], [8, 'zero'], [8, 'excluded'], [8, 'lost']);
  const view = (policy: ExcludedPolicy) => new MemoryView(dumpOf(memoryOfStates(states, content)), policy);
  const wordAt = (paddr: number) => Buffer.from(content).readBigUInt64LE(paddr);

  test('words are little-endian and unsigned', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 0x88, ...new Uint8Array(7), 0xff);
    const memory = memoryOfStates(stretch([16, 'present']), bytes);
    expect(new MemoryView(dumpOf(memory)).readWords(0, 16)).toEqual([0x8807060504030201n, 0xff00000000000000n]);
  });

  test('need not be aligned', () => expect(view('auto').readWords(5, 16)).toEqual([wordAt(5), wordAt(13)]));

  test('zeros by the word of the container are known', () =>
    expect(view('error').readWords(32, 16)).toEqual([wordAt(32), 0n]));

  test('one excluded byte makes it unknown, or zero by policy', () => {
    expect(view('error').readWords(41, 8)).toBeNull();
    expect(view('zero').readWords(41, 8)).toEqual([0n]);
  });

  test('one lost byte makes it unknown under any policy', () => expect(view('zero').readWords(49, 8)).toBeNull());

  test('one byte of hole makes it unknown under any policy', () => expect(view('zero').readWords(57, 8)).toBeNull());

  test('its state is the worst of its parts', () => {
    const at = (paddr: number, byteLength: number) => view('zero').stateOf(paddr, byteLength);
    expect(at(0, 40)).toBe('present');
    expect(at(0, 41)).toBe('zero');
    expect(at(0, 49)).toBe('excluded');
    expect(at(0, 57)).toBe('lost');
    expect(at(0, 65)).toBe('hole');
  });

  test('its pages are counted with the page size of the dump', () => {
    const dump = { ...dumpOf(memoryOfStates(states)), pageSize: 16 };
    const counts = { present: 2, zero: 1, excluded: 0, hole: 1, lost: 1 };
    expect(new MemoryView(dump).countPages(8, 64)).toEqual(counts);
  });

  test('it is wholly RAM up to the first hole', () => {
    expect(view('error').isWhollyRam(0, 64)).toBe(true);
    expect(view('error').isWhollyRam(0, 65)).toBe(false);
  });
});

describe('slices of a table', () => {
  interface Plain {
    first: number;
    count: number;
    state: PageState;
    known: boolean;
    words: number[];
  }
  /** The slices with their words copied, which the view may reuse. */
  function slices(view: MemoryView, paddr: number, entryByteLength: number, count: number): Plain[] {
    const copies: Plain[] = [];
    for (const { words, ...rest } of view.slices(paddr, entryByteLength, count)) {
      copies.push({ ...rest, words: [...words] });
    }
    return copies;
  }
  const shape = (all: Plain[]) => all.map(({ first, count, state, known }) => `${first}+${count} ${state} ${known}`);

  test('an entry in two states has the worse one', () => {
    const states = stretch([20, 'present'], [28, 'excluded'], [16, 'present']);
    const view = (policy: ExcludedPolicy) => new MemoryView(dumpOf(memoryOfStates(states)), policy);
    const unknown = ['0+2 present true', '2+4 excluded false', '6+2 present true'];
    expect(shape(slices(view('error'), 0, 8, 8))).toEqual(unknown);
    expect(shape(slices(view('zero'), 0, 8, 8))).toEqual(unknown.map((line) => line.replace('false', 'true')));
  });

  test('an entry in three states is judged once, by the worst', () => {
    const states = stretch([9, 'present'], [2, 'lost'], [2, 'zero'], [19, 'present']);
    const view = new MemoryView(dumpOf(memoryOfStates(states)));
    expect(shape(slices(view, 0, 8, 4))).toEqual(['0+1 present true', '1+1 lost false', '2+2 present true']);
  });

  test('an entry of several known states is known, and the zeros in it are zeros', () => {
    const content = patternBytes(16);
    const view = new MemoryView(dumpOf(memoryOfStates(stretch([4, 'present'], [4, 'zero'], [8, 'present']), content)));
    const words = Buffer.from(content);
    expect(slices(view, 0, 8, 2)).toEqual([
      { first: 0, count: 1, state: 'zero', known: true, words: [words.readUInt32LE(0), 0] },
      { first: 1, count: 1, state: 'present', known: true, words: [words.readUInt32LE(8), words.readUInt32LE(12)] },
    ]);
  });

  test('unknown stretches are passed over without reading', () => {
    const source = new MemorySource(patternBytes(64));
    const memory = new SegmentMemory([
      { paddr: 0, byteLength: 32, source, fileOffset: 0, fileByteLength: 32 },
      { paddr: 32, byteLength: 2 ** 30, source, fileOffset: 0, fileByteLength: 0 },
      { paddr: 32 + 2 ** 30, byteLength: 32, source, fileOffset: 32, fileByteLength: 32 },
    ]);
    const entries = 8 + 2 ** 27;
    expect(shape(slices(new MemoryView(dumpOf(memory)), 0, 8, entries))).toEqual([
      '0+4 present true',
      '4+134217728 excluded false',
      '134217732+4 present true',
    ]);
    expect(source.reads).toEqual([
      { offset: 0, byteLength: 32 },
      { offset: 32, byteLength: 32 },
    ]);
  });

  test('a table that the dump lacks altogether costs one slice', () => {
    const view = new MemoryView(dumpOf(new SegmentMemory([])));
    expect(shape(slices(view, 2 ** 40, 64, 2 ** 32))).toEqual(['0+4294967296 hole false']);
  });

  test('no entries make no slices', () => {
    const view = new MemoryView(dumpOf(memoryOfStates(stretch([8, 'present']))));
    expect(slices(view, 0, 8, 0)).toEqual([]);
  });

  test('a table larger than one chunk comes in order and whole, in few reads', () => {
    const content = patternBytes(2400 * 1024 + 64);
    const source = new MemorySource(content);
    const memory = new SegmentMemory([
      { paddr: 0, byteLength: content.length, source, fileOffset: 0, fileByteLength: content.length },
    ]);
    const all = slices(new MemoryView(dumpOf(memory)), 64, 64, 38_400);
    expect(all.map(({ first, count }) => [first, count])).toEqual([
      [0, 16_384],
      [16_384, 16_384],
      [32_768, 5632],
    ]);
    const words = Buffer.from(Uint32Array.from(all.flatMap((slice) => slice.words)).buffer);
    expect(words.equals(content.subarray(64, 64 + words.length)), 'the words are the bytes of the file').toBe(true);
    expect(words).toHaveLength(38_400 * 64);
    expect(source.reads).toHaveLength(3);
  });

  test('a file that has become shorter makes the entries it lacks unknown, not zero', () => {
    const source = new MemorySource(patternBytes(20), 'dump', 32);
    const memory = new SegmentMemory([{ paddr: 0, byteLength: 32, source, fileOffset: 0, fileByteLength: 32 }]);
    expect(shape(slices(new MemoryView(dumpOf(memory)), 0, 8, 4))).toEqual(['0+2 present true', '2+2 lost false']);
  });

  test('a walk inside a walk leaves the words of the outer one alone', () => {
    const content = patternBytes(64);
    const view = new MemoryView(dumpOf(memoryOfStates(stretch([64, 'present']), content)));
    const expected = [...new Uint32Array(content.slice(0, 32).buffer)];
    for (const outer of view.slices(0, 8, 4)) {
      // Once to the end, once left early, and once inside itself: each gives its buffer back for the next.
      for (const inner of view.slices(32, 8, 4)) expect([...inner.words]).not.toEqual(expected);
      for (const _ of view.slices(32, 8, 4)) break;
      for (const inner of view.slices(32, 8, 4)) {
        const copy = [...inner.words];
        for (const innermost of view.slices(16, 8, 2)) expect(innermost.words).toHaveLength(4);
        expect([...inner.words], 'the inner walk').toEqual(copy);
      }
      expect([...outer.words], 'the outer walk').toEqual(expected);
    }
  });

  test('two walks side by side do not share a buffer', () => {
    const content = patternBytes(32);
    const view = new MemoryView(dumpOf(memoryOfStates(stretch([32, 'present']), content)));
    const [a, b] = [view.slices(0, 8, 2), view.slices(16, 8, 2)];
    const [first, second] = [a.next().value, b.next().value];
    if (!first || !second) throw new Error('both walks have a slice');
    expect([...first.words, ...second.words]).toEqual([...new Uint32Array(content.slice().buffer)]);
  });

  test('equals a reading entry by entry', () => {
    // Stretches of 1 to 20 bytes, so that entries of 8 and 16 bytes straddle one, two and three of them.
    const stretches = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.constantFrom(...PAGE_STATES)), {
      maxLength: 16,
    });
    const table = fc.record({
      paddr: fc.nat(40),
      entryByteLength: fc.constantFrom(8, 16, 64),
      count: fc.nat(20),
      policy: fc.constantFrom<ExcludedPolicy>('auto', 'zero', 'error'),
      filtered: fc.constantFrom(true, false, null),
    });
    const content = patternBytes(400);
    holds(
      fc.property(stretches, table, (parts, { paddr, entryByteLength, count, policy, filtered }) => {
        const states = stretch(...parts);
        const view = new MemoryView(dumpOf(memoryOfStates(states, content), filtered), policy);
        const all = slices(view, paddr, entryByteLength, count);
        let next = 0;
        for (const { first, count: length, state, known, words } of all) {
          expect(first, 'slices follow each other').toBe(next);
          expect(length).toBeGreaterThan(0);
          expect(words, 'words of known entries only').toHaveLength(known ? (length * entryByteLength) / 4 : 0);
          for (let entry = first; entry < first + length; entry++) {
            const start = paddr + entry * entryByteLength;
            const bytes = Array.from({ length: entryByteLength }, (_, i) => states[start + i] ?? 'hole');
            expect(bytes.reduce(worstState), `state of entry ${entry}`).toBe(state);
            expect(
              bytes.every((one) => view.isKnown(one)),
              `entry ${entry} known`,
            ).toBe(known);
            if (!known) continue;
            const expected = Uint8Array.from(bytes, (one, i) =>
              one === 'present' ? (content[start + i] as number) : 0,
            );
            const from = ((entry - first) * entryByteLength) / 4;
            expect(words.slice(from, from + entryByteLength / 4), `words of entry ${entry}`).toEqual([
              ...new Uint32Array(expected.buffer),
            ]);
          }
          next = first + length;
        }
        expect(next, 'every entry is in a slice').toBe(count);
      }),
      { numRuns: runs(600) },
    );
  });
});
