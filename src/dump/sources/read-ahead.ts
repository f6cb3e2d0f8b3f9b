/** Pieces of a file that lie close together, in few reads: one of 64 KiB costs about as much as one of a few bytes. */

import { isInputError } from '../../errors.ts';
import type { ByteSource } from './source.ts';

const BLOCK_BYTE_LENGTH = 1 << 16;
/** Where pieces are further apart than this, reading ahead would read most of the file. */
const NEAR = 1 << 14;

/** Reads pieces of up to 64 KiB in ascending order, ahead where they lie close together. */
export class ReadAhead {
  readonly #source: ByteSource;
  readonly #patience: number;
  readonly #block = Buffer.alloc(BLOCK_BYTE_LENGTH);
  #start = 0;
  #end = 0;
  #last = Number.NEGATIVE_INFINITY;
  /** Pieces one after another that were close to the one before. */
  #near = 0;

  /** `patience` is how many pieces have to be close to the one before until more are taken for certain. */
  constructor(source: ByteSource, patience = 1) {
    this.#source = source;
    this.#patience = patience;
  }

  /** `byteLength` bytes, or as many as the file has there. Valid until the next call. */
  read(offset: number, byteLength: number): Buffer {
    const step = offset - this.#last;
    this.#near = step >= 0 && step <= NEAR ? this.#near + 1 : 0;
    this.#last = offset;
    if (offset < this.#start || offset + byteLength > this.#end) {
      if (this.#near < this.#patience || !this.#readOn(offset)) this.#fill(offset, byteLength);
    }
    const at = offset - this.#start;
    return this.#block.subarray(at, Math.min(at + byteLength, this.#end - this.#start));
  }

  /** False where reading fails: what cannot be read may lie behind what is asked for. */
  #readOn(offset: number): boolean {
    try {
      this.#fill(offset, BLOCK_BYTE_LENGTH);
      return true;
    } catch (error) {
      if (!isInputError(error)) throw error;
      return false;
    }
  }

  #fill(offset: number, byteLength: number): void {
    // Whatever a read that fails leaves there is nothing's.
    this.#end = this.#start;
    this.#end = offset + this.#source.read(offset, this.#block.subarray(0, byteLength));
    this.#start = offset;
  }
}
