/** What changed between two dumps of one machine: plain data, in the shape of the output contract. */

import type { Check } from '../adopt/checks.ts';
import type { Verdict } from '../adopt/emulate.ts';
import type { PageState } from '../dump/memory.ts';
import type { DumpReport, Inspection } from '../inspect/inspection.ts';
import type { FieldValue } from '../smmu/fields.ts';
import type { Illegality } from '../smmu/structures/legality.ts';
import type { SteConfig, StreamTableFormat } from '../smmu/structures/stream-table.ts';
import type { BeforeAfter } from './before-after.ts';
import type { MappingsDiff } from './mapping-report.ts';

export interface DiffReport {
  readonly schemaVersion: 1;
  readonly tool: Inspection['tool'];
  readonly before: DumpReport;
  readonly after: DumpReport;
  readonly smmus: readonly SmmuDiff[];
  readonly summary: {
    readonly changed: boolean;
    /** False: parts of the tables are not in one of the dumps, and were not compared. */
    readonly complete: boolean;
    readonly exitCode: 0 | 1 | 3;
  };
}

export interface SmmuDiff {
  readonly name: string;
  readonly table: BeforeAfter<TableShape>;
  readonly counts: DiffCounts;
  /** Null: the registers of the later moment were not given. */
  readonly registers: readonly RegisterChange[] | null;
  readonly l1: readonly L1Change[];
  readonly stes: readonly SteChange[];
  readonly cds: readonly CdChange[];
  readonly missing: readonly MissingStretch[];
  /** Changes and stretches beyond those listed. */
  readonly notListed: { readonly l1: number; readonly stes: number; readonly cds: number; readonly missing: number };
  readonly notCompared: {
    /** StreamIDs that were asked for and have an entry at neither moment. */
    readonly sids: readonly number[];
    /** CDs of tables so large that only a hostile dump has them. */
    readonly cds: number;
    /** Nested streams, whose CDs are in a guest's address space. */
    readonly guests: number;
    /** A table has more L2 tables, or more STEs that do something or differ, than are looked at. */
    readonly cut: boolean;
  };
  /** What the streams reach; null when nobody asked. */
  readonly mappings: MappingsDiff | null;
  /** What the changes come to in the kdump kernel; null when nothing in the tables changed. */
  readonly kernel: KernelDiff | null;
}

export interface TableShape {
  readonly format: StreamTableFormat;
  readonly base: number;
  readonly split: number | null;
  readonly log2Size: number;
}

export interface DiffCounts {
  readonly registers: number | null;
  readonly l1: number;
  readonly stes: number;
  readonly cds: number;
  /** StreamIDs with a valid, non-abort STE at one of the moments, of which the STE, a CD or the L1 descriptor changed. */
  readonly devices: number;
  /** Entries of which the bytes are not in one of the dumps. */
  readonly missing: number;
  /** Changed entries that the hardware refuses now and took before. */
  readonly newlyIllegal: number;
}

export interface FieldChange {
  readonly name: string;
  readonly meaning: string;
  /** Null on a side that has no entry. */
  readonly before: FieldValue | null;
  readonly after: FieldValue | null;
  readonly beforeMeaning: string | null;
  readonly afterMeaning: string | null;
}

/** Bits that no field names, of one 64-bit word. */
export interface ReservedChange {
  readonly word: number;
  readonly before: bigint;
  readonly after: bigint;
}

export interface RegisterChange extends BeforeAfter<bigint | null> {
  readonly register: string;
  readonly meaning: string;
  readonly fields: readonly FieldChange[];
}

/** One entry at one moment. */
export interface EntryState {
  readonly address: number;
  readonly pageState: PageState;
  readonly words: readonly bigint[];
}

export interface L1State extends EntryState {
  readonly span: number;
  readonly l2: number;
  /** STEs that the hardware finds behind it; 0 for one that it takes as invalid. */
  readonly hardwareStes: number;
  /** What the revision finds wrong with it; null when nothing. */
  readonly refusedFor: 'span' | 'pointer' | null;
}

export interface SteState extends EntryState {
  readonly valid: boolean;
  readonly config: SteConfig;
  /** Why the hardware refuses it; an STE that is not valid is refused for that. */
  readonly illegal: readonly Illegality[];
}

export interface CdState extends EntryState {
  readonly valid: boolean;
  readonly asid: number;
  readonly illegal: readonly Illegality[];
}

/** A side without an entry is null: the table is smaller there, or the descriptor above it leads nowhere. */
interface Change<T> extends BeforeAfter<T | null> {
  readonly fields: readonly FieldChange[];
  readonly reserved: readonly ReservedChange[];
}

export interface L1Change extends Change<L1State> {
  readonly index: number;
  readonly firstSid: number;
  readonly lastSid: number;
  readonly device: DeviceDiff | null;
}

export interface SteChange extends Change<SteState> {
  readonly sid: number;
  readonly bdf: string;
  /** What firmware calls the device; null where it was not given or names none. */
  readonly deviceName: string | null;
  readonly device: DeviceDiff | null;
}

export interface CdChange extends Change<CdState> {
  readonly sid: number;
  readonly bdf: string;
  readonly deviceName: string | null;
  readonly ssid: number;
}

/** Where entries are missing; `cd-table` has CDs in it, `cd-l1-table` descriptors of such tables. */
export type MissingTable = 'l1-table' | 'l2-table' | 'stream-table' | 'cd-l1-table' | 'cd-table';

export interface MissingStretch {
  readonly table: MissingTable;
  /** StreamIDs; for CDs, the one that they belong to. */
  readonly firstSid: number;
  readonly lastSid: number;
  readonly entries: number;
  /** Null: that side has no entry there. */
  readonly before: PageState | null;
  readonly after: PageState | null;
}

/** What becomes of a device of this stream in a kdump kernel that adopted the table before the change. */
export interface DeviceOutcome {
  /** Null: the dump lacks what decides. */
  readonly accepted: boolean | null;
  readonly errno: string | null;
  readonly deferred: boolean | null;
  /** Reading its STE kills the kernel. */
  readonly dies: boolean;
  readonly message: string | null;
}

/** What the change turns around: null where nothing. */
export type Turn = 'refused' | 'accepted' | 'dies' | 'lives' | 'deferred' | 'not-deferred' | 'cannot-be-told' | null;

export interface DeviceDiff extends BeforeAfter<DeviceOutcome> {
  /** The stream that was tried; for a descriptor, the first behind it. */
  readonly sid: number;
  readonly turn: Turn;
}

export interface KernelDiff {
  readonly revision: string;
  /** An adoption of the table as it was, and as it is. */
  readonly verdict: BeforeAfter<Verdict>;
  readonly decidedBy: BeforeAfter<Check | null>;
  /** Changed streams that were tried, and those that were not. */
  readonly tried: number;
  readonly notTried: number;
}
