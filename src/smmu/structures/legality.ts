/**
 * How the rules are written by which an STE or a CD is illegal (IHI 0070, "STE ILLEGAL conditions" and "CD ILLEGAL
 * conditions"). One row is one rule. What a rule needs to know of the hardware it names, and where one of those values
 * was not captured the rule is silent: nothing becomes illegal by a guess.
 */

import { type Field, fieldBits, fieldOf, type Layout, meaningOf } from '../fields.ts';
import type { FeatureName, HardwareFeatures } from '../registers/hardware-features.ts';

/** One reason why the hardware refuses an entry. */
export interface Illegality {
  /** Which rule it is, in kebab case; stays the same from release to release. */
  readonly rule: string;
  /** The field that decides. */
  readonly field: string;
  readonly observed: string;
  readonly required: string;
}

/** An entry as rules see it: its fields by name. */
export interface Reading {
  of(field: string): number;
  /** The value as people read it, with what it means. */
  shown(field: string): string;
}

/** The features that a rule asked for are numbers to it; all others may be unknown. */
type Known<N extends FeatureName> = HardwareFeatures & Readonly<Record<N, number>>;

interface Conditions<E, N extends FeatureName> {
  /** Left out: always. */
  readonly when?: (entry: E, hw: Known<N>) => boolean;
  readonly legal: (entry: E, hw: Known<N>) => boolean;
  readonly required: string | ((entry: E, hw: Known<N>) => string);
  /** Left out: the value of the field. */
  readonly observed?: (entry: E, hw: Known<N>) => string;
}

export interface Rule<E> {
  readonly id: string;
  readonly field: string;
  readonly needs: readonly FeatureName[];
  /** The features that it needs have been seen to be known. */
  judge(entry: E, hw: HardwareFeatures): Illegality | null;
}

/** What makes the rows of one structure's table: `row('ste-s2r', 'S2R', ['OAS'], { … })`. */
export function ruleMaker<E extends Reading>() {
  return <N extends FeatureName = never>(
    id: string,
    field: string,
    needs: readonly N[],
    { when, legal, required, observed }: Conditions<E, N>,
  ): Rule<E> => ({
    id,
    field,
    needs,
    judge(entry, hw) {
      const known = hw as Known<N>;
      if (when?.(entry, known) === false || legal(entry, known)) return null;
      return {
        rule: id,
        field,
        observed: observed === undefined ? entry.shown(field) : observed(entry, known),
        required: typeof required === 'string' ? required : required(entry, known),
      };
    },
  });
}

/** Every reason in the table, in its order. */
export function judged<E>(rules: readonly Rule<E>[], entry: E, hw: HardwareFeatures): Illegality[] {
  return rules.flatMap((rule) =>
    rule.needs.some((feature) => hw[feature] === null) ? [] : (rule.judge(entry, hw) ?? []),
  );
}

/** The fields of `words` by name. Addresses are exact: at most 52 of their bits are not zero by position. */
export function readingOf(layout: Layout, words: readonly bigint[]): Reading {
  const of = (name: string) => Number(fieldBits(fieldOf(layout, name), words));
  return { of, shown: (name) => shownValue(fieldOf(layout, name), of(name)) };
}

function shownValue(field: Field, value: number): string {
  if (field.kind === 'address') return `0x${value.toString(16)}`;
  const meaning = meaningOf(field, value);
  return meaning === undefined ? String(value) : `${value} (${meaning})`;
}

/** Whether an address has no bits above the given size; one of unknown size has none. */
export function fitsIn(address: number, bits: number | null): boolean {
  return bits === null || address < 2 ** bits;
}

/** IDR0.TTENDIAN against ENDI or S2ENDI. A reserved value allows both, as far as anyone can tell. */
export function endiannessAllowed(endi: number, ttendian: number): boolean {
  return !((ttendian === 2 && endi === 1) || (ttendian === 3 && endi === 0));
}

/** What should be zero in a 64-bit word of an entry and is not. */
export interface ReservedBits {
  /** Which one. */
  readonly word: number;
  readonly bits: bigint;
}

/** Bits that no field of the layout names, word by word: those that are set, where any are. */
export function reservedBitsSet(layout: Layout, words: readonly bigint[]): readonly ReservedBits[] {
  const masks = reservedMasks(layout, words.length);
  return words.flatMap((value, word) => {
    const bits = value & (masks[word] as bigint);
    return bits === 0n ? [] : [{ word, bits }];
  });
}

const masksOf = new WeakMap<Layout, readonly bigint[]>();

/** All bits of each word but those of its fields. */
function reservedMasks(layout: Layout, words: number): readonly bigint[] {
  let masks = masksOf.get(layout);
  if (masks === undefined || masks.length < words) {
    masks = Array.from({ length: words }, (_, word) =>
      layout.fields
        .filter((field) => field.word === word)
        .reduce((rest, { lsb, width }) => rest & ~(((1n << BigInt(width)) - 1n) << BigInt(lsb)), (1n << 64n) - 1n),
    );
    masksOf.set(layout, masks);
  }
  return masks;
}
