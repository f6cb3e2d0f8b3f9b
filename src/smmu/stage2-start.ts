/**
 * Where a VMSAv8-64 stage 2 walk begins (DDI 0487, "Stage 2 translation tables, start level", and IHI 0070, STE.S2SL0).
 * Other than at stage 1 software chooses the level, and up to 16 tables may stand side by side at it.
 */

interface Start {
  readonly granuleLog2: number;
  readonly sl0: number;
  readonly level: number;
  /** The values of S2T0SZ that fit. Below the smallest, the first level would need more than 16 tables. */
  readonly min: number;
  readonly max: number;
  /** The smallest with S2DS, where that is another. */
  readonly minWithDs?: number;
  readonly needs?: 'ds' | 'stt';
}

const STARTS: readonly Start[] = [
  { granuleLog2: 12, sl0: 2, level: 0, min: 16, max: 24, minWithDs: 12 },
  { granuleLog2: 12, sl0: 1, level: 1, min: 21, max: 33 },
  { granuleLog2: 12, sl0: 0, level: 2, min: 30, max: 42 },
  { granuleLog2: 12, sl0: 3, level: 3, min: 39, max: 48, needs: 'stt' },
  { granuleLog2: 14, sl0: 3, level: 0, min: 12, max: 16, needs: 'ds' },
  { granuleLog2: 14, sl0: 2, level: 1, min: 16, max: 27, minWithDs: 13 },
  { granuleLog2: 14, sl0: 1, level: 2, min: 24, max: 38 },
  { granuleLog2: 14, sl0: 0, level: 3, min: 35, max: 48 },
  { granuleLog2: 16, sl0: 2, level: 1, min: 12, max: 21 },
  { granuleLog2: 16, sl0: 1, level: 2, min: 18, max: 34 },
  { granuleLog2: 16, sl0: 0, level: 3, min: 31, max: 47 },
];

/** Sizes above this need IDR3.STT at every level. */
const LARGEST_WITHOUT_STT = 39;

/**
 * The first level, -1 to 3, or null where start level and size do not fit together. `sl02` is S2SL0_2, which counts with
 * S2DS and the 4KB granule only; `ds` is S2DS where the hardware has it, `stt` IDR3.STT.
 */
export function stage2StartLevel(
  granuleLog2: number,
  sl0: number,
  sl02: number,
  t0sz: number,
  ds: boolean,
  stt: boolean,
): number | null {
  if (ds && granuleLog2 === 12 && sl02 === 1) return sl0 === 0 && t0sz >= 12 && t0sz <= 15 ? -1 : null;
  const start = STARTS.find((one) => one.granuleLog2 === granuleLog2 && one.sl0 === sl0);
  if (start === undefined || (!stt && t0sz > LARGEST_WITHOUT_STT)) return null;
  const { level, min, max, minWithDs = min, needs } = start;
  if ((needs === 'ds' && !ds) || (needs === 'stt' && !stt)) return null;
  return t0sz >= (ds ? minWithDs : min) && t0sz <= max ? level : null;
}
