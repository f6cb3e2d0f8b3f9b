/**
 * How memory behind a block or a page is cached and shared: MAIR bytes (DDI 0487, MAIR_EL1), MemAttr of stage 2, and SH.
 * Attributes that say the same are equal, whatever their bits.
 */

/** Memory type and shareability of one stage. */
export interface LeafAttributes {
  readonly stage: 1 | 2;
  readonly type: MemoryType;
  /** SH, or with DS, which puts address bits in its place, that of the CD or the STE. */
  readonly shareability: number;
}

/** Of Normal memory, `outer` and `inner` are the halves of a MAIR byte, or the two bits that MemAttr has for each. */
export type MemoryType =
  | { readonly kind: (typeof DEVICE_KINDS)[number] | 'as-stage-1' | 'reserved' }
  | { readonly kind: 'reserved-mair'; readonly mair: number }
  | { readonly kind: 'normal' | 'normal-by-mem-attr'; readonly outer: number; readonly inner: number };

const DEVICE_KINDS = ['Device-nGnRnE', 'Device-nGnRE', 'Device-nGRE', 'Device-GRE'] as const;

/** The type that a byte of MAIR gives. */
export function mairType(mair: number): MemoryType {
  const [outer, inner] = [mair >> 4, mair & 0xf];
  if (outer === 0 && (inner & 3) === 0) return deviceType(inner >> 2);
  if (outer === 0 || inner === 0) return { kind: 'reserved-mair', mair };
  return { kind: 'normal', outer, inner };
}

/** What both stages say in the same words is one type. */
const NON_CACHEABLE: MemoryType = { kind: 'normal', outer: 4, inner: 4 };

/**
 * The type that MemAttr of a stage 2 leaf gives; `fwb` is STE.S2FWB, with which it says what stage 1 is overridden by, and
 * its upper bit is RES0.
 */
export function memAttrType(memAttr: number, fwb: boolean): MemoryType {
  const counting = fwb ? memAttr & 7 : memAttr;
  if (counting < 4) return deviceType(counting);
  if (!fwb && memAttr !== 5) return { kind: 'normal-by-mem-attr', outer: memAttr >> 2, inner: memAttr & 3 };
  return counting === 5 ? NON_CACHEABLE : (FORCED[counting - 6] ?? { kind: 'reserved' });
}

function deviceType(index: number): MemoryType {
  return { kind: DEVICE_KINDS[index] as (typeof DEVICE_KINDS)[number] };
}

/** With S2FWB, from MemAttr 6 on. */
const FORCED: readonly MemoryType[] = [{ kind: 'normal-by-mem-attr', outer: 3, inner: 3 }, { kind: 'as-stage-1' }];

/** Whether both say the same, whichever stage it is of where there is one. */
export function sameAttributes(some: readonly LeafAttributes[], others: readonly LeafAttributes[]): boolean {
  return some === others || (some.length === others.length && some.every((one, i) => isSame(one, others[i])));
}

function isSame(one: LeafAttributes, other: LeafAttributes | undefined): boolean {
  return other !== undefined && one.shareability === other.shareability && isSameType(one.type, other.type);
}

function isSameType(one: MemoryType, other: MemoryType): boolean {
  if (one.kind === 'reserved-mair') return other.kind === one.kind && other.mair === one.mair;
  if (!('outer' in one)) return one.kind === other.kind;
  return other.kind === one.kind && other.outer === one.outer && other.inner === one.inner;
}
