/** What a block or page descriptor says of what it maps, in the regime that it belongs to. */

import { type LeafAttributes, mairType, memAttrType } from './attributes.ts';
import type { Regime, Stage1Regime } from './regime.ts';
import { stage1Rights, stage2Rights } from './rights.ts';

/** What a block or page descriptor allows, within the `limits` that tables above it set (VMSAv8-64 permissions). */
export function leafRights(regime: Regime, low: number, high: number, limits: number): number {
  return regime.stage === 1 ? stage1Rights(low, high, limits, regime.rights) : stage2Rights(low, high, regime.rights);
}

/** Memory type and shareability. */
export function leafAttributes(regime: Regime, low: number, high: number): LeafAttributes {
  const type =
    regime.stage === 1
      ? mairType(regime.mair[attributeIndex(regime, low, high)] as number)
      : memAttrType((low >>> 2) & 0xf, regime.fwb);
  return { stage: regime.stage, type, shareability: regime.ds ? regime.shareability : (low >>> 8) & 3 };
}

/** AttrIndx of a stage 1 block or page; bit 3 is bit 59 of the descriptor where the CD has AIE. */
export function attributeIndex({ mair }: Stage1Regime, low: number, high: number): number {
  return ((low >>> 2) & 7) + (mair.length > 8 && (high & ATTR_INDEX_3) !== 0 ? 8 : 0);
}

const ATTR_INDEX_3 = 1 << 27;
