/** The sets of tables behind one context: those of stage 1, one for each half, or that of stage 2. */

import type { Regime, Stage2Regime } from './regime.ts';
import { ALL_RIGHTS, PRIVILEGED_RIGHTS } from './rights.ts';
import type { CdContext, StreamContext } from './stream-context.ts';

export interface TableSet {
  readonly regime: Regime;
  /** What stands under stage 1 tables and their output; null without. */
  readonly stage2: Stage2Regime | null;
  /** The input address that is 0 to the tables. */
  readonly base: bigint;
  /** Rights that accesses can make use of at all. */
  readonly usable: number;
}

/** Tables for low and for high input addresses; null where there is nothing to walk. */
export type TableSets = readonly [low: TableSet | null, high: TableSet | null];

/** The tables that translate low and high input addresses of a stream; null for a half without. */
export function tableSetsOf({ stage1, stage2 }: StreamContext): TableSets {
  if (stage1 !== null) return stage1Sets(stage1.halves, stage2);
  return [stage2 === null ? null : { regime: stage2, stage2: null, base: 0n, usable: ALL_RIGHTS }, null];
}

/** Those of a CD; `stage2` stands under them, or null. */
export function stage1Sets(halves: CdContext['halves'], stage2: Stage2Regime | null): TableSets {
  const ofHalf = (half: 0 | 1): TableSet | null => {
    const { regime, inputBits, privilegedOnly } = halves[half];
    if (regime === null) return null;
    const base = half === 0 ? 0n : (1n << 64n) - (1n << BigInt(inputBits));
    return { regime, stage2, base, usable: privilegedOnly ? PRIVILEGED_RIGHTS : ALL_RIGHTS };
  };
  return [ofHalf(0), ofHalf(1)];
}
