/** Snappy's tags one by one: no encoder in use writes them all. And the frames that tests of AVML dumps are made of. */

import { describe, expect, test } from 'vitest';
import { decompressSnappy } from '../../../src/dump/codecs/snappy.ts';
import { patternBytes } from '../../support/sources.ts';
import { compressSnappyFramed, crc32c } from '../../support/writers/compress.ts';
import { decompressGuarded } from './guarded.ts';

const ascii = (text: string) => [...Buffer.from(text, 'latin1')];
function decompress(block: readonly number[], byteLength: number): string | false {
  const { isSound, output } = decompressGuarded(decompressSnappy, Uint8Array.from(block), byteLength);
  return isSound && Buffer.from(output).toString('latin1');
}
const abcd = [3 << 2, ...ascii('abcd')] as const;

test.each<[string, number[], string]>([
  ['nothing', [0], ''],
  ['a short literal', [4, ...abcd], 'abcd'],
  ['a literal with 1 byte of length', [4, 60 << 2, 3, ...ascii('abcd')], 'abcd'],
  ['a literal with 2 bytes of length', [4, 61 << 2, 3, 0, ...ascii('abcd')], 'abcd'],
  ['a literal with 3 bytes of length', [4, 62 << 2, 3, 0, 0, ...ascii('abcd')], 'abcd'],
  ['a literal with 4 bytes of length', [4, 63 << 2, 3, 0, 0, 0, ...ascii('abcd')], 'abcd'],
  ['a copy with 1 byte of offset', [8, ...abcd, 1, 4], 'abcdabcd'],
  ['a copy with 2 bytes of offset', [6, ...abcd, (1 << 2) | 2, 3, 0], 'abcdbc'],
  ['a copy with 4 bytes of offset', [6, ...abcd, (1 << 2) | 3, 3, 0, 0, 0], 'abcdbc'],
  ['a copy that overlaps itself', [68, ...abcd, (63 << 2) | 2, 3, 0], `abcd${'bcd'.repeat(22)}`.slice(0, 68)],
  ['a length of more bytes than it needs', [0x84, 0x80, 0, ...abcd], 'abcd'],
])('%s', (_, block, expected) => {
  expect(decompress(block, expected.length)).toBe(expected);
});

test('the 11 bits of the shorter offset', () => {
  const bytes = patternBytes(2000);
  const block = Uint8Array.of(0xd6, 0x0f, 61 << 2, 0xcf, 0x07, ...bytes, (7 << 5) | (2 << 2) | 1, 0xd0);
  const { isSound, output } = decompressGuarded(decompressSnappy, block, 2006);
  expect(isSound).toBe(true);
  expect(output).toEqual(Uint8Array.of(...bytes, ...bytes.subarray(0, 6)));
});

test.each<[string, number[], number]>([
  ['a length other than that of the output', [5, ...abcd], 4],
  ['a length of 4 GiB', [0xff, 0xff, 0xff, 0xff, 0x0f, ...abcd], 4],
  ['a length that is right only in its lowest 32 bits', [0x84, 0x80, 0x80, 0x80, 0x10, ...abcd], 4],
  ['a length without an end', [0x84, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, ...abcd], 4],
  ['fewer bytes than the length says', [16, ...abcd], 16],
  ['more bytes than the length says', [4, ...abcd, ...abcd], 4],
  ['a literal beyond the end of the input', [4, 3 << 2, ...ascii('abc')], 4],
  ['a literal with a length cut off', [4, 63 << 2, 3, 0], 4],
  // These send snappyjs 0.7 back in its input, for ever.
  ['a literal of negative length', [16, 63 << 2, 0xfa, 0xff, 0xff, 0xff, ...new Array(14).fill(0)], 16],
  ['a copy from a negative offset', [8, ...abcd, (3 << 2) | 3, 0xff, 0xff, 0xff, 0xff], 8],
  ['a copy of nothing yet', [4, (3 << 2) | 2, 1, 0], 4],
  ['a copy from before the beginning', [8, ...abcd, 1, 5], 8],
  ['a copy from here', [8, ...abcd, 1, 0], 8],
  ['a copy beyond the end of the output', [7, ...abcd, 1, 4], 7],
  ['a copy with an offset cut off', [8, ...abcd, (3 << 2) | 2, 4], 8],
])('refuses %s', (_, block, byteLength) => {
  expect(decompress(block, byteLength)).toBe(false);
});

describe('the framed writer of the tests', () => {
  const bytes = Uint8Array.from([...new Uint8Array(100), ...patternBytes(100)]);

  test('CRC-32C of the check string', () => expect(crc32c(Uint8Array.from(ascii('123456789')))).toBe(0xe3069283));

  test('identifier, a compressed chunk, one that did not shrink', () => {
    const framed = compressSnappyFramed(bytes, { chunkByteLength: 100 });
    expect(Buffer.from(framed.subarray(0, 10)).toString('latin1')).toBe('\xff\x06\x00\x00sNaPpY');
    const view = new DataView(framed.buffer, framed.byteOffset);
    expect(framed[10]).toBe(0);
    const length = view.getUint32(10, true) >>> 8;
    expect(decompressGuarded(decompressSnappy, framed.subarray(18, 14 + length), 100)).toEqual({
      isSound: true,
      output: bytes.subarray(0, 100),
    });
    const second = 14 + length;
    expect([framed[second], view.getUint32(second, true) >>> 8]).toEqual([1, 104]);
    const unmasked = (view.getUint32(second + 4, true) - 0xa282ead8) >>> 0;
    expect(((unmasked << 15) | (unmasked >>> 17)) >>> 0).toBe(crc32c(bytes.subarray(100)));
    expect(framed.subarray(second + 8)).toEqual(bytes.subarray(100));
  });

  test('skippable chunks, and compressed ones on demand', () => {
    const framed = compressSnappyFramed(bytes, { compressed: 'always', skippableByteLength: 5 });
    expect([...framed.subarray(10, 20)]).toEqual([0xfe, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(compressSnappyFramed(new Uint8Array(9), { compressed: 'never' })[10]).toBe(1);
  });
});
