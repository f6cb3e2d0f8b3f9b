/** Where do the registers say that the stream table is, and how large? */

import { hardwareFeatures, oasBits } from '../smmu/registers/hardware-features.ts';
import {
  type StreamTableGeometry,
  streamTableGeometry,
  type TableAddressBits,
  tableAddressBits,
} from '../smmu/structures/stream-table.ts';
import type { RegisterFile } from '../snapshot/register-file.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import { fieldValue } from '../snapshot/validate/facts.ts';

/** What STRTAB_BASE and STRTAB_BASE_CFG say, which every snapshot has, and IDR1.SIDSIZE. */
export interface TableRegisters {
  readonly fmt: number;
  readonly split: number;
  readonly log2Size: number;
  /** STRTAB_BASE.ADDR */
  readonly addr: bigint;
  /** STRTAB_BASE as it was captured. */
  readonly value: bigint;
  readonly sidBits: number;
  readonly addressBits: TableAddressBits;
}

/** From a snapshot; a missing IDR1 is assumed and noted in `registers`, which reads the same snapshot. */
export function tableRegisters(smmu: SmmuSnapshot, registers: RegisterFile): TableRegisters {
  const cfg = (field: string) => registers.field('STRTAB_BASE_CFG', field);
  return {
    fmt: cfg('FMT'),
    split: cfg('SPLIT'),
    log2Size: cfg('LOG2SIZE'),
    addr: registers.bits('STRTAB_BASE', 'ADDR'),
    value: smmu.registers.get('STRTAB_BASE') ?? 0n,
    sidBits: registers.field('IDR1', 'SIDSIZE'),
    addressBits: tableAddressBits(oasBits(hardwareFeatures(smmu.registers, smmu.partial))),
  };
}

/** Whether nothing ever gave the SMMU a table: it is off, and STRTAB_BASE is 0, where a driver sets RA at least. */
export function isNeverGiven({ registers }: Pick<SmmuSnapshot, 'registers'>): boolean {
  return registers.get('STRTAB_BASE') === 0n && fieldValue(registers, 'CR0', 'SMMUEN') === 0;
}

/** The table as the hardware finds it. */
export function geometryOf({ addr, sidBits, addressBits, ...cfg }: TableRegisters): StreamTableGeometry {
  return streamTableGeometry(addr, cfg, sidBits, addressBits);
}
