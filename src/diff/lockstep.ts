/** Two arrays of the same entries, one in each dump, gone through side by side and slice by slice. */

import type { PageState } from '../dump/memory.ts';
import { type MemoryView, NO_WORDS, type TableSlice } from '../dump/view.ts';

/** Where an array begins in the memory of one moment. */
export interface ArrayPlace {
  readonly view: MemoryView;
  readonly paddr: number;
}

/** One side of a {@link PairedSlice}. */
export interface SliceSide {
  readonly paddr: number;
  readonly state: PageState;
  readonly known: boolean;
  /** Valid until the next slice is asked for; empty when the bytes are not known. */
  readonly words: Uint32Array;
}

/** Entries `first` to `first + count - 1` of both; null on the side that has no such array. */
export interface PairedSlice {
  readonly first: number;
  readonly count: number;
  readonly before: SliceSide | null;
  readonly after: SliceSide | null;
}

/**
 * Goes through two arrays of `count` entries side by side, in slices of which both are in one state each; null for an
 * array that is not there.
 */
export function* lockstep(
  before: ArrayPlace | null,
  after: ArrayPlace | null,
  entryByteLength: number,
  count: number,
): Generator<PairedSlice> {
  const sides = [before, after].map((place) => (place === null ? null : new Side(place, entryByteLength, count)));
  const [left = null, right = null] = sides;
  try {
    for (let first = 0; first < count; ) {
      const end = Math.min(left?.endOf(first) ?? count, right?.endOf(first) ?? count);
      yield { first, count: end - first, before: left?.cut(first, end) ?? null, after: right?.cut(first, end) ?? null };
      first = end;
    }
  } finally {
    for (const side of sides) side?.close();
  }
}

class Side {
  readonly #place: ArrayPlace;
  readonly #slices: Generator<TableSlice>;
  readonly #entryByteLength: number;
  #current: TableSlice | undefined;

  constructor(place: ArrayPlace, entryByteLength: number, count: number) {
    this.#place = place;
    this.#entryByteLength = entryByteLength;
    this.#slices = place.view.slices(place.paddr, entryByteLength, count);
  }

  /** Where the slice ends that has this entry. */
  endOf(entry: number): number {
    if (this.#current === undefined || this.#current.first + this.#current.count <= entry) {
      const { value } = this.#slices.next();
      this.#current = value as TableSlice;
    }
    return this.#current.first + this.#current.count;
  }

  cut(first: number, end: number): SliceSide {
    const { first: start, state, known, words } = this.#current as TableSlice;
    const perEntry = this.#entryByteLength / 4;
    return {
      paddr: this.#place.paddr + first * this.#entryByteLength,
      state,
      known,
      words: known ? words.subarray((first - start) * perEntry, (end - start) * perEntry) : NO_WORDS,
    };
  }

  /** Gives its buffer back. */
  close(): void {
    this.#slices.return(undefined);
  }
}

/** Whether all words are the same, at the speed of memcmp: nearly every slice of two dumps is. */
export function sameWords(a: Uint32Array, b: Uint32Array): boolean {
  return bytesOf(a).equals(bytesOf(b));
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Whether one entry differs, that of `length` words from `at` on. */
export function entryDiffers(a: Uint32Array, b: Uint32Array, at: number, length: number): boolean {
  for (let i = at; i < at + length; i++) if (a[i] !== b[i]) return true;
  return false;
}
