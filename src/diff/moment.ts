/** One SMMU at one of the two moments: its registers, its table as the hardware finds it, and the memory around. */

import type { MemoryView } from '../dump/view.ts';
import type { DeviceNames } from '../platform/device-names.ts';
import { type HardwareFeatures, hardwareFeatures } from '../smmu/registers/hardware-features.ts';
import { SteReader } from '../smmu/structures/ste-reader.ts';
import { RegisterFile } from '../snapshot/register-file.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import { HardwareView } from '../tables/hardware-view.ts';
import { geometryOf, tableRegisters } from '../tables/table-registers.ts';
import type { TableShape } from './report.ts';

export interface DiffMoment {
  readonly memory: MemoryView;
  readonly table: HardwareView;
  readonly hw: HardwareFeatures;
  /** IDR1.SSIDSIZE. */
  readonly ssidBits: number;
  /** What the devices are called; of the machine, and so the same at both moments. */
  readonly names: DeviceNames | null;
}

/** One SMMU at one moment, as its registers and `memory` have it. */
export function momentOf(smmu: SmmuSnapshot, memory: MemoryView, names: DeviceNames | null = null): DiffMoment {
  const registers = new RegisterFile(smmu);
  const geometry = geometryOf(tableRegisters(smmu, registers));
  return {
    memory,
    table: new HardwareView(geometry, memory, new SteReader(memory)),
    hw: hardwareFeatures(smmu.registers, smmu.partial),
    ssidBits: registers.field('IDR1', 'SSIDSIZE'),
    names,
  };
}

/** Format, place and size of the table at one moment. */
export function tableShape({ table: { geometry } }: DiffMoment): TableShape {
  const { format, base, split, log2Size } = geometry;
  return { format, base, split: format === '2lvl' ? split : null, log2Size };
}
