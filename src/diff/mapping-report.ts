/** What changed in the mappings of streams between two dumps (`diff --deep`): plain data of the output contract. */

import type { PageState } from '../dump/memory.ts';
import type { LeafAttributes } from '../smmu/translation/attributes.ts';
import type { UnknownReason } from '../smmu/translation/reasons.ts';
import type { FaultEvent } from '../smmu/translation/walk.ts';
import type { BeforeAfter } from './before-after.ts';

export interface MappingsDiff {
  /** False: tables are not in one of the dumps, or were too many to be compared. */
  readonly complete: boolean;
  /** Sets of tables that were compared, and those of them by which something is mapped differently. */
  readonly compared: number;
  readonly changed: number;
  /** Streams with a set that changed. */
  readonly streams: number;
  /** Over all sets, each counted once however many streams share it. */
  readonly counts: MappingCounts;
  /** Those that changed or are not known throughout, as the streams come. */
  readonly sets: readonly MappingSetDiff[];
  readonly notListed: number;
  /** Streams, or SubstreamIDs, of which one of the dumps does not tell the tables. */
  readonly undecided: number;
  /** Sets that were left out because the tables before them were too many. */
  readonly notCompared: number;
}

/** What happened to a range of input addresses; `faults`: not mapped at either moment, but refused differently. */
export type MappingChange = 'mapped' | 'unmapped' | 'moved' | 'rights' | 'attributes' | 'faults';

export interface RangeCount {
  readonly ranges: number;
  readonly byteLength: number;
}

/** `unknown`: ranges of which a dump lacks the tables. They are no change. */
export type MappingCounts = Readonly<Record<MappingChange | 'unknown', RangeCount>>;

export interface MappingSetDiff extends BeforeAfter<MappingSource> {
  /** The first streams that use it. */
  readonly sids: readonly number[];
  /** What firmware calls the devices of these; null for those that it does not name. */
  readonly deviceNames: readonly (string | null)[];
  readonly streams: number;
  /** SubstreamID of the first stream. */
  readonly ssid: number;
  readonly complete: boolean;
  /** The tables describe more than is ever walked. */
  readonly cut: boolean;
  readonly counts: MappingCounts;
  /** Ascending. */
  readonly ranges: readonly MappingRange[];
  readonly notListed: { readonly changes: number; readonly unknown: number };
}

/** What decides about the input addresses at one moment. */
export interface MappingSource {
  readonly kind: 'tables' | 'none' | 'bypass' | 'fault' | 'unknown';
  readonly stage: 1 | 2 | null;
  /** The first table, an IPA where `nested`; null without. */
  readonly table: number | null;
  readonly nested: boolean;
  /** The event of a fault, or what is not known. */
  readonly why: FaultEvent | UnknownReason<PageState> | null;
}

/** Input addresses of which the same became. */
export interface MappingRange extends BeforeAfter<MappingState> {
  readonly kind: MappingChange | 'unknown';
  readonly start: bigint;
  readonly byteLength: number;
}

export interface MappingState {
  readonly kind: 'mapped' | 'unmapped' | 'fault' | 'unknown';
  /** Of the first address; null unless mapped. */
  readonly pa: number | null;
  /** Bits as `smmu/translation/rights.ts` has them; null unless mapped. */
  readonly rights: number | null;
  /** By stage; none for what passes through, null unless mapped. */
  readonly attributes: readonly LeafAttributes[] | null;
  /** The event of a fault; of what is unknown, the state of the table that is missing, or another reason. */
  readonly why: FaultEvent | PageState | UnknownReason<PageState> | null;
}
