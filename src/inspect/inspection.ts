/**
 * The result of an inspection: plain data, in the shape of the output contract. Addresses and register values are
 * lower-case hex text, 64-bit words padded to 16 digits; counts, sizes, indices and SIDs are integers.
 */

import type { Features, IdSizes } from '../adopt/device.ts';
import type { Dump, DumpAssumption } from '../dump/dump.ts';
import type { PageState } from '../dump/memory.ts';
import type { IdRange } from '../platform/firmware.ts';
import type { CdTableFormat } from '../smmu/cd-table.ts';
import type { FieldValue } from '../smmu/fields.ts';
import type { SteConfig, StreamTableFormat } from '../smmu/stream-table.ts';
import type { Assumption } from '../snapshot/register-file.ts';
import type { DmesgReport } from './dmesg.ts';
import type { Finding } from './findings.ts';
import { hex } from './hex.ts';
import type { Outcome, RevisionOutcome } from './outcome.ts';
import type { Rows } from './rows.ts';

export type * from './outcome.ts';

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
  /** Whether it is known that all is there that should be. */
  readonly complete: boolean;
  /** `unknown`: the format has no mark at its end, so that a dump that was cut may look like a whole one. */
  readonly completeness: Completeness;
  /** What the dump says is RAM; `end` is inclusive. */
  readonly memory: readonly { readonly start: string; readonly end: string }[];
  /** Whether that is all RAM there is. If it may not be, what lies elsewhere is unknown, not a hole. */
  readonly memoryComplete: boolean;
  readonly assumptions: readonly DumpAssumption[];
}

export type Completeness = 'whole' | 'short' | 'unknown';

export interface SmmuReport extends Outcome {
  readonly name: string;
  readonly base: string | null;
  /** As the hardware probe sets them, before the adoption changes any. */
  readonly features: Features & IdSizes;
  readonly registers: Readonly<Record<string, { value: string; fields: Record<string, FieldValue> }>>;
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
    readonly base: string;
    readonly split: number | null;
    readonly entries: number;
  };
  /** What streams can reach through their translation tables; null unless tables were walked (`deep`). */
  readonly reachable: readonly ReachableReport[] | null;
  readonly l1: Rows<L1Row>;
  readonly census: Census;
  readonly stes: Rows<SteRow>;
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

/** The streams behind one set of translation tables, and what they can reach. */
export interface ReachableReport {
  /** The first of them. */
  readonly sids: readonly number[];
  readonly streams: number;
  /** Null for streams in bypass, which reach everything. */
  readonly stage: 1 | 2 | null;
  readonly table: string | null;
  /** Null where there is none, and where the streams have several. */
  readonly asid: number | null;
  readonly vmid: number | null;
  readonly mappedBytes: number;
  readonly writableBytes: number;
  /** Blocks and pages. */
  readonly leaves: number;
  readonly tables: number;
  /** Stretches whose tables are not in the dump, and stretches that fault. */
  readonly missingTables: number;
  readonly faults: number;
  /** False: there were more tables than are ever walked. */
  readonly complete: boolean;
}

export interface PlatformReport {
  /** Where the table is from: a file, or `dump at 0x...`. Null, as what follows, for an SMMU that no table has. */
  readonly source: string | null;
  readonly kind: 'device-tree' | 'iort' | null;
  /** The SMMU in the table. */
  readonly instance: string | null;
  readonly coherent: boolean | null;
  /** Who is behind it: the table's own mappings, in its order. */
  readonly ranges: readonly IdRange[];
  readonly reserved: readonly {
    readonly name: string | null;
    readonly sids: readonly number[];
    /** `end` is inclusive. */
    readonly memory: readonly { readonly start: string; readonly end: string }[];
    /** The driver installs bypass STEs for it where the table is not adopted. */
    readonly bypassed: boolean;
  }[];
  /** Bytes of the dump that were looked through for a table; null when it was not searched. */
  readonly searched: number | null;
}

export interface RmrReport {
  readonly sid: number;
  /** The crashed kernel's STE stays as it is; else a bypass STE is written into the new table. Null: cannot be told. */
  readonly kept: boolean | null;
  readonly config: SteConfig | null;
  readonly valid: boolean | null;
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
  /** The CD table of a stage 1 STE; null for every other. */
  readonly cdTable: CdTableReport | null;
  /** Its valid context descriptors, ascending by SubstreamID. */
  readonly cds: readonly CdRow[];
}

export interface CdTableReport {
  readonly format: CdTableFormat | 'guest';
  readonly address: string;
  /** SubstreamIDs that it covers: 2^S1CDMax. */
  readonly entries: number;
  /** What traffic without a SubstreamID meets. */
  readonly withoutSsid: string;
  /** Entries whose bytes are not in the dump, valid ones beyond those listed, and entries never looked at. */
  readonly unknown: number;
  readonly notListed: number;
  readonly notExamined: number;
}

export interface CdRow {
  readonly ssid: number;
  readonly address: string;
  readonly words: readonly string[];
  readonly asid: number;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly pageState: PageState;
}

/** The container and the memory map of a dump. */
export function dumpReport(dump: Dump): DumpReport {
  return {
    files: dump.files,
    format: dump.format,
    wrapper: dump.wrapper,
    pageSize: dump.pageSize,
    complete: dump.complete === true,
    completeness: dump.complete === null ? 'unknown' : dump.complete ? 'whole' : 'short',
    memory: dump.memory.ranges.map(({ start, end }) => ({ start: hex(start), end: hex(end - 1) })),
    memoryComplete: dump.mapComplete,
    assumptions: dump.assumptions,
  };
}
