/** Bits of an entry that the architecture has no field for, and that are set all the same. */

import type { Layout } from '../fields.ts';

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
