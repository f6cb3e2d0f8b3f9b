/**
 * Where does memory begin whose address nobody has said rightly? A kernel's own page tables tell: at one address alone
 * do they map its image where VMCOREINFO has it.
 */

import type { AddressRange } from '../../dump/memory.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** Arm64 machines have no RAM that begins in the middle of a section of memory or of a block of the kernel's. */
const STEP = 2 ** 21;
/** As many reads as a search of 32 GiB takes. */
const MAX_TRIED = 2 ** 14;

/** The address at which the range has to begin for `memory` to be in order; null when none is found. */
export function fittingStart(memory: VirtualMemory, { start, end }: AddressRange): number | null {
  const image = memory.imagePaddr(memory.layout.stext);
  if (image === null) return null;
  // The image is somewhere in the range, so that the range begins at its address or below.
  const highest = Math.floor(image / STEP) * STEP;
  for (let tried = 0; tried < MAX_TRIED; tried++) {
    const begins = highest - tried * STEP;
    if (begins < 0 || image - begins >= end - start) return null;
    if (memory.isConsistent(begins - start)) return begins;
  }
  return null;
}
