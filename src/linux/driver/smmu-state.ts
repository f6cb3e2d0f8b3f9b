/** What did the arm-smmu-v3 driver hold of one SMMU? Facts as they stand in memory; what follows is for others to say. */

/** The members of struct arm_smmu_device that hold its queues. */
export type QueueMember = 'cmdq' | 'evtq' | 'priq';

/** One queue (struct arm_smmu_queue). */
export interface QueueState {
  /** The BASE register as the driver wrote it. */
  readonly qBase: bigint;
  /** log2 of the entries. */
  readonly log2Size: number;
  /** 64-bit words in an entry. */
  readonly entryDwords: number;
  /** The driver's copies of the indexes, wrap and flag bits included; null when they are not in the dump. */
  readonly prod: number | null;
  readonly cons: number | null;
  /** Of the command queue: what the driver last wrote to PROD. */
  readonly ownerProd: number | null;
  /** Where the entries are in memory; null when their address is not mapped. */
  readonly paddr: number | null;
}

/** The stream table (struct arm_smmu_strtab_cfg). */
export interface TableState {
  readonly format: '2lvl' | 'linear';
  /** STRTAB_BASE and STRTAB_BASE_CFG as the driver wrote them, or as it computes them from the rest. */
  readonly base: bigint;
  readonly baseCfg: number;
  readonly paddr: number | null;
}

export interface SmmuState {
  readonly name: string;
  /** Physical address of register page 0, or null when what tells it disagrees. */
  readonly base: number | null;
  /** Bits as the driver numbers them (ARM_SMMU_FEAT_*). */
  readonly features: number;
  /** Those of them in which a second witness says something else: they are not to be relied on. */
  readonly doubtfulFeatures: number;
  /** Sizes and the like that the driver took from the ID registers; null when unknown. */
  readonly sidBits: number;
  readonly ssidBits: number | null;
  readonly asidBits: number | null;
  readonly vmidBits: number | null;
  readonly oasBits: number | null;
  readonly pgsizeBitmap: bigint | null;
  readonly maxStalls: number | null;
  /** Whether the driver sets CR2.E2H only where the feature is there (5.13 and newer) or always; null when unknown. */
  readonly e2hByFeature: boolean | null;
  /**
   * Whether the control registers are as a probe leaves them that has come to its end, or the driver has disabled the SMMU
   * since; null where neither is known.
   */
  readonly control: 'probed' | 'disabled' | null;
  readonly table: TableState;
  readonly cmdq: QueueState;
  readonly evtq: QueueState;
  /** Null without page requests. */
  readonly priq: QueueState | null;
  /** What does not fit together, without making the rest doubtful. */
  readonly warnings: readonly SmmuWarning[];
}

export type SmmuWarning =
  /** Commands go through queues of another kind besides: NVIDIA's virtual ones. */
  | { readonly what: 'further-command-queues' }
  /** The driver has disabled the SMMU: it was shut down, or its log says that it failed. */
  | { readonly what: 'disabled'; readonly by: 'shutdown' | 'service-failure' }
  /** Bus and memory addresses of tables and queues differ by this much. */
  | { readonly what: 'dma-offset'; readonly offset: bigint }
  /** The platform device's resource and the mapping of the registers name different places. */
  | { readonly what: 'base-differs'; readonly resource: number | null; readonly mapped: number | null }
  /** A value that no driver stores; what follows from it is left out. */
  | { readonly what: 'implausible'; readonly member: string; readonly value: bigint }
  /** The driver's line in the log says something else; what follows from the member is left out. */
  | { readonly what: 'log-differs'; readonly member: string; readonly value: bigint; readonly logged: bigint };

/** Why a device of the driver gives no registers. */
export type SmmuProblem =
  /** Its probe had not come to its end. */
  | { readonly why: 'probe-unfinished' }
  /** No layout of the driver's structures, and no signature of them behind the device. */
  | { readonly why: 'no-layout' }
  /** A member that is needed is not in the dump. Without `struct` it is of struct arm_smmu_device. */
  | { readonly why: 'unreadable'; readonly member: string; readonly struct?: string }
  /** Two members that must agree do not. */
  | { readonly why: 'contradiction'; readonly member: string; readonly struct?: string };

/** A device of the driver's that gives none. */
export interface RejectedSmmu {
  readonly name: string | null;
  readonly problem: SmmuProblem;
}

/** IDR5.OAS by the bits that the driver makes of it. */
export const OAS_ENCODING: Readonly<Record<number, number>> = { 32: 0, 36: 1, 40: 2, 42: 3, 44: 4, 48: 5, 52: 6 };

/** Feature bits, the same from 5.10 to 7.3 (drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.h). */
const FEATURE = {
  twoLevelStreamTable: 0,
  twoLevelCdTable: 1,
  littleEndian: 2,
  bigEndian: 3,
  pri: 4,
  ats: 5,
  sev: 6,
  msi: 7,
  coherent: 8,
  stage1: 9,
  stage2: 10,
  stalls: 11,
  hyp: 12,
  stallForced: 13,
  vax: 14,
  rangeInvalidation: 15,
  e2h: 18,
} as const;

export type Feature = keyof typeof FEATURE;

/** Whether the driver's word of features has this one. */
export function hasFeature(features: number, feature: Feature): boolean {
  return ((features >>> FEATURE[feature]) & 1) === 1;
}

/** 1 or 0, or null for a feature that is doubtful. */
export function featureOf(smmu: SmmuState, feature: Feature): 0 | 1 | null {
  if (hasFeature(smmu.doubtfulFeatures, feature)) return null;
  return hasFeature(smmu.features, feature) ? 1 : 0;
}
