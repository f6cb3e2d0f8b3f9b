/**
 * Where two sets of tables can differ at all. Nearly all tables of two dumps are the same bytes, and the same bytes at
 * the same place of tables that are read alike map the same: those are passed over at the speed of memcmp, and only the
 * rest is worth decoding.
 */

import { type MemoryView, NO_WORDS } from '../../dump/view.ts';
import { descriptorKind, indexLsb, tableAddress } from '../../smmu/translation/descriptors.ts';
import { firstTableEntries, type Regime } from '../../smmu/translation/regime.ts';
import type { Budget } from '../../smmu/translation/table-map.ts';
import { swapped } from '../../smmu/translation/walk.ts';
import type { BeforeAfter } from '../before-after.ts';
import { lockstep, type PairedSlice, sameWords } from '../lockstep.ts';

/** Input addresses, `to` exclusive, counted from the start of their half. */
export interface InputRange {
  readonly from: number;
  readonly to: number;
}

/** Pairs of tables remembered to be the same, without which tables that lead to themselves would be met forever. */
const MAX_REMEMBERED = 1 << 16;
const LAST_LEVEL = 3;

/** Whether both sets are read by the same rules, wherever they begin. */
export function readAlike(before: Regime, after: Regime): boolean {
  const rules = (regime: Regime) => JSON.stringify({ ...regime, base: null });
  return rules(before) === rules(after);
}

/** For regimes that are {@link readAlike} and have no stage 2 under them. What a dump lacks is among the ranges. */
export function differingRanges(
  memory: BeforeAfter<MemoryView>,
  regimes: BeforeAfter<Regime>,
  budget: Budget,
): Generator<InputRange> {
  const { before, after } = regimes;
  return joined(new Finder(memory, before, budget).below(before.startLevel, before.base, after.base, 0));
}

/** Ranges without a seam between them as one, so that a run of mappings is not cut where tables end. */
function* joined(ranges: Iterable<InputRange>): Generator<InputRange> {
  let last: InputRange | null = null;
  for (const range of ranges) {
    if (last !== null && (last as InputRange).to === range.from) {
      last = { from: (last as InputRange).from, to: range.to };
      continue;
    }
    if (last !== null) yield last;
    last = range;
  }
  if (last !== null) yield last;
}

class Finder {
  readonly #memory: BeforeAfter<MemoryView>;
  readonly #regime: Regime;
  readonly #budget: Budget;
  readonly #same = new Set<string>();

  constructor(memory: BeforeAfter<MemoryView>, regime: Regime, budget: Budget) {
    this.#memory = memory;
    this.#regime = regime;
    this.#budget = budget;
  }

  /** Returns whether the tables are the same throughout, and so is all below them. */
  *below(level: number, left: number, right: number, start: number): Generator<InputRange, boolean> {
    const { granuleLog2, startLevel } = this.#regime;
    const key = `${level} ${left} ${right}`;
    if (this.#same.has(key)) return true;
    const entries = level === startLevel ? firstTableEntries(this.#regime) : 2 ** (granuleLog2 - 3);
    const entryBytes = 2 ** indexLsb(granuleLog2, level);
    const { before, after } = this.#memory;
    const range = (first: number, end: number) => ({ from: start + first * entryBytes, to: start + end * entryBytes });
    this.#budget.spend(2 * entries);
    let same = true;
    for (const slice of lockstep({ view: before, paddr: left }, { view: after, paddr: right }, 8, entries)) {
      if (this.#budget.exhausted) return false;
      const { first, count } = slice;
      if (slice.before?.known !== true || slice.after?.known !== true) {
        yield range(first, first + count);
        same = false;
      } else if (level < LAST_LEVEL) {
        if (!(yield* this.#entries(level, slice, start + first * entryBytes, entryBytes))) same = false;
      } else if (!sameWords(slice.before.words, slice.after.words)) {
        const [one, end] = differing(slice);
        yield range(first + one, first + end);
        same = false;
      }
    }
    if (same && level < LAST_LEVEL && this.#same.size < MAX_REMEMBERED) this.#same.add(key);
    return same;
  }

  *#entries(level: number, slice: PairedSlice, start: number, entryBytes: number): Generator<InputRange, boolean> {
    const [left, right] = [slice.before?.words ?? NO_WORDS, slice.after?.words ?? NO_WORDS];
    let same = true;
    for (let i = 0; i < slice.count; i++) {
      const at = 2 * i;
      const equal = left[at] === right[at] && left[at + 1] === right[at + 1];
      // Most entries of most tables.
      if (equal && left[at] === 0) continue;
      const [one, other] = [this.#next(level, left, at), this.#next(level, right, at)];
      if (one !== null && other !== null && one.limits === other.limits) {
        if (!(yield* this.below(level + 1, one.table, other.table, start + i * entryBytes))) same = false;
        if (this.#budget.exhausted) return false;
      } else if (!equal) {
        yield { from: start + i * entryBytes, to: start + (i + 1) * entryBytes };
        same = false;
      }
    }
    return same;
  }

  /** The table that an entry leads to, and the bits that say what it takes away from all below. */
  #next(level: number, words: Uint32Array, at: number): { readonly table: number; readonly limits: number } | null {
    let [low, high] = [words[at] as number, words[at + 1] as number];
    if (this.#regime.bigEndian) [low, high] = [swapped(high), swapped(low)];
    if (descriptorKind(low, level, this.#regime.minBlockLevel) !== 'table') return null;
    const table = tableAddress(this.#regime, low, high);
    return table < 2 ** this.#regime.outputBits ? { table, limits: high >>> 27 } : null;
  }
}

/** The first entry that differs, and the one behind the last. */
function differing({ count, before, after }: PairedSlice): [number, number] {
  const [left, right] = [before?.words ?? NO_WORDS, after?.words ?? NO_WORDS];
  const differs = (i: number) => left[2 * i] !== right[2 * i] || left[2 * i + 1] !== right[2 * i + 1];
  let [first, end] = [0, count];
  while (first < end && !differs(first)) first += 1;
  while (end > first && !differs(end - 1)) end -= 1;
  return [first, end];
}
