/**
 * Granules, and how many bits of an address they let a walk take in: IHI 0070, CD.TGx, CD.TxSZ, STE.S2TG, STE.S2T0SZ;
 * DDI 0487, "Translation granules" and "The VMSAv8-64 address translation stages".
 */

import type { FeatureName } from './registers/hardware-features.ts';

/** log2 of the granule's bytes by the field's value; null for a reserved one. TG1 is numbered differently. */
export const GRANULES: Readonly<Record<'TG0' | 'TG1' | 'S2TG', readonly (number | null)[]>> = {
  TG0: [12, 16, 14, null],
  TG1: [null, 14, 12, 16],
  S2TG: [12, 16, 14, null],
};

const GRANULE_64K = 16;

/** What IDR5 says of each granule, by its log2. */
export const GRANULE_FEATURES = [
  { log2: 12, name: '4KB', feature: 'GRAN4K' },
  { log2: 14, name: '16KB', feature: 'GRAN16K' },
  { log2: 16, name: '64KB', feature: 'GRAN64K' },
] as const satisfies readonly { log2: number; name: string; feature: FeatureName }[];

/** Inclusive limits of T0SZ, T1SZ or S2T0SZ: the larger, the fewer bits the input has. */
export interface SizeLimits {
  readonly min: number;
  readonly max: number;
}

/** Whether a TxSZ or S2T0SZ is one of those. */
export function within({ min, max }: SizeLimits, size: number): boolean {
  return min <= size && size <= max;
}

/** `stt`: IDR3.STT. Small tables begin at the last level, which has room for one descriptor at least. */
function largestSize(granuleLog2: number, stt: boolean): number {
  if (!stt) return 39;
  return granuleLog2 === GRANULE_64K ? 47 : 48;
}

/** Of T0SZ and T1SZ. `ds`: CD.DS where the hardware has it. `vax`: IDR5.VAX. */
export function stage1SizeLimits(granuleLog2: number, ds: boolean, vax: number, stt: boolean): SizeLimits {
  const wide = vax >= 1 && (ds || granuleLog2 === GRANULE_64K);
  return { min: wide ? 12 : 16, max: largestSize(granuleLog2, stt) };
}

/** Of S2T0SZ. `ds`: STE.S2DS where the hardware has it. `anyMin`: the SMMU is, or may be, of version 3.0. */
export function stage2SizeLimits(
  granuleLog2: number,
  ds: boolean,
  iasBits: number,
  stt: boolean,
  anyMin: boolean,
): SizeLimits {
  const leastByFormat = ds || granuleLog2 === GRANULE_64K ? 12 : 16;
  return { min: Math.max(anyMin ? 0 : leastByFormat, 64 - iasBits), max: largestSize(granuleLog2, stt) };
}

/** Bits of the index into one table: a table fills its granule with 8-byte descriptors. */
function indexBits(granuleLog2: number): number {
  return granuleLog2 - 3;
}

/** The level at which a VMSAv8-64 stage 1 walk begins, -1 to 3, for a size within {@link stage1SizeLimits}. */
export function stage1StartLevel(granuleLog2: number, t0sz: number): number {
  return 4 - Math.ceil((64 - t0sz - granuleLog2) / indexBits(granuleLog2));
}
