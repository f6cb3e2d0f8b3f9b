/** What is a crash to a triage: its files as they were found, and the row that it becomes. Both go through pipes as JSON. */

import type { SmmuFate } from '../adopt/devices/fate.ts';
import type { Verdict } from '../adopt/emulate.ts';
import type { InputErrorTag } from '../errors.ts';
import type { Rule, Severity } from '../findings/rules.ts';
import type { Rows } from '../rows.ts';
import type { SCHEMA_VERSION, TOOL } from '../version.ts';

/** Files beside a dump, by what they are for. */
export const COMPANIONS = ['regs', 'dmesg', 'log', 'iomem', 'iort', 'dtb'] as const;
export type Companion = (typeof COMPANIONS)[number];

/** Why there is no result: what an input error says of itself, a limit, or the end of whoever was at work on it. */
export type Failure = InputErrorTag | 'internal' | 'time' | 'memory' | 'died' | 'link';

/** A crash as it was found. Its files are named relative to its folder. */
export interface Crash extends Readonly<Record<Companion, string | null>> {
  /** What people call it: its folder below the one that was named, and its dump where the folder has several. */
  readonly name: string;
  /** The same from where the command runs. No two crashes of a run share one. */
  readonly path: string;
  readonly folder: string;
  readonly dump: readonly string[];
  /** The memory list of the snapshot names the dump's files, so they are not given once more. */
  readonly placedBySnapshot: boolean;
  /** Day and time as folder or dump have it: ISO 8601, without a zone where nobody says which. */
  readonly when: string | null;
  readonly host: string | null;
  /** What is wrong with it as far as looking at the files tells; then there is nothing to open. */
  readonly problem: Failed | null;
  readonly passedOver: readonly PassedOver[];
  /** Memory that is in none of the parts of a split dump that are there. */
  readonly missing?: readonly PaddrRange[];
}

/** Physical addresses: from the first byte to the one behind the last. */
export interface PaddrRange {
  readonly from: number;
  readonly to: number;
}

/** A file that is not used. `title` is what it is; `companion` what by its name it is meant as, if anything. */
export type PassedOver =
  | {
      readonly file: string;
      readonly why: 'no-use';
      readonly title: string;
      readonly companion: Companion | null;
    }
  | {
      readonly file: string;
      readonly why: 'link-out' | 'link-nowhere' | 'link-to-folder' | 'special' | 'unreadable';
      readonly companion: Companion | null;
    }
  /** It is one of several that are as likely, or by its name that of a dump which is not there. */
  | { readonly file: string; readonly why: 'ambiguous' | 'of-another'; readonly companion: Companion };

export type Status = 'ok' | 'failed' | 'timeout' | 'skipped';

/** What revisions that were posted one after the other make of an SMMU, where it is the same for all of them. */
export interface RevisionsFate {
  readonly revisions: readonly string[];
  readonly verdict: Verdict;
  readonly fate: SmmuFate['kind'];
  readonly decidedBy: string | null;
}

/** What became of one SMMU, and why. */
export interface CrashSmmu {
  readonly name: string;
  readonly verdict: Verdict;
  readonly fate: SmmuFate['kind'];
  /** The check that decided, or that the dump cannot answer. */
  readonly decidedBy: string | null;
  readonly outcome: string;
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
  readonly worst: { readonly rule: Rule; readonly severity: Severity; readonly message: string } | null;
  /** Whose StreamIDs the worst finding is about, or who was refused, or who faulted; null where nobody is known to be. */
  readonly device: string | null;
  readonly driver: string | null;
  readonly fingerprint: string;
  /** Of every revision, in their order; there where all were asked for. */
  readonly revisions?: readonly RevisionsFate[];
}

/** What whoever opened the dump found; the rest of a row is known without it. */
export type Analysis =
  | {
      readonly status: 'ok';
      readonly exitCode: 0 | 1 | 3;
      readonly kernel: string | null;
      readonly when: string | null;
      readonly smmus: readonly CrashSmmu[];
      /** Files that were found beside it and cannot be used. */
      readonly unused: readonly Unused[];
      /** Why its own report could not be written; null where it was, or was not asked for. */
      readonly unwritten: string | null;
    }
  | ({ readonly status: 'failed' } & Failed);

/** A file that cannot be used; `reason` is the same as `why`, without the names of files. */
export interface Unused {
  readonly companion: Companion;
  readonly why: string;
  readonly reason: string | null;
}

/** `why` is null where the failure says all there is to say; `reason` is the same without the names of files. */
export interface Failed {
  readonly failure: Failure;
  readonly why: string | null;
  readonly reason: string | null;
}

/** One crash of the result. */
export interface CrashRow extends Readonly<Record<Companion, string | null>> {
  readonly crash: string;
  readonly path: string;
  readonly when: string | null;
  readonly host: string | null;
  readonly kernel: string | null;
  readonly dump: readonly string[];
  readonly status: Status;
  /** What `inspect` would end with. */
  readonly exitCode: 0 | 1 | 2 | 3;
  readonly seconds: number;
  readonly failure: Failure | null;
  /** Why there is no result, or what of its files was not used for it, and why its report could not be written. */
  readonly why: string | null;
  /** By what crashes are grouped: that of the SMMU which fares worst. */
  readonly fingerprint: string;
  readonly smmus: readonly CrashSmmu[];
  readonly report: string | null;
  /** The part of the whole that it is in: `2/3`; null where the whole was not divided. */
  readonly shard: string | null;
  /** Of the files and of what was asked: the same row would come out again. */
  readonly identity: string;
  /** There where names and addresses are stand-ins. */
  readonly redacted?: true;
}

/** Crashes of one cause. */
export interface CrashGroup {
  readonly fingerprint: string;
  readonly count: number;
  /** The first and the last of them, of those whose time is known. */
  readonly first: string | null;
  readonly last: string | null;
  readonly kernels: readonly string[];
  readonly devices: readonly string[];
  /** What one of them says of itself: `path`, and the SMMU that decides in it. */
  readonly example: {
    readonly path: string;
    readonly status: Status;
    readonly why: string | null;
    readonly smmu: CrashSmmu | null;
  };
}

export interface Totals extends Readonly<Record<Status, number>> {
  readonly crashes: number;
  /** By the exit status that each would have had alone. */
  readonly exitCodes: Readonly<Record<'0' | '1' | '2' | '3', number>>;
  /** Taken over from an earlier run. */
  readonly resumed: number;
  /** False where the run was ended before all were looked at. */
  readonly complete: boolean;
  readonly exitCode: 0 | 1 | 2 | 3;
}

/** A place that was not searched, or not to its end. */
export interface NotSearched {
  readonly path: string;
  /** `no-end`: results of a run of which nothing says that it came to its end. */
  readonly why: 'unreadable' | 'too-deep' | 'too-many-folders' | 'too-many-files' | 'no-end';
  /** What the system said. */
  readonly code: string | null;
}

export interface TriageReport {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly tool: typeof TOOL;
  readonly crashes: Rows<CrashRow>;
  /** The most frequent first. */
  readonly groups: readonly CrashGroup[];
  readonly totals: Totals;
  readonly notSearched: readonly NotSearched[];
  /** There where names and addresses are stand-ins. */
  readonly redacted?: true;
}
