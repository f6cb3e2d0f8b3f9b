/** The shape of what one revision does with one SMMU: the adoption, the insertions, the reset, and how it may end. */

import type { Check } from '../../adopt/checks.ts';
import type { Features } from '../../adopt/device.ts';
import type { AdoptionEnd, DeviceFate, RegisterDoubt, SmmuFate } from '../../adopt/devices/fate.ts';
import type { Verdict } from '../../adopt/emulate.ts';
import type { GaveUp, Required, ScanObserved, ScanRule } from '../../adopt/evidence.ts';
import type { RemapReason } from '../../adopt/kernel-memory.ts';
import type { Allocated, Allocation, MappingKind, MappingPurpose } from '../../adopt/ledger.ts';
import type { LogLine, StagedLogLine } from '../../adopt/log.ts';
import type { KernelDeath } from '../../adopt/panic.ts';
import type { InFlight, Phase, Reset } from '../../adopt/reset.ts';
import type { Unread } from '../../adopt/revisions/revision.ts';
import type { RegisterPage } from '../../adopt/stream-table/cleanup.ts';
import type { PageCounts } from '../../dump/memory.ts';
import type { StreamTableFormat, TableFormatField } from '../../smmu/structures/stream-table.ts';

export interface Outcome {
  readonly fate: FateReport;
  readonly adoption: AdoptionReport;
  readonly inserts: readonly InsertReport[];
  readonly devices: readonly DeviceReport[];
  /** The reset of the SMMU; null when the kernel does not come to it, or when it cannot be told which it makes. */
  readonly reset: Reset | null;
  /** Everything that the driver prints about the adoption, in order. */
  readonly kernelLog: readonly StagedLogLine[];
  readonly panic: PanicReport | null;
  readonly lost: LostReport | null;
}

/** What becomes of the SMMU in the end; `after` is how the adoption had ended by then, null while it went on. */
export interface FateReport {
  readonly kind: SmmuFate['kind'];
  readonly after: AdoptionEnd | null;
}

/** The same with the adoption's keys at the top, as `adoptions` has it for each revision. */
export type RevisionOutcome = AdoptionReport & Omit<Outcome, 'adoption'>;

export interface AdoptionReport {
  readonly revision: string;
  /** What nobody has read of the revision as posted; something else stands in for it. Null where all was read. */
  readonly unread: Unread | null;
  readonly verdict: Verdict;
  readonly ret: number | null;
  readonly errno: string | null;
  /** Why nothing can be told from these registers; null where something can. */
  readonly doubt: RegisterDoubt | null;
  /** The check at which the adoption ended, or at which it cannot be told whether it does; null where none did. */
  readonly decidedBy: Check | null;
  /** The dump leaves something open that decides, and the captured log tells it. */
  readonly settledByLog: boolean;
  readonly tableFormat: TableFormatField;
  readonly format: StreamTableFormat | null;
  readonly entries: number | null;
  readonly featuresAfter: Features;
  readonly optionAfter: boolean | null;
  readonly checks: readonly Check[];
  /** Messages of the gate and of the adoption. */
  readonly log: readonly LogLine[];
  readonly warnOn: number;
  readonly mappings: readonly MappingReport[];
  /** Mappings of the ID scan, or of all L2 tables at once, beyond those listed; each is released. */
  readonly mappingsNotListed: number;
  readonly allocations: readonly AllocationReport[];
  /** The driver's strtab_cfg in the end, the insertions included; null when it is zeroed. */
  readonly strtabCfg: StrtabCfgReport | null;
  /** The scan for IDs in use; null where the revision makes none, or did not come to it. */
  readonly idScan: IdScanReport | null;
  readonly reserved: { readonly asids: readonly number[]; readonly vmids: readonly number[] };
  readonly teardown: {
    /** What the register page reads as then. */
    readonly registerPage: RegisterPage;
    readonly leaked: number;
    readonly doubleReleased: number;
  };
}

/** Members that adoption leaves unset are null. */
export type StrtabCfgReport =
  | {
      readonly l2: {
        readonly l1tab: number;
        readonly l1Dma: number | null;
        readonly numL1Ents: number;
        readonly l2ptrs: readonly { readonly index: number; readonly table: number | null }[];
      };
    }
  | { readonly linear: { readonly table: number; readonly steDma: number | null; readonly numEnts: number } };

export interface MappingReport {
  readonly kind: MappingKind;
  readonly purpose: MappingPurpose;
  readonly address: number;
  readonly size: number;
  readonly ok: boolean;
  /** Why it fails, or where it leads when that is not to the crashed kernel's memory. */
  readonly why: RemapReason | null;
  readonly held: boolean;
  readonly released: boolean;
  /** Made by the ID scan, which unmaps it before it goes on. */
  readonly transient: boolean;
  /** Who gives it back, and when; null for one that failed. */
  readonly releasedBy: Releaser | null;
  readonly pages: PageCounts;
}

/**
 * The scan that made it; v4 and v5 as the adoption falls back; the driver's clean-up; or devres, with a probe that fails or
 * when the SMMU is unbound.
 */
export type Releaser = 'id-scan' | 'fallback' | 'cleanup' | 'failed-probe' | 'unbinding';

export interface AllocationReport {
  readonly call: Allocation['call'];
  readonly what: Allocated;
  readonly size: number;
  readonly ok: boolean;
  readonly released: boolean;
}

export interface IdScanReport {
  readonly outcome: 'reserved' | 'failed' | 'unknown';
  readonly cdTables: number;
  readonly cds: number;
  readonly unknownEntries: number;
  /** ASIDs in use of which nobody can tell whether a domain of another SMMU has them. */
  readonly contestedAsids: number;
  readonly gaveUp: GaveUp | null;
  /** How many IDs a failing scan had reserved, all of which are released again. */
  readonly rolledBack: { readonly asids: number; readonly vmids: number };
  /** Every entry that breaks a rule, in the kernel's order; the kernel stops at the first and names none. */
  readonly failures: readonly ScanFailureReport[];
  readonly failuresNotListed: number;
}

export interface ScanFailureReport {
  readonly rule: ScanRule;
  readonly sid: number;
  /** Address of the STE; null where the L2 table as a whole is at fault. */
  readonly ste: number | null;
  /** The context descriptor, or the level 1 descriptor of its table, at fault. */
  readonly cd: { readonly level: 'cd' | 'l1'; readonly index: number; readonly address: number } | null;
  readonly observed: ScanObserved;
  readonly required: Required;
  readonly errno: string;
  readonly stopsHere: boolean;
}

export interface InsertReport {
  readonly sid: number;
  /** The device that it belongs to, where one was named. */
  readonly device: string | null;
  readonly hotplugged: boolean;
  /** False: the kernel never comes to it, and the rest is what it would do by itself. Null: that cannot be told. */
  readonly asked: boolean | null;
  readonly ret: number | null;
  readonly errno: string | null;
  readonly fresh: boolean;
  readonly log: readonly LogLine[];
  readonly mappings: readonly MappingReport[];
  /** Whether attaching the device waits; the answer is the device's, not the stream's alone. */
  readonly deferred: boolean | null;
}

export interface DeviceReport {
  readonly name: string | null;
  readonly sids: readonly number[];
  readonly hotplugged: boolean;
  readonly fate: DeviceFate['kind'];
  /** The core comes to it, and it is then not `never-asked`; null where that cannot be told. */
  readonly asked: boolean | null;
  /** Added to an IOMMU group. */
  readonly accepted: boolean | null;
  readonly deferred: boolean | null;
  /** The stream whose STE makes the device wait, or is not known. */
  readonly deferredBy: number | null;
}

export interface PanicReport {
  /** The kernel function that reads; `inferred`: no run of such a kernel has shown that name. */
  readonly where: string;
  readonly inferred: boolean;
  readonly address: number;
  readonly why: KernelDeath['why'];
}

/** The registration of the SMMU fails after the adoption, and the SMMU goes with it. */
export interface LostReport {
  readonly device: string | null;
  readonly sid: number;
  readonly ret: number;
  /** Streams of devices that had been accepted, and of those that the core never came to. */
  readonly loseGroup: readonly number[];
  readonly neverAsked: readonly number[];
  readonly cr0: number;
  readonly gbpaAbort: number | null;
  readonly inFlight: InFlight;
}

export type { Phase };
