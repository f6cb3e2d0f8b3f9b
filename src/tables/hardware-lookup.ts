/** Where does the hardware find the STE of a StreamID? */

import { L1STD_BYTE_LENGTH, l1Lookup, type StreamTableGeometry } from '../smmu/structures/stream-table.ts';
import type { LookupEnd } from './lookup-end.ts';

/** The `index`-th STE of the array at `table`, or why there is none. */
export type StePlace = { readonly table: number; readonly index: number } | { readonly why: LookupEnd };

/**
 * IHI 0070, "Stream table lookup". What it refuses is C_BAD_STREAMID. `readL1` gives the halves of a level 1 descriptor, or
 * null for one that is not known, and so is the place then.
 */
export function hardwareLookup(
  geometry: StreamTableGeometry,
  sid: number,
  readL1: (paddr: number, l1Index: number) => readonly [low: number, high: number] | null,
): StePlace | null {
  const { format, base, split, log2Size } = geometry;
  if (sid >= 2 ** log2Size) return { why: { kind: 'beyond-table', log2Size } };
  if (format === 'linear') return { table: base, index: sid };
  const l1Index = Math.floor(sid / 2 ** split);
  const halves = readL1(base + l1Index * L1STD_BYTE_LENGTH, l1Index);
  if (halves === null) return null;
  const { span, stes, l2 } = l1Lookup(...halves, geometry);
  if (stes === 0) return { why: { kind: 'span-without-table', l1Index, span } };
  const index = sid % 2 ** split;
  return index < stes ? { table: l2, index } : { why: { kind: 'beyond-span', l1Index, span, stes } };
}
