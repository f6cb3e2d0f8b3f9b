/**
 * Memory as evidence: what is known, what is taken to be zero, and what is unknown. The rule for excluded pages lives
 * here, once, so that a table is never read as zeros anywhere without saying so.
 */

import type { Dump } from './dump.ts';
import { countPages, isWhollyRam, type PageCounts, type PageState, type StateRun, worstState } from './memory.ts';

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

/** Large enough that what a piece costs besides its bytes vanishes, and no larger than the second cache of a server's core. */
const CHUNK_BYTE_LENGTH = 1 << 20;
/**
 * Buffers at rest, of all views: a walk inside a walk (L2 tables under an L1 table, the levels of a translation) takes one
 * more. To make one takes as long as a small table does, and a triage opens one dump after the other.
 */
const IDLE_CHUNKS: Uint32Array[] = [];
const MOST_IDLE_CHUNKS = 8;

/** What a view needs of a dump. */
export type ViewedDump = Pick<Dump, 'memory' | 'pageSize' | 'zeroPagesFiltered'>;

export class MemoryView {
  readonly #dump: ViewedDump;
  readonly #excludedIsZero: boolean;
  /** Where excluded pages are read as zeros: because the user said so; else the dump says that it left out zeros. */
  readonly excludedIsAskedZero: boolean;

  constructor(dump: ViewedDump, policy: ExcludedPolicy = 'auto') {
    this.#dump = dump;
    this.#excludedIsZero =
      policy === 'zero' ? dump.zeroPagesFiltered !== false : policy === 'auto' && dump.zeroPagesFiltered === true;
    this.excludedIsAskedZero = dump.zeroPagesFiltered !== true;
  }

  get pageSize(): number {
    return this.#dump.pageSize;
  }

  /** Whether bytes in this state can be relied on: read from the file, or zero by the container's word or by policy. */
  isKnown(state: PageState): boolean {
    return state === 'present' || state === 'zero' || (state === 'excluded' && this.#excludedIsZero);
  }

  /** Whether bytes in this state are zeros that the dump does not vouch for. */
  isAssumed(state: PageState): boolean {
    return state === 'excluded' && this.#excludedIsZero;
  }

  /** Null when the dump does not say. */
  isWhollyRam(paddr: number, byteLength: number): boolean | null {
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
    const chunk = IDLE_CHUNKS.pop() ?? new Uint32Array(CHUNK_BYTE_LENGTH / 4);
    const perChunk = Math.floor(CHUNK_BYTE_LENGTH / entryByteLength);
    try {
      for (const part of wholeEntries(this.#dump.memory.runs(paddr, entryByteLength * count), entryByteLength)) {
        if (!this.isKnown(part.state)) {
          yield { ...part, known: false, words: NO_WORDS };
          continue;
        }
        const end = part.first + part.count;
        for (let at = part.first; at < end; at += perChunk) {
          yield* this.#read(chunk, paddr, entryByteLength, at, Math.min(perChunk, end - at));
        }
      }
    } finally {
      if (IDLE_CHUNKS.length < MOST_IDLE_CHUNKS) IDLE_CHUNKS.push(chunk);
    }
  }

  /** What reading finds may be worse than what was announced: a page that does not decompress, a file cut short. */
  *#read(
    chunk: Uint32Array,
    paddr: number,
    entryByteLength: number,
    first: number,
    count: number,
  ): Generator<TableSlice> {
    const wordsPerEntry = entryByteLength / 4;
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, count * entryByteLength);
    for (const part of wholeEntries(this.#dump.memory.read(paddr + first * entryByteLength, bytes), entryByteLength)) {
      const known = this.isKnown(part.state);
      const words = chunk.subarray(part.first * wordsPerEntry, (part.first + part.count) * wordsPerEntry);
      const { count, state } = part;
      yield { first: first + part.first, count, state, known, words: known ? words : NO_WORDS };
    }
  }
}

export const NO_WORDS = new Uint32Array(0);

/** Runs of bytes as runs of table entries. An entry in two states or more is judged alone, by the worst of them. */
function* wholeEntries(
  runs: readonly StateRun[],
  entryByteLength: number,
): Generator<{ readonly first: number; readonly count: number; readonly state: PageState }> {
  let next = 0;
  let unfinished: PageState = 'present';
  for (const { offset, byteLength, state } of runs) {
    const cut = Math.floor((offset + byteLength) / entryByteLength);
    if (next * entryByteLength < offset) {
      unfinished = worstState(unfinished, state);
      if (cut === next) continue;
      if (unfinished !== state) {
        yield { first: next, count: 1, state: unfinished };
        next += 1;
      }
    }
    if (cut > next) yield { first: next, count: cut - next, state };
    next = cut;
    unfinished = state;
  }
}
