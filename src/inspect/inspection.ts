/**
 * The result of an inspection: plain facts. Addresses are numbers, 64-bit words and register values bigints; how they are
 * published is the report's matter.
 */

import type { Features, IdSizes } from '../adopt/device.ts';
import type { DumpReport, KernelReport } from '../dump/dump-report.ts';
import type { Finding } from '../findings/findings.ts';
import type { ReachableReport } from '../findings/risks/page-tables.ts';
import type { Rows } from '../rows.ts';
import type { FieldValue } from '../smmu/fields.ts';
import type { SteConfig, StreamTableFormat } from '../smmu/stream-table.ts';
import type { Assumption } from '../snapshot/register-file.ts';
import type { Census } from '../tables/hardware-view.ts';
import type { L1Row } from '../tables/l1-rows.ts';
import type { SteRow } from '../tables/ste-rows.ts';
import type { SCHEMA_VERSION } from '../version.ts';
import type { DmesgReport } from './dmesg.ts';
import type { Outcome, RevisionOutcome } from './outcome.ts';
import type { PlatformReport } from './platform-report.ts';

export type { Completeness, DumpReport, KernelReport } from '../dump/dump-report.ts';
export type * from './outcome.ts';

export interface Inspection {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly tool: { readonly name: string; readonly version: string };
  readonly dump: DumpReport;
  /** The memory at the later moment, when one was given. */
  readonly later: DumpReport | null;
  /** What the dump says of the kernel that crashed; null where it says nothing. */
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

export interface SmmuReport extends Outcome {
  readonly name: string;
  readonly base: number | null;
  /** As the hardware probe sets them, before the adoption changes any. */
  readonly features: Features & IdSizes;
  readonly registers: Readonly<Record<string, RegisterReport>>;
  readonly assumptions: readonly Assumption[];
  /** What every known revision does, by name; null unless all were asked for. */
  readonly adoptions: Readonly<Record<string, RevisionOutcome>> | null;
  /** Where the other revisions part from the one in `adoption`; null unless all were asked for. */
  readonly splits: readonly RevisionSplit[] | null;
  /** What becomes of the STEs of firmware's reserved memory regions that were asked about. */
  readonly rmr: readonly RmrReport[];
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
  readonly l1: Rows<L1Row>;
  /** Descriptors and STEs beyond those listed: only a hostile table has more than a report lists. */
  readonly l1NotListed: number;
  readonly census: Census;
  readonly stes: Rows<SteRow>;
  readonly stesNotListed: number;
}

/** A register as the snapshot has it. */
export interface RegisterReport {
  readonly value: bigint;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** The first thing that one revision does differently from another. */
export interface RevisionSplit {
  readonly revision: string;
  readonly from: string;
  /** What differs: the decision of the adoption, what devices meet, the registers after the reset, the IDs held. */
  readonly aspect: 'adoption' | 'insertions' | 'reset' | 'ids';
  /** The check that decides differently, where it is one. */
  readonly check: string | null;
  readonly why: string;
}

export interface RmrReport {
  readonly sid: number;
  /** The crashed kernel's STE stays as it is; else a bypass STE is written into the new table. Null: cannot be told. */
  readonly kept: boolean | null;
  readonly config: SteConfig | null;
  readonly valid: boolean | null;
}
