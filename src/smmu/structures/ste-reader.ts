/**
 * Reads arrays of STEs for whoever goes through them: the census, the rows of the report, the driver's ID scan. What
 * one of them found to hold nothing active is not read again for the next, which matters for a linear table of a
 * gigabyte.
 */

import { STE_BYTE_LENGTH, SteCounts } from './stream-table.ts';

/** Entries `first` to `first + count - 1` of a table, all in one state of `S`. */
export interface EntrySlice<S> {
  readonly first: number;
  readonly count: number;
  readonly state: S;
  readonly known: boolean;
  /** Little-endian 32-bit words, valid until the next slice is asked for. */
  readonly words: Uint32Array;
}

/** What reads a table in order: slices of whole entries. */
export interface TableMemory<S> {
  slices(paddr: number, entryByteLength: number, count: number): Iterable<EntrySlice<S>>;
}

/**
 * STEs with their counts, which are null when the bytes are not known, and valid until the next slice is asked for as
 * the words are. A quiet slice may come without words.
 */
export interface SteSlice<S = string> extends EntrySlice<S> {
  readonly counts: SteCounts | null;
}

/** A stretch of an array in which every STE is known and none is active. */
interface QuietRun<S> {
  readonly first: number;
  count: number;
  readonly state: S;
  readonly counts: SteCounts;
}

/** Arrays as small as an L2 table are read again sooner than remembered. */
const MIN_REMEMBERED_STES = 4096;
/** Around a few active STEs the rest of a slice is quiet: so many STEs, 4 KiB, are read again for one of them. */
const BLOCK_STES = 64;
/** Of a table with as many turns between quiet and active as nobody has, whole slices are read again. */
const MAX_QUIET_RUNS = 1 << 14;
const NO_WORDS = new Uint32Array(0);
const WORDS = STE_BYTE_LENGTH / 4;

export class SteReader<S = string> {
  readonly #memory: TableMemory<S>;
  /** Quiet stretches in order, by the array's address and length. */
  readonly #quiet = new Map<string, readonly QuietRun<S>[]>();

  constructor(memory: TableMemory<S>) {
    this.#memory = memory;
  }

  /** The STEs from `paddr` on, in order. `quietToo`: with the words of slices that hold nothing active. */
  *slices(paddr: number, count: number, quietToo = false): Generator<SteSlice<S>> {
    const key = `${paddr}+${count}`;
    const remembered = quietToo ? undefined : this.#quiet.get(key);
    if (remembered === undefined) {
      const quiet: QuietRun<S>[] = [];
      for (const slice of this.#read(paddr, 0, count)) {
        if (slice.counts?.active === 0) remember(quiet, slice);
        else if (slice.counts !== null && count >= MIN_REMEMBERED_STES) rememberParts(quiet, slice);
        yield slice;
      }
      // Only here: whoever stops early has not seen all of it.
      if (count >= MIN_REMEMBERED_STES) this.#quiet.set(key, quiet);
      return;
    }
    let next = 0;
    for (const run of remembered) {
      yield* this.#read(paddr, next, run.first - next);
      yield { first: run.first, count: run.count, state: run.state, known: true, words: NO_WORDS, counts: run.counts };
      next = run.first + run.count;
    }
    yield* this.#read(paddr, next, count - next);
  }

  *#read(paddr: number, from: number, count: number): Generator<SteSlice<S>> {
    if (count <= 0) return;
    const counts = new SteCounts();
    for (const slice of this.#memory.slices(paddr + from * STE_BYTE_LENGTH, STE_BYTE_LENGTH, count)) {
      counts.clear();
      if (slice.known) counts.add(slice.words, slice.count);
      yield { ...slice, first: from + slice.first, counts: slice.known ? counts : null };
    }
  }
}

/** The quiet stretches of a slice that has active STEs as well, in whole blocks. */
function rememberParts<S>(quiet: QuietRun<S>[], slice: SteSlice<S>): void {
  const { words, count } = slice;
  let from = 0;
  for (let i = 0; i <= count && quiet.length < MAX_QUIET_RUNS; i++) {
    const low = words[i * WORDS] as number;
    if (i < count && ((low & 1) === 0 || (low & 0xe) === 0)) continue;
    const to = i === count ? count : i - (i % BLOCK_STES);
    if (to > from) {
      const counts = new SteCounts();
      counts.add(words.subarray(from * WORDS, to * WORDS), to - from);
      remember(quiet, { ...slice, first: slice.first + from, count: to - from, counts });
    }
    from = i - (i % BLOCK_STES) + BLOCK_STES;
    // The rest of the block is passed over.
    i = from - 1;
  }
}

/** Adds a quiet slice to the list, or to the end of its last stretch. */
function remember<S>(
  quiet: QuietRun<S>[],
  { first, count, state, counts }: Pick<SteSlice<S>, 'first' | 'count' | 'state' | 'counts'>,
): void {
  if (counts === null) return;
  const last = quiet.at(-1);
  if (last === undefined || last.first + last.count !== first || last.state !== state) {
    const copy = new SteCounts();
    copy.merge(counts);
    quiet.push({ first, count, state, counts: copy });
    return;
  }
  last.count += count;
  last.counts.merge(counts);
}
