/** Segments as one memory: overlaps, tails, holes, and a property that compares it with a model made byte by byte. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appendRun, type Segment, SegmentMemory } from '../../../src/dump/formats/segments.ts';
import type { PageState } from '../../../src/dump/memory.ts';
import { holds } from '../../support/holds.ts';
import { runs } from '../../support/slow.ts';
import { MemorySource, patternBytes } from '../../support/sources.ts';
import { expectPartition, runsOfStates } from '../../support/states.ts';

/** A segment of the file whose byte at offset n is n, so that a byte tells where it was read. */
const countingFile = new MemorySource(Uint8Array.from({ length: 256 }, (_, i) => i));

function segment(paddr: number, byteLength: number, fileOffset: number, fileByteLength = byteLength): Segment {
  return { paddr, byteLength, source: countingFile, fileOffset, fileByteLength };
}

/** What memory holds, one word for each byte: the file offset of a present byte, else its state. */
function describeBytes(segments: readonly Segment[], paddr: number, byteLength: number): (number | PageState)[] {
  const into = new Uint8Array(byteLength);
  const runs = new SegmentMemory(segments).read(paddr, into);
  expectPartition(runs, byteLength);
  return runs.flatMap(({ offset, byteLength: length, state }) =>
    Array.from({ length }, (_, i) => (state === 'present' ? (into[offset + i] as number) : state)),
  );
}

describe('one segment', () => {
  test('bytes, then what the capture left out, then nothing', () => {
    expect(describeBytes([segment(10, 6, 100, 4)], 9, 8)).toEqual([
      ...['hole', 100, 101, 102, 103],
      ...['excluded', 'excluded', 'hole'],
    ]);
  });

  test('what lies beyond the end of the file is lost, not excluded', () => {
    expect(describeBytes([segment(10, 6, 254, 4)], 10, 6)).toEqual([
      ...[254, 255],
      ...['lost', 'lost'],
      ...['excluded', 'excluded'],
    ]);
  });

  test('a segment wholly beyond the end of the file is wholly lost', () => {
    expect(describeBytes([segment(10, 2, 1000)], 10, 2)).toEqual(['lost', 'lost']);
  });

  test('bytes in the file beyond the length in memory belong to no address', () => {
    expect(describeBytes([segment(10, 2, 100, 50)], 10, 3)).toEqual([100, 101, 'hole']);
  });

  test('without bytes it is excluded, whatever its offset says', () => {
    expect(describeBytes([segment(10, 2, 0, 0)], 10, 2)).toEqual(['excluded', 'excluded']);
  });

  test('without a length it is not there', () => {
    const memory = new SegmentMemory([segment(10, 0, 100)]);
    expect(memory.ranges).toEqual([]);
    expect(memory.runs(10, 1)).toEqual([{ offset: 0, byteLength: 1, state: 'hole' }]);
  });

  test('a request for nothing is answered with nothing', () => {
    const memory = new SegmentMemory([segment(10, 6, 100)]);
    expect(memory.runs(12, 0)).toEqual([]);
    expect(memory.read(12, new Uint8Array(0))).toEqual([]);
  });

  test('reads only the bytes that were asked for', () => {
    const source = new MemorySource(patternBytes(100));
    new SegmentMemory([{ ...segment(1000, 100, 0), source }]).read(1010, new Uint8Array(5));
    expect(source.reads).toEqual([{ offset: 10, byteLength: 5 }]);
  });

  test('is exact at the top of the physical address space', () => {
    const memory = new SegmentMemory([segment(2 ** 52 - 4, 4, 100)]);
    const into = new Uint8Array(4);
    expect(memory.read(2 ** 52 - 2, into)).toEqual([
      { offset: 0, byteLength: 2, state: 'present' },
      { offset: 2, byteLength: 2, state: 'hole' },
    ]);
    expect([...into]).toEqual([102, 103, 0, 0]);
  });
});

describe('several segments', () => {
  test('touching ones make one range; a byte of hole makes two', () => {
    const memory = new SegmentMemory([segment(14, 2, 0), segment(10, 4, 10), segment(17, 3, 20)]);
    expect(memory.ranges).toEqual([
      { start: 10, end: 16 },
      { start: 17, end: 20 },
    ]);
  });

  test('touching ones of different states make one range too', () => {
    const memory = new SegmentMemory([segment(10, 4, 0, 2), segment(14, 2, 250), segment(16, 4, 254)]);
    expect(memory.ranges).toEqual([{ start: 10, end: 20 }]);
  });

  test('a hole between is reported where it is, cut to the request', () => {
    expect(describeBytes([segment(10, 2, 0), segment(15, 2, 50)], 11, 5)).toEqual([1, 'hole', 'hole', 'hole', 50]);
  });

  test('runs of the same state join across segments', () => {
    const memory = new SegmentMemory([segment(10, 2, 0), segment(12, 2, 100), segment(14, 2, 200, 0)]);
    expect(memory.runs(10, 6)).toEqual([
      { offset: 0, byteLength: 4, state: 'present' },
      { offset: 4, byteLength: 2, state: 'excluded' },
    ]);
  });

  test('neither order nor length is a matter of pages', () => {
    const cuts = [1, 4095, 4096, 4097, 5000];
    const source = new MemorySource(patternBytes(6000));
    const segments = cuts.map((end, i) => {
      const start = cuts[i - 1] ?? 0;
      return { paddr: start, byteLength: end - start, source, fileOffset: start, fileByteLength: end - start };
    });
    const memory = new SegmentMemory(segments.reverse());
    const into = new Uint8Array(5000);
    expect(memory.read(0, into)).toEqual([{ offset: 0, byteLength: 5000, state: 'present' }]);
    expect(into).toEqual(patternBytes(6000).subarray(0, 5000));
    expect(memory.ranges).toEqual([{ start: 0, end: 5000 }]);
  });
});

describe('overlaps', () => {
  const cases: [string, Segment[], (number | PageState)[]][] = [
    ['identical', [segment(10, 3, 50), segment(10, 3, 100)], [50, 51, 52]],
    ['nested: the outer one is enough', [segment(11, 1, 100), segment(10, 3, 50)], [50, 51, 52]],
    ['partial: the first up to its end', [segment(12, 3, 100), segment(10, 3, 50)], [50, 51, 52, 101, 102]],
    ['same start: the longer one', [segment(10, 2, 100), segment(10, 4, 50)], [50, 51, 52, 53]],
    [
      'a chain, each over the next',
      [segment(10, 4, 50), segment(12, 4, 100), segment(14, 4, 150)],
      [50, 51, 52, 53, 102, 103, 152, 153],
    ],
    [
      'a long one that outlives two short ones',
      [segment(10, 8, 50), segment(11, 1, 100), segment(13, 2, 150)],
      [50, 51, 52, 53, 54, 55, 56, 57],
    ],
    // The kernel image appears with its text mapping and again inside its RAM bank, and a tool may cut only one of them.
    [
      'bytes win over what the other one leaves out',
      [segment(10, 6, 0, 0), segment(12, 2, 100)],
      ['excluded', 'excluded', 100, 101, 'excluded', 'excluded'],
    ],
    [
      'bytes win over what the other one has lost',
      [segment(10, 4, 1000), segment(11, 2, 100)],
      ['lost', 100, 101, 'lost'],
    ],
    [
      'lost wins over left out: one of the two should have been there',
      [segment(10, 4, 0, 0), segment(11, 2, 1000)],
      ['excluded', 'lost', 'lost', 'excluded'],
    ],
    [
      'one tail is filled by several others',
      [segment(10, 8, 50, 2), segment(13, 1, 100), segment(15, 2, 254)],
      [50, 51, 'excluded', 100, 'excluded', 254, 255, 'excluded'],
    ],
  ];
  test.each(cases)('%s', (_, segments, expected) => {
    expect(describeBytes(segments, 10, expected.length)).toEqual(expected);
    const memory = new SegmentMemory(segments);
    expect(memory.ranges).toEqual([{ start: 10, end: 10 + expected.length }]);
  });
});

describe('a file that has become shorter since it was opened', () => {
  test('what it no longer holds is lost, and reads as zeros whatever was in the buffer', () => {
    const source = new MemorySource(patternBytes(10), 'dump', 20);
    const memory = new SegmentMemory([{ ...segment(100, 20, 0), source }]);
    const into = new Uint8Array(20).fill(0xee);
    expect(memory.read(100, into)).toEqual([
      { offset: 0, byteLength: 10, state: 'present' },
      { offset: 10, byteLength: 10, state: 'lost' },
    ]);
    expect(into).toEqual(Uint8Array.of(...patternBytes(10), ...new Uint8Array(10)));
  });
});

describe('appendRun', () => {
  test('joins only what touches and agrees', () => {
    const runs = [{ offset: 0, byteLength: 4, state: 'present' as PageState }];
    appendRun(runs, 4, 2, 'present');
    appendRun(runs, 6, 0, 'lost');
    appendRun(runs, 6, 1, 'hole');
    appendRun(runs, 8, 1, 'hole');
    expect(runs).toEqual([
      { offset: 0, byteLength: 6, state: 'present' },
      { offset: 6, byteLength: 1, state: 'hole' },
      { offset: 8, byteLength: 1, state: 'hole' },
    ]);
  });
});

describe('against a model made byte by byte', () => {
  /** What one segment says of one address, or null for nothing. */
  function claim({ paddr, byteLength, source, fileOffset, fileByteLength }: Segment, at: number): PageState | null {
    const index = at - paddr;
    if (index < 0 || index >= byteLength) return null;
    if (index >= fileByteLength) return 'excluded';
    return fileOffset + index < source.byteLength ? 'present' : 'lost';
  }

  /** Bytes beat loss beats exclusion. Of several with bytes the one that starts first is read, or else the longest. */
  function model(
    segments: readonly Segment[],
    contents: ReadonlyMap<unknown, Uint8Array>,
    at: number,
  ): { state: PageState; byte: number | undefined } {
    const claims = segments.map((one) => claim(one, at));
    const state = (['present', 'lost', 'excluded'] as const).find((one) => claims.includes(one)) ?? 'hole';
    if (state !== 'present') return { state, byte: 0 };
    const presentLength = ({ byteLength, fileByteLength, source, fileOffset }: Segment) =>
      Math.min(byteLength, fileByteLength, source.byteLength - fileOffset);
    const [first] = segments
      .filter((_, i) => claims[i] === 'present')
      .sort((a, b) => a.paddr - b.paddr || presentLength(b) - presentLength(a)) as [Segment];
    return { state, byte: contents.get(first.source)?.[first.fileOffset + at - first.paddr] };
  }

  const SPACE = 160;
  const contents = new Map(
    [40, 80, 120].map((byteLength, i) => {
      const bytes = patternBytes(byteLength, i + 1);
      return [new MemorySource(bytes), bytes] as const;
    }),
  );
  const segments = fc.array(
    fc.record({
      paddr: fc.nat(SPACE - 1),
      byteLength: fc.nat(60),
      source: fc.constantFrom(...contents.keys()),
      fileOffset: fc.nat(130),
      fileByteLength: fc.nat(70),
    }),
    { maxLength: 10 },
  );

  test('every byte, every state, and the ranges', () => {
    holds(
      fc.property(segments, fc.nat(SPACE), fc.nat(100), (list, paddr, byteLength) => {
        const memory = new SegmentMemory(list);
        const expected = Array.from({ length: byteLength }, (_, i) => model(list, contents, paddr + i));
        const into = new Uint8Array(byteLength).fill(0xee);
        const runs = memory.read(paddr, into);
        expectPartition(runs, byteLength);
        expect(runs).toEqual(runsOfStates(expected.map(({ state }) => state)));
        expect([...into]).toEqual(expected.map(({ byte }) => byte));
        expect(memory.runs(paddr, byteLength), 'runs() and read() agree').toEqual(runs);

        const ram = Array.from({ length: SPACE + 60 }, (_, at) => list.some((one) => claim(one, at) !== null));
        const ranges = runsOfStates(ram.map((is): PageState => (is ? 'present' : 'hole')))
          .filter(({ state }) => state === 'present')
          .map(({ offset, byteLength: length }) => ({ start: offset, end: offset + length }));
        expect(memory.ranges).toEqual(ranges);
      }),
      { numRuns: runs(1500) },
    );
  });
});
