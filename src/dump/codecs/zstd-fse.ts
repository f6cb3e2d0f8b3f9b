/** Zstandard's finite state entropy coding: bits read backwards, and the tables they are decoded with (RFC 8878, 4). */

/** A run of bits read from its end: zstd's encoders write what is needed first at last. */
export class BackwardBits {
  /** Bits not yet read; negative after more were asked for than there were, which is the caller's to notice. */
  left: number;
  readonly #bytes: Uint8Array;
  readonly #start: number;

  constructor(bytes: Uint8Array, start: number, left: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.left = left;
  }

  /** The next `count` bits, 0 to 25 of them, as a number; zeros for those that there are not. */
  read(count: number): number {
    this.left -= count;
    const position = this.left;
    if (position < 0) return position <= -count ? 0 : this.#bits(0, position + count) << -position;
    return this.#bits(position, count);
  }

  /** What lies behind the end of the bytes reads as undefined, which these operators take for 0, and is masked off. */
  #bits(position: number, count: number): number {
    const bytes = this.#bytes;
    const at = this.#start + (position >>> 3);
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    return (word >>> (position & 7)) & ((1 << count) - 1);
  }
}

/** The bits of `bytes` from `start` to `end`. Null without the 1 bit that marks where they end. */
export function backwardBits(bytes: Uint8Array, start: number, end: number): BackwardBits | null {
  const last = end > start ? (bytes[end - 1] as number) : 0;
  return last === 0 ? null : new BackwardBits(bytes, start, (end - start) * 8 - 1 - (Math.clz32(last) - 24));
}

/** For each state: the symbol it stands for, and the bits that, added to its base, are the next state. */
export interface FseTable {
  readonly accuracyLog: number;
  readonly symbols: Uint8Array;
  readonly bitCounts: Uint8Array;
  readonly bases: Uint16Array;
}

export const startState = ({ accuracyLog }: FseTable, bits: BackwardBits): number => bits.read(accuracyLog);

export const updateState = (table: FseTable, state: number, bits: BackwardBits): number =>
  (table.bases[state] as number) + bits.read(table.bitCounts[state] as number);

/** What lives from block to block of one frame. */
export interface EntropyState {
  /** The Huffman tree of the literals, made by readLiterals(). */
  huffman: HuffmanTable | null;
  literalsTable: FseTable | null;
  offsetTable: FseTable | null;
  matchTable: FseTable | null;
  readonly recentOffsets: Int32Array;
}

/** For each possible next `maxBits` bits: the symbol they begin with, and how many of them it takes. */
export interface HuffmanTable {
  readonly maxBits: number;
  readonly symbols: Uint8Array;
  readonly bitCounts: Uint8Array;
}

export const newEntropyState = (): EntropyState => ({
  huffman: null,
  literalsTable: null,
  offsetTable: null,
  matchTable: null,
  recentOffsets: Int32Array.of(1, 4, 8),
});

type SequencePart = 'literalsTable' | 'offsetTable' | 'matchTable';

/** Defaults are those of RFC 8878, 3.1.1.3.2.2. */
const SEQUENCE_PARTS: readonly {
  readonly part: SequencePart;
  readonly modeShift: number;
  readonly maxSymbol: number;
  readonly maxAccuracyLog: number;
  readonly defaultAccuracyLog: number;
  readonly defaults: readonly number[];
}[] = [
  {
    part: 'literalsTable',
    modeShift: 6,
    maxSymbol: 35,
    maxAccuracyLog: 9,
    defaultAccuracyLog: 6,
    defaults: [
      ...[4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2],
      ...[2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
    ],
  },
  {
    part: 'offsetTable',
    modeShift: 4,
    maxSymbol: 31,
    maxAccuracyLog: 8,
    defaultAccuracyLog: 5,
    defaults: [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
  },
  {
    part: 'matchTable',
    modeShift: 2,
    maxSymbol: 52,
    maxAccuracyLog: 9,
    defaultAccuracyLog: 6,
    defaults: [
      ...[1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      ...[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1],
    ],
  },
];

const defaultTables = new Map<SequencePart, FseTable>();

/** Reads the three tables of a sequences section from `at`. Answers where they end, or -1. */
export function readFseTables(block: Uint8Array, at: number, state: EntropyState): number {
  const modes = block[at++];
  // The two lowest bits are reserved.
  if (modes === undefined || (modes & 3) !== 0) return -1;
  for (const { part, modeShift, maxSymbol, maxAccuracyLog, defaultAccuracyLog, defaults } of SEQUENCE_PARTS) {
    switch ((modes >>> modeShift) & 3) {
      case 0: {
        let table = defaultTables.get(part);
        if (table === undefined) {
          table = buildFseTable(defaults, defaultAccuracyLog);
          defaultTables.set(part, table);
        }
        state[part] = table;
        break;
      }
      case 1: {
        const symbol = block[at++];
        if (symbol === undefined || symbol > maxSymbol) return -1;
        state[part] = {
          accuracyLog: 0,
          symbols: Uint8Array.of(symbol),
          bitCounts: new Uint8Array(1),
          bases: new Uint16Array(1),
        };
        break;
      }
      case 2: {
        const read = readFseTable(block, at, block.byteLength, maxSymbol, maxAccuracyLog);
        if (read === null) return -1;
        state[part] = read.table;
        at = read.end;
        break;
      }
      default:
        // As in the block before.
        if (state[part] === null) return -1;
    }
  }
  return at;
}

/** RFC 8878, 4.1.1. Null for a description that is not sound, or not whole before `end`. */
export function readFseTable(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxSymbol: number,
  maxAccuracyLog: number,
): { readonly table: FseTable; readonly end: number } | null {
  if (start >= end) return null;
  // Forward bits, lowest first, unlike everything else.
  let position = start * 8;
  const peek = (count: number) => {
    const at = position >>> 3;
    const word = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    return (word >>> (position & 7)) & ((1 << count) - 1);
  };
  const accuracyLog = peek(4) + 5;
  position += 4;
  if (accuracyLog > maxAccuracyLog) return null;

  const probabilities: number[] = [];
  let left = 1 << accuracyLog;
  while (left > 0) {
    if (probabilities.length > maxSymbol) return null;
    // A value from 0 to left + 1; as those rarely are a power of two, the low ones take one bit less.
    const bitCount = 32 - Math.clz32(left + 1);
    const lowMask = (1 << (bitCount - 1)) - 1;
    const shortValues = (1 << bitCount) - 1 - (left + 1);
    let value = peek(bitCount);
    if ((value & lowMask) < shortValues) {
      value &= lowMask;
      position += bitCount - 1;
    } else {
      if (value > lowMask) value -= shortValues;
      position += bitCount;
    }
    const probability = value - 1;
    probabilities.push(probability);
    left -= Math.abs(probability);
    if (probability === 0) {
      for (let repeat = 3; repeat === 3; ) {
        repeat = peek(2);
        position += 2;
        for (let i = 0; i < repeat; i++) probabilities.push(0);
        if (probabilities.length > maxSymbol + 1) return null;
      }
    }
  }
  const tableEnd = (position + 7) >>> 3;
  if (left < 0 || probabilities.length > maxSymbol + 1 || tableEnd > end) return null;
  return { table: buildFseTable(probabilities, accuracyLog), end: tableEnd };
}

/** From probabilities that add up to the size of the table; -1 counts as one, and says "less than one". */
function buildFseTable(probabilities: readonly number[], accuracyLog: number): FseTable {
  const size = 1 << accuracyLog;
  const symbols = new Uint8Array(size);
  const next = probabilities.map((probability) => Math.abs(probability));
  let high = size;
  for (const [symbol, probability] of probabilities.entries()) if (probability === -1) symbols[--high] = symbol;
  const step = (size >>> 1) + (size >>> 3) + 3;
  let position = 0;
  for (const [symbol, probability] of probabilities.entries()) {
    for (let i = 0; i < probability; i++) {
      symbols[position] = symbol;
      do position = (position + step) & (size - 1);
      while (position >= high);
    }
  }
  const bitCounts = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] as number;
    const value = next[symbol] as number;
    next[symbol] = value + 1;
    const bitCount = accuracyLog - (31 - Math.clz32(value));
    bitCounts[state] = bitCount;
    bases[state] = (value << bitCount) - size;
  }
  return { accuracyLog, symbols, bitCounts, bases };
}
