/**
 * How the rules are written by which an STE or a CD is illegal (IHI 0070, "STE ILLEGAL conditions" and "CD ILLEGAL
 * conditions"). One row is one rule. What a rule needs to know of the hardware it names, and where one of those values
 * was not captured the rule is silent: nothing becomes illegal by a guess.
 */

import { decodeField, type FieldValue, fieldBits, fieldOf, type Layout } from '../fields.ts';
import { ADDRESS_SIZE_BITS, type FeatureName, type HardwareFeatures, oasBits } from '../registers/hardware-features.ts';
import { type EntryKind, type EntryObserved, type EntryRequired, wants } from './requirement.ts';

/** One reason why the hardware refuses an entry. */
export interface Illegality {
  /** Which rule it is, in kebab case; stays the same from release to release. */
  readonly rule: string;
  /** The field that decides, and what it holds. */
  readonly observed: EntryObserved;
  readonly required: EntryRequired;
}

/** An entry as rules see it: its fields by name. */
export interface Reading {
  of(field: string): number;
  /** The same as it is decoded. */
  decoded(field: string): FieldValue;
}

/** The features that a rule asked for are numbers to it; all others may be unknown. */
type Known<N extends FeatureName> = HardwareFeatures & Readonly<Record<N, number>>;

interface Conditions<E, N extends FeatureName> {
  /** Left out: always. */
  readonly when?: (entry: E, hw: Known<N>) => boolean;
  readonly legal: (entry: E, hw: Known<N>) => boolean;
  readonly required: EntryRequired | ((entry: E, hw: Known<N>) => EntryRequired);
  /** Other fields of the entry that make the value a wrong one. */
  readonly beside?: readonly string[];
  /** What there is to be seen in more than fields of this entry. */
  readonly observed?: (entry: E) => Partial<Pick<EntryObserved, 'takenFor' | 'beside'>>;
}

export interface Rule<E> {
  readonly id: string;
  readonly field: string;
  readonly needs: readonly FeatureName[];
  /** The features that it needs have been seen to be known. */
  judge(entry: E, hw: HardwareFeatures): Illegality | null;
}

/** What makes the rows of one structure's table: `row('ste-s2r', 'S2R', ['OAS'], { … })`. */
export function ruleMaker<E extends Reading>(kind: EntryKind) {
  return <N extends FeatureName = never>(
    id: string,
    field: string,
    needs: readonly N[],
    { when, legal, required, beside = [], observed }: Conditions<E, N>,
  ): Rule<E> => ({
    id,
    field,
    needs,
    judge(entry, hw) {
      const known = hw as Known<N>;
      if (when?.(entry, known) === false || legal(entry, known)) return null;
      const fieldOfEntry = (name: string) => ({ entry: kind, field: name, value: entry.decoded(name) });
      return {
        rule: id,
        observed: { ...fieldOfEntry(field), takenFor: null, beside: beside.map(fieldOfEntry), ...observed?.(entry) },
        required: typeof required === 'function' ? required(entry, known) : required,
      };
    },
  });
}

/** The one reason against an entry of which V is 0: nothing else in it counts. */
export function notValid(entry: EntryKind): Illegality {
  return {
    rule: `${entry}-invalid`,
    observed: { entry, field: 'V', value: 0, takenFor: null, beside: [] },
    required: wants(1),
  };
}

/** Every reason in the table, in its order. */
export function judged<E>(rules: readonly Rule<E>[], entry: E, hw: HardwareFeatures): Illegality[] {
  const reasons: Illegality[] = [];
  for (const rule of rules) {
    const reason = rule.needs.every((feature) => hw[feature] !== null) ? rule.judge(entry, hw) : null;
    if (reason !== null) reasons.push(reason);
  }
  return reasons;
}

/** The fields of `words` by name. Addresses are exact: at most 52 of their bits are not zero by position. */
export function readingOf(layout: Layout, words: readonly bigint[]): Reading {
  return {
    of: (name) => Number(fieldBits(fieldOf(layout, name), words)),
    decoded: (name) => decodeField(layout, words, name),
  };
}

/** Whether an address has no bits above the given size; one of unknown size has none. */
export function fitsIn(address: number, bits: number | null): boolean {
  return bits === null || address < 2 ** bits;
}

/**
 * Output bits of a stage by its table format (IHI 0070, CD.IPS and STE.S2PS): those of VMSAv8-32 LPAE are 40, others go by
 * IPS or S2PS within OAS. `aa64` 0 means either LPAE or 128-bit descriptors, as the SMMU has them.
 */
export function formatOutputBits(aa64: number, code: number, hw: HardwareFeatures): number {
  if (aa64 === 0 && hw.D128 === 0) return LPAE_OUTPUT_BITS;
  const oas = oasBits(hw) ?? 64;
  if (aa64 === 0 && hw.D128 === null) return Math.max(LPAE_OUTPUT_BITS, oas);
  return Math.min(ADDRESS_SIZE_BITS[code] ?? 64, oas);
}

const LPAE_OUTPUT_BITS = 40;

/** IDR0.TTENDIAN against ENDI or S2ENDI. A reserved value allows both, as far as anyone can tell. */
export function endiannessAllowed(endi: number, ttendian: number): boolean {
  return !((ttendian === 2 && endi === 1) || (ttendian === 3 && endi === 0));
}
