/** The contexts of one stream at both moments: the SubstreamIDs that either of them has a valid CD for. */

import { fieldBits, fieldOf } from '../../smmu/fields.ts';
import { CD_BYTE_LENGTH, type CdTable, cdTableBehind, isValidCd } from '../../smmu/structures/cd-table.ts';
import { STE } from '../../smmu/structures/ste.ts';
import { steIllegalities } from '../../smmu/structures/ste-legality.ts';
import { steConfig } from '../../smmu/structures/stream-table.ts';
import type { Budget } from '../../smmu/translation/table-map.ts';
import type { BeforeAfter } from '../before-after.ts';
import { lockstep, type SliceSide } from '../lockstep.ts';
import type { DiffMoment } from '../moment.ts';
import { cdStretches, placeOf, type Stretch, sideBySide } from '../stretches.ts';

export interface PairedContext {
  readonly ssid: number;
  /** The SubstreamID that a transaction has to bring along to get there, at each moment; null for one without. */
  readonly substreams: BeforeAfter<number | null>;
}

/** What making a context costs, in descriptors. */
const CONTEXT_COST = 512;
const WORDS = CD_BYTE_LENGTH / 4;

/** Ends early with the budget. `missing` hears of CDs that a dump lacks. */
export function* contextsOf(
  stes: BeforeAfter<readonly bigint[] | null>,
  moments: BeforeAfter<DiffMoment>,
  budget: Budget,
  missing: () => void,
): Generator<PairedContext> {
  const { before, after } = moments;
  const [left, right] = [stageOne(stes.before, before), stageOne(stes.after, after)];
  const context = (ssid: number): PairedContext => {
    budget.spend(CONTEXT_COST);
    return { ssid, substreams: { before: substreamOf(left, ssid), after: substreamOf(right, ssid) } };
  };
  // Without CDs of its own, what a stream has is met without a SubstreamID.
  const always = left === null || right === null;
  if (always) yield context(0);
  const [leftStretches, rightStretches] = [stretches(left, before), stretches(right, after)];
  for (const stretch of sideBySide(leftStretches, rightStretches)) {
    const places = [place(before, stretch.before), place(after, stretch.after)] as const;
    if (stretch.before?.paddr === null || stretch.after?.paddr === null) missing();
    for (const slice of lockstep(...places, CD_BYTE_LENGTH, stretch.count)) {
      if (slice.before?.known === false || slice.after?.known === false) missing();
      for (let i = 0; i < slice.count; i++) {
        const ssid = stretch.first + slice.first + i;
        if (!isValid(slice.before, i) && !isValid(slice.after, i)) continue;
        if (budget.exhausted) return;
        if (ssid > 0 || !always) yield context(ssid);
      }
      budget.spend(slice.count);
    }
  }
}

interface StageOne {
  readonly table: CdTable;
  readonly s1dss: number;
}

/** Null for a stream without CDs in physical memory. Where an illegal STE points to, nothing is to be looked for. */
function stageOne(ste: readonly bigint[] | null, { hw, ssidBits }: DiffMoment): StageOne | null {
  if (ste === null || steConfig(Number((ste[0] as bigint) & 0xffff_ffffn)).config !== 's1') return null;
  if (steIllegalities(ste, hw).length > 0) return null;
  return { table: cdTableBehind(ste, ssidBits), s1dss: Number(fieldBits(fieldOf(STE, 'S1DSS'), ste)) };
}

/** With S1DSS 2, CD 0 is what serves transactions without a SubstreamID, and them alone. */
function substreamOf(stage1: StageOne | null, ssid: number): number | null {
  if (ssid > 0) return ssid;
  return stage1 === null || stage1.table.format === 'single' || stage1.s1dss === 2 ? null : 0;
}

function stretches(stage1: StageOne | null, { memory }: DiffMoment): Iterable<Stretch> {
  return stage1 === null ? [] : cdStretches(stage1.table, memory);
}

/** Null where the way to the CDs is missing. */
function place({ memory }: DiffMoment, stretch: Stretch | null) {
  return stretch?.paddr === null ? null : placeOf(memory, stretch);
}

function isValid(side: SliceSide | null, i: number): boolean {
  return side?.known === true && isValidCd(side.words, i * WORDS);
}
