/** Zstandard frames by hand: headers that lie, blocks that would run for ever, checksums. Real frames are elsewhere. */

import { readFileSync } from 'node:fs';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decompressZstd } from '../../../src/dump/codecs/zstd.ts';
import { patternBytes } from '../../support/sources.ts';
import { compressZstd } from '../../support/writers/compress.ts';
import { xxh64Low32 } from '../../support/writers/xxh64.ts';
import { decompressGuarded } from './guarded.ts';

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;
const isSound = (frame: readonly number[] | Uint8Array, byteLength: number) =>
  decompressGuarded(decompressZstd, Uint8Array.from(frame), byteLength).isSound;

/** A frame of one block, its content size in one byte. */
function frameOf(byteLength: number, type: number, size: number, block: readonly number[]): number[] {
  const header = (size << 3) | (type << 1) | 1;
  return [...MAGIC, 0x20, byteLength, header & 0xff, (header >> 8) & 0xff, header >> 16, ...block];
}
const compressedFrame = (byteLength: number, block: readonly number[]) => frameOf(byteLength, 2, block.length, block);

const bytes = Uint8Array.of(...patternBytes(3000), ...new Uint8Array(1096));

describe('frame header', () => {
  test.each<[string, Uint8Array]>([
    ['with a checksum', compressZstd(bytes, { checksum: true })],
    ['with many blocks', compressZstd(bytes, { blockByteLength: 17 })],
    ['without a content size', compressZstd(bytes, { contentSize: null })],
  ])('%s', (_, frame) => {
    expect(decompressGuarded(decompressZstd, frame, 4096)).toEqual({ isSound: true, output: bytes });
  });

  test.each([0, 255, 4095, 4097, 65536, 2 ** 31, 2 ** 32 + 4096, 2 ** 53])(
    'a content size of %d is refused',
    (size) => {
      const before = process.memoryUsage().arrayBuffers;
      expect(isSound(compressZstd(bytes, { contentSize: size }), 4096)).toBe(false);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
    },
  );

  test('a window of terabytes costs nothing: the library takes none that large', () => {
    const frame = compressZstd(bytes, { contentSize: null });
    frame[5] = 0xff;
    const before = process.memoryUsage().arrayBuffers;
    expect(isSound(frame, 4096)).toBe(false);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  test.each<[string, number, number]>([
    ['another magic number', 0, 0x29],
    ['a reserved bit', 4, 0x68],
    ['a dictionary', 4, 0x61],
  ])('%s is refused', (_, at, value) => {
    const frame = compressZstd(bytes);
    frame[at] = value;
    expect(isSound(frame, 4096)).toBe(false);
  });

  const skippable = (magic: number, byteLength: number, held = byteLength) => [
    ...[magic, 0x2a, 0x4d, 0x18, byteLength, 0, 0, 0],
    ...new Array(held).fill(0x28),
  ];

  test('a skippable frame alone is none', () => expect(isSound(skippable(0x50, 4), 4)).toBe(false));

  test.each<[string, number[]]>([
    ['skippable frames around it', [...skippable(0x50, 4), ...compressZstd(bytes), ...skippable(0x5f, 0)]],
    ['another frame', [...compressZstd(bytes.subarray(0, 100)), ...compressZstd(bytes.subarray(100))]],
    [
      'empty, skippable and other frames',
      [
        ...compressZstd(new Uint8Array(0)),
        ...compressZstd(bytes.subarray(0, 4000), { contentSize: null }),
        ...skippable(0x58, 200),
        ...compressZstd(bytes.subarray(4000), { checksum: true }),
      ],
    ],
  ])('a frame with %s', (_, frames) => {
    expect(decompressGuarded(decompressZstd, Uint8Array.from(frames), 4096)).toEqual({
      isSound: true,
      output: bytes,
    });
    expect(isSound(frames, 4095)).toBe(false);
    expect(isSound(frames, 4097)).toBe(false);
    expect(isSound(frames.slice(0, -1), 4096), 'cut').toBe(false);
  });

  test.each<[string, number[]]>([
    ['a skippable frame that is cut', [...compressZstd(bytes), ...skippable(0x50, 4, 3)]],
    ['half a header of one', [...compressZstd(bytes), ...skippable(0x50, 4).slice(0, 7)]],
    ['what begins like one and is none', [...compressZstd(bytes), ...skippable(0x60, 4)]],
    ['the same frame again', [...compressZstd(bytes), ...compressZstd(bytes)]],
    ['zeros', [...compressZstd(bytes), 0, 0, 0, 0]],
  ])('a frame with %s behind it is refused', (_, frames) => expect(isSound(frames, 4096)).toBe(false));

  test('a wrong checksum is refused', () => {
    const frame = compressZstd(bytes, { checksum: true });
    frame[20] = (frame[20] as number) ^ 1;
    expect(isSound(frame, 4096)).toBe(false);
    expect(isSound(compressZstd(bytes, { checksum: true }).subarray(0, -4), 4096)).toBe(false);
  });
});

describe('blocks', () => {
  test('run-length literals without sequences', () => {
    expect(decompressGuarded(decompressZstd, Uint8Array.from(compressedFrame(5, [(5 << 3) | 1, 7, 0])), 5)).toEqual({
      isSound: true,
      output: new Uint8Array(5).fill(7),
    });
  });

  test.each<[string, number[]]>([
    ['of the reserved type', frameOf(4, 3, 4, [1, 2, 3, 4])],
    ['of run length beyond the output', frameOf(4, 1, 0x1ffff, [1])],
    ['of bytes beyond the output', frameOf(4, 0, 5, [1, 2, 3, 4, 5])],
    ['of bytes beyond the input', frameOf(4, 0, 4, [1, 2, 3])],
    ['of nothing', compressedFrame(4, [])],
    ['with more literals than output', compressedFrame(4, [5 << 3, 1, 2, 3, 4, 5, 0])],
    ['with more literals than input', compressedFrame(200, [20 << 3, 1, 2, 3])],
    ['with 1 MiB of run-length literals', compressedFrame(4, [0xfd, 0xff, 0xff, 1, 0])],
    ['with Huffman literals and no tree', compressedFrame(16, [0x0f | (1 << 4), 0x40, 0, 1, 0])],
    ['with sequences and no tables', compressedFrame(16, [1 << 3, 65, 1])],
    ['with a repeated table and none before', compressedFrame(16, [1 << 3, 65, 1, 0xfc, 1])],
    ['with reserved table modes', compressedFrame(16, [1 << 3, 65, 1, 0x01, 1])],
    ['with run-length codes that there are not', compressedFrame(16, [1 << 3, 65, 1, 0x54, 36, 0, 0, 1])],
    ['with sequences of no bits', compressedFrame(16, [1 << 3, 65, 1, 0x54, 0, 0, 0, 0])],
    ['with an offset before the beginning', compressedFrame(16, [1 << 3, 65, 1, 0x54, 1, 3, 0, 0x08])],
  ])('%s are refused', (_, frame) => {
    expect(isSound(frame, frame[5] as number)).toBe(false);
  });

  test('a match by run-length codes', () => {
    // One literal, offset code 2 with its bits at 0 (offset 1), match length 3 + 12.
    const frame = compressedFrame(16, [1 << 3, 65, 1, 0x54, 1, 2, 12, 0b100]);
    expect(decompressGuarded(decompressZstd, Uint8Array.from(frame), 16)).toEqual({
      isSound: true,
      output: new Uint8Array(16).fill(65),
    });
  });

  test('a Huffman tree whose weights take no bits ends', () => {
    // One symbol has all of the probability. fzstd 0.1 never returns from this.
    const block = [0x42, 0x80, 2, 4, 0xf0, 3, 0, 0x80, 0x80, 0, 0, 0, 0];
    expect(isSound(compressedFrame(16, block), 16)).toBe(false);
  });

  test('98047 sequences of 128 KiB each end at the first', () => {
    const block = [1 << 3, 65, 0xff, 0xff, 0xff, 0x54, 35, 2, 52, ...new Array(64).fill(0xff)];
    expect(isSound(compressedFrame(255, block), 255)).toBe(false);
  });
});

// As the zstd command 1.5.4 put them behind the frames that it made of these bytes.
test.each([
  [0, 0x51d8e999],
  [1, 0x3f06bf0d],
  [3, 0x658d3d95],
  [4, 0x913d4b3c],
  [7, 0x7b54a753],
  [8, 0xaefd6920],
  [15, 0xc5619a7d],
  [31, 0x08be8004],
  [32, 0x92a9ab1d],
  [33, 0x1e757ca4],
  [100, 0xcca5109e],
  [4096, 0xcf49218a],
])('XXH64 of %d bytes', (byteLength, expected) => {
  expect(xxh64Low32(patternBytes(byteLength))).toBe(expected);
});

const nodeZstd = (zlib as { zstdDecompressSync?: (input: Uint8Array) => Uint8Array }).zstdDecompressSync;

test.skipIf(nodeZstd === undefined)(
  "what of real pages with a byte changed passes, Node's own library gives, too",
  () => {
    const { pages } = JSON.parse(readFileSync(new URL('../../data/codecs/pages.json', import.meta.url), 'utf8')) as {
      pages: readonly { readonly zstd: string }[];
    };
    const mine = new Uint8Array(4096);
    let passed = 0;
    for (const [i, { zstd }] of pages.entries()) {
      const frame = new Uint8Array(Buffer.from(zstd, 'base64'));
      for (let at = 0; at < frame.byteLength; at++) {
        frame[at] = (frame[at] as number) ^ 0x10;
        if (decompressZstd(frame, mine)) {
          passed += 1;
          const theirs = nodeZstd?.(frame) ?? new Uint8Array(0);
          if (Buffer.compare(mine, theirs) !== 0) expect.fail(`page ${i}, byte ${at}: other bytes than Node's`);
        }
        frame[at] = (frame[at] as number) ^ 0x10;
      }
    }
    expect(passed).toBeGreaterThan(10);
  },
);
