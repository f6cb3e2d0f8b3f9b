/** Raw parts as one memory: placement, what is refused, and what a short file leaves. */

import { describe, expect, test } from 'vitest';
import { openRaw, type RawPart } from '../../../src/dump/formats/raw.ts';
import { refusalOf } from '../../support/refusal.ts';
import { MemorySource } from '../../support/sources.ts';

const file = new MemorySource(
  Uint8Array.from({ length: 256 }, (_, i) => i),
  'ram.bin',
);

function part(paddr: number, fileOffset = 0, byteLength?: number, where = `at ${paddr}`): RawPart {
  return { source: file, paddr, fileOffset, byteLength, where };
}

describe('placement', () => {
  test('without a length, a part reaches to the end of its file', () => {
    const { memory, complete, mapComplete, problems } = openRaw([part(0x8000_0ffa, 250)], 4096, []);
    expect(memory.ranges).toEqual([{ start: 0x8000_0ffa, end: 0x8000_1000 }]);
    const into = new Uint8Array(2);
    expect(memory.read(0x8000_0ffe, into)).toEqual([{ offset: 0, byteLength: 2, state: 'present' }]);
    expect([...into]).toEqual([254, 255]);
    expect({ complete, mapComplete, problems }).toEqual({ complete: true, mapComplete: true, problems: [] });
    expect(memory.runs(0x8000_1000, 1)).toEqual([{ offset: 0, byteLength: 1, state: 'hole' }]);
  });

  test('several parts of one file, in any order, touching', () => {
    const { memory } = openRaw([part(14, 100, 2), part(10, 200, 4), part(20, 0, 1)], 4096, []);
    expect(memory.ranges).toEqual([
      { start: 10, end: 16 },
      { start: 20, end: 21 },
    ]);
    const into = new Uint8Array(11);
    memory.read(10, into);
    expect([...into]).toEqual([200, 201, 202, 203, 100, 101, 0, 0, 0, 0, 0]);
  });

  test('the same bytes of a file may be at two addresses', () => {
    const { memory } = openRaw([part(10, 5, 2), part(20, 5, 2)], 4096, []);
    const into = new Uint8Array(2);
    memory.read(20, into);
    expect([...into]).toEqual([5, 6]);
  });

  test('up to the last of 52 address bits', () => {
    const { memory } = openRaw([part(2 ** 52 - 256)], 4096, []);
    expect(memory.ranges).toEqual([{ start: 2 ** 52 - 256, end: 2 ** 52 }]);
  });

  test('a raw dump says nothing of filtered pages', () => {
    expect(openRaw([part(0)], 4096, [])).toMatchObject({ format: 'raw', wrapper: null, zeroPagesFiltered: null });
  });
});

describe('page size', () => {
  const loadAddress = { kind: 'load-address', paddr: 0 } as const;

  test('given, it is no assumption', () => {
    expect(openRaw([part(0)], 65536, [loadAddress])).toMatchObject({ pageSize: 65536, assumptions: [loadAddress] });
  });

  test('not given, it is one more', () => {
    expect(openRaw([part(0)], undefined, [loadAddress])).toMatchObject({
      pageSize: 4096,
      assumptions: [loadAddress, { kind: 'page-size', byteLength: 4096, unsaidBy: 'raw' }],
    });
  });
});

describe('a file too short for its part', () => {
  test('what it lacks is lost, and the dump incomplete', () => {
    const { memory, complete, problems } = openRaw([part(1000, 250, 10, 'memory[0]')], 4096, []);
    expect(memory.runs(1000, 12)).toEqual([
      { offset: 0, byteLength: 6, state: 'present' },
      { offset: 6, byteLength: 4, state: 'lost' },
      { offset: 10, byteLength: 2, state: 'hole' },
    ]);
    expect(complete).toBe(false);
    expect(problems).toEqual([
      { file: 'ram.bin', fileOffset: 256, what: { kind: 'raw-part-cut', part: 'memory[0]', neededEnd: 0x104 } },
    ]);
  });

  test('a part that begins beyond the end is lost altogether when its length is given', () => {
    const { memory, problems } = openRaw([part(0, 0, 16), part(1000, 300, 4)], 4096, []);
    expect(memory.runs(1000, 4)).toEqual([{ offset: 0, byteLength: 4, state: 'lost' }]);
    expect(problems.map(({ what }) => what)).toEqual([{ kind: 'raw-part-cut', part: 'at 1000', neededEnd: 0x130 }]);
  });

  test('a part that ends exactly with the file is complete', () => {
    expect(openRaw([part(0, 200, 56)], 4096, [])).toMatchObject({ complete: true, problems: [] });
  });
});

describe('a file that ends within a page, its length not given', () => {
  test('was cut off: the rest of the page is lost, and so is all that is in no part', () => {
    const { memory, complete, mapComplete, problems, census } = openRaw(
      [part(0x8000_0000, 0, undefined, 'A')],
      4096,
      [],
    );
    expect(memory.runs(0x7fff_ffff, 0x1002)).toEqual([
      { offset: 0, byteLength: 1, state: 'lost', uncharted: true },
      { offset: 1, byteLength: 256, state: 'present' },
      { offset: 257, byteLength: 0xf00, state: 'lost' },
      { offset: 0x1001, byteLength: 1, state: 'lost', uncharted: true },
    ]);
    expect({ complete, mapComplete }).toEqual({ complete: false, mapComplete: false });
    expect(problems).toEqual([
      { file: 'ram.bin', fileOffset: 256, what: { kind: 'raw-ends-within-page', part: 'A', end: 0x8000_0100 } },
    ]);
    expect(census().pages).toEqual({ present: 0, zero: 0, excluded: 0, lost: 1 });
  });

  test.each([
    ['of its length is given', [part(0x8000_0000, 0, 256)]],
    ['memory goes on in the next part', [part(0x8000_0000), part(0x8000_0100, 0, 0xf00)]],
    ['it ends with the page, where it does not begin with one', [part(0x8000_0f00)]],
  ])('is whole where %s', (_, parts) => {
    const { complete, mapComplete } = openRaw(parts, 4096, []);
    expect({ complete, mapComplete }).toEqual({ complete: parts.length === 1, mapComplete: true });
  });

  test('is whole where it has whole pages, wherever it was placed', () => {
    const source = new MemorySource(new Uint8Array(8192), 'ram.bin');
    const { complete, mapComplete } = openRaw([{ source, paddr: 0x8000_0001, fileOffset: 0, where: 'A' }], 4096, []);
    expect({ complete, mapComplete }).toEqual({ complete: true, mapComplete: true });
  });

  test('in front of a part that begins in the same page, which keeps its bytes', () => {
    const { memory, mapComplete } = openRaw([part(0x1000), part(0x1f00)], 4096, []);
    expect(mapComplete).toBe(false);
    expect(memory.runs(0x1000, 0x1000)).toEqual([
      { offset: 0, byteLength: 256, state: 'present' },
      { offset: 256, byteLength: 0xe00, state: 'lost' },
      { offset: 0xf00, byteLength: 256, state: 'present' },
    ]);
  });
});

describe('refusals', () => {
  test.each([
    ['one byte of overlap', [part(10, 0, 5, 'A'), part(14, 0, 5, 'B')], 'B: overlaps A at 0xe'],
    ['whatever the order', [part(14, 0, 5, 'B'), part(10, 0, 5, 'A')], 'B: overlaps A at 0xe'],
    ['identical', [part(10, 0, 5, 'A'), part(10, 0, 5, 'B')], 'B: overlaps A at 0xa'],
    ['nested', [part(10, 0, 50, 'A'), part(20, 0, 1, 'B')], 'B: overlaps A at 0x14'],
    [
      'with a part between that touches neither side',
      [part(10, 0, 50, 'A'), part(70, 0, 5, 'C'), part(40, 0, 21, 'B')],
      'B: overlaps A at 0x28',
    ],
    [
      'of what a short file does not even hold',
      [part(10, 250, 100, 'A'), part(50, 0, 5, 'B')],
      'B: overlaps A at 0x32',
    ],
  ])('overlap, %s', async (_, parts, message) => {
    expect(await refusalOf(() => openRaw(parts, 4096, []))).toEqual({ tag: 'snapshot', message });
  });

  test.each([
    [256, '0x100'],
    [257, '0x101'],
  ])('nothing left of the file from offset %i on', async (offset, shown) => {
    expect(await refusalOf(() => openRaw([part(0, offset, undefined, 'memory[3]')], 4096, []))).toEqual({
      tag: 'snapshot',
      message: `memory[3]: begins at offset ${shown}, beyond the end of ram.bin`,
    });
  });

  test.each([
    [2 ** 52 - 255, undefined, '0xfffffffffff01 + 0x100'],
    [2 ** 52, 1, '0x10000000000000 + 0x1'],
    [0, 2 ** 52 + 1, '0x0 + 0x10000000000001'],
  ])('beyond 52 bits: %d', async (paddr, byteLength, shown) => {
    expect(await refusalOf(() => openRaw([part(paddr, 0, byteLength, 'ram.bin@x')], 4096, []))).toEqual({
      tag: 'usage',
      message: `ram.bin@x: ${shown} is beyond 52 address bits`,
    });
  });
});
