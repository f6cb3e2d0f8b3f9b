/**
 * What a walk reads, what that says, and why a walk ends: codes with their numbers. How they read is the reports' matter.
 * `S` is the state of what was read.
 */

import type { Illegality } from '../structures/legality.ts';
import type { LeafAttributes } from './attributes.ts';
import type { AccessKind } from './rights.ts';

/** A structure that is read on the way: of the configuration, or a descriptor of the tables. */
export type Fetched =
  | { readonly kind: 'L1CD' | 'CD' }
  | { readonly kind: 'descriptor'; readonly stage: 1 | 2; readonly level: number; readonly purpose: Purpose };

/** What stage 2 is asked for: the address of a structure, or the output of stage 1; null for a walk of its own. */
export type Purpose = Fetched | 'stage-1-output' | null;

/** Why a descriptor leads nowhere: bit 0 is 0, or bits 1:0 say what its level does not have. */
export type Invalidity = 'invalid' | 'reserved' | 'no-block';

/** Whether the run of entries that the Contiguous bit marks is one. */
export type ContiguousRun =
  | { readonly kind: 'no-runs-here' }
  | { readonly kind: 'not-in-dump' | 'agrees' | 'unaligned'; readonly entries: number }
  /** `entry`: the first, counted from 0, that does not continue the one before it. */
  | { readonly kind: 'differs'; readonly entries: number; readonly entry: number };

/** What a structure says. */
export type Says =
  | { readonly kind: 'l1cd'; readonly leaf: number | null }
  /** Null: V is 0. By half the table and TxSZ, or null where EPDx turns it off or an EL2 stream lacks it. */
  | { readonly kind: 'cd'; readonly asid: number; readonly halves: readonly (CdHalf | null)[] }
  | { readonly kind: 'cd-invalid' }
  | { readonly kind: 'none'; readonly invalidity: Invalidity }
  /** `limits` as {@link limitsBelow} lays them out. */
  | { readonly kind: 'table'; readonly paddr: number; readonly limits: number }
  | {
      readonly kind: 'leaf';
      readonly isPage: boolean;
      readonly paddr: number;
      readonly rights: number;
      readonly accessFlag: number;
      readonly attributes: LeafAttributes;
      /** Null without the Contiguous bit. */
      readonly run: ContiguousRun | null;
    };

export interface CdHalf {
  readonly ttb: number;
  readonly tsz: number;
}

/** Why one half of the input range of a CD has nothing to walk. */
export type HalfReason = { readonly kind: 'el2' } | { readonly kind: 'epd' | 'misfit'; readonly half: 0 | 1 };

/** What lies behind a fault. */
export type FaultReason =
  | { readonly kind: 'unreadable' | 'unwritable' | 'device-memory' | 'no-access-flag'; readonly what: Fetched }
  | { readonly kind: 'ipa-too-large'; readonly ipa: number; readonly bits: number }
  | { readonly kind: 'leads-nowhere'; readonly what: Fetched; readonly invalidity: Invalidity }
  | { readonly kind: 'output-too-large'; readonly what: Fetched; readonly paddr: number; readonly bits: number }
  | { readonly kind: 'illegal'; readonly illegal: readonly Illegality[] }
  | { readonly kind: 'no-stage-2-fits' | 'stage-1-off' | 'no-substreams' | 'substream-0' }
  | { readonly kind: 'no-substream'; readonly s1dss: number }
  | { readonly kind: 'substream-beyond'; readonly ssid: number; readonly cds: number }
  | { readonly kind: 'l1cd-invalid'; readonly index: number }
  | { readonly kind: 'l1cd-beyond'; readonly index: number; readonly bits: number }
  | { readonly kind: 'input-too-large'; readonly iova: bigint; readonly bits: number }
  | { readonly kind: 'no-tables'; readonly half: HalfReason }
  | { readonly kind: 'outside-half'; readonly iova: bigint; readonly half: 0 | 1; readonly bits: number }
  | { readonly kind: 'privileged-only'; readonly half: 0 | 1 }
  | {
      readonly kind: 'not-granted';
      readonly level: number;
      readonly rights: number;
      readonly privileged: boolean;
      readonly access: AccessKind;
    };

/** What keeps the end from being known. */
export type UnknownReason<S> =
  | { readonly kind: 'not-in-dump'; readonly what: Fetched; readonly paddr: number; readonly state: S }
  | { readonly kind: 'undecoded-tables'; readonly stage: 1 | 2; readonly format: 'VMSAv9-128' | 'VMSAv8-32 LPAE' }
  | { readonly kind: 'undecoded-indirection' };

/** Why traffic is aborted without an event: what STE.Config says. */
export interface AbortReason {
  readonly kind: 'config-abort' | 'config-reserved';
}
