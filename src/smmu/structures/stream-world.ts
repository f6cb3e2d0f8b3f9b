/** Which translation regime a Non-secure stream belongs to (IHI 0070, "StreamWorld" and STE.STRW). */

import { fieldBits, fieldOf } from '../fields.ts';
import type { HardwareFeatures } from '../registers/hardware-features.ts';
import { STE } from './ste.ts';

/** A Non-secure Stream table knows no EL3. */
export type StreamWorld = 'el1' | 'el2' | 'el2-e2h';

/** STRW counts only where stage 1 is the only stage, and where the SMMU has EL2 contexts at all. */
export function strwUsed(config: number, hw: HardwareFeatures): boolean | null {
  if (config !== 5) return false;
  if (hw.S1P === 0 || hw.Hyp === 0) return false;
  return hw.S1P === null || hw.Hyp === null ? null : true;
}

/** Null where the features do not tell, and for the values of STRW that make an STE illegal. */
export function streamWorld(ste: readonly bigint[], hw: HardwareFeatures): StreamWorld | null {
  const field = (name: string) => Number(fieldBits(fieldOf(STE, name), ste));
  const strw = field('STRW');
  const used = strwUsed(field('Config'), hw);
  if (used === false || strw === 0) return 'el1';
  if (used === null || strw !== 2 || hw.E2H === null) return null;
  return hw.E2H === 1 ? 'el2-e2h' : 'el2';
}

/**
 * Whether EPDx of a CD turns the half off. It does not in a stream of EL2 without E2H, which has TTB0 alone (IHI 0070,
 * CD.EPD0); in a world that is not known it may.
 */
export function walkDisabled(cdField: (name: string) => number, half: 0 | 1, world: StreamWorld | null): boolean {
  return cdField(`EPD${half}`) === 1 && world !== 'el2';
}
