/** A structure of the SMMU in memory, and which of them lie on top of each other. */

import type { AddressRange } from '../../dump/memory.ts';
import { hex } from '../../hex.ts';
import type { Location } from '../findings.ts';
import { listed, type RiskContext } from './context.ts';

/**
 * A structure in memory, where the hardware has it, which takes the low bits of its address as zero. What it is called
 * is worked out when there is something to say.
 */
export interface Structure extends AddressRange {
  /** Where the kernel has it. */
  readonly kernelStart: number;
  /** Its kind, with the L1 index or the StreamID that leads to it. */
  readonly kind:
    | 'L1 table'
    | 'stream table'
    | 'L2 table'
    | 'CD table'
    | 'CD leaf'
    | 'command queue'
    | 'event queue'
    | 'PRI queue';
  readonly of: number;
  readonly location: () => Location;
}

/** What a structure is called in sentences. */
export function nameOf({ kind, of }: Structure): string {
  if (kind === 'L2 table') return `L2 table of L1[${of}]`;
  return kind.startsWith('CD') ? `${kind} of SID ${hex(of)}` : kind;
}

/** L1 descriptors that lead to the same L2 table. */
export function reportAliases(sorted: readonly Structure[], { findings }: RiskContext): void {
  const tables = sorted.filter(({ kind }) => kind === 'L2 table');
  for (let first = 0; first < tables.length; ) {
    const { start, location } = tables[first] as Structure;
    let after = first + 1;
    while (tables[after]?.start === start) after += 1;
    const count = after - first;
    if (count > 1) {
      const slots = listed(
        tables.slice(first, after).map(({ of }) => of),
        count,
        (index) => `L1[${index}]`,
      );
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
        const args = { first: `the ${nameOf(furthest)}`, second: `the ${nameOf(structure)}`, byteLength };
        findings.add('structures-overlap', args, structure.location());
      }
    }
    if (furthest === undefined || structure.end > furthest.end) furthest = structure;
  }
}
