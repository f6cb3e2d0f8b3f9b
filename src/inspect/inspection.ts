/**
 * The result of an inspection: plain data, in the shape of the output contract. Addresses and register values are
 * lower-case hex text, 64-bit words padded to 16 digits; counts, sizes, indices and SIDs are integers.
 */

import type { Check } from '../adopt/checks.ts';
import type { Features, IdSizes } from '../adopt/device.ts';
import type { Verdict } from '../adopt/emulate.ts';
import type { MappingKind, MappingPurpose } from '../adopt/ledger.ts';
import type { LogLine, StagedLogLine } from '../adopt/log.ts';
import type { Dump, DumpAssumption } from '../dump/dump.ts';
import type { PageCounts, PageState } from '../dump/memory.ts';
import type { FieldValue } from '../smmu/fields.ts';
import type { SteConfig, StreamTableFormat, TableFormatField } from '../smmu/stream-table.ts';
import type { Assumption } from '../snapshot/register-file.ts';
import type { Finding } from './findings.ts';
import type { Rows } from './rows.ts';

export const SCHEMA_VERSION = 1;

export interface Inspection {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly tool: { readonly name: string; readonly version: string };
  readonly dump: DumpReport;
  /** The memory at the later moment, when one was given. */
  readonly later: DumpReport | null;
  readonly smmus: readonly SmmuReport[];
  readonly findings: readonly Finding[];
  readonly summary: {
    readonly errors: number;
    readonly warnings: number;
    readonly notes: number;
    readonly exitCode: 0 | 1 | 3;
  };
}

export interface DumpReport {
  readonly files: readonly string[];
  readonly format: string;
  readonly wrapper: string | null;
  readonly pageSize: number;
  readonly complete: boolean;
  /** What the dump says is RAM; `end` is inclusive. */
  readonly memory: readonly { readonly start: string; readonly end: string }[];
  readonly assumptions: readonly DumpAssumption[];
}

export interface SmmuReport {
  readonly name: string;
  readonly base: string | null;
  /** As the hardware probe sets them, before the adoption changes any. */
  readonly features: Features & IdSizes;
  readonly registers: Readonly<Record<string, { value: string; fields: Record<string, FieldValue> }>>;
  readonly assumptions: readonly Assumption[];
  readonly adoption: AdoptionReport;
  readonly inserts: readonly InsertReport[];
  readonly kernelLog: readonly StagedLogLine[];
  readonly panic: null;
  readonly lost: null;
  /** How the hardware locates the table. */
  readonly table: {
    readonly format: StreamTableFormat;
    readonly base: string;
    readonly split: number | null;
    readonly entries: number;
  };
  readonly l1: Rows<L1Row>;
  readonly census: Census;
  readonly stes: Rows<SteRow>;
}

export interface AdoptionReport {
  readonly revision: string;
  readonly verdict: Verdict;
  readonly ret: number | null;
  readonly errno: string | null;
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
  /** The driver's strtab_cfg in the end, the insertions included; null when it is zeroed. */
  readonly strtabCfg: StrtabCfgReport | null;
  readonly reserved: { readonly asids: readonly number[]; readonly vmids: readonly number[] };
  readonly teardown: { readonly leaked: number; readonly doubleReleased: number };
}

/** Members that adoption leaves unset are null. */
export type StrtabCfgReport =
  | {
      readonly l2: {
        readonly l1tab: string;
        readonly l1Dma: null;
        readonly numL1Ents: number;
        readonly l2ptrs: readonly { readonly index: number; readonly table: string | null }[];
      };
    }
  | { readonly linear: { readonly table: string; readonly steDma: null; readonly numEnts: number } };

export interface MappingReport {
  readonly kind: MappingKind;
  readonly purpose: MappingPurpose;
  readonly address: string;
  readonly size: number;
  readonly ok: boolean;
  readonly held: boolean;
  readonly released: boolean;
  readonly releasedBy: string | null;
  readonly pages: PageCounts;
}

export interface InsertReport {
  readonly sid: number;
  readonly ret: number | null;
  readonly errno: string | null;
  readonly fresh: boolean;
  readonly log: readonly LogLine[];
  readonly mappings: readonly MappingReport[];
  readonly deferred: boolean | null;
}

/** `bad`: Linux rejects the descriptor, or hardware and Linux disagree on whether it is in use. */
export type L1Status = 'used' | 'unused' | 'bad';

export interface L1Row {
  readonly index: number;
  readonly address: string;
  readonly descriptor: string;
  readonly span: number;
  readonly l2: string;
  readonly firstSid: number;
  readonly lastSid: number;
  readonly status: L1Status;
  /** STEs that the hardware finds behind this descriptor; 0 for one that it takes as invalid. */
  readonly hardwareStes: number;
}

export interface Census {
  /** StreamIDs that the table covers. */
  readonly stes: number;
  /** STEs that exist behind valid descriptors. */
  readonly located: number;
  /** Of those, the ones whose bytes are not in the dump. */
  readonly unknown: number;
  readonly valid: number;
  readonly byConfig: Readonly<Record<SteConfig, number>>;
}

export interface SteRow {
  readonly sid: number;
  readonly bdf: string;
  readonly device: string | null;
  readonly address: string;
  readonly words: readonly string[];
  readonly valid: boolean;
  readonly config: SteConfig;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly pageState: PageState;
}

/** Address or register value as the output shows it. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** A 64-bit word as the output shows it. */
export function word(value: bigint): string {
  return `0x${value.toString(16).padStart(16, '0')}`;
}

/** The container and the memory map of a dump. */
export function dumpReport(dump: Dump): DumpReport {
  return {
    files: dump.files,
    format: dump.format,
    wrapper: dump.wrapper,
    pageSize: dump.pageSize,
    complete: dump.complete,
    memory: dump.memory.ranges.map(({ start, end }) => ({ start: hex(start), end: hex(end - 1) })),
    assumptions: dump.assumptions,
  };
}
