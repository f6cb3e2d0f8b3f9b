/**
 * Are the registers of the moment of the crash? Those that were read after the kdump kernel's probe describe what it has
 * made of the SMMU: a verdict on them would be about another table.
 */

import type { RegisterDoubt, Unanswered } from '../../adopt/devices/fate.ts';
import type { Dump } from '../../dump/dump.ts';
import type { AddressRange } from '../../dump/memory.ts';
import type { RegisterFile } from '../../snapshot/register-file.ts';
import type { CaptureMoment } from '../../snapshot/snapshot.ts';

export interface MomentEvidence {
  readonly captured: CaptureMoment;
  /** What the registers read as if nobody answered. */
  readonly unanswered: Unanswered | null;
  readonly registers: RegisterFile;
  /** Where STRTAB_BASE says that the table is. */
  readonly table: AddressRange;
  /** The kdump kernel's own memory, as far as it is known. */
  readonly kdumpRam: readonly AddressRange[];
  /**
   * RAM of a dump that a kdump kernel has written (ELF, kdump), ascending, its own memory left out. Null for any other: a
   * raw image is taken from outside, in one moment with the registers.
   */
  readonly vmcoreRam: readonly AddressRange[] | null;
}

/** Formats that a kdump kernel writes. */
const VMCORES: readonly string[] = ['elf', 'kdump'];

/** RAM of a dump that a kdump kernel has written, ascending; null for any other. */
export function vmcoreRamOf({ format, memory }: Pick<Dump, 'format' | 'memory'>): readonly AddressRange[] | null {
  return VMCORES.includes(format) ? memory.ranges : null;
}

/** Why nothing can be told from the registers: nobody answered, or the first sign of another moment. */
export function doubtOf({
  captured,
  unanswered,
  registers,
  table,
  kdumpRam,
  vmcoreRam,
}: MomentEvidence): RegisterDoubt | null {
  if (unanswered !== null) return unanswered;
  if (captured === 'after-kdump-probe') return 'captured-after-probe';
  // Who says when they were read may have a table there: somebody has written over the registers, or the table's place.
  const claimed = captured === 'before-kdump-probe' || captured === 'running';
  const inside = ({ start, end }: AddressRange) => start <= table.start && table.end <= end;
  if (!claimed && kdumpRam.some(inside)) return 'table-in-kdump-memory';
  if (vmcoreRam === null) return null;
  if (!claimed && kdumpRam.length === 0 && gapsBetween(vmcoreRam).some(inside)) return 'table-in-gap';
  return isAsResetLeavesIt(registers) ? 'cr0-after-reset' : null;
}

/** The reservation of the crash kernel lies inside RAM, so that a vmcore has RAM before and behind it. */
function gapsBetween(ranges: readonly AddressRange[]): AddressRange[] {
  return ranges.slice(1).map(({ start }, i) => ({ start: (ranges[i] as AddressRange).end, end: start }));
}

/** On, with the command queue, and without the event queue, which a running kernel always has and a kdump kernel never. */
function isAsResetLeavesIt(registers: RegisterFile): boolean {
  if (!registers.has('CR0')) return false;
  const bit = (name: string) => registers.field('CR0', name) === 1;
  return bit('SMMUEN') && bit('CMDQEN') && !bit('EVENTQEN') && !bit('PRIQEN');
}
