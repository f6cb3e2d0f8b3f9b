/** Words of 64 bits with an address in them: what else they hold stays, because it decides what the hardware does. */

import { groupBy } from '../../lists.ts';
import { onceFor } from '../../remembered.ts';
import type { Field, Layout } from '../../smmu/fields.ts';
import { address } from '../../smmu/rows.ts';

/** By index of a word, where in it addresses are. */
export type AddressMasks = ReadonlyMap<number, readonly bigint[]>;

/** Where the words of a structure or a register have addresses. */
export const addressMasks = onceFor((layout: Layout): AddressMasks => {
  const addresses = layout.fields.filter(({ kind }) => kind === 'address');
  const masks = ({ lsb, width }: Field) => ((1n << BigInt(width)) - 1n) << BigInt(lsb);
  return new Map(
    Array.from(
      groupBy(addresses, ({ word }) => word),
      ([word, fields]) => [word, fields.map(masks)],
    ),
  );
});

/** The word with `standIn` of each of its addresses in their places. */
export function withStandIns(word: bigint, places: readonly bigint[], standIn: (address: bigint) => bigint): bigint {
  return places.reduce((value, mask) => {
    const address = value & mask;
    return address === 0n ? value : (value ^ address) | (standIn(address) & mask);
  }, word);
}

/**
 * A descriptor of a translation table: addresses of up to 48 bits, which one of no use may have as well. What is above is
 * in places that depend on the format.
 */
export const DESCRIPTOR: Layout = {
  name: 'descriptor',
  byteLength: 8,
  meaning: 'Descriptor of a translation table',
  fields: [address('Address', 0, 12, 36, 'Next table, block or page')],
};

/** Where an address can be in a word of which no more is known: all of it, or what the formats of tables have. */
const ANYWHERE = [(1n << 64n) - 1n, ...[55n, 51n, 47n].map((top) => ((1n << (top + 1n)) - 1n) & ~0xfffn)];

/** The same for a word of which no more is known: an address in it is one that stands elsewhere, too. */
export function withKnownStandIns(
  word: bigint,
  isKnown: (address: bigint) => boolean,
  standIn: (address: bigint) => bigint,
): bigint {
  const mask = ANYWHERE.find((one) => (word & one) >> 12n !== 0n && isKnown(word & one));
  return mask === undefined ? word : withStandIns(word, [mask], standIn);
}

/** Fields alone can make a word of so few bits. */
const BITS_OF_FIELDS = 4;
/** The lowest address with more of them above the place in its page. */
const FEWEST = 0x1f000n;

/** A word that has no place for an address may be overwritten by one, which is then all that it holds. */
export function isOverwritten(word: bigint, isKnown: (address: bigint) => boolean): boolean {
  if (word < FEWEST || !isKnown(word)) return false;
  return (word >> 12n).toString(2).replaceAll('0', '').length > BITS_OF_FIELDS;
}

/**
 * A pointer of the kernel is one wherever it turns up. In the last 4 GiB arm64 has nothing but its fixed mappings, and there
 * are error codes, what lost memory and dead devices read as, and memory attributes as Linux sets them.
 */
export function isKernelAddress(word: bigint): boolean {
  return word >> 47n === 0x1ffffn && word >> 32n !== 0xffff_ffffn;
}
