/** `translate --all`: everything that a stream can reach, as ranges in the order of input addresses. */

import type { PageState } from '../dump/memory.ts';
import { Rows } from '../rows.ts';
import { iasBits, oasBits } from '../smmu/registers/hardware-features.ts';
import type { LeafAttributes } from '../smmu/translation/attributes.ts';
import type { HalfReason } from '../smmu/translation/reasons.ts';
import { ALL_RIGHTS } from '../smmu/translation/rights.ts';
import { Budget, joinedStretches, type Stretch, TableMap } from '../smmu/translation/table-map.ts';
import { tableSetsOf } from '../smmu/translation/table-set.ts';
import type { FaultEvent } from '../smmu/translation/walk.ts';
import type { Assumption } from '../snapshot/assumption.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import {
  answerTo,
  type EndingReason,
  type Permissions,
  permissionsOf,
  type StreamAnswer,
  type StreamQuestion,
  StreamTranslator,
  type TranslationMemory,
  type TranslationOutcome,
  type TranslationStep,
} from './translation.ts';

/** More than the pages of 4 GiB, none of which follows the one before it: a hostile table has millions. */
const MAX_RANGES = 1 << 20;
/** What making a stretch costs, in descriptors that are only read. */
const STRETCH_COST = 16;

/** Input addresses that are treated alike. */
export interface IovaRange {
  readonly kind: Stretch<PageState>['kind'] | 'bypass';
  readonly start: bigint;
  readonly byteLength: number;
  /** Of `start`; null unless mapped or passed through. */
  readonly pa: number | null;
  readonly privilegedPermissions: Permissions | null;
  readonly unprivilegedPermissions: Permissions | null;
  /** The same as bits, as `smmu/translation/rights.ts` has them. */
  readonly rights: number | null;
  /** By stage; none unless mapped. */
  readonly attributes: readonly LeafAttributes[];
  /** Blocks and pages. */
  readonly leaves: number;
  /** Whether any of it is the kdump kernel's memory, as far as that is known. */
  readonly kdump: boolean;
  /** The event of a fault; where it is unknown, the state of the table that is missing. */
  readonly why: FaultEvent | PageState | null;
}

export interface IovaSpaceReport extends StreamAnswer {
  readonly outcome: TranslationOutcome;
  readonly fault: FaultEvent | null;
  readonly why: EndingReason | null;
  readonly asid: number | null;
  /** What is not in a range is not mapped: F_TRANSLATION. */
  readonly ranges: Rows<IovaRange>;
  /** Halves without ranges. */
  readonly halves: readonly { readonly half: number; readonly why: HalfReason }[];
  /** Of the configuration, down to the CD. */
  readonly steps: readonly TranslationStep[];
  readonly assumptions: readonly Assumption[];
}

/** Everything that a stream can reach; `descriptors` limits how many may be read: see {@link Budget}. */
export function iovaSpaceReport(
  smmu: SmmuSnapshot,
  memory: TranslationMemory,
  question: StreamQuestion,
  descriptors?: number,
): IovaSpaceReport {
  const stream = new StreamTranslator(smmu, memory, question);
  const { context, end } = stream;
  const passes = stream.passesAll || (context !== null && context.stage1 === null && context.stage2 === null);
  return {
    ...answerTo(smmu, question),
    outcome: end?.outcome ?? (passes ? 'bypass' : 'translated'),
    fault: end?.fault ?? null,
    why: end?.why ?? null,
    asid: context?.stage1?.asid ?? null,
    ranges: new Rows(() => (end === null ? listed(rangesOf(stream, memory, new Budget(descriptors)), memory) : [])),
    halves: context?.stage1?.halves.flatMap(({ regime, why }, half) => (regime === null ? [{ half, why }] : [])) ?? [],
    steps: stream.steps,
    assumptions: stream.assumptions,
  };
}

/** Whether a range says that tables are missing from the dump, or too many to be gone through. */
export function isIncomplete({ kind }: IovaRange): boolean {
  return kind === 'unknown' || kind === 'cut';
}

function* rangesOf(
  { context, hw }: StreamTranslator,
  { view }: TranslationMemory,
  budget: Budget,
): Generator<IovaRange> {
  if (context === null || (context.stage1 === null && context.stage2 === null)) {
    yield passed(oasBits(hw) ?? 52);
    return;
  }
  const map = new TableMap(view, context.stage1 === null ? null : context.stage2, budget);
  for (const { regime, base, usable } of tableSetsOf(context).filter((set) => set !== null)) {
    // What comes to stage 2 alone is an intermediate address.
    const to = Math.min(2 ** regime.inputBits, regime.stage === 2 ? 2 ** (iasBits(hw) ?? 52) : Infinity);
    for (const stretch of joinedStretches(charged(map.stretches(regime, 0, to), budget))) {
      yield rangeOf({ ...stretch, rights: stretch.rights & usable }, base);
    }
  }
}

/** As many as a report lists, and behind them where it stops. */
function* listed(ranges: Iterable<IovaRange>, memory: TranslationMemory): Generator<IovaRange> {
  let count = 0;
  for (const range of ranges) {
    if (count === MAX_RANGES) {
      yield cutAt(range.start);
      return;
    }
    count += 1;
    yield inKdumpMemory(range, memory) ? { ...range, kdump: true } : range;
  }
}

/** A table of garbage makes a stretch of every entry, each of which costs more than the entry. */
function* charged(stretches: Iterable<Stretch<PageState>>, budget: Budget): Generator<Stretch<PageState>> {
  for (const stretch of stretches) {
    budget.spend(STRETCH_COST);
    yield stretch;
  }
}

/** Nothing is said of what comes from this address on. */
function cutAt(start: bigint): IovaRange {
  const nothing = { byteLength: 0, output: 0, rights: 0, attributes: [], leaves: 0, why: null };
  return rangeOf({ kind: 'cut', start: 0, ...nothing }, start);
}

/** Of what passes through the input addresses are the physical ones. */
function inKdumpMemory({ kind, start, pa, byteLength }: IovaRange, { map }: TranslationMemory): boolean {
  if (kind === 'bypass') return map.touchesKdump(Number(start), byteLength);
  return pa !== null && map.touchesKdump(pa, byteLength);
}

function passed(bits: number): IovaRange {
  const everything = { kind: 'mapped', start: 0, byteLength: 2 ** bits, output: 0, rights: ALL_RIGHTS } as const;
  return { ...rangeOf({ ...everything, attributes: [], leaves: 0, why: null }, 0n), kind: 'bypass' };
}

function rangeOf(
  { kind, start, byteLength, output, rights, attributes, leaves, why }: Omit<Stretch<PageState>, 'isStage2Device'>,
  base: bigint,
): IovaRange {
  const first = base + BigInt(start);
  const mapped = kind === 'mapped';
  return {
    kind,
    start: first,
    byteLength,
    pa: mapped ? output : null,
    privilegedPermissions: mapped ? permissionsOf(rights, true) : null,
    unprivilegedPermissions: mapped ? permissionsOf(rights, false) : null,
    rights: mapped ? rights : null,
    attributes,
    leaves,
    kdump: false,
    why,
  };
}
