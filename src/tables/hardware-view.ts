/**
 * The stream table of one SMMU as its hardware finds it in the dump, whatever Linux thinks of it: a rejected table is
 * the one people need to see. Reads on demand and keeps nothing but counts.
 */

import type { PageState } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import { noProgress, type Progress } from '../progress.ts';
import type { SteReader } from '../smmu/structures/ste-reader.ts';
import type { SteConfig } from '../smmu/structures/stream-table.ts';
import {
  isActiveSte,
  type L1Lookup,
  L1STD_BYTE_LENGTH,
  l1Lookup,
  STE_BYTE_LENGTH,
  SteCounts,
  type StreamTableGeometry,
  steConfig,
} from '../smmu/structures/stream-table.ts';
import { hardwareLookup } from './hardware-lookup.ts';
import { NO_STE_LIMITS, type SteLimits, TableOwners } from './listing.ts';
import type { LookupEnd } from './lookup-end.ts';

/** One L1 descriptor whose bytes are known. */
export interface L1Entry extends L1Lookup {
  readonly index: number;
  readonly paddr: number;
  readonly low: number;
  readonly high: number;
}

/** Consecutive entries of a table whose bytes the dump does not have. */
export interface MissingEntries {
  readonly table: 'l1-table' | 'l2-table' | 'stream-table';
  readonly firstSid: number;
  readonly lastSid: number;
  readonly paddr: number;
  readonly entries: number;
  readonly state: PageState;
}

export interface Census {
  /** StreamIDs that the table covers. */
  readonly stes: number;
  /** STEs that exist behind valid descriptors. */
  readonly located: number;
  /** Of those, the ones whose bytes are not in the dump. */
  readonly unknown: number;
  /** L1 descriptors that are not in the dump, so that what is behind them is not known either; absent where there are none. */
  readonly unknownL1?: number;
  readonly valid: number;
  readonly byConfig: Readonly<Record<SteConfig, number>>;
}

/** Where the STE of one StreamID is, or why there is none. */
export type SteLookup = { readonly paddr: number } | { readonly why: LookupEnd };

/** One STE in a buffer, valid until the next is asked for. */
export interface FoundSte {
  readonly sid: number;
  readonly paddr: number;
  readonly words: Uint32Array;
  /** Index of the STE's first word in `words`. */
  readonly at: number;
  readonly state: PageState;
}

/** What a list of STEs shows, and what it leaves out. */
export interface SteSelection {
  readonly listed: SteLimits;
  readonly notListed: number;
}

/** A run of STEs that the hardware reaches: the STEs for `firstSid` and up. */
interface SteArray {
  readonly firstSid: number;
  readonly paddr: number;
  readonly count: number;
  readonly table: 'l2-table' | 'stream-table';
}

/**
 * Eight times what Linux ever builds. The architecture allows 2^26, each of them pointing anywhere: only a hostile
 * dump has that many, to keep its reader busy.
 */
export const MAX_L2_TABLES = 1 << 20;

export class HardwareView {
  readonly geometry: StreamTableGeometry;
  /** Set once the census had to stop at {@link MAX_L2_TABLES}; what lies behind them is not listed either. */
  cut = false;
  /** Pages of the table that the census read as zeros although the dump only lets one infer that. */
  assumedZeroPages = 0;
  /** STEs of tables that were met before, for another descriptor or another SMMU, once the census is over. */
  repeatedStes = 0;
  /** Such tables. */
  #repeated = 0;
  readonly #memory: MemoryView;
  readonly #stes: SteReader<PageState>;
  readonly #progress: Progress;
  readonly #owners: TableOwners;

  /** `owners` is shared by the SMMUs of one report. */
  constructor(
    geometry: StreamTableGeometry,
    memory: MemoryView,
    stes: SteReader<PageState>,
    progress: Progress = noProgress,
    owners = new TableOwners(),
  ) {
    this.#owners = owners;
    this.geometry = geometry;
    this.#memory = memory;
    this.#stes = stes;
    this.#progress = progress;
  }

  /** Every L1 descriptor in ascending order; those with all bits of span and pointer clear only with `all`. */
  *l1Entries(all: boolean, onMissing?: (missing: MissingEntries) => void): Generator<L1Entry> {
    const { base, entries, format } = this.geometry;
    if (format !== '2lvl') return;
    for (const { first, count, known, state, words } of this.#memory.slices(base, L1STD_BYTE_LENGTH, entries)) {
      if (!known) {
        onMissing?.({
          table: 'l1-table',
          firstSid: this.sidsOf(first).first,
          lastSid: this.sidsOf(first + count - 1).last,
          paddr: base + first * L1STD_BYTE_LENGTH,
          entries: count,
          state,
        });
        continue;
      }
      for (let i = 0; i < count; i++) {
        const low = words[2 * i] as number;
        const high = words[2 * i + 1] as number;
        if (!all && (low & 0x1f) === 0) continue;
        const index = first + i;
        yield { index, paddr: base + index * L1STD_BYTE_LENGTH, low, high, ...l1Lookup(low, high, this.geometry) };
      }
    }
  }

  /** The StreamIDs that one L1 descriptor answers for. */
  sidsOf(l1Index: number): { first: number; last: number } {
    const { split, log2Size } = this.geometry;
    const first = l1Index * 2 ** split;
    return { first, last: Math.min(first + 2 ** split, 2 ** log2Size) - 1 };
  }

  /**
   * Counts every STE. `onMissing` hears of stretches that are not in the dump, `onReserved` of odd STEs until it answers
   * false; of all of them there may be millions.
   */
  census(onMissing: (missing: MissingEntries) => void, onReserved: (sid: number, config: number) => boolean): Census {
    const counts = new SteCounts();
    let located = 0;
    let unknown = 0;
    let unknownL1 = 0;
    let reportsReserved = true;
    const { format, base, entries, log2Size } = this.geometry;
    if (format === '2lvl') this.#noteAssumed(base, entries * L1STD_BYTE_LENGTH);
    const repeats = this.#repeats(Number.POSITIVE_INFINITY);
    const onMissingL1 = (missing: MissingEntries) => {
      unknownL1 += missing.entries;
      onMissing(missing);
    };
    for (const array of this.#steArrays(onMissingL1)) {
      const before = repeats.met;
      repeats.admits(array.paddr);
      if (repeats.met > before) this.repeatedStes += array.count;
      located += array.count;
      this.#noteAssumed(array.paddr, array.count * STE_BYTE_LENGTH);
      for (const slice of this.#stes.slices(array.paddr, array.count)) {
        this.#progress('reading the stream table', array.firstSid + slice.first, 2 ** log2Size);
        if (slice.counts !== null) {
          counts.merge(slice.counts);
          if (reportsReserved && slice.counts.reserved > 0)
            reportsReserved = reportReserved(array.firstSid + slice.first, slice.words, onReserved);
          continue;
        }
        unknown += slice.count;
        const firstSid = array.firstSid + slice.first;
        onMissing({
          table: array.table,
          firstSid,
          lastSid: firstSid + slice.count - 1,
          paddr: array.paddr + slice.first * STE_BYTE_LENGTH,
          entries: slice.count,
          state: slice.state,
        });
      }
    }
    this.#repeated = repeats.met;
    const found = { valid: counts.valid, byConfig: counts.byConfig() };
    return { stes: 2 ** log2Size, located, unknown, ...found, ...(unknownL1 > 0 ? { unknownL1 } : {}) };
  }

  #repeats(limit: number): Repeats {
    return new Repeats(limit, (paddr) => this.#owners.isAnothers(paddr, this));
  }

  #noteAssumed(paddr: number, byteLength: number): void {
    if (this.#memory.isAssumed('excluded')) {
      this.assumedZeroPages += this.#memory.countPages(paddr, byteLength).excluded;
    }
  }

  /** The StreamIDs whose STE is valid and not abort, ascending. */
  *activeSids(): Generator<number> {
    for (const { sid } of this.stes(false)) yield sid;
  }

  /**
   * Visits every stream with a valid, non-abort STE, and the first of each run of STEs that are not known, ascending.
   * Aliased tables have tens of millions, for which nothing may be made.
   */
  forEachStream(visit: (sid: number, seen: boolean) => void): void {
    for (const { firstSid, paddr, count } of this.#steArrays()) {
      for (const slice of this.#stes.slices(paddr, count)) {
        if (slice.counts === null) visit(firstSid + slice.first, false);
        else if (slice.counts.active > 0) {
          for (let i = 0; i < slice.count; i++) {
            if (isActiveSte(slice.words[i * 16] as number)) visit(firstSid + slice.first + i, true);
          }
        }
      }
    }
  }

  /** The STEs that do something, ascending, as far as `limits` go; with `all`, every one whose bytes are known. */
  *stes(all: boolean, limits: SteLimits = NO_STE_LIMITS): Generator<FoundSte> {
    const repeats = this.#repeats(limits.repeatedTables);
    let left = limits.stes;
    for (const array of this.#steArrays()) {
      if (!repeats.admits(array.paddr)) continue;
      for (const { first, count, counts, state, words } of this.#stes.slices(array.paddr, array.count, all)) {
        if (counts === null || (!all && counts.active === 0)) continue;
        for (let i = 0, at = 0; i < count; i++, at += 16) {
          const low = words[at] as number;
          // V and a Config other than 0: V is bit 0, Config bits 3:1.
          if (!all && ((low & 1) === 0 || (low & 0xe) === 0)) continue;
          if (left === 0) return;
          left -= 1;
          const entry = first + i;
          yield { sid: array.firstSid + entry, paddr: array.paddr + entry * STE_BYTE_LENGTH, words, at, state };
        }
      }
    }
  }

  /** What {@link stes} yields within these limits, counted without making rows; after the census. */
  select(all: boolean, limits: SteLimits, { located, unknown, valid, byConfig }: Census): SteSelection {
    const rows = all ? located - unknown : valid - byConfig.abort;
    if (rows <= limits.stes && this.#repeated <= limits.repeatedTables) {
      return { listed: { stes: rows, repeatedTables: this.#repeated }, notListed: 0 };
    }
    const repeats = this.#repeats(limits.repeatedTables);
    let [total, admitted] = [0, 0];
    for (const array of this.#steArrays()) {
      const listed = repeats.admits(array.paddr);
      for (const { count, counts } of this.#stes.slices(array.paddr, array.count)) {
        const here = counts === null ? 0 : all ? count : counts.active;
        total += here;
        if (listed) admitted += here;
      }
    }
    const stes = Math.min(admitted, limits.stes);
    return { listed: { stes, repeatedTables: repeats.met }, notListed: total - stes };
  }

  /** The STEs of these StreamIDs, whatever they hold; those that cannot be shown are left out. */
  *stesOf(sids: Iterable<number>): Generator<FoundSte> {
    for (const sid of sids) {
      const found = this.lookup(sid);
      if (!('paddr' in found)) continue;
      for (const slice of this.#memory.slices(found.paddr, STE_BYTE_LENGTH, 1)) {
        if (slice.known) yield { sid, paddr: found.paddr, words: slice.words, at: 0, state: slice.state };
      }
    }
  }

  /** The hardware's own lookup of one StreamID; refusals are C_BAD_STREAMID. */
  lookup(sid: number): SteLookup {
    /** What was asked for last. */
    let asked: SteLookup = { paddr: this.geometry.base };
    const place = hardwareLookup(this.geometry, sid, (paddr, l1Index) => {
      asked = this.#known(paddr, L1STD_BYTE_LENGTH, l1Index);
      const [value = 0n] = this.#memory.readWords(paddr, L1STD_BYTE_LENGTH) ?? [];
      return 'why' in asked ? null : [Number(value & 0xffff_ffffn), Number(value >> 32n)];
    });
    if (place === null) return asked;
    if ('why' in place) return place;
    return this.#known(place.table + place.index * STE_BYTE_LENGTH, STE_BYTE_LENGTH, null);
  }

  #known(paddr: number, byteLength: number, l1Index: number | null): SteLookup {
    const state = this.#memory.stateOf(paddr, byteLength);
    return this.#memory.isKnown(state) ? { paddr } : { why: { kind: 'entry-not-in-dump', l1Index, paddr, state } };
  }

  *#steArrays(onMissing?: (missing: MissingEntries) => void): Generator<SteArray> {
    const { format, base, entries, log2Size } = this.geometry;
    if (format === 'linear') {
      yield { firstSid: 0, paddr: base, count: entries, table: 'stream-table' };
      return;
    }
    let tables = 0;
    for (const { index, stes, l2 } of this.l1Entries(false, onMissing)) {
      if (stes === 0) continue;
      tables += 1;
      if (tables > MAX_L2_TABLES) {
        this.cut = true;
        return;
      }
      const { first } = this.sidsOf(index);
      // A table for fewer StreamIDs than one L2 array holds uses only its beginning.
      const count = Math.min(stes, 2 ** log2Size - first);
      yield { firstSid: first, paddr: l2, count, table: 'l2-table' };
    }
  }
}

/** Which L2 tables are listed: each once, and so many of them again where another descriptor leads there too. */
class Repeats {
  met = 0;
  readonly #seen = new Set<number>();
  readonly #limit: number;
  readonly #isAnothers: (paddr: number) => boolean;

  constructor(limit: number, isAnothers: (paddr: number) => boolean) {
    this.#limit = limit;
    this.#isAnothers = isAnothers;
  }

  admits(paddr: number): boolean {
    if (!this.#seen.has(paddr) && !this.#isAnothers(paddr)) {
      this.#seen.add(paddr);
      return true;
    }
    if (this.met === this.#limit) return false;
    this.met += 1;
    return true;
  }
}

/** Whether more are asked for. */
function reportReserved(
  firstSid: number,
  words: Uint32Array,
  report: (sid: number, config: number) => boolean,
): boolean {
  for (let at = 0; at < words.length; at += 16) {
    const low = words[at] as number;
    const { valid, config } = steConfig(low);
    if (valid && config === 'reserved' && !report(firstSid + at / 16, (low >>> 1) & 7)) return false;
  }
  return true;
}
