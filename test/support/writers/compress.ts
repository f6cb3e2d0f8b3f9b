/** Compressors for tests. The same input gives the same output, everywhere and always. */

import { createRequire } from 'node:module';
import { deflateSync } from 'node:zlib';
import type { CodecName } from '../../../src/dump/codecs/codec.ts';
import { compressLzo } from './lzo-writer.ts';
import { xxh64Low32 } from './xxh64.ts';

export { compressLzo } from './lzo-writer.ts';

// It comes without types.
const snappyjs = createRequire(import.meta.url)('snappyjs') as { compress(bytes: Uint8Array): Uint8Array };

export const compressZlib = (bytes: Uint8Array): Uint8Array => new Uint8Array(deflateSync(bytes, { level: 1 }));

/** Snappy's block format. A copy first, because the package answers a Buffer for a Buffer. */
export const compressSnappy = (bytes: Uint8Array): Uint8Array => snappyjs.compress(new Uint8Array(bytes));

/** One page for each flag that a page descriptor can have. */
export const COMPRESSORS: Readonly<Record<CodecName, (bytes: Uint8Array) => Uint8Array>> = {
  zlib: compressZlib,
  lzo: (bytes) => compressLzo(bytes),
  snappy: compressSnappy,
  zstd: (bytes) => compressZstd(bytes),
};

export interface ZstdOptions {
  /** The most bytes of one block; 128 KiB is the most that the format allows. */
  readonly blockByteLength?: number;
  readonly checksum?: boolean;
  /** What the header claims; `null` leaves the size out and claims a window of 128 KiB instead. */
  readonly contentSize?: number | null;
}

/** Runs of one byte are worth a block of their own from here on. */
const SHORTEST_RLE_BLOCK = 16;

/** A Zstandard frame of raw and run-length blocks. Node 20 has no compressor that could do better. */
export function compressZstd(bytes: Uint8Array, options: ZstdOptions = {}): Uint8Array {
  const { blockByteLength = 0x20000, checksum = false, contentSize = bytes.byteLength } = options;
  const out: number[] = [0x28, 0xb5, 0x2f, 0xfd];
  const checksumFlag = checksum ? 0x04 : 0;
  if (contentSize === null) out.push(checksumFlag, (17 - 10) << 3);
  else if (contentSize < 256) out.push(0x20 | checksumFlag, contentSize);
  else if (contentSize < 0x10100) out.push(0x60 | checksumFlag, ...littleEndian(contentSize - 256, 2));
  else if (contentSize < 2 ** 32) out.push(0xa0 | checksumFlag, ...littleEndian(contentSize, 4));
  else out.push(0xe0 | checksumFlag, ...littleEndian(contentSize, 8));

  const blocks = zstdBlocks(bytes, blockByteLength);
  for (const [i, { start, end, isRle }] of blocks.entries()) {
    const isLast = i === blocks.length - 1;
    out.push(...littleEndian(((end - start) << 3) | (isRle ? 2 : 0) | (isLast ? 1 : 0), 3));
    if (isRle) out.push(bytes[start] as number);
    else for (let at = start; at < end; at++) out.push(bytes[at] as number);
  }
  if (checksum) out.push(...littleEndian(xxh64Low32(bytes), 4));
  return Uint8Array.from(out);
}

function zstdBlocks(bytes: Uint8Array, most: number): { start: number; end: number; isRle: boolean }[] {
  const blocks: { start: number; end: number; isRle: boolean }[] = [];
  const add = (from: number, to: number, isRle: boolean) => {
    for (let start = from; start < to; start += most) blocks.push({ start, end: Math.min(start + most, to), isRle });
  };
  let rawFrom = 0;
  for (let at = 0; at < bytes.byteLength; ) {
    let end = at + 1;
    while (bytes[end] === bytes[at] && end < bytes.byteLength) end += 1;
    if (end - at >= SHORTEST_RLE_BLOCK) {
      add(rawFrom, at, false);
      add(at, end, true);
      rawFrom = end;
    }
    at = end;
  }
  add(rawFrom, bytes.byteLength, false);
  return blocks.length > 0 ? blocks : [{ start: 0, end: 0, isRle: false }];
}

export interface SnappyFramedOptions {
  /** The most bytes of one chunk; 64 KiB is the most that the format allows. */
  readonly chunkByteLength?: number;
  /** Which chunks are compressed. By default those that shrink by an eighth, as the encoders do it. */
  readonly compressed?: 'when-smaller' | 'always' | 'never';
  /** Write a skippable chunk of so many bytes before each chunk of data. */
  readonly skippableByteLength?: number;
}

/** Snappy's framing format (google/snappy, framing_format.txt): identifier, then chunks with a masked CRC-32C each. */
export function compressSnappyFramed(bytes: Uint8Array, options: SnappyFramedOptions = {}): Uint8Array {
  const { chunkByteLength = 0x10000, compressed = 'when-smaller', skippableByteLength } = options;
  const parts: Uint8Array[] = [Uint8Array.of(0xff, 6, 0, 0, ...Buffer.from('sNaPpY'))];
  for (let start = 0; start < bytes.byteLength; start += chunkByteLength) {
    if (skippableByteLength !== undefined) {
      parts.push(Uint8Array.of(0xfe, ...littleEndian(skippableByteLength, 3)), new Uint8Array(skippableByteLength));
    }
    const plain = bytes.subarray(start, start + chunkByteLength);
    const block = compressSnappy(plain);
    const isSmaller = block.byteLength < plain.byteLength - plain.byteLength / 8;
    const isCompressed = compressed === 'always' || (compressed === 'when-smaller' && isSmaller);
    const data = isCompressed ? block : plain;
    const header = [
      isCompressed ? 0 : 1,
      ...littleEndian(4 + data.byteLength, 3),
      ...littleEndian(maskedCrc(plain), 4),
    ];
    parts.push(Uint8Array.from(header), data);
  }
  return new Uint8Array(Buffer.concat(parts));
}

const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
  return value;
});

/** CRC-32C (Castagnoli), as in RFC 3720. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC32C_TABLE[(crc ^ byte) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The framing format masks checksums, so that those of data with checksums in it stay good. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function littleEndian(value: number, byteLength: number): number[] {
  return Array.from({ length: byteLength }, (_, i) => Math.floor(value / 256 ** i) % 256);
}
