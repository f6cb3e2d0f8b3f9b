/**
 * Bitmaps of a dump, one bit for each page, least significant bit first, and the number of set bits before a bit.
 *
 * They stay in the file. A dump of 1 TiB has 32 MiB of them, of which most questions meet a few words.
 */

import { InputError } from '../../errors.ts';
import { LruCache } from '../sources/page-cache.ts';
import type { ByteSource } from '../sources/source.ts';

/** Bits read at once: 128 KiB, the pages of 4 GiB at 4 KiB. */
const CHUNK_BITS = 1 << 20;
const CHUNK_WORDS = CHUNK_BITS / 32;
/** Enough for a table, what it points to, and the other end of memory. */
const CACHED_CHUNKS = 8;
/**
 * Stand for every chunk without a set bit, and for every one of set bits alone: RAM is a few long runs, so of its bitmap
 * nearly all are either.
 */
const NO_BITS = new Int32Array(CHUNK_WORDS);
const ALL_BITS = new Int32Array(CHUNK_WORDS).fill(-1);
const UNIFORM = [NO_BITS, ALL_BITS] as const;

/** Finest distance between two running counts; 512 bytes are counted anew for each question. */
const STRIDE_BITS = 1 << 12;
/** The counts themselves stay below 8 MiB, however far apart the pages of a system lie. */
const MAX_COUNTS = 1 << 20;

export class Bitmap {
  readonly bitCount: number;
  /** Where it begins. */
  readonly fileOffset: number;
  readonly #source: ByteSource;
  readonly #chunks = new LruCache<Int32Array>(CACHED_CHUNKS);
  /** Of each chunk that was read and is uniform, which, counted from 1: it is not read again. */
  readonly #uniform: Uint8Array;
  /** Memory of a chunk that was read and turned out uniform. */
  #spare: Int32Array | undefined;
  #last: Int32Array = NO_BITS;
  #lastIndex = -1;

  constructor(source: ByteSource, fileOffset: number, bitCount: number) {
    this.bitCount = bitCount;
    this.#source = source;
    this.fileOffset = fileOffset;
    this.#uniform = new Uint8Array(Math.ceil(bitCount / CHUNK_BITS));
  }

  has(bit: number): boolean {
    const word = this.#chunkAt(bit)[(bit % CHUNK_BITS) >>> 5] as number;
    return ((word >>> (bit % 32)) & 1) === 1;
  }

  /** The first bit behind `bit` that differs from it, or `limit`, whichever comes first. */
  endOfRun(bit: number, limit: number): number {
    const same = this.has(bit) ? -1 : 0;
    for (let at = bit; at < limit; ) {
      const chunk = this.#chunkAt(at);
      const chunkStart = at - (at % CHUNK_BITS);
      if (chunk === (same === 0 ? NO_BITS : ALL_BITS)) {
        at = chunkStart + CHUNK_BITS;
        continue;
      }
      let i = (at - chunkStart) >>> 5;
      // Bits before `at` do not count in the first word.
      let different = ((chunk[i] as number) ^ same) & (-1 << (at % 32));
      while (different === 0 && ++i < CHUNK_WORDS) different = (chunk[i] as number) ^ same;
      at = chunkStart + i * 32;
      if (different !== 0) return Math.min(limit, at + trailingZeros(different));
    }
    return limit;
  }

  /** Whether any bit is set from `from` up to, not including, `to`. */
  hasAny(from: number, to: number): boolean {
    return from < to && (this.has(from) || this.endOfRun(from, to) < to);
  }

  /** Set bits from `from` up to, not including, `to`. */
  count(from: number, to: number): number {
    let total = 0;
    for (let at = from; at < to; ) {
      const chunk = this.#chunkAt(at);
      const chunkStart = at - (at % CHUNK_BITS);
      const end = Math.min(to, chunkStart + CHUNK_BITS);
      if (chunk === ALL_BITS) total += end - at;
      else if (chunk !== NO_BITS) total += countBits(chunk, at - chunkStart, end - chunkStart);
      at = end;
    }
    return total;
  }

  /** Bits from `from` up to, not including, `to` that are set here and not in `other`: the first, and how many. */
  beyond(other: Bitmap, from: number, to: number): { readonly first: number | null; readonly count: number } {
    let first: number | null = null;
    let count = 0;
    for (let at = from; at < to; ) {
      const chunk = this.#chunkAt(at);
      const chunkStart = at - (at % CHUNK_BITS);
      const end = Math.min(to, chunkStart + CHUNK_BITS);
      const others = other.#chunkAt(at);
      if (chunk !== NO_BITS && others !== ALL_BITS) {
        for (let i = (at - chunkStart) >>> 5; chunkStart + i * 32 < end; i++) {
          let bits = (chunk[i] as number) & ~(others[i] as number);
          if (bits === 0) continue;
          const wordStart = chunkStart + i * 32;
          if (wordStart < at) bits &= -1 << (at - wordStart);
          if (end - wordStart < 32) bits &= (1 << (end - wordStart)) - 1;
          if (bits !== 0) first ??= wordStart + trailingZeros(bits);
          count += popcount(bits);
        }
      }
      at = end;
    }
    return { first, count };
  }

  #chunkAt(bit: number): Int32Array {
    const index = Math.floor(bit / CHUNK_BITS);
    if (index === this.#lastIndex) return this.#last;
    const uniform = UNIFORM[(this.#uniform[index] as number) - 1];
    this.#last = uniform ?? this.#chunks.get(index) ?? this.#loadChunk(index);
    this.#lastIndex = index;
    return this.#last;
  }

  #loadChunk(index: number): Int32Array {
    const chunk = this.#spare ?? this.#chunks.makeRoom() ?? new Int32Array(CHUNK_WORDS);
    // Its memory is overwritten from here on, so it must not be found any more, neither as another one.
    this.#lastIndex = -1;
    this.#readChunk(index, chunk);
    const which = UNIFORM.findIndex((one) => Buffer.compare(bytesOf(one), bytesOf(chunk)) === 0);
    const uniform = UNIFORM[which];
    this.#uniform[index] = which + 1;
    this.#spare = uniform && chunk;
    if (uniform === undefined) this.#chunks.set(index, chunk);
    return uniform ?? chunk;
  }

  #readChunk(index: number, chunk: Int32Array): void {
    const at = (index * CHUNK_BITS) / 8;
    const held = Math.min(chunk.byteLength, Math.ceil(this.bitCount / 8) - at);
    chunk.fill(0, held >>> 2);
    const offset = this.fileOffset + at;
    if (this.#source.read(offset, new Uint8Array(chunk.buffer, 0, held)) === held) return;
    // The file has a gap or has become shorter. Without the bitmap no page can be found, and none must seem missing.
    const place = `offset 0x${offset.toString(16)}`;
    throw new InputError('file', 'the bitmap of pages cannot be read here', { file: this.#source.name, place });
  }
}

/** Counts the set bits of a bitmap from its bit `from` on: the place of a page among those that are stored. */
export class RankIndex {
  readonly bitmap: Bitmap;
  readonly #from: number;
  readonly #stride: number;
  readonly #firstStride: number;
  /** Set bits before each multiple of the stride, as far as anybody has asked. Sums beyond 32 bits are possible. */
  #counts: Float64Array = new Float64Array(64);
  #known = 1;

  constructor(bitmap: Bitmap, from = 0) {
    let stride = STRIDE_BITS;
    while ((bitmap.bitCount - from) / stride > MAX_COUNTS) stride *= 2;
    this.bitmap = bitmap;
    this.#from = from;
    this.#stride = stride;
    this.#firstStride = Math.floor(from / stride);
  }

  /** The number of set bits from `from` up to, not including, `bit`. */
  before(bit: number): number {
    const stride = Math.floor(bit / this.#stride);
    const start = Math.max(this.#from, stride * this.#stride);
    return this.#countBefore(stride - this.#firstStride) + this.bitmap.count(start, bit);
  }

  #countBefore(index: number): number {
    if (index >= this.#counts.length) {
      const longer = new Float64Array(Math.max(index + 1, this.#counts.length * 2));
      longer.set(this.#counts);
      this.#counts = longer;
    }
    for (; this.#known <= index; this.#known++) {
      const end = (this.#firstStride + this.#known) * this.#stride;
      const counted = this.bitmap.count(Math.max(this.#from, end - this.#stride), end);
      this.#counts[this.#known] = (this.#counts[this.#known - 1] as number) + counted;
    }
    return this.#counts[index] as number;
  }
}

function bytesOf({ buffer }: Int32Array): Uint8Array {
  return new Uint8Array(buffer);
}

/** Set bits of `words` from bit `from` up to, not including, bit `to`. */
function countBits(words: Int32Array, from: number, to: number): number {
  const first = from >>> 5;
  const last = to >>> 5;
  const below = (1 << (to % 32)) - 1;
  const above = -1 << (from % 32);
  if (first === last) return popcount((words[first] as number) & above & below);
  // Strides begin with one.
  const isWhole = above === -1;
  const begun = isWhole ? 0 : popcount((words[first] as number) & above);
  const total = begun + countWords(words, isWhole ? first : first + 1, last);
  return below === 0 ? total : total + popcount((words[last] as number) & below);
}

/**
 * Set bits of `words` from word `i` up to, not including, word `end`. Eight words go through carry-save adders (Harley and
 * Seal): 32 columns are added at once, and of what comes out only the eights are counted each time.
 */
function countWords(words: Int32Array, i: number, end: number): number {
  let [eights, fours, twos, ones] = [0, 0, 0, 0];
  for (; i + 8 <= end; i += 8) {
    let a = words[i] as number;
    let b = words[i + 1] as number;
    let sum = ones ^ a;
    let twosA = (ones & a) | (sum & b);
    ones = sum ^ b;
    a = words[i + 2] as number;
    b = words[i + 3] as number;
    sum = ones ^ a;
    let twosB = (ones & a) | (sum & b);
    ones = sum ^ b;
    sum = twos ^ twosA;
    const foursA = (twos & twosA) | (sum & twosB);
    twos = sum ^ twosB;
    a = words[i + 4] as number;
    b = words[i + 5] as number;
    sum = ones ^ a;
    twosA = (ones & a) | (sum & b);
    ones = sum ^ b;
    a = words[i + 6] as number;
    b = words[i + 7] as number;
    sum = ones ^ a;
    twosB = (ones & a) | (sum & b);
    ones = sum ^ b;
    sum = twos ^ twosA;
    const foursB = (twos & twosA) | (sum & twosB);
    twos = sum ^ twosB;
    sum = fours ^ foursA;
    eights += popcount((fours & foursA) | (sum & foursB));
    fours = sum ^ foursB;
  }
  let total = 8 * eights + 4 * popcount(fours) + 2 * popcount(twos) + popcount(ones);
  for (; i < end; i++) total += popcount(words[i] as number);
  return total;
}

/** Neighbouring bits are added in parallel, then pairs and nibbles, then all bytes by one multiplication. */
function popcount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const nibbles = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
