/** What is said of the crashed kernel beside every result that rests on it: where from, what was taken, what is doubtful. */

import { hex } from '../../hex.ts';
import type { KernelReport, RegisterReport, TakenFromKernel } from '../../inspect/inspection.ts';
import { originOf, stateNotes } from '../crashed-kernel.ts';

/** What stands above a report whose registers are reconstructed; null for any other. */
export function registersOrigin(kernel: KernelReport | null): string | null {
  return kernel?.state?.outcome === 'found' && kernel.taken.includes('registers') ? originOf(kernel.state) : null;
}

const TAKEN: Readonly<Record<TakenFromKernel, string | null>> = {
  registers: null,
  'memory-map': 'its memory map is used, as --iomem would be',
  devices: 'the devices that it had are inserted, in its order; --insert none inserts none',
  version: 'the series is taken to be applied to its version; --kernel says otherwise',
};

/** What was taken from it in place of what was not given; null where nothing was. */
export function takenInWords({ taken }: KernelReport): string | null {
  return (
    taken
      .map((what) => TAKEN[what])
      .filter((text) => text !== null)
      .join('; ') || null
  );
}

/** What has to be known beside that: one line each. */
export function kernelNotes({ state }: KernelReport): string[] {
  return state === undefined ? [] : stateNotes(state);
}

const HOW: Readonly<Record<RegisterReport['how'], string | null>> = {
  hardware: null,
  'driver-wrote': 'as the driver wrote it',
  'driver-copy': "the driver's copy",
  derived: 'derived from what the driver found',
  inferred: 'inferred',
};

/** How a register is known; null for one that was read from the device. */
export function howInWords({ how, known }: RegisterReport): string | null {
  const words = HOW[how];
  if (words === null || known === undefined) return words;
  return `${words}, bits ${hex(known)} alone`;
}
