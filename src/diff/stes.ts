/** STEs of both moments, StreamID by StreamID, and through those of stage 1 the context descriptors behind them. */

import type { Progress } from '../progress.ts';
import { wideWords } from '../smmu/fields.ts';
import { STE } from '../smmu/structures/ste.ts';
import { steIllegalities } from '../smmu/structures/ste-legality.ts';
import { bdfOf, STE_BYTE_LENGTH, steConfig } from '../smmu/structures/stream-table.ts';
import type { BeforeAfter } from './before-after.ts';
import type { CdComparison } from './cds.ts';
import { changeOf } from './fields.ts';
import type { DiffBudget } from './limits.ts';
import type { Listed, MissingList } from './listed.ts';
import { entryDiffers, lockstep, type PairedSlice, type SliceSide, sameWords } from './lockstep.ts';
import type { MappingComparison } from './mappings/comparison.ts';
import type { DiffMoment } from './moment.ts';
import type { MissingStretch, MissingTable, SteChange, SteState } from './report.ts';
import { only, type PairedStretch, placeOf, type Stretch, sideBySide, steStretches } from './stretches.ts';

const WORDS = STE_BYTE_LENGTH / 4;
/** V=1 and Config 5 or 7 in the low four bits. */
const STAGE_1 = 0xb;
const NESTED = 0xf;

export interface SteSinks {
  /** Of L1 descriptors that are known to differ. */
  readonly changedL1: ReadonlySet<number>;
  readonly changes: Listed<Omit<SteChange, 'device'>>;
  readonly missing: MissingList;
  readonly cds: CdComparison;
  /** Null: nobody asked what the streams reach. */
  readonly mappings: MappingComparison | null;
  readonly progress: Progress;
  readonly budget: Pick<DiffBudget, 'arrays' | 'stes'>;
}

export class SteComparison {
  /** StreamIDs with an active STE at one of the moments, of which the STE, a CD or the L1 descriptor changed. */
  devices = 0;
  guests = 0;
  /** Those asked for that have, or may have, an entry. */
  readonly met = new Set<number>();
  /** STEs of arrays that were met before, for this SMMU or another one. */
  repeatedStes = 0;
  /** There were more than anybody looks at; those behind were not compared. */
  cut = false;
  readonly #moments: BeforeAfter<DiffMoment>;
  readonly #sinks: SteSinks;

  constructor(moments: BeforeAfter<DiffMoment>, sinks: SteSinks) {
    this.#moments = moments;
    this.#sinks = sinks;
  }

  /** Of the whole tables, or of these StreamIDs, which ascend. */
  compare(sids: readonly number[] | undefined): void {
    const { before, after } = this.#moments;
    const total = 2 ** Math.max(before.table.geometry.log2Size, after.table.geometry.log2Size);
    const all = sideBySide(steStretches(before.table), steStretches(after.table));
    for (const stretch of sids === undefined ? all : only(all, sids)) {
      if (this.cut) return;
      if (sids !== undefined) this.met.add(stretch.first);
      this.#stretch(stretch, (done) => this.#sinks.progress('comparing the stream tables', done, total));
    }
  }

  #stretch({ first, count, before, after }: PairedStretch, progress: (done: number) => void): void {
    const { before: left, after: right } = this.#moments;
    if (before?.paddr === null || after?.paddr === null) {
      this.#miss('l1-table', first, count, stretchState(left, before), stretchState(right, after));
      return;
    }
    const { arrays } = this.#sinks.budget;
    const paddr = before?.paddr ?? after?.paddr ?? 0;
    if (arrays.has(paddr)) this.repeatedStes += count;
    else arrays.add(paddr);
    const table = (before === null ? right : left).table.geometry.format === '2lvl' ? 'l2-table' : 'stream-table';
    for (const slice of lockstep(placeOf(left.memory, before), placeOf(right.memory, after), STE_BYTE_LENGTH, count)) {
      progress(first + slice.first);
      this.cut = this.#sinks.budget.stes <= 0;
      if (this.cut) return;
      if (slice.before?.known === false || slice.after?.known === false) {
        const states = [slice.before?.state ?? null, slice.after?.state ?? null] as const;
        this.#miss(table, first + slice.first, slice.count, ...states);
      } else this.#slice(first + slice.first, slice);
    }
  }

  #miss(
    table: MissingTable,
    firstSid: number,
    entries: number,
    before: MissingStretch['before'],
    after: MissingStretch['after'],
  ): void {
    this.#sinks.missing.add({ table, firstSid, lastSid: firstSid + entries - 1, entries, before, after });
  }

  /** Meets every STE of both dumps, most of which are abort and the same. */
  #slice(firstSid: number, { count, before, after }: PairedSlice): void {
    const same = before !== null && after !== null && sameWords(before.words, after.words);
    for (let i = 0, at = 0; i < count; i++, at += WORDS) {
      const left = before === null ? 0 : (before.words[at] as number) & 0xf;
      const right = after === null ? 0 : (after.words[at] as number) & 0xf;
      const active = isActive(left) || isActive(right);
      // Of a table that is there at one moment only, what does something counts.
      const differs =
        !same && (before === null || after === null ? active : entryDiffers(before.words, after.words, at, WORDS));
      if (!differs && !active) continue;
      this.#sinks.budget.stes -= 1;
      const sid = firstSid + i;
      if (differs) this.#sinks.changes.add(() => this.#change(sid, i, before, after));
      const cdsDiffer = before !== null && after !== null && this.#contexts(sid, at, left, right, before, after);
      if (active && (differs || cdsDiffer || this.#isBehindChange(sid))) this.devices += 1;
      if (active) this.#sinks.mappings?.stream(sid, { before: wideAt(before, at), after: wideAt(after, at) });
    }
  }

  #isBehindChange(sid: number): boolean {
    const { split } = this.#moments.before.table.geometry;
    return this.#sinks.changedL1.size > 0 && this.#sinks.changedL1.has(Math.floor(sid / 2 ** split));
  }

  /** A stream that is stage 1 at one moment only has CDs there alone: its STE says so. */
  #contexts(sid: number, at: number, left: number, right: number, before: SliceSide, after: SliceSide): boolean {
    if (left === NESTED && right === NESTED) this.guests += 1;
    if (left !== STAGE_1 || right !== STAGE_1) return false;
    return this.#sinks.cds.compare(sid, { before: wideAt(before, at), after: wideAt(after, at) });
  }

  #change(sid: number, i: number, before: SliceSide | null, after: SliceSide | null): Omit<SteChange, 'device'> {
    const left = before && stateAt(before, i, this.#moments.before);
    const right = after && stateAt(after, i, this.#moments.after);
    const deviceName = this.#moments.before.names?.deviceOf(sid) ?? null;
    return { sid, bdf: bdfOf(sid), deviceName, ...changeOf(STE, left, right) };
  }
}

function wideAt<T extends SliceSide | null>(side: T, at: number): bigint[] | Extract<T, null> {
  return (side === null ? null : wideWords(side.words, at, STE_BYTE_LENGTH)) as bigint[] | Extract<T, null>;
}

/** V, and a Config other than abort. */
function isActive(low: number): boolean {
  return (low & 1) === 1 && low !== 1;
}

/** The descriptor's state, or that of the entries themselves. */
function stretchState({ memory }: DiffMoment, stretch: Stretch | null): MissingStretch['before'] {
  if (stretch === null) return null;
  return stretch.paddr === null ? stretch.state : memory.stateOf(stretch.paddr, stretch.count * STE_BYTE_LENGTH);
}

function stateAt(side: SliceSide, i: number, { hw }: DiffMoment): SteState {
  const wide = wideWords(side.words, i * WORDS, STE_BYTE_LENGTH);
  return {
    address: side.paddr + i * STE_BYTE_LENGTH,
    pageState: side.state,
    words: wide,
    ...steConfig(side.words[i * WORDS] as number),
    illegal: steIllegalities(wide, hw),
  };
}
