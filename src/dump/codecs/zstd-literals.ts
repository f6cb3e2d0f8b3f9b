/** The literals of a Zstandard block, and the Huffman trees they are coded with (RFC 8878, 3.1.1.3.1 and 4.2). */

import {
  backwardBits,
  type EntropyState,
  type HuffmanTable,
  readFseTable,
  startState,
  updateState,
} from './zstd-fse.ts';

const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;

const MAX_HUFFMAN_BITS = 11;
const MAX_WEIGHTS_ACCURACY_LOG = 6;

/**
 * Puts the literals at the end of `into`, where nothing below `from` may be touched. Answers their number and where
 * their section of the block ends, or null.
 */
export function readLiterals(
  block: Uint8Array,
  into: Uint8Array,
  from: number,
  state: EntropyState,
): { readonly length: number; readonly at: number } | null {
  if (block.byteLength === 0) return null;
  // Five bytes hold the longest header. What is missing reads as 0 and is noticed by `at` passing the end.
  const [b0, b1 = 0, b2 = 0, b3 = 0, b4 = 0] = block as unknown as [number, number?, number?, number?, number?];
  const type = b0 & 3;
  const format = (b0 >>> 2) & 3;
  let length: number;
  let at: number;

  if (type === RAW || type === RLE) {
    at = format === 1 ? 2 : format === 3 ? 3 : 1;
    length = at === 1 ? b0 >>> 3 : at === 2 ? (b0 >>> 4) + (b1 << 4) : (b0 >>> 4) + (b1 << 4) + (b2 << 12);
    const stored = type === RAW ? length : 1;
    if (from + length > into.byteLength || at + stored > block.byteLength) return null;
    if (type === RAW) into.set(block.subarray(at, at + length), into.byteLength - length);
    else into.fill(block[at] as number, into.byteLength - length);
    return { length, at: at + stored };
  }

  at = format < 2 ? 3 : format + 2;
  const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18;
  const header = (b0 >>> 4) + b1 * 2 ** 4 + b2 * 2 ** 12 + b3 * 2 ** 20 + b4 * 2 ** 28;
  length = header % 2 ** sizeBits;
  const end = at + (Math.floor(header / 2 ** sizeBits) % 2 ** sizeBits);
  if (from + length > into.byteLength || end > block.byteLength) return null;
  if (type === COMPRESSED) {
    const tree = readHuffmanTable(block, at, end);
    if (tree === null) return null;
    state.huffman = tree.table;
    at = tree.end;
  }
  if (state.huffman === null) return null;
  const target = into.subarray(into.byteLength - length);
  const isSound = format === 0 ? decode(block, at, end, target, state.huffman) : decode4(block, at, end, target, state);
  return isSound ? { length, at: end } : null;
}

/** Four streams, with the lengths of the first three before them: each a quarter of the literals, rounded up. */
function decode4(block: Uint8Array, at: number, end: number, target: Uint8Array, { huffman }: EntropyState): boolean {
  const quarter = (target.byteLength + 3) >>> 2;
  if (at + 6 > end || quarter * 3 > target.byteLength || huffman === null) return false;
  let start = at + 6;
  for (let stream = 0; stream < 4; stream++) {
    const lengthAt = at + stream * 2;
    const streamEnd = stream === 3 ? end : start + (block[lengthAt] as number) + ((block[lengthAt + 1] as number) << 8);
    const part = target.subarray(stream * quarter, stream === 3 ? undefined : (stream + 1) * quarter);
    if (streamEnd > end || !decode(block, start, streamEnd, part, huffman)) return false;
    start = streamEnd;
  }
  return true;
}

/** One stream, which has to end with its last bit. */
function decode(block: Uint8Array, start: number, end: number, target: Uint8Array, huffman: HuffmanTable): boolean {
  const bits = backwardBits(block, start, end);
  if (bits === null) return false;
  const { maxBits, symbols, bitCounts } = huffman;
  let { left } = bits;
  for (let i = 0; i < target.byteLength; i++) {
    let code: number;
    if (left >= maxBits) {
      const position = left - maxBits;
      const at = start + (position >>> 3);
      const word = (block[at] as number) | ((block[at + 1] as number) << 8) | ((block[at + 2] as number) << 16);
      code = (word >>> (position & 7)) & ((1 << maxBits) - 1);
    } else {
      // Near the beginning of the stream: zeros stand for the bits before it.
      bits.left = left;
      code = bits.read(maxBits);
    }
    target[i] = symbols[code] as number;
    left -= bitCounts[code] as number;
    if (left < 0) return false;
  }
  return left === 0;
}

/** RFC 8878, 4.2.1: weights, plain or FSE coded. The last symbol's is not said, but follows from the others. */
function readHuffmanTable(
  block: Uint8Array,
  start: number,
  end: number,
): { readonly table: HuffmanTable; readonly end: number } | null {
  if (start >= end) return null;
  const header = block[start] as number;
  let at = start + 1;
  const weights: number[] = [];
  if (header >= 128) {
    const count = header - 127;
    if (at + ((count + 1) >>> 1) > end) return null;
    for (let i = 0; i < count; i += 2) {
      const pair = block[at++] as number;
      weights.push(pair >>> 4);
      if (i + 1 < count) weights.push(pair & 15);
    }
  } else {
    if (at + header > end || !readCodedWeights(block, at, at + header, weights)) return null;
    at += header;
  }
  const table = buildHuffmanTable(weights);
  return table === null ? null : { table, end: at };
}

/** Two states take turns until the bits are used up; then the other one has a last symbol to tell. */
function readCodedWeights(block: Uint8Array, start: number, end: number, weights: number[]): boolean {
  const read = readFseTable(block, start, end, 255, MAX_WEIGHTS_ACCURACY_LOG);
  if (read === null) return false;
  const { table } = read;
  const bits = backwardBits(block, read.end, end);
  if (bits === null) return false;
  let [current, other] = [startState(table, bits), startState(table, bits)];
  if (bits.left < 0) return false;
  // A table of one symbol uses no bits: then only the number of symbols ends this.
  while (weights.length < 254) {
    weights.push(table.symbols[current] as number);
    const next = updateState(table, current, bits);
    if (bits.left < 0) {
      weights.push(table.symbols[other] as number);
      return true;
    }
    [current, other] = [other, next];
  }
  return false;
}

function buildHuffmanTable(weights: number[]): HuffmanTable | null {
  let sum = 0;
  for (const weight of weights) {
    if (weight > MAX_HUFFMAN_BITS) return null;
    if (weight > 0) sum += 1 << (weight - 1);
  }
  if (sum === 0) return null;
  const maxBits = 32 - Math.clz32(sum);
  const rest = (1 << maxBits) - sum;
  // The last weight fills the table up, and so has to be a power of two.
  if (maxBits > MAX_HUFFMAN_BITS || (rest & (rest - 1)) !== 0) return null;
  weights.push(32 - Math.clz32(rest));

  const size = 1 << maxBits;
  const symbols = new Uint8Array(size);
  const bitCounts = new Uint8Array(size);
  let position = 0;
  // Lower weights, so longer codes, come first; among equals, lower symbols.
  for (let weight = 1; weight <= maxBits; weight++) {
    for (const [symbol, itsWeight] of weights.entries()) {
      if (itsWeight !== weight) continue;
      const share = 1 << (weight - 1);
      symbols.fill(symbol, position, position + share);
      bitCounts.fill(maxBits + 1 - weight, position, position + share);
      position += share;
    }
  }
  return position === size ? { maxBits, symbols, bitCounts } : null;
}
