/**
 * Memory as evidence: what is known, what is taken to be zero, and what is unknown. The rule for excluded pages lives
 * here, once, so that a table is never read as zeros anywhere without saying so.
 */

import type { Dump } from './dump.ts';
import { countPages, isWhollyRam, type PageCounts, type PageState, worstState } from './memory.ts';

/**
 * What to do with a page that the capture tool left out. A live stream table is none of the kinds of page that tools
 * filter except "all zero", so in a dump that filtered zero pages a missing table page was almost surely zero.
 * - `auto`: zero in such a dump, unknown in any other
 * - `zero`: zero, unless the dump says that it kept its zero pages
 * - `error`: unknown
 */
export type ExcludedPolicy = 'auto' | 'zero' | 'error';

/** Entries `first` to `first + count - 1` of a table, all in one state. `words` holds two for each 8 bytes. */
export interface TableSlice {
  readonly first: number;
  readonly count: number;
  readonly state: PageState;
  /** False when nothing can be said about the bytes; `words` is then empty. */
  readonly known: boolean;
  /** Little-endian 32-bit words, valid until the next slice is asked for. */
  readonly words: Uint32Array;
}

/** Large enough that the cost of a read call vanishes, small enough to stay in the cache of a core. */
const CHUNK_BYTE_LENGTH = 1 << 18;

/** What a view needs of a dump. */
export type ViewedDump = Pick<Dump, 'memory' | 'pageSize' | 'zeroPagesFiltered'>;

export class MemoryView {
  readonly #dump: ViewedDump;
  readonly #excludedIsZero: boolean;
  /** The ground for reading excluded pages as zeros, where that is done. */
  readonly whyExcludedIsZero: string;
  /** Buffers at rest: a walk inside a walk (L2 tables under an L1 table) takes a second one, and so on. */
  readonly #idleChunks: Uint32Array[] = [];

  constructor(dump: ViewedDump, policy: ExcludedPolicy = 'auto') {
    this.#dump = dump;
    this.#excludedIsZero =
      policy === 'zero' ? dump.zeroPagesFiltered !== false : policy === 'auto' && dump.zeroPagesFiltered === true;
    this.whyExcludedIsZero =
      dump.zeroPagesFiltered === true ? 'the capture tool left out pages of zeros' : 'asked for with --excluded zero';
  }

  /** Whether bytes in this state can be relied on: read from the file, or zero by the container's word or by policy. */
  isKnown(state: PageState): boolean {
    return state === 'present' || state === 'zero' || (state === 'excluded' && this.#excludedIsZero);
  }

  /** Whether bytes in this state are zeros that the dump does not vouch for. */
  isAssumed(state: PageState): boolean {
    return state === 'excluded' && this.#excludedIsZero;
  }

  isWhollyRam(paddr: number, byteLength: number): boolean {
    return isWhollyRam(this.#dump.memory, paddr, byteLength);
  }

  countPages(paddr: number, byteLength: number): PageCounts {
    return countPages(this.#dump.memory, paddr, byteLength, this.#dump.pageSize);
  }

  /** The state of a range as one: the worst of its parts. */
  stateOf(paddr: number, byteLength: number): PageState {
    return this.#dump.memory
      .runs(paddr, byteLength)
      .map((run) => run.state)
      .reduce(worstState, 'present');
  }

  /** The 64-bit words of one structure, or null when any of its bytes is unknown. */
  readWords(paddr: number, byteLength: number): bigint[] | null {
    const bytes = Buffer.alloc(byteLength);
    const runs = this.#dump.memory.read(paddr, bytes);
    if (!runs.every((run) => this.isKnown(run.state))) return null;
    return Array.from({ length: byteLength / 8 }, (_, i) => bytes.readBigUInt64LE(i * 8));
  }

  /**
   * Reads a table in order, in slices of whole entries that share a state. Stretches without bytes are passed over
   * unread, so that a huge table that the dump lacks costs nothing.
   */
  *slices(paddr: number, entryByteLength: number, count: number): Generator<TableSlice> {
    const chunk = this.#idleChunks.pop() ?? new Uint32Array(CHUNK_BYTE_LENGTH / 4);
    try {
      let next = 0;
      for (const run of this.#dump.memory.runs(paddr, entryByteLength * count)) {
        const cut = Math.floor((run.offset + run.byteLength) / entryByteLength);
        // An entry that an earlier run left unfinished lies in two states or more: it is judged alone.
        if (next * entryByteLength < run.offset && next < cut) {
          yield* this.#read(chunk, paddr, entryByteLength, next, 1);
          next += 1;
        }
        if (next >= cut) continue;
        if (this.isKnown(run.state)) yield* this.#read(chunk, paddr, entryByteLength, next, cut - next);
        else yield unknownSlice(next, cut - next, run.state);
        next = cut;
      }
    } finally {
      this.#idleChunks.push(chunk);
    }
  }

  *#read(
    chunk: Uint32Array,
    paddr: number,
    entryByteLength: number,
    first: number,
    count: number,
  ): Generator<TableSlice> {
    const perChunk = Math.floor(CHUNK_BYTE_LENGTH / entryByteLength);
    for (let at = first; at < first + count; at += perChunk) {
      const entries = Math.min(perChunk, first + count - at);
      const words = chunk.subarray(0, (entries * entryByteLength) / 4);
      const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
      const runs = this.#dump.memory.read(paddr + at * entryByteLength, bytes);
      const state = runs.map((run) => run.state).reduce(worstState, 'present');
      if (runs.every((run) => this.isKnown(run.state))) yield { first: at, count: entries, state, known: true, words };
      else yield unknownSlice(at, entries, state);
    }
  }
}

const NO_WORDS = new Uint32Array(0);

function unknownSlice(first: number, count: number, state: PageState): TableSlice {
  return { first, count, state, known: false, words: NO_WORDS };
}
