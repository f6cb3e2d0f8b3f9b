/** The part of `struct arm_smmu_device` that an adoption reads and changes. */

import { paddedHex } from '../hex.ts';
import { STE_BYTE_LENGTH, tableFormatOf } from '../smmu/structures/stream-table.ts';
import type { RegisterFile } from '../snapshot/register-file.ts';
import { Checks } from './checks.ts';
import { ENODEV, ENOMEM, ENXIO } from './errno.ts';
import type { Observed } from './evidence.ts';
import type { KernelMemory, Reader } from './kernel-memory.ts';
import { type Allocation, type Failures, Ledger, type Mapping } from './ledger.ts';
import { KernelLog, type LogLevel, type LogStage } from './log.ts';
import type { Revision } from './revisions/revision.ts';
import type { Stages } from './revisions/stages.ts';
import type { AsidSpace } from './scan/asid-space.ts';
import type { ToldByLog } from './told-by-log.ts';

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
export type L2Table =
  | { readonly kind: 'adopted'; readonly mapping: Pick<Mapping, 'paddr' | 'remap'> }
  | { readonly kind: 'fresh' };

/** `struct arm_smmu_strtab_cfg` as adoption fills it: `l2.l1_dma` and `linear.ste_dma` are left unset from v6 on. */
export type StrtabCfg =
  | {
      readonly format: '2lvl';
      readonly l1tab: Mapping;
      readonly numL1Ents: number;
      /** The array behind `l2ptrs`; null until it is allocated. */
      array: Allocation | null;
      /** `l2ptrs`: the slots in use, by L1 index. */
      readonly l2ptrs: Map<number, L2Table>;
    }
  | { readonly format: 'linear'; readonly table: Mapping; readonly numEnts: number };

/** The ordinary table that the driver builds when it adopts none: all abort, for so many StreamIDs. */
export interface FreshTable {
  readonly format: 'fresh';
  readonly numEnts: number;
}

/** What v3 to v5 say of an L2 table that overlaps what it must not. */
export const L2_CORRUPTED = 'l2 stream table is corrupted';

/** STRTAB_SPLIT: StreamID bits below the L1 index in every table that Linux builds. */
export const STRTAB_SPLIT = 8;
/** STRTAB_MAX_L1_ENTRIES. */
export const STRTAB_MAX_L1_ENTRIES = 1 << 17;
/** STEs of one L2 table. */
export const STRTAB_NUM_L2_STES = 1 << STRTAB_SPLIT;
/** sizeof(struct arm_smmu_strtab_l2). */
export const STRTAB_L2_BYTE_LENGTH = STRTAB_NUM_L2_STES * STE_BYTE_LENGTH;

/** What an emulated driver is given: the hardware, and how the machine treats it. */
export interface DeviceInput {
  readonly registers: RegisterFile;
  readonly firmwareCoherent: boolean | null;
  readonly revision: Revision;
  readonly memory: KernelMemory;
  readonly failures: Failures;
  /** Null: what the dump leaves open stays open. */
  readonly told: ToldByLog | null;
  /** What other revisions have lived of this SMMU, in the same machine and with the same log. */
  readonly stages: Stages<ArmSmmuDevice>;
  /** The ASIDs that are taken when the SMMU probes. */
  readonly asids: AsidSpace;
}

export class ArmSmmuDevice {
  readonly registers: RegisterFile;
  /** While a stage runs, one that notices what is asked of it. */
  revision: Revision;
  readonly firmwareCoherent: boolean | null;
  readonly told: ToldByLog | null;
  readonly stages: Stages<ArmSmmuDevice>;
  readonly asids: AsidSpace;
  readonly ledger: Ledger;
  readonly log = new KernelLog();
  readonly checks: Checks;
  /** The memory in which the table is adopted. */
  readonly memoryAtAdoption: KernelMemory;
  /** The memory at this moment; it moves on when a later dump takes over. */
  memory: KernelMemory;
  features: Features = { twoLevelStreamTable: false, twoLevelCdTable: false, coherent: false };
  ids: IdSizes = { sidBits: 0, ssidBits: 0, asidBits: 0, vmidBits: 0, oasBits: 0 };
  /** ARM_SMMU_OPT_KDUMP_ADOPT. */
  optKdumpAdopt = false;
  /** Zeroed, as after memset, until an adoption succeeds. */
  strtabCfg: StrtabCfg | null = null;
  /** ARM_SMMU_OPT_KDUMP_ADOPT stays set, though no table was adopted (v3). */
  neverProgrammed = false;
  /** StreamIDs whose STE the driver has replaced by a bypass STE before any device came. */
  bypassed: ReadonlySet<number> = new Set();
  /** How often WARN_ON fired. */
  warnOn = 0;

  constructor({ registers, firmwareCoherent, revision, memory, failures, told, stages, asids }: DeviceInput) {
    this.told = told;
    this.stages = stages;
    this.asids = asids;
    this.registers = registers;
    this.firmwareCoherent = firmwareCoherent;
    this.revision = revision;
    this.memory = memory;
    this.memoryAtAdoption = memory;
    this.ledger = new Ledger(failures);
    this.checks = new Checks(tableFormatOf(this.strtabBaseCfg('FMT')), revision);
  }

  strtabBaseCfg(field: 'FMT' | 'SPLIT' | 'LOG2SIZE'): number {
    return this.registers.field('STRTAB_BASE_CFG', field);
  }

  /** Only a coherent SMMU can be adopted, whoever skipped the gate: through v6 each path asserts it once more. */
  assertCoherent(checkId: string): boolean {
    const { coherent } = this.features;
    return (
      !this.revision.assertsCoherency ||
      !this.warnIf(!this.checks.ask(checkId, coherent, { kind: 'coherent', value: coherent }))
    );
  }

  /**
   * arm_smmu_kdump_phys_is_corrupted(), the other way round; where it fails the driver has said `complaint`. What cannot
   * be told is noted, and passes: whatever fails later decides just the same. A log may tell that this is what failed, or
   * that an L2 table failed, to which the driver comes last.
   */
  passesOverlapTest(checkId: string, paddr: number, byteLength: number, complaint: string): boolean {
    const { overlapTest } = this.revision;
    if (overlapTest === 'none') return true;
    const told = this.told?.complaint ?? null;
    const known = this.memory.overlaps(paddr, byteLength, overlapTest);
    const overlaps = known ?? (told === L2_CORRUPTED && checkId === 'two-level.l1-overlap' ? false : null);
    const observed = { kind: 'overlap', paddr, byteLength, overlaps } as const;
    const passes =
      overlaps === null
        ? told !== complaint
        : this.checks.ask(checkId, !overlaps, observed, { kind: 'disjoint', from: overlapTest });
    if (overlaps === null) this.checks.cannotTell(checkId, observed);
    if (!passes) this.complain(complaint);
    return passes;
  }

  /** The same for the L2 table of a device that is inserted; null where it cannot be told, by a log either. */
  overlapsAtInsertion(l1Index: number, paddr: number): boolean | null {
    const { overlapTest } = this.revision;
    if (overlapTest === 'none' || !this.revision.overlapAtInsertion) return false;
    const known = this.memory.overlaps(paddr, STRTAB_L2_BYTE_LENGTH, overlapTest);
    if (known !== null || this.told === null) return known;
    const { of, all } = this.told.corruptSlots;
    return of.has(l1Index) ? true : all ? false : null;
  }

  /** WARN_ON(condition). */
  warnIf(condition: boolean): boolean {
    if (condition) this.warnOn += 1;
    return condition;
  }

  /** A message of the series. */
  say(stage: LogStage, level: LogLevel, text: string): void {
    this.log.kdump(stage, level, this.revision.prefix + text);
  }

  /** An error of the helpers that parse geometry and descriptors during the adoption. */
  complain(text: string): void {
    this.log.kdump('adopt', 'err', this.revision.parsePrefix + text);
  }

  /** Whether a mapping is to fail for being the n-th: then revisions differ by how many they make. */
  get countsMappings(): boolean {
    return this.ledger.countsMappings;
  }

  /** The driver core prints nothing for -ENXIO and -ENODEV, which mean that there is no such device. */
  printProbeFailure(stage: LogStage, ret: number): void {
    if (ret === ENXIO || ret === ENODEV) return;
    this.log.print(stage, 'err', `probe with driver arm-smmu-v3 failed with error ${ret}`);
  }

  /** From here on; what it answers tells what has been done since, as something to do to another device. */
  watch() {
    const { warnOn } = this;
    const lines = this.log.lines.length;
    const mark = this.ledger.mark();
    return () => {
      const said = this.log.lines.slice(lines);
      const warnings = this.warnOn - warnOn;
      const part = this.ledger.since(mark);
      return (to: Pick<ArmSmmuDevice, 'log' | 'ledger' | 'warnOn'>) => {
        to.log.lines.push(...said);
        to.ledger.repeat(part);
        to.warnOn += warnings;
      };
    };
  }

  /** memremap() or devm_memremap() of a table; a mixed range warns. */
  map(...[kind, purpose, range, transient]: MapArguments): Mapping {
    const mapping = this.ledger.map(kind, purpose, range, this.memory, transient);
    this.warnIf(mapping.remap.why?.kind === 'mixed');
    return mapping;
  }

  /** The same of the L1 table or a linear one. */
  mapTable(purpose: Mapping['purpose'], range: { readonly paddr: number; readonly byteLength: number }): Mapping {
    return this.map(this.revision.holds === 'devres' ? 'devm_memremap' : 'memremap', purpose, range);
  }

  /** What a mapping that fails comes back with: a null pointer, or from devm_memremap() an error code. */
  get mappingErrno(): number {
    return this.revision.holds === 'devres' ? ENXIO : ENOMEM;
  }

  /** The words of one entry of a mapped table, or null when they are not known. */
  read(mapping: Pick<Mapping, 'remap'>, paddr: number, byteLength: number, reader: Reader): bigint[] | null {
    return this.memory.words(mapping.remap, paddr, byteLength, reader);
  }
}

type MapArguments = [
  kind: Mapping['kind'],
  purpose: Mapping['purpose'],
  range: { readonly paddr: number; readonly byteLength: number },
  transient?: boolean,
];

/** A physical address as the kernel prints it: %pa. */
export function pa(paddr: number): string {
  return paddedHex(paddr, 16);
}

/** What became of a mapping, as a check shows it. */
export function mappingObserved({ remap: { paddr, byteLength, why } }: Pick<Mapping, 'remap'>): Observed {
  return { kind: 'mapping', paddr, byteLength, why };
}

/** Address bits 51:6 of STRTAB_BASE or of a descriptor: all that the driver's masks keep. */
export function maskedAddress(value: bigint): number {
  return Number(BigInt.asUintN(52, value) & ~0x3fn);
}
