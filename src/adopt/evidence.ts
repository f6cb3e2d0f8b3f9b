/** What a check of the driver looks at, and what passes it: facts with their numbers, which the reports put into words. */

import type { Oddity, RemapReason } from './kernel-memory.ts';
import type { Allocation } from './ledger.ts';
import type { OverlapTest } from './revisions/revision.ts';

/** What was found. */
export type Observed =
  | { readonly kind: 'number'; readonly value: number }
  /** Of an ID register; those that are not known are left out. */
  | { readonly kind: 'id-fields'; readonly fields: Readonly<Record<string, number>> }
  | { readonly kind: 'coherent'; readonly value: boolean }
  | { readonly kind: 'address'; readonly paddr: number }
  /** Whether it overlaps what it must not; null where that cannot be told. */
  | { readonly kind: 'overlap'; readonly paddr: number; readonly byteLength: number; readonly overlaps: boolean | null }
  /** L2 tables of which that cannot be told. */
  | { readonly kind: 'l2-overlaps-unknown'; readonly unknown: number }
  | { readonly kind: 'service-failure'; readonly active: boolean }
  | { readonly kind: 'two-level'; readonly stLevel: number; readonly sidSize: number }
  /** `why` null: it maps to what it should. */
  | { readonly kind: 'mapping'; readonly paddr: number; readonly byteLength: number; readonly why: RemapReason | null }
  | { readonly kind: 'allocation'; readonly byteLength: number; readonly granted: Allocation['granted'] }
  | { readonly kind: 'action'; readonly ok: boolean }
  /** The first bad descriptor; `unseen` of those before it are not in the dump. */
  | ({ readonly kind: 'l1-descriptor'; readonly index: number; readonly unseen: number } & BadL1Descriptor)
  /** `anySpan`: nobody has looked at their spans. */
  | { readonly kind: 'l1-descriptors'; readonly used: number; readonly of: number; readonly anySpan: boolean }
  /** `oddity` null: not in the dump. */
  | { readonly kind: 'l1-unknown'; readonly unknown: number; readonly of: number; readonly oddity: Oddity | null }
  | { readonly kind: 'ids'; readonly asids: number; readonly vmids: number; readonly cdTables: number }
  | { readonly kind: 'scan-failure'; readonly failure: ScanFailure }
  | {
      readonly kind: 'scan-unfinished';
      readonly unknownEntries: number;
      readonly contestedAsids: number;
      readonly gaveUp: GaveUp | null;
    };

/** What an L1 descriptor in use is rejected for, with both of its fields. */
export interface BadL1Descriptor {
  readonly broken: BrokenL1Rule;
  readonly span: number;
  readonly pointer: number;
}

export type BrokenL1Rule = 'span' | 'pointer' | 'overlap';

/** What passes. */
export type Required =
  | { readonly kind: 'equals'; readonly value: number }
  | { readonly kind: 'at-most'; readonly value: number }
  | { readonly kind: 'at-least'; readonly value: number }
  /** From the kdump kernel's own resources. */
  | { readonly kind: 'disjoint'; readonly from: OverlapTest }
  | { readonly kind: 'range'; readonly first: number; readonly last: number }
  | { readonly kind: 'aligned'; readonly byteLength: number }
  | {
      readonly kind:
        | 'little-endian'
        | 'aarch64-tables'
        | 'nothing-preset'
        | 'coherent'
        | 'no-service-failure'
        | 'known-format'
        | 'two-level'
        | 'log2size-in-range'
        | 'log2size-at-least-split'
        | 'log2size-within-cap'
        | 'aligned-to-size'
        | 'mapped'
        | 'allocated'
        | 'l1-any'
        | 'l1-span-or-null'
        | 'l1-span-and-alignment'
        | 'ids-free'
        | 'registered'
        | ScanRequirement;
    };

/** What the ID scan asks of an entry, where it is no number. */
type ScanRequirement = 'not-null' | 'known-s1fmt' | 'known-config' | 'aligned-to-leaf' | 'not-of-domain';

/** The rules by which the scan for IDs in use tosses an adoption. */
export type ScanRule =
  | 'l2-unmappable'
  | 'ste-config-reserved'
  | 'cd-table-null'
  | 's1cdmax-above-ssidsize'
  | 's1fmt-unsupported'
  | 's1fmt-without-cd2l'
  | 'cd-table-unaligned'
  | 'cd-table-unmappable'
  | 'cd-leaf-null'
  | 'cd-leaf-unaligned'
  | 'cd-leaf-unmappable'
  | 'asid-zero'
  | 'asid-too-large'
  | 'asid-busy'
  | 'vmid-zero'
  | 'vmid-too-large';

/** Where a rule is broken. */
export interface ScanPlace {
  readonly sid: number;
  /** Null where the whole L2 table of the SID's bus is at fault. */
  readonly stePaddr: number | null;
  /** The context descriptor, or the L1 descriptor of its table, at fault; null where it is the STE itself. */
  readonly cd: { readonly level: 'cd' | 'l1'; readonly index: number; readonly paddr: number } | null;
}

export interface ScanFailure extends ScanPlace {
  readonly rule: ScanRule;
  readonly ret: number;
  readonly observed: ScanObserved;
  readonly required: Required;
  /** The kernel's scan ends here, and names nothing of it. */
  readonly stopsHere: boolean;
}

/** What breaks a rule of the scan. */
export type ScanObserved =
  | { readonly kind: 'field'; readonly field: 'S1CDMax' | 'S1Fmt' | 'Config' | 'ASID' | 'VMID'; readonly value: number }
  | { readonly kind: 'null-context-pointer' }
  /** An SMMU that probed before has given it to a domain. */
  | { readonly kind: 'asid-of-domain'; readonly asid: number; readonly smmu: string }
  | { readonly kind: 'address'; readonly paddr: number }
  | { readonly kind: 'unmappable'; readonly paddr: number; readonly why: RemapReason };

/** How much the scan had seen when it was given up. */
export interface GaveUp {
  readonly after: number;
  readonly of: 'stes' | 'cd-tables' | 'cds';
}
