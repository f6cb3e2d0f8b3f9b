/** A dump in stretches that take about as long to search, for those who search several at once. */

import type { AddressRange, PhysicalMemory } from './memory.ts';

/** The largest pages: none of any size lies in two stretches. */
const ALIGNMENT = 1 << 16;

/**
 * Ascending stretches that touch and hold every byte that the dump has, `heldByteLength` of them each; the last has what
 * is left. Reads no page. Their number grows with what the dump holds, not with its addresses.
 */
export function stretchesOf(memory: PhysicalMemory, heldByteLength: number): AddressRange[] {
  const stretches: AddressRange[] = [];
  let [start, end, held] = [0, 0, 0];
  for (const range of memory.ranges) {
    for (const run of memory.runs(range.start, range.end - range.start)) {
      if (run.state !== 'present') continue;
      const runStart = range.start + run.offset;
      end = runStart + run.byteLength;
      let at = Math.max(start, runStart);
      while (held + end - at >= heldByteLength) {
        const cut = alignUp(at + heldByteLength - held);
        stretches.push({ start, end: cut });
        [start, at, held] = [cut, cut, 0];
      }
      held += Math.max(0, end - at);
    }
  }
  if (held > 0) stretches.push({ start, end: alignUp(end) });
  return stretches;
}

function alignUp(paddr: number): number {
  return Math.ceil(paddr / ALIGNMENT) * ALIGNMENT;
}
