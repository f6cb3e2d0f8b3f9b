/** What can be told of a kdump from the registers alone? Which streams the table covers, the gate, the cost of the queues. */

import { type QueueMemories, queueMemories } from '../../adopt/queue-memory.ts';
import { type AdoptionByRegisters, adoptionsByRegisters } from '../../adopt/registers-alone.ts';
import { hardwareFeatures, oasBits } from '../../smmu/registers/hardware-features.ts';
import {
  L1STD_BYTE_LENGTH,
  STE_BYTE_LENGTH,
  type StreamTableGeometry,
  streamTableGeometry,
  type TableFormatField,
  tableAddressBits,
  tableFormatOf,
} from '../../smmu/structures/stream-table.ts';
import { RegisterFile } from '../../snapshot/register-file.ts';
import type { SmmuSnapshot, Snapshot } from '../../snapshot/snapshot.ts';
import { type ExplainedSmmu, type ExplainedSnapshot, explainSnapshot } from '../../snapshot/validate/explain.ts';

/** How far the stream table reaches, as the hardware looks it up. */
export interface TableReach extends Pick<StreamTableGeometry, 'base' | 'entries'> {
  /** What STRTAB_BASE_CFG.FMT says. */
  readonly format: TableFormatField;
  /** StreamIDs of so many bits are in the table: below 2 to this. A greater one is answered with C_BAD_STREAMID. */
  readonly coveredBits: number;
  /** IDR1.SIDSIZE; null when it is not known. */
  readonly sidBits: number | null;
  /** Of a linear table, or of the first level. */
  readonly byteLength: number;
}

export interface RegisterOutlook {
  readonly table: TableReach;
  readonly adoptions: readonly AdoptionByRegisters[];
  readonly queues: QueueMemories;
}

/** The outlook is null where the registers cannot be those of a working SMMU. */
export interface ValidatedSmmu extends ExplainedSmmu {
  readonly outlook: RegisterOutlook | null;
}

export interface ValidatedSnapshot extends ExplainedSnapshot {
  readonly smmus: readonly ValidatedSmmu[];
}

/**
 * Everything that a register snapshot tells by itself: each register explained, what is missing or striking, and what
 * follows for a kdump. Whether the other commands can use it is in `usable`.
 */
export function validateRegisters(snapshot: Snapshot): ValidatedSnapshot {
  const explained = explainSnapshot(snapshot);
  const smmus = explained.smmus.map((smmu, i): ValidatedSmmu => {
    const unusable = smmu.remarks.some(({ severity }) => severity === 'unusable');
    return { ...smmu, outlook: unusable ? null : registerOutlook(snapshot.smmus[i] as SmmuSnapshot) };
  });
  return { ...explained, smmus };
}

function registerOutlook(smmu: SmmuSnapshot): RegisterOutlook {
  const registers = new RegisterFile(smmu);
  return {
    table: tableReach(smmu, registers),
    adoptions: adoptionsByRegisters(() => new RegisterFile(smmu), smmu.firmwareCoherent),
    queues: queueMemories(registers),
  };
}

function tableReach(smmu: SmmuSnapshot, registers: RegisterFile): TableReach {
  const cfg = (field: string) => registers.field('STRTAB_BASE_CFG', field);
  const fmt = cfg('FMT');
  const { base, entries, format, log2Size } = streamTableGeometry(
    registers.bits('STRTAB_BASE', 'ADDR'),
    { fmt, split: cfg('SPLIT'), log2Size: cfg('LOG2SIZE') },
    registers.field('IDR1', 'SIDSIZE'),
    tableAddressBits(oasBits(hardwareFeatures(smmu.registers))),
  );
  return {
    base,
    entries,
    format: tableFormatOf(fmt),
    coveredBits: log2Size,
    sidBits: registers.known('IDR1', 'SIDSIZE'),
    byteLength: entries * (format === '2lvl' ? L1STD_BYTE_LENGTH : STE_BYTE_LENGTH),
  };
}
