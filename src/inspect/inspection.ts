/**
 * The result of an inspection: plain facts. Addresses are numbers, 64-bit words and register values bigints; how they are
 * published is the report's matter.
 */

import type { RevisionSplit } from '../adopt/compare.ts';
import type { Features, IdSizes } from '../adopt/device.ts';
import type { DumpReport } from '../dump/dump-report.ts';
import type { Finding } from '../findings/findings.ts';
import type { KdumpReach, ReachableReport } from '../findings/risks/page-tables.ts';
import type { FoundState, KernelState } from '../linux/kernel-state.ts';
import type { Rows } from '../rows.ts';
import type { FieldValue } from '../smmu/fields.ts';
import type { SteConfig, StreamTableFormat } from '../smmu/structures/stream-table.ts';
import type { Assumption } from '../snapshot/assumption.ts';
import type { Master, Provenance } from '../snapshot/snapshot.ts';
import type { Census } from '../tables/hardware-view.ts';
import type { L1Row } from '../tables/l1-rows.ts';
import type { SteRow } from '../tables/ste-rows.ts';
import type { SCHEMA_VERSION } from '../version.ts';
import type { Outcome, RevisionOutcome } from './emulation/outcome.ts';
import type { DmesgReport } from './log/dmesg.ts';
import type { EventInDump } from './log/log-report.ts';
import type { PlatformReport } from './platform-report.ts';

export type { RevisionSplit } from '../adopt/compare.ts';
export type { Completeness, DumpReport } from '../dump/dump-report.ts';
export type * from './emulation/outcome.ts';

export interface Inspection {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly tool: { readonly name: string; readonly version: string };
  /** Addresses and names are stand-ins. */
  readonly redacted?: true;
  readonly dump: DumpReport;
  /** The memory at the later moment, when one was given. */
  readonly later: DumpReport | null;
  /** The kernel that crashed, as far as the dump tells; null where it says nothing. */
  readonly kernel: KernelReport | null;
  readonly smmus: readonly SmmuReport[];
  readonly findings: readonly Finding[];
  readonly summary: {
    readonly errors: number;
    readonly warnings: number;
    readonly notes: number;
    readonly exitCode: 0 | 1 | 3;
  };
}

/** What stands in for something that was not given. */
export type TakenFromKernel = 'registers' | 'memory-map' | 'devices' | 'version';

export interface KernelReport {
  readonly release: string | null;
  /** GNU build id. */
  readonly buildId: string | null;
  /** Where the layout of the driver's structures is from. */
  readonly types: FoundState['types'] | 'none';
  readonly taken: readonly TakenFromKernel[];
  /** What was found of its SMMUs, with what is doubtful about it, or why nothing was; absent where nobody has looked. */
  readonly state?: KernelState;
}

export interface SmmuReport extends Outcome {
  readonly name: string;
  readonly base: number | null;
  /** As the hardware probe sets them, before the adoption changes any. */
  readonly features: Features & IdSizes;
  readonly registersFrom: RegisterSource;
  readonly registers: Readonly<Record<string, RegisterReport>>;
  readonly assumptions: readonly Assumption[];
  /** What every known revision does, by name; null unless all were asked for. */
  readonly adoptions: Readonly<Record<string, RevisionOutcome>> | null;
  /** Where the other revisions part from the one in `adoption`; null unless all were asked for. */
  readonly splits: readonly RevisionSplit[] | null;
  /** What becomes of the STEs of firmware's reserved memory regions that were asked about. */
  readonly rmr: readonly RmrReport[];
  /** The devices that the crashed kernel had behind it, by StreamID; empty where nobody says. */
  readonly masters: readonly Master[];
  /** Faults in the crashed kernel's own log, the first one first; absent where the log was not found. */
  readonly faults?: readonly CrashedFault[];
  /** What firmware says of the SMMU; absent unless its tables were asked for. */
  readonly platform?: PlatformReport;
  /** The predicted log against a captured one; null when none was given. */
  readonly dmesg: DmesgReport | null;
  /** How the hardware locates the table. */
  readonly table: {
    readonly format: StreamTableFormat;
    readonly base: number;
    readonly split: number | null;
    readonly entries: number;
  };
  /** What streams can reach through their translation tables; null unless tables were walked (`deep`). */
  readonly reachable: readonly ReachableReport[] | null;
  /** Which of them can write the kdump kernel's memory; null where that is not known, or the SMMU is off. */
  readonly kdumpReach: KdumpReach | null;
  readonly l1: Rows<L1Row>;
  /** Descriptors and STEs beyond those listed: only a hostile table has more than a report lists. */
  readonly l1NotListed: number;
  readonly census: Census;
  readonly stes: Rows<SteRow>;
  readonly stesNotListed: number;
}

/** A fault that the crashed kernel logged: events of one kind, stream and page. */
export interface CrashedFault {
  readonly what: string;
  readonly sid: number | null;
  readonly address: bigint | null;
  readonly count: number;
  readonly device: string | null;
  /** What its tables say of the same access; null where the event does not tell enough. */
  readonly inDump: EventInDump | null;
}

/** A snapshot, or the crashed kernel's own state in the dump. */
export type RegisterSource = 'snapshot' | 'dump';

/** A register as the snapshot has it. */
export interface RegisterReport {
  readonly value: bigint;
  readonly how: Provenance;
  /** The bits that are known, where these are not all; the others are 0 in the value, and no field has any of them. */
  readonly known?: bigint;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

export interface RmrReport {
  readonly sid: number;
  /** The crashed kernel's STE stays as it is; else a bypass STE is written over it, or into the new table. Null: cannot be told. */
  readonly kept: boolean | null;
  /** A bypass STE was to be written, and could not be. */
  readonly failed: boolean;
  readonly config: SteConfig | null;
  readonly valid: boolean | null;
}
