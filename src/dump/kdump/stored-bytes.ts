/** The compressed bytes of pages: read one by one, and ahead of them once many are asked for one behind the other. */

import type { ByteSource } from '../sources/source.ts';

/** Of pages that shrank to a quarter, sixty. */
const AHEAD_BYTE_LENGTH = 1 << 16;
/** One behind the other, before more are taken for certain: a table has no more pages than that. */
const MIN_RUN = 8;

export class StoredBytes {
  /** What was read last: `held` bytes from `start` of `source` on. */
  readonly #buffer: Uint8Array;
  #source: ByteSource | null = null;
  #start = 0;
  #held = 0;
  /** Where the bytes ended that were asked for last. */
  #end = -1;
  /** How many were asked for one behind the other. */
  #run = 0;

  /** `longest` is as much as will be asked for at once. */
  constructor(longest: number) {
    this.#buffer = new Uint8Array(Math.max(longest, AHEAD_BYTE_LENGTH));
  }

  /** So many bytes of the file, or null where it has fewer; valid until the next are asked for. */
  read(source: ByteSource, offset: number, byteLength: number): Uint8Array | null {
    const isSame = source === this.#source;
    this.#run = isSame && offset === this.#end ? this.#run + 1 : 0;
    if (!isSame || offset < this.#start || offset + byteLength > this.#start + this.#held) {
      if (this.#run >= MIN_RUN) this.#readAhead(source, offset, byteLength);
      else this.#fill(source, offset, byteLength);
    }
    this.#end = offset + byteLength;
    const at = offset - this.#start;
    return this.#held - at < byteLength ? null : this.#buffer.subarray(at, at + byteLength);
  }

  /** What is further on may be what cannot be read. */
  #readAhead(source: ByteSource, offset: number, byteLength: number): void {
    try {
      this.#fill(source, offset, this.#buffer.byteLength);
    } catch {
      this.#fill(source, offset, byteLength);
    }
  }

  #fill(source: ByteSource, offset: number, byteLength: number): void {
    this.#source = null;
    this.#held = source.read(offset, this.#buffer.subarray(0, byteLength));
    this.#source = source;
    this.#start = offset;
  }
}
