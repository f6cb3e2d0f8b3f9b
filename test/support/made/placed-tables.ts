/** A machine one of whose tables lies anywhere: in RAM, in the crashkernel reservation, in a device, in nothing. */

import { Image } from '../../../samples/image.ts';
import { hex, type Inspected, IOMEM, inspectMachine, L1, L2_BUS0, type MachineOptions } from './machine.ts';

const bypass = { V: 1, Config: 4 };

/** Bus 0 in RAM with one active stream, 0x8, and the L2 table of bus 1 anywhere. */
export function withL2At(l2: number): Image {
  return new Image().l1(L1, 0, 9, L2_BUS0).l1(L1, 1, 9, l2).abortTable(L2_BUS0, 256).ste(L2_BUS0, 8, bypass);
}

/** An inspection with the memory map of the machine. */
export function onMachine(memory: Image, options: MachineOptions = {}): Promise<Inspected> {
  return inspectMachine(memory, { iomem: IOMEM, ...options });
}

/** The same with the L1 table, of which `memory` may hold a part, at another address. */
export function withL1At(l1: number, options: MachineOptions = {}, memory = new Image()): Promise<Inspected> {
  memory.abortTable(L2_BUS0, 256).ste(L2_BUS0, 8, bypass);
  return onMachine(memory, { ...options, registers: { STRTAB_BASE: hex(l1) } });
}

/** The same with a linear table of 64 STEs. */
export function withLinearAt(table: number, options: MachineOptions = {}): Promise<Inspected> {
  return onMachine(withL2At(0), { ...options, registers: { STRTAB_BASE: hex(table), STRTAB_BASE_CFG: '0x6' } });
}

/** How an adoption ends; `dies` is the kernel function that does. */
export function endOf({ smmu: { adoption, panic } }: Inspected) {
  return { verdict: adoption.verdict, ret: adoption.ret, dies: panic?.where ?? null };
}
export const ADOPTED = { verdict: 'adopted', ret: 0, dies: null };
export const INDETERMINATE = { verdict: 'indeterminate', ret: null, dies: null };

/** Where the kernel dies, and of which read; null when it lives. */
export function deathOf({ smmu: { panic } }: Inspected): string | null {
  return panic && `${panic.where} at ${panic.address}`;
}

export const ADOPTING = "kdump: adopting crashed kernel's stream table";
export const RETAINING = 'kdump: retaining SMMUEN for in-flight DMA';
export const FALLING_BACK = 'kdump: falling back to full reset';
export const RESETTING = 'SMMU currently enabled! Resetting...';
