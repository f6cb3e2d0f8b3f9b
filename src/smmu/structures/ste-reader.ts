/**
 * Reads arrays of STEs for whoever goes through them: the census, the rows of the report, the driver's ID scan. What
 * one of them found to hold nothing active is not read again for the next, nor a few active ones, which matters for a
 * linear table of a gigabyte.
 */

import { commonLowBits, isActiveSte, STE_BYTE_LENGTH, SteCounts } from './stream-table.ts';

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
 * STEs with their counts, which are null when the bytes are not known. Counts and words are valid until the next slice is
 * asked for. A quiet slice, in which every STE is known and none is active, may come without words.
 */
export interface SteSlice<S = string> extends EntrySlice<S> {
  readonly counts: SteCounts | null;
}

/** A stretch that need not be read again: a quiet one without words, or one with its own copy of them. */
interface Remembered<S> extends SteSlice<S> {
  count: number;
  readonly counts: SteCounts;
}

/** Of larger arrays parts are remembered; those as small as an L2 table are, as a whole. */
const MIN_REMEMBERED_STES = 4096;
/** Tables of a real machine, and all of a small hostile file, whose descriptors may lead to each of them hundreds of times. */
const MAX_SMALL_ARRAYS = 512;
const MAX_SMALL_STES = 1 << 17;
/** So many are looked at as one: nearly all are like the ones around them. Where they are not, fewer are. */
const BLOCK_STES = 1024;
const SMALL_BLOCK_STES = 64;
/** Of tables with as many turns between quiet and active as nobody has, the rest is read again. */
const MAX_REMEMBERED = 1 << 15;
/** STEs that are kept, 4 MiB: the active ones, and few between them; others are read again. */
const MAX_KEPT_STES = 1 << 16;
const NO_WORDS = new Uint32Array(0);
const WORDS = STE_BYTE_LENGTH / 4;

export class SteReader<S = string> {
  readonly #memory: TableMemory<S>;
  /** By the array's address and length. */
  readonly #memories = new Map<string, Memory<S>>();
  /** Small arrays of which all is known, by address; and what they have together. */
  readonly #small = new Map<number, { readonly count: number; readonly slices: readonly SteSlice<S>[] }>();
  /** What may still be remembered of larger ones. */
  #mostKept = MAX_KEPT_STES;
  #mostSlices = MAX_REMEMBERED;
  #smallStes = 0;
  #smallSlices = 0;

  constructor(memory: TableMemory<S>) {
    this.#memory = memory;
  }

  /** The STEs from `paddr` on, in order. `quietToo`: with the words of slices that hold nothing active. */
  *slices(paddr: number, count: number, quietToo = false): Generator<SteSlice<S>> {
    if (count < MIN_REMEMBERED_STES) {
      yield* this.#readSmall(paddr, count);
      return;
    }
    const key = `${paddr}+${count}`;
    const remembered = quietToo ? undefined : this.#memories.get(key)?.slices;
    if (remembered === undefined) {
      const memory = new Memory<S>(this.#mostKept, this.#mostSlices);
      for (const slice of this.#read(paddr, 0, count)) {
        memory.add(slice);
        yield slice;
      }
      // Only here: whoever stops early has not seen all of it.
      if (this.#memories.has(key)) return;
      this.#memories.set(key, memory);
      this.#mostKept -= memory.keptStes;
      this.#mostSlices -= memory.slices.length;
      return;
    }
    let next = 0;
    for (const slice of remembered) {
      if (slice.first > next) yield* this.#read(paddr, next, slice.first - next);
      yield slice;
      next = slice.first + slice.count;
    }
    yield* this.#read(paddr, next, count - next);
  }

  *#readSmall(paddr: number, count: number): Generator<SteSlice<S>> {
    const remembered = this.#small.get(paddr);
    if (remembered?.count === count) {
      yield* remembered.slices;
      return;
    }
    const isFull = this.#small.size >= MAX_SMALL_ARRAYS || this.#smallStes + count > MAX_SMALL_STES;
    const slices: SteSlice<S>[] | null = isFull || remembered !== undefined ? null : [];
    let known = 0;
    for (const slice of this.#read(paddr, 0, count)) {
      const { first, count: stes, state, words, counts } = slice;
      if (counts !== null) known += stes;
      if (slices !== null && counts !== null) {
        const copy = new SteCounts();
        copy.merge(counts);
        slices.push({ first, count: stes, state, known: true, words: words.slice(), counts: copy });
      }
      yield slice;
    }
    if (slices === null || known < count || this.#smallSlices + slices.length > MAX_REMEMBERED) return;
    this.#smallStes += count;
    this.#smallSlices += slices.length;
    this.#small.set(paddr, { count, slices });
  }

  *#read(paddr: number, from: number, count: number): Generator<SteSlice<S>> {
    if (count <= 0) return;
    const counts = new SteCounts();
    for (const slice of this.#memory.slices(paddr + from * STE_BYTE_LENGTH, STE_BYTE_LENGTH, count)) {
      const first = from + slice.first;
      if (slice.known) yield* stretches({ ...slice, first }, counts);
      else yield { ...slice, first, counts: null };
    }
  }
}

/** What of one array need not be read again, in order. */
class Memory<S> {
  readonly slices: Remembered<S>[] = [];
  keptStes = 0;
  readonly #mostKept: number;
  readonly #mostSlices: number;

  constructor(mostKept: number, mostSlices: number) {
    this.#mostKept = mostKept;
    this.#mostSlices = mostSlices;
  }

  /** Adds the next slice, a quiet one to the end of the last where it can be. */
  add(slice: SteSlice<S>): void {
    const { first, count, state, words, counts } = slice;
    if (counts === null) return;
    const quiet = counts.active === 0;
    const last = this.slices.at(-1);
    if (quiet && last?.words === NO_WORDS && last.first + last.count === first && last.state === state) {
      last.count += count;
      last.counts.merge(counts);
      return;
    }
    const keptStes = this.keptStes + (quiet ? 0 : count);
    if (this.slices.length === this.#mostSlices || keptStes > this.#mostKept) return;
    this.keptStes = keptStes;
    const copy = new SteCounts();
    copy.merge(counts);
    this.slices.push({ first, count, state, known: true, words: quiet ? NO_WORDS : words.slice(), counts: copy });
  }
}

/**
 * Cuts a slice into stretches: those from one active STE to another with what is between them, and those in which nothing
 * is active. `counts` is what they are counted with.
 */
function* stretches<S>(slice: EntrySlice<S>, counts: SteCounts): Generator<SteSlice<S>> {
  const { words } = slice;
  let from = 0;
  let active = false;
  let smallUntil = 0;
  counts.clear();
  for (let at = 0; at < slice.count; ) {
    const isSmall = at < smallUntil;
    const end = Math.min(isSmall ? smallUntil : slice.count, at + (isSmall ? SMALL_BLOCK_STES : BLOCK_STES));
    const low = commonLowBits(words, at, end);
    if (low === null && !isSmall) {
      smallUntil = end;
      continue;
    }
    let to = end;
    let activeHere = low !== null && isActiveSte(low);
    if (low === null) [to, activeHere] = leadingPart(words, at, end);
    if (activeHere !== active && at > from) {
      yield part(slice, from, at, counts);
      from = at;
      counts.clear();
    }
    active = activeHere;
    if (low === null) counts.add(words, at, to);
    else counts.addAlike(low, to - at);
    at = to;
  }
  yield part(slice, from, slice.count, counts);
}

function part<S>(slice: EntrySlice<S>, from: number, to: number, counts: SteCounts): SteSlice<S> {
  const { first, state, known } = slice;
  return {
    first: first + from,
    count: to - from,
    state,
    known,
    words: slice.words.subarray(from * WORDS, to * WORDS),
    counts,
  };
}

/**
 * Where, and whether active, the first part of a block ends. What is before its first active STE and behind its last one
 * is quiet, unless most of the block lies between the two.
 */
function leadingPart(words: Uint32Array, from: number, end: number): [to: number, active: boolean] {
  const isActive = (at: number) => isActiveSte(words[at * WORDS] as number);
  let [first, last] = [from, end];
  while (first < end && !isActive(first)) first += 1;
  while (last > first && !isActive(last - 1)) last -= 1;
  if (last - first > SMALL_BLOCK_STES / 2) return [end, true];
  return first > from ? [first, false] : [last, true];
}
