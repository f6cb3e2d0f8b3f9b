/**
 * Zstandard (RFC 8878): the frame, its blocks, and how a block's sequences become bytes.
 *
 * Our own, because Node has it from 22.15 on only, and the fzstd package can be made to loop for ever by a few bytes (a
 * Huffman tree whose weights take no bits) and for minutes by others (it runs sequences to lengths never checked
 * against its output). What is output here is the window too, so neither the window nor the content that a frame claims
 * costs memory.
 */

import { copyLiterals, copyMatch } from './codec.ts';
import {
  backwardBits,
  type EntropyState,
  newEntropyState,
  readFseTables,
  startState,
  updateState,
} from './zstd-fse.ts';
import { readLiterals } from './zstd-literals.ts';
import { xxh64Low32 } from './zstd-xxh64.ts';

const MAGIC = 0xfd2fb528;

/** Block types; 3 is reserved. */
const RAW_BLOCK = 0;
const RLE_BLOCK = 1;
const COMPRESSED_BLOCK = 2;

export function decompressZstd(input: Uint8Array, into: Uint8Array): boolean {
  const frame = readFrameHeader(input);
  if (frame === null || (frame.contentSize !== null && frame.contentSize !== into.byteLength)) return false;
  const state = newEntropyState();
  let { at } = frame;
  let to = 0;
  for (let isLast = false; !isLast; ) {
    if (at + 3 > input.byteLength) return false;
    const header = (input[at] as number) | ((input[at + 1] as number) << 8) | ((input[at + 2] as number) << 16);
    at += 3;
    isLast = (header & 1) !== 0;
    const type = (header >>> 1) & 3;
    const size = header >>> 3;
    const storedSize = type === RLE_BLOCK ? 1 : size;
    if (at + storedSize > input.byteLength) return false;
    if (type === COMPRESSED_BLOCK) {
      to = decompressBlock(input.subarray(at, at + size), into, to, state);
      if (to < 0) return false;
    } else {
      if (type > COMPRESSED_BLOCK || to + size > into.byteLength) return false;
      if (type === RAW_BLOCK) copyLiterals(input, at, into, to, size);
      else into.fill(input[at] as number, to, to + size);
      to += size;
    }
    at += storedSize;
  }
  if (to !== into.byteLength) return false;
  if (!frame.hasChecksum) return at === input.byteLength;
  return at + 4 === input.byteLength && readLe(input, at, 4) === xxh64Low32(into);
}

interface FrameHeader {
  /** Where the first block begins. */
  readonly at: number;
  /** Null when the frame does not say. */
  readonly contentSize: number | null;
  readonly hasChecksum: boolean;
}

/** RFC 8878, 3.1.1.1. Null for what is no frame, and for one that needs a dictionary. */
function readFrameHeader(input: Uint8Array): FrameHeader | null {
  if (input.byteLength < 6 || readLe(input, 0, 4) !== MAGIC) return null;
  const descriptor = input[4] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) return null;
  let at = isSingleSegment ? 5 : 6;
  const dictionaryIdSize = [0, 1, 2, 4][descriptor & 3] as number;
  const contentSizeSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] as number;
  if (at + dictionaryIdSize + contentSizeSize > input.byteLength) return null;
  if (readLe(input, at, dictionaryIdSize) !== 0) return null;
  at += dictionaryIdSize;
  let contentSize: number | null = null;
  // The two-byte form begins where the one-byte form ends.
  if (contentSizeSize > 0) contentSize = readLe(input, at, contentSizeSize) + (contentSizeSize === 2 ? 256 : 0);
  return { at: at + contentSizeSize, contentSize, hasChecksum: (descriptor & 0x04) !== 0 };
}

/** Up to eight bytes. A sum, because shifts end at 32 bits; too large to be exact is too large for a page as well. */
function readLe(bytes: Uint8Array, at: number, byteLength: number): number {
  let value = 0;
  for (let i = byteLength - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] as number);
  return value;
}

// RFC 8878, 3.1.1.3.2.1.1: what a code's extra bits are added to.
const LITERALS_BASE = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64],
  ...[128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536],
];
const LITERALS_BITS = [
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6],
  ...[7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
];
const MATCH_BASE = [
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32],
  ...[33, 34, 35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131],
  ...[259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539],
];
const MATCH_BITS = [
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
];

/** Longer offsets reach back 32 MiB and more, so never into a page; and one read gives no more bits at once. */
const MAX_OFFSET_CODE = 24;

/** RFC 8878, 3.1.1.3. Answers where the output ends now, or -1. */
function decompressBlock(block: Uint8Array, into: Uint8Array, from: number, state: EntropyState): number {
  // The literals wait at the end of the output: what is written before them can only reach them in a damaged block.
  const literals = readLiterals(block, into, from, state);
  if (literals === null) return -1;
  let literalsAt = into.byteLength - literals.length;
  let to = from;
  const take = (length: number) => {
    if (to !== literalsAt) copyDown(into, literalsAt, to, length);
    to += length;
    literalsAt += length;
  };

  let { at } = literals;
  if (at >= block.byteLength) return -1;
  let count = block[at++] as number;
  if (count >= 128) {
    const extraBytes = count === 255 ? 2 : 1;
    if (at + extraBytes > block.byteLength) return -1;
    const extra = readLe(block, at, extraBytes);
    count = count === 255 ? extra + 0x7f00 : ((count - 128) << 8) + extra;
    at += extraBytes;
  }
  if (count === 0) {
    take(literals.length);
    return at === block.byteLength ? to : -1;
  }

  at = readFseTables(block, at, state);
  if (at < 0) return -1;
  const { literalsTable, offsetTable, matchTable, recentOffsets: recent } = state;
  const bits = backwardBits(block, at, block.byteLength);
  if (literalsTable === null || offsetTable === null || matchTable === null || bits === null) return -1;
  let literalsState = startState(literalsTable, bits);
  let offsetState = startState(offsetTable, bits);
  let matchState = startState(matchTable, bits);
  for (let left = count; left > 0; left--) {
    const literalsCode = literalsTable.symbols[literalsState] as number;
    const matchCode = matchTable.symbols[matchState] as number;
    const offsetCode = offsetTable.symbols[offsetState] as number;
    if (offsetCode > MAX_OFFSET_CODE) return -1;
    const offsetValue = (1 << offsetCode) + bits.read(offsetCode);
    const matchLength = (MATCH_BASE[matchCode] as number) + bits.read(MATCH_BITS[matchCode] as number);
    const literalsLength = (LITERALS_BASE[literalsCode] as number) + bits.read(LITERALS_BITS[literalsCode] as number);
    if (left > 1) {
      literalsState = updateState(literalsTable, literalsState, bits);
      matchState = updateState(matchTable, matchState, bits);
      offsetState = updateState(offsetTable, offsetState, bits);
    }
    if (bits.left < 0 || literalsAt + literalsLength > into.byteLength) return -1;
    const distance = nextOffset(recent, offsetValue, literalsLength);
    take(literalsLength);
    if (distance <= 0 || distance > to || to + matchLength > literalsAt) return -1;
    copyMatch(into, to, distance, matchLength);
    to += matchLength;
  }
  take(into.byteLength - literalsAt);
  return bits.left === 0 ? to : -1;
}

/** Forward byte by byte, so that the two stretches may overlap; `to` is below `from`. */
function copyDown(into: Uint8Array, from: number, to: number, length: number): void {
  if (length >= 32) into.copyWithin(to, from, from + length);
  else for (let i = 0; i < length; i++) into[to + i] = into[from + i] as number;
}

/** RFC 8878, 3.1.1.5: values 1 to 3 mean one of the three last offsets, shifted by one when no literals came before. */
function nextOffset(recent: Int32Array, value: number, literalsLength: number): number {
  const first = recent[0] as number;
  const second = recent[1] as number;
  let index = 3;
  let distance = value - 3;
  if (value <= 3) {
    index = literalsLength === 0 ? value : value - 1;
    if (index === 0) return first;
    distance = index < 3 ? (recent[index] as number) : first - 1;
  }
  if (index > 1) recent[2] = second;
  recent[1] = first;
  recent[0] = distance;
  return distance;
}
