/**
 * Which entries a table has, as stretches of consecutive ones, and the stretches of two moments laid side by side. What
 * a table is made of may have changed in between: another base, another format, other leaves.
 */

import type { PageState } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import { type CdTable, cdArrays } from '../smmu/structures/cd-table.ts';
import { type HardwareView, MAX_L2_TABLES } from '../tables/hardware-view.ts';
import type { ArrayPlace } from './lockstep.ts';

/** STEs by StreamID, or CDs by SubstreamID. Both are of 64 bytes. */
const ENTRY_BYTE_LENGTH = 64;

/** Entries that stand one behind the other. */
export interface Stretch {
  readonly first: number;
  readonly count: number;
  /** Null where the descriptor that leads to them is not in the dump, which is then in this state. */
  readonly paddr: number | null;
  readonly state: PageState;
}

/** Entries `first` and up of both moments; a side that has none there is null. */
export interface PairedStretch {
  readonly first: number;
  readonly count: number;
  readonly before: Stretch | null;
  readonly after: Stretch | null;
}

/** The STEs that the hardware reaches, ascending. */
export function* steStretches(view: HardwareView): Generator<Stretch> {
  const { format, base, entries, log2Size } = view.geometry;
  if (format === 'linear') {
    yield { first: 0, count: entries, paddr: base, state: 'present' };
    return;
  }
  const missing: Stretch[] = [];
  let tables = 0;
  const descriptors = view.l1Entries(false, ({ firstSid, lastSid, state }) => {
    missing.push({ first: firstSid, count: lastSid - firstSid + 1, paddr: null, state });
  });
  for (const { index, stes, l2 } of descriptors) {
    yield* missing.splice(0);
    if (stes === 0) continue;
    tables += 1;
    if (tables > MAX_L2_TABLES) {
      view.cut = true;
      return;
    }
    const { first } = view.sidsOf(index);
    yield { first, count: Math.min(stes, 2 ** log2Size - first), paddr: l2, state: 'present' };
  }
  yield* missing;
}

/** The CDs of one table, ascending. */
export function* cdStretches(table: CdTable, memory: MemoryView): Generator<Stretch> {
  const missing: Stretch[] = [];
  const arrays = cdArrays(table, memory, (descriptors, first, state) => {
    missing.push({ first: first * table.leafCds, count: descriptors * table.leafCds, paddr: null, state });
  });
  for (const { firstSsid, paddr, count } of arrays) {
    yield* missing.splice(0);
    yield { first: firstSsid, count, paddr, state: 'present' };
  }
  yield* missing;
}

/** Where the entries of a stretch that is known, or of none, are to be read. */
export function placeOf(view: MemoryView, stretch: Stretch | null): ArrayPlace | null {
  return stretch === null ? null : { view, paddr: stretch.paddr ?? 0 };
}

/** Both sequences cut where either of them begins or ends; what neither has is left out. */
export function* sideBySide(before: Iterable<Stretch>, after: Iterable<Stretch>): Generator<PairedStretch> {
  const [left, right] = [new Cursor(before), new Cursor(after)];
  for (let at = 0; ; ) {
    const start = Math.min(left.nextStart(at), right.nextStart(at));
    if (start === Number.POSITIVE_INFINITY) return;
    const end = Math.min(left.nextEdge(start), right.nextEdge(start));
    const count = end - start;
    yield { first: start, count, before: left.cut(start, count), after: right.cut(start, count) };
    at = end;
  }
}

class Cursor {
  readonly #stretches: Iterator<Stretch>;
  #current: Stretch | undefined;

  constructor(stretches: Iterable<Stretch>) {
    this.#stretches = stretches[Symbol.iterator]();
    this.#advance();
  }

  /** The first entry at or behind `at`. */
  nextStart(at: number): number {
    while (this.#current !== undefined && this.#current.first + this.#current.count <= at) this.#advance();
    return this.#current === undefined ? Number.POSITIVE_INFINITY : Math.max(at, this.#current.first);
  }

  /** Where what is true at `start` ceases to be. */
  nextEdge(start: number): number {
    if (this.#current === undefined) return Number.POSITIVE_INFINITY;
    const { first, count } = this.#current;
    return first > start ? first : first + count;
  }

  cut(start: number, count: number): Stretch | null {
    return this.#current === undefined || this.#current.first > start ? null : part(this.#current, start, count);
  }

  #advance(): void {
    const { value, done } = this.#stretches.next();
    this.#current = done === true ? undefined : value;
  }
}

function part({ first, paddr, state }: Stretch, start: number, count: number): Stretch {
  return { first: start, count, paddr: paddr === null ? null : paddr + (start - first) * ENTRY_BYTE_LENGTH, state };
}

/** Only the entries of these StreamIDs, which ascend. */
export function* only(stretches: Iterable<PairedStretch>, sids: readonly number[]): Generator<PairedStretch> {
  let next = 0;
  for (const stretch of stretches) {
    const end = stretch.first + stretch.count;
    while (next < sids.length && (sids[next] as number) < stretch.first) next += 1;
    while (next < sids.length && (sids[next] as number) < end) {
      const sid = sids[next] as number;
      const { before, after } = stretch;
      yield { first: sid, count: 1, before: before && part(before, sid, 1), after: after && part(after, sid, 1) };
      next += 1;
    }
  }
}
