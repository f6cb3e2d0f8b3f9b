/**
 * The Non-secure programming interface of an SMMUv3, Arm IHI 0070 issue G.b, chapter on registers. Left out are the
 * registers that repeat by index (the pages of the enhanced command queues) and the peripheral identification at 0xFD0.
 */

import type { Register } from '../rows.ts';
import { CONTROL_REGISTERS } from './control-registers.ts';
import { ID_REGISTERS } from './id-registers.ts';
import { OTHER_REGISTERS } from './other-registers.ts';
import { QUEUE_REGISTERS } from './queue-registers.ts';

export type { Register } from '../rows.ts';

/** Every register, by offset. */
export const REGISTERS: readonly Register[] = [
  ...ID_REGISTERS,
  ...CONTROL_REGISTERS,
  ...QUEUE_REGISTERS,
  ...OTHER_REGISTERS,
].sort((a, b) => a.offset - b.offset);

let byName: Map<string, Register> | undefined;

/** The register of that name as the architecture spells it, without `SMMU_` in front: `STRTAB_BASE`. */
export function registerNamed(name: string): Register | undefined {
  byName ??= new Map(REGISTERS.map((register) => [register.name, register]));
  return byName.get(name);
}

/** Whether the register says what the SMMU is and can do, and so the same at all times: IDR0 and on, IIDR, AIDR. */
export function isIdRegister(name: string): boolean {
  return /^I?IDR\d?$|^AIDR$/.test(name);
}
