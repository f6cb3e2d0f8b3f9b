/**
 * What the hardware sees in an entry that it refuses, and what it requires instead: codes with their numbers, in which the
 * rules of STEs and CDs are written. How they read is not said here.
 */

import type { FieldValue } from '../fields.ts';
import type { FeatureName } from '../registers/hardware-features.ts';

export type EntryKind = 'ste' | 'cd';

/** A field of an entry, and what it holds. */
export interface EntryField {
  readonly entry: EntryKind;
  readonly field: string;
  readonly value: FieldValue;
}

/** The field that decides, with others that make its value a wrong one. */
export interface EntryObserved extends EntryField {
  /** What the hardware takes the value for, where its encoding leaves that open; else null. */
  readonly takenFor: 'VMSAv9-128' | null;
  readonly beside: readonly EntryField[];
}

/** What the hardware requires, and what makes it do so; null where nothing but the value is at fault. */
export interface EntryRequired {
  readonly wanted: Wanted;
  readonly because: Ground | null;
}

/** What would be legal. Without another name in it, the field that decides is meant. */
export type Wanted =
  | { readonly kind: 'value' | 'at-most'; readonly value: number }
  | { readonly kind: 'one-of' | 'none-of'; readonly values: readonly number[] }
  | { readonly kind: 'range'; readonly min: number; readonly max: number }
  | { readonly kind: 'other-fields'; readonly fields: Readonly<Record<string, number>> }
  | { readonly kind: 'address' | 'intermediate-address'; readonly bits: number }
  | { readonly kind: 'no-stage'; readonly stage: 1 | 2 }
  | { readonly kind: 'another-value' | 'another-granule' | 'linear-table' | 'el1-stream' | 'fitting-start-level' };

/** What makes it wrong: an ability of the hardware, or something else in the entry or in the STE above it. */
export type Ground =
  | { readonly kind: 'feature'; readonly feature: FeatureName; readonly value: number }
  /** The value that is wanted is that of the feature, or comes of it. */
  | { readonly kind: 'limit'; readonly feature: FeatureName }
  | { readonly kind: 'without-format'; readonly format: 'VMSAv8-64' | 'VMSAv8-32 LPAE' }
  | { readonly kind: 'without-granule'; readonly granule: string }
  | { readonly kind: 'with-field' | 'with-field-of-ste'; readonly field: string; readonly value: number }
  | { readonly kind: 'without-field'; readonly field: string }
  | { readonly kind: 'stage-2-on' | 'lpae-stage-2' | 'el2-stream' | 'el2-e2h-stream' | 'non-secure-table' };

/** A requirement as rows of rules write it; a number is the one value that is legal. */
export function wants(wanted: number | Wanted, because: Ground | null = null): EntryRequired {
  return { wanted: typeof wanted === 'number' ? { kind: 'value', value: wanted } : wanted, because };
}

/** Because the hardware has this value in a field of an identification register. */
export function has(feature: FeatureName, value: number): Ground {
  return { kind: 'feature', feature, value };
}

/** Because the entry has this value in another field. */
export function withField(field: string, value: number): Ground {
  return { kind: 'with-field', field, value };
}

/** An address of at most so many bits. */
export function addressOf(bits: number | null, kind: 'address' | 'intermediate-address' = 'address'): Wanted {
  return { kind, bits: bits ?? 64 };
}
