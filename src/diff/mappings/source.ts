/** What decides about the input addresses of one context at one moment, and which stretches that makes. */

import type { PageState } from '../../dump/memory.ts';
import { iasBits, oasBits } from '../../smmu/registers/hardware-features.ts';
import { ALL_RIGHTS } from '../../smmu/translation/rights.ts';
import { streamContext } from '../../smmu/translation/stream-context.ts';
import { type Budget, joinedStretches, type Stretch, TableMap } from '../../smmu/translation/table-map.ts';
import { type TableSet, tableSetsOf } from '../../smmu/translation/table-set.ts';
import type { MappingSource } from '../mapping-report.ts';
import type { DiffMoment } from '../moment.ts';
import type { InputRange } from './differing.ts';

export interface Source {
  readonly kind: MappingSource['kind'];
  /** Null unless `kind` says tables. */
  readonly set: TableSet | null;
  /** Input addresses that pass through; 0 unless `kind` says bypass. */
  readonly passes: number;
  readonly why: MappingSource['why'];
  /** Two sources with the same key read the same tables by the same rules. */
  readonly key: string;
}

const NONE: Source = { kind: 'none', set: null, passes: 0, why: null, key: 'none' };

/** For low and for high input addresses. `ste` is null for a stream without an entry. */
export function sourcesOf(
  ste: readonly bigint[] | null,
  ssid: number | null,
  { hw, memory }: DiffMoment,
): readonly [Source, Source] {
  if (ste === null) return [NONE, NONE];
  const context = streamContext<PageState>(ste, ssid, hw, memory, []);
  if (context.kind === 'abort') return [NONE, NONE];
  if (context.kind !== 'context') {
    const why = context.kind === 'fault' ? context.event : context.why;
    const source = { ...NONE, kind: context.kind, why, key: `${context.kind} ${JSON.stringify(why)}` } as const;
    return [source, source];
  }
  if (context.stage1 === null && context.stage2 === null) {
    const passes = 2 ** (oasBits(hw) ?? 52);
    return [{ ...NONE, kind: 'bypass', passes, key: `bypass ${passes}` }, NONE];
  }
  const [low, high] = tableSetsOf(context).map((set) =>
    set === null ? NONE : ({ ...NONE, kind: 'tables', set, key: keyOf(set) } as const),
  );
  return [low ?? NONE, high ?? NONE];
}

function keyOf({ base, ...set }: TableSet): string {
  return JSON.stringify({ base: String(base), ...set });
}

/** As the report has it. */
export function sourceReport({ kind, set, why }: Source): MappingSource {
  return {
    kind,
    stage: set?.regime.stage ?? null,
    table: set === null ? null : set.regime.base,
    nested: set !== null && set.stage2 !== null,
    why,
  };
}

/** Stretches of a range, counted from `base`. What raises F_TRANSLATION is what is not mapped, whoever finds out. */
export function* stretchesOf(
  { set, passes }: Source,
  { hw, memory }: DiffMoment,
  budget: Budget,
  base: bigint,
  range?: InputRange,
): Generator<Stretch<PageState>> {
  if (passes > 0) yield { ...PASSED, byteLength: passes };
  if (set === null) return;
  const { regime, stage2, usable } = set;
  const shift = Number(set.base - base);
  const end = Math.min(range?.to ?? 2 ** regime.inputBits, regime.stage === 2 ? 2 ** (iasBits(hw) ?? 52) : Infinity);
  const stretches = new TableMap(memory, stage2, budget).stretches(regime, range?.from ?? 0, end);
  for (const stretch of joinedStretches(stretches)) {
    if (stretch.kind === 'fault' && stretch.why === 'F_TRANSLATION') continue;
    yield { ...stretch, start: stretch.start + shift, rights: stretch.rights & usable };
  }
}

const PASSED: Stretch<never> = {
  kind: 'mapped',
  start: 0,
  byteLength: 0,
  output: 0,
  rights: ALL_RIGHTS,
  attributes: [],
  isStage2Device: false,
  leaves: 0,
  why: null,
};
