/** The context descriptors of one stream at both moments, SubstreamID by SubstreamID. */

import { fieldBits, fieldOf, wideWords } from '../smmu/fields.ts';
import { CD } from '../smmu/structures/cd.ts';
import { cdIllegalities } from '../smmu/structures/cd-legality.ts';
import { CD_BYTE_LENGTH, cdArrayCount, cdTableBehind, isValidCd } from '../smmu/structures/cd-table.ts';
import { bdfOf } from '../smmu/structures/stream-table.ts';
import type { BeforeAfter } from './before-after.ts';
import { changeOf } from './fields.ts';
import type { DiffBudget } from './limits.ts';
import type { Listed, MissingList } from './listed.ts';
import { entryDiffers, lockstep, type PairedSlice, type SliceSide, sameWords } from './lockstep.ts';
import type { DiffMoment } from './moment.ts';
import type { CdChange, CdState, MissingStretch, MissingTable } from './report.ts';
import { cdStretches, type PairedStretch, placeOf, type Stretch, sideBySide } from './stretches.ts';

const WORDS = CD_BYTE_LENGTH / 4;
/** Beginning with a table costs as much as comparing so many CDs. */
const TABLE_COST = 64;

/** The words of a stage 1 STE at both moments. */
export type StePair = BeforeAfter<readonly bigint[]>;

export class CdComparison {
  notExamined = 0;
  readonly #moments: BeforeAfter<DiffMoment>;
  readonly #changes: Listed<CdChange>;
  readonly #missing: MissingList;
  readonly #budget: Pick<DiffBudget, 'cds'>;

  constructor(
    moments: BeforeAfter<DiffMoment>,
    changes: Listed<CdChange>,
    missing: MissingList,
    budget: Pick<DiffBudget, 'cds'>,
  ) {
    this.#budget = budget;
    this.#moments = moments;
    this.#changes = changes;
    this.#missing = missing;
  }

  /** Whether a CD that is valid at one of the moments differs. */
  compare(sid: number, stes: StePair): boolean {
    const { before, after } = this.#moments;
    const [left, right] = [cdTableBehind(stes.before, before.ssidBits), cdTableBehind(stes.after, after.ssidBits)];
    const descriptors = cdArrayCount(left) + cdArrayCount(right);
    if (!this.#admits(TABLE_COST + descriptors)) {
      this.notExamined += Math.max(left.cds, right.cds);
      return false;
    }
    const total = this.#changes.total;
    for (const stretch of sideBySide(cdStretches(left, before.memory), cdStretches(right, after.memory))) {
      if (this.#admits(stretch.count)) this.#stretch(sid, stes, stretch);
      else this.notExamined += stretch.count;
    }
    return this.#changes.total > total;
  }

  #admits(entries: number): boolean {
    if (entries > this.#budget.cds) return false;
    this.#budget.cds -= entries;
    return true;
  }

  #stretch(sid: number, stes: StePair, { first, count, before, after }: PairedStretch): void {
    const missing = (table: MissingTable, entries: number, left: SideState, right: SideState) =>
      this.#missing.add({ table, firstSid: sid, lastSid: sid, entries, before: stateOf(left), after: stateOf(right) });
    if (before?.paddr === null || after?.paddr === null) {
      missing('cd-l1-table', count, before, after);
      return;
    }
    const { before: left, after: right } = this.#moments;
    const places = [placeOf(left.memory, before), placeOf(right.memory, after)] as const;
    for (const slice of lockstep(...places, CD_BYTE_LENGTH, count)) {
      if (slice.before?.known === false || slice.after?.known === false) {
        missing('cd-table', slice.count, slice.before, slice.after);
      } else this.#slice(sid, first, stes, slice);
    }
  }

  #slice(sid: number, firstSsid: number, stes: StePair, { first, count, before, after }: PairedSlice): void {
    if (before !== null && after !== null && sameWords(before.words, after.words)) return;
    for (let i = 0, at = 0; i < count; i++, at += WORDS) {
      if (!isValid(before, at) && !isValid(after, at)) continue;
      if (before !== null && after !== null && !entryDiffers(before.words, after.words, at, WORDS)) continue;
      this.#changes.add(() => {
        const left = before && stateAt(before, i, stes.before, this.#moments.before);
        const right = after && stateAt(after, i, stes.after, this.#moments.after);
        const deviceName = this.#moments.before.names?.deviceOf(sid) ?? null;
        return { sid, bdf: bdfOf(sid), deviceName, ssid: firstSsid + first + i, ...changeOf(CD, left, right) };
      });
    }
  }
}

type SideState = Stretch | SliceSide | null;

function stateOf(side: SideState): MissingStretch['before'] {
  return side === null ? null : side.state;
}

function isValid(side: SliceSide | null, at: number): boolean {
  return side !== null && isValidCd(side.words, at);
}

function stateAt(side: SliceSide, i: number, ste: readonly bigint[], { hw }: DiffMoment): CdState {
  const wide = wideWords(side.words, i * WORDS, CD_BYTE_LENGTH);
  return {
    address: side.paddr + i * CD_BYTE_LENGTH,
    pageState: side.state,
    words: wide,
    valid: isValid(side, i * WORDS),
    asid: Number(fieldBits(fieldOf(CD, 'ASID'), wide)),
    illegal: cdIllegalities(wide, ste, hw),
  };
}
