/** One SMMU at one of the two moments: its registers, its table as the hardware finds it, and the memory around. */

import type { MemoryView } from '../dump/view.ts';
import type { DeviceNames } from '../platform/device-names.ts';
import { type HardwareFeatures, hardwareFeatures, oasBits } from '../smmu/hardware-features.ts';
import { SteReader } from '../smmu/ste-reader.ts';
import { streamTableGeometry, tableAddressBits } from '../smmu/stream-table.ts';
import { RegisterFile } from '../snapshot/register-file.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import { HardwareView } from '../tables/hardware-view.ts';
import type { TableShape } from './report.ts';

export interface DiffMoment {
  readonly memory: MemoryView;
  readonly table: HardwareView;
  readonly hw: HardwareFeatures;
  /** IDR1.SSIDSIZE. */
  readonly ssidBits: number;
  /** What firmware calls the devices; of the machine, and so the same at both moments. */
  readonly names: DeviceNames | null;
}

/** One SMMU at one moment, as its registers and `memory` have it. */
export function momentOf(smmu: SmmuSnapshot, memory: MemoryView, names: DeviceNames | null = null): DiffMoment {
  const registers = new RegisterFile(smmu);
  const cfg = (field: string) => registers.field('STRTAB_BASE_CFG', field);
  const geometry = streamTableGeometry(
    registers.bits('STRTAB_BASE', 'ADDR'),
    { fmt: cfg('FMT'), split: cfg('SPLIT'), log2Size: cfg('LOG2SIZE') },
    registers.field('IDR1', 'SIDSIZE'),
    tableAddressBits(oasBits(hardwareFeatures(smmu.registers))),
  );
  return {
    memory,
    table: new HardwareView(geometry, memory, new SteReader(memory)),
    hw: hardwareFeatures(smmu.registers),
    ssidBits: registers.field('IDR1', 'SSIDSIZE'),
    names,
  };
}

/** Format, place and size of the table at one moment. */
export function tableShape({ table: { geometry } }: DiffMoment): TableShape {
  const { format, base, split, log2Size } = geometry;
  return { format, base, split: format === '2lvl' ? split : null, log2Size };
}
