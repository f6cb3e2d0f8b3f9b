/** The part of `struct arm_smmu_device` that an adoption reads and changes. */

import type { MemoryView } from '../dump/view.ts';
import { tableFormatOf } from '../smmu/stream-table.ts';
import type { RegisterFile } from '../snapshot/register-file.ts';
import { Checks } from './checks.ts';
import { Ledger, type Mapping } from './ledger.ts';
import { KernelLog } from './log.ts';
import type { Revision } from './revision.ts';

/** ARM_SMMU_FEAT_2_LVL_STRTAB, ARM_SMMU_FEAT_2_LVL_CDTAB, ARM_SMMU_FEAT_COHERENCY. */
export interface Features {
  readonly twoLevelStreamTable: boolean;
  readonly twoLevelCdTable: boolean;
  readonly coherent: boolean;
}

/** Sizes that the hardware probe reads from the ID registers. */
export interface IdSizes {
  readonly sidBits: number;
  readonly ssidBits: number;
  readonly asidBits: number;
  readonly vmidBits: number;
  readonly oasBits: number;
}

/** An L2 table as `l2ptrs[i]` holds it: the crashed kernel's, mapped, or a new one full of abort STEs. */
export type L2Table = { readonly kind: 'adopted'; readonly mapping: Mapping } | { readonly kind: 'fresh' };

/** `struct arm_smmu_strtab_cfg` as adoption fills it: `l2.l1_dma` and `linear.ste_dma` are left unset from v6 on. */
export type StrtabCfg =
  | {
      readonly format: '2lvl';
      readonly l1tab: Mapping;
      readonly numL1Ents: number;
      /** `l2ptrs`: the slots in use, by L1 index. */
      readonly l2ptrs: Map<number, L2Table>;
    }
  | { readonly format: 'linear'; readonly table: Mapping; readonly numEnts: number };

/** STRTAB_SPLIT: StreamID bits below the L1 index in every table that Linux builds. */
export const STRTAB_SPLIT = 8;
/** STRTAB_MAX_L1_ENTRIES. */
export const STRTAB_MAX_L1_ENTRIES = 1 << 17;
/** STEs of one L2 table, and their size in bytes. */
export const STRTAB_NUM_L2_STES = 1 << STRTAB_SPLIT;

export class ArmSmmuDevice {
  readonly registers: RegisterFile;
  readonly revision: Revision;
  readonly firmwareCoherent: boolean | null;
  readonly ledger = new Ledger();
  readonly log = new KernelLog();
  readonly checks: Checks;
  /** The memory at this moment; it moves on when a later dump takes over. */
  memory: MemoryView;
  features: Features = { twoLevelStreamTable: false, twoLevelCdTable: false, coherent: false };
  ids: IdSizes = { sidBits: 0, ssidBits: 0, asidBits: 0, vmidBits: 0, oasBits: 0 };
  /** ARM_SMMU_OPT_KDUMP_ADOPT. */
  optKdumpAdopt = false;
  /** Zeroed, as after memset, until an adoption succeeds. */
  strtabCfg: StrtabCfg | null = null;
  /** How often WARN_ON fired. */
  warnOn = 0;

  constructor(registers: RegisterFile, firmwareCoherent: boolean | null, revision: Revision, memory: MemoryView) {
    this.registers = registers;
    this.firmwareCoherent = firmwareCoherent;
    this.revision = revision;
    this.memory = memory;
    this.checks = new Checks(tableFormatOf(this.strtabBaseCfg('FMT')));
  }

  strtabBaseCfg(field: 'FMT' | 'SPLIT' | 'LOG2SIZE'): number {
    return this.registers.field('STRTAB_BASE_CFG', field);
  }

  /** Only a coherent SMMU can be adopted, whoever skipped the gate: through v6 each path asserts it once more. */
  assertCoherent(checkId: string): boolean {
    const { coherent } = this.features;
    return !this.warnIf(!this.checks.ask(checkId, coherent, String(coherent)));
  }

  /** WARN_ON(condition). */
  warnIf(condition: boolean): boolean {
    if (condition) this.warnOn += 1;
    return condition;
  }
}

/** Address bits 51:6 of STRTAB_BASE or of a descriptor: all that the driver's masks keep. */
export function maskedAddress(value: bigint): number {
  return Number(BigInt.asUintN(52, value) & ~0x3fn);
}
