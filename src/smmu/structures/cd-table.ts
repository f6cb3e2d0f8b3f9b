/**
 * Context descriptor tables as the hardware walks them (IHI 0070, "Context descriptor table"): where the CDs of one
 * stage 1 STE are, for every S1Fmt of the architecture. What Linux's adoption makes of them is another room's matter.
 */

import { fieldBits, fieldOf } from '../fields.ts';
import { STE } from './ste.ts';
import type { EntrySlice, TableMemory } from './ste-reader.ts';

export const CD_BYTE_LENGTH = 64;
export const L1CD_BYTE_LENGTH = 8;

/** Address bits 51:12 of a level 1 context descriptor, given as two halves. */
export function l1CdPointer(low: number, high: number): number {
  return (high & 0xfffff) * 2 ** 32 + ((low & ~0xfff) >>> 0);
}

export type CdTableFormat = 'single' | 'linear' | '4k-leaves' | '64k-leaves';

export interface CdTable {
  readonly format: CdTableFormat;
  /** S1ContextPtr, address bits 51:6. */
  readonly paddr: number;
  /** CDs that SubstreamIDs can reach: 2^S1CDMax. */
  readonly cds: number;
  /** CDs of one leaf; of the whole table when it has one level. */
  readonly leafCds: number;
}

/** Leaves of 4 KiB and of 64 KiB, by S1Fmt; the other two values are linear. */
const LEAF_CDS: Readonly<Record<number, number>> = { 1: 64, 2: 1024 };

/** The table behind a stage 1 STE. Without SubstreamIDs (S1CDMax or SSIDSIZE 0) there is one CD, and S1Fmt is ignored. */
export function cdTableOf(paddr: number, s1fmt: number, s1cdmax: number, ssidBits: number): CdTable {
  const substreams = s1cdmax > 0 && ssidBits > 0;
  const cds = substreams ? 2 ** s1cdmax : 1;
  const leafCds = substreams ? LEAF_CDS[s1fmt] : undefined;
  if (leafCds === undefined) return { format: substreams ? 'linear' : 'single', paddr, cds, leafCds: cds };
  return { format: leafCds === 64 ? '4k-leaves' : '64k-leaves', paddr, cds, leafCds };
}

/** The table of a stage 1 STE, given as its words. Address bits 55:52 exist in the newest architecture only. */
export function cdTableBehind(ste: readonly bigint[], ssidBits: number): CdTable {
  const field = (name: string) => fieldBits(fieldOf(STE, name), ste);
  const paddr = Number(BigInt.asUintN(52, field('S1ContextPtr')));
  return cdTableOf(paddr, Number(field('S1Fmt')), Number(field('S1CDMax')), ssidBits);
}

/** Whether a CD table has L1 descriptors. */
export function isTwoLevel({ format }: CdTable): boolean {
  return format === '4k-leaves' || format === '64k-leaves';
}

/** Arrays of CDs that the table comes to: the level 1 descriptors of one with two levels, else 1. */
export function cdArrayCount({ cds, leafCds }: CdTable): number {
  return Math.ceil(cds / leafCds);
}

/** Bytes at the table's own address: CDs, or level 1 descriptors. */
export function cdTableByteLength(table: CdTable): number {
  return isTwoLevel(table) ? cdArrayCount(table) * L1CD_BYTE_LENGTH : table.cds * CD_BYTE_LENGTH;
}

/** V of the CD whose 32-bit words begin at `words[at]`: bit 31 of the first. */
export function isValidCd(words: Uint32Array, at: number): boolean {
  return ((words[at] as number) & 0x8000_0000) !== 0;
}

/** An array of CDs in memory, the first for `firstSsid`. */
export interface CdArray {
  readonly firstSsid: number;
  readonly paddr: number;
  readonly count: number;
}

/** The arrays of a table; `onMissing` hears of level 1 descriptors that are not known: how many, from which on, and why. */
export function* cdArrays<S>(
  table: CdTable,
  memory: TableMemory<S>,
  onMissing: (descriptors: number, first: number, state: S) => void,
): Generator<CdArray> {
  const { paddr, cds, leafCds } = table;
  if (!isTwoLevel(table)) {
    yield { firstSsid: 0, paddr, count: cds };
    return;
  }
  for (const slice of memory.slices(paddr, L1CD_BYTE_LENGTH, cdArrayCount(table))) {
    if (!slice.known) onMissing(slice.count, slice.first, slice.state);
    for (const { index, leaf } of leaves(slice)) {
      // The hardware aligns a leaf to its size.
      const aligned = leaf - (leaf % (leafCds * CD_BYTE_LENGTH));
      yield { firstSsid: index * leafCds, paddr: aligned, count: Math.min(leafCds, cds - index * leafCds) };
    }
  }
}

/** The valid level 1 descriptors of a slice. */
function* leaves<S>({ first, count, known, words }: EntrySlice<S>): Generator<{ index: number; leaf: number }> {
  for (let i = 0; known && i < count; i++) {
    const low = words[2 * i] as number;
    if ((low & 1) === 1) yield { index: first + i, leaf: l1CdPointer(low, words[2 * i + 1] as number) };
  }
}

/** What traffic without a SubstreamID meets; `reserved` terminates it, too. */
export type WithoutSsid = 'only-cd' | 'terminated' | 'stage-1-bypassed' | 'cd-0' | 'reserved';

/** By STE.S1DSS, when there are SubstreamIDs. */
export const WITHOUT_SSID_BY_S1DSS = [
  'terminated',
  'stage-1-bypassed',
  'cd-0',
  'reserved',
] as const satisfies readonly WithoutSsid[];
