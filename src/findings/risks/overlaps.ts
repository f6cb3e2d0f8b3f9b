/** A structure of the SMMU in memory, and which of them lie on top of each other. */

import type { AddressRange } from '../../dump/memory.ts';
import type { Location } from '../findings.ts';
import type { StructureId } from '../prose/structures.ts';
import { listOf, type RiskContext } from './context.ts';

/** A structure in memory, where the hardware has it, which takes the low bits of its address as zero. */
export interface Structure extends AddressRange, StructureId {
  /** Where the kernel has it. */
  readonly kernelStart: number;
  readonly location: () => Location;
}

/** What a structure is known by in findings. */
export function idOf({ kind, of }: Structure): StructureId {
  return { kind, of };
}

/** L1 descriptors that lead to the same L2 table. */
export function reportAliases(sorted: readonly Structure[], { findings }: RiskContext): void {
  const tables = sorted.filter(({ kind }) => kind === 'l2-table');
  for (let first = 0; first < tables.length; ) {
    const { start, location } = tables[first] as Structure;
    let after = first + 1;
    while (tables[after]?.start === start) after += 1;
    const count = after - first;
    if (count > 1) {
      const slots = listOf(tables.slice(first, after).map(({ of }) => of));
      findings.add('l2-aliased', { l2: start, slots, count }, location());
    }
    first = after;
  }
}

/** Structures that share memory, but for L2 tables that are one and the same. */
export function reportOverlaps(sorted: readonly Structure[], { findings }: RiskContext): void {
  let furthest: Structure | undefined;
  for (const structure of sorted) {
    if (furthest !== undefined && structure.start < furthest.end) {
      const same = structure.kind === furthest.kind && structure.start === furthest.start;
      if (!same) {
        const byteLength = Math.min(furthest.end, structure.end) - structure.start;
        const args = { first: idOf(furthest), second: idOf(structure), byteLength };
        findings.add('structures-overlap', args, structure.location());
      }
    }
    if (furthest === undefined || structure.end > furthest.end) furthest = structure;
  }
}
