/** One set of translation tables, gone through once: what it maps, what of it is damaged, what reaches the kdump kernel. */

import type { AddressRange, PageState } from '../../dump/memory.ts';
import type { MemoryView } from '../../dump/view.ts';
import type { Regime } from '../../smmu/translation/regime.ts';
import { ANY_WRITE } from '../../smmu/translation/rights.ts';
import { Budget, type Stretch, TableMap, type VisitedTable } from '../../smmu/translation/table-map.ts';
import type { TableSet } from '../../smmu/translation/table-set.ts';

/**
 * For one SMMU, in descriptors, of which those that a run goes on with cost nearly nothing. What costs more is charged
 * for it: 2^26 are 256 GiB in pages of 4 KiB that follow one another, and 28 GiB in pages that do not, in some seconds.
 */
const MAX_COST = 2 ** 26;
const STRETCH_COST = 8;
const TABLE_COST = 64;
const REPEATED_TABLE_COST = 4;
/** Distinct tables remembered: 4 GiB of them. */
const MAX_TABLES = 1 << 20;

/** What all walks of one SMMU may cost together. */
export class WalkBudget extends Budget {
  tables: number;

  constructor({ cost = MAX_COST, tables = MAX_TABLES } = {}) {
    super(cost);
    this.tables = tables;
  }
}

/**
 * What is walked unasked, of all SMMUs together: tables of 2 GiB in pages of 4 KiB that follow one another. Each is a page
 * to be read, of a dump that may be far away.
 */
export const UNASKED = { cost: 2 ** 22, tables: 1 << 10 };

/** Writable memory of the kdump kernel: the first address that leads there, and how much in how many ranges. */
export interface KdumpHits {
  readonly iova: bigint;
  readonly pa: number;
  byteLength: number;
  ranges: number;
}

/** Stretches that are not mapped for the same reason. */
export interface Unmapped extends Pick<Stretch<PageState>, 'kind' | 'why'> {
  times: number;
  readonly first: bigint;
}

export interface Walked {
  mappedBytes: number;
  writableBytes: number;
  leaves: number;
  tables: number;
  missingTables: number;
  faults: number;
  complete: boolean;
  /** By what is wrong: how often, and where first. */
  readonly damage: Map<Stretch<PageState>['why'], Unmapped>;
  kdump: KdumpHits | null;
}

/**
 * Goes through one set of translation tables, as far as `budget` allows: what is mapped, writable, in the kdump
 * kernel's memory, or damaged.
 */
export function walkTables(
  { regime, stage2, base, usable }: TableSet,
  memory: MemoryView,
  kdumpRam: readonly AddressRange[],
  budget: WalkBudget,
): Walked {
  const result: Walked = {
    mappedBytes: 0,
    writableBytes: 0,
    leaves: 0,
    tables: 0,
    missingTables: 0,
    faults: 0,
    complete: !budget.exhausted,
    damage: new Map(),
    kdump: null,
  };
  if (budget.exhausted) return result;
  const map = new TableMap<PageState>(memory, stage2, budget, visitor(regime, budget, result));
  /** Where the last hit ended, on both sides. */
  let [nextIova, nextPa] = [-1n, -1];
  for (const stretch of map.stretches(regime)) {
    budget.spend(STRETCH_COST);
    const { kind, start, byteLength, output, why } = stretch;
    if (kind === 'cut') result.complete = false;
    else if (kind !== 'mapped') {
      if (kind === 'unknown') result.missingTables += 1;
      else result.faults += 1;
      const known = result.damage.get(why);
      if (known === undefined) result.damage.set(why, { kind, why, times: 1, first: base + BigInt(start) });
      else known.times += 1;
    } else {
      result.leaves += stretch.leaves;
      result.mappedBytes += byteLength;
      if ((stretch.rights & usable & ANY_WRITE) === 0) continue;
      result.writableBytes += byteLength;
      for (const range of kdumpRam) {
        const [from, to] = [Math.max(range.start, output), Math.min(range.end, output + byteLength)];
        if (from >= to) continue;
        const iova = base + BigInt(start + (from - output));
        result.kdump ??= { iova, pa: from, byteLength: 0, ranges: 0 };
        result.kdump.byteLength += to - from;
        if (iova !== nextIova || from !== nextPa) result.kdump.ranges += 1;
        [nextIova, nextPa] = [iova + BigInt(to - from), to];
      }
    }
  }
  return result;
}

/** Lets each table be read once, but for those of a stage 2 below, without which nothing above them can be found. */
function visitor({ stage }: Regime, budget: WalkBudget, result: Walked): (table: VisitedTable) => boolean {
  const seen = new Map<number, Set<number>>();
  return ({ stage: its, level, address, limits }) => {
    const ofLevel = level * 2 + its;
    let there = seen.get(ofLevel);
    if (there === undefined) {
      there = new Set();
      seen.set(ofLevel, there);
    }
    // The same table at the same level with the same limits maps the same memory again. A table is aligned to 16 bytes
    // at least, so that 52 address bits and the limits fit exactly.
    const key = address + limits;
    const below = its !== stage;
    const repeated = there.has(key);
    budget.spend(repeated && !below ? REPEATED_TABLE_COST : TABLE_COST);
    if (repeated) return below;
    if (budget.tables > 0) {
      budget.tables -= 1;
      there.add(key);
      result.tables += 1;
    } else if (!below) {
      result.complete = false;
      return false;
    }
    return true;
  };
}
