/** What a walk over very many small headers in a very large file needs: few reads, and a compact place for the result. */

import type { ByteSource } from '../sources/source.ts';

/** One read of this size costs about as much as one of a few bytes, and brings every header of small records in it. */
const BLOCK_BYTE_LENGTH = 1 << 16;
/** Where headers are further apart than this, reading ahead would read most of the file. */
const NEAR = 1 << 14;

/** Reads the headers of a file in ascending order, ahead where they lie close together. */
export class HeaderReader {
  readonly #source: ByteSource;
  readonly #block = Buffer.alloc(BLOCK_BYTE_LENGTH);
  #start = 0;
  #end = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** `byteLength` bytes, or as many as the file has there. Valid until the next call. */
  read(offset: number, byteLength: number): Buffer {
    if (offset < this.#start || offset + byteLength > this.#end) {
      const wanted = offset - this.#last <= NEAR ? BLOCK_BYTE_LENGTH : byteLength;
      this.#start = offset;
      this.#end = offset + this.#source.read(offset, this.#block.subarray(0, wanted));
    }
    this.#last = offset;
    const at = offset - this.#start;
    return this.#block.subarray(at, Math.min(at + byteLength, this.#end - this.#start));
  }
}

/** A list of numbers that costs eight bytes for each, whatever their number. */
export class NumberColumn {
  #values = new Float64Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** Forgets all numbers but the first `length`. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** The numbers themselves. Valid until the next push. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}

/** The index of the last of these ascending numbers that is not above `value`; -1 when all are. */
export function lastNotAbove(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
