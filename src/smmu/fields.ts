/**
 * Bit fields as data. Every register and every structure of the architecture is one {@link Layout}; decoding,
 * printing, JSON keys, the encoder of samples and tests, and the field reference are all derived from it.
 */

import type { Encoding, Reserved } from './encodings.ts';

/** One field. For `address` fields the bits are address bits in their own places, so the value is an address. */
export interface Field {
  readonly name: string;
  /** Index of the 64-bit little-endian word that holds the field; always 0 in a register. */
  readonly word: number;
  readonly lsb: number;
  readonly width: number;
  readonly kind: 'number' | 'address';
  readonly meaning: string;
  /** Encodings: a decimal value, an inclusive range `n-m`, or `other`. */
  readonly values?: Encoding;
}

/** A register or an in-memory structure: its size and its fields. Bits that no field names are reserved (RES0). */
export interface Layout {
  readonly name: string;
  readonly byteLength: number;
  readonly meaning: string;
  readonly fields: readonly Field[];
}

/** Fields to encode, by name. */
export type FieldInputs = Readonly<Record<string, number | bigint>>;

/** A decoded field: an address is a bigint, because the newest architecture has one of 56 bits; all else is a number. */
export type FieldValue = number | bigint;

/** Bits by which a word is shifted; to make each anew takes longer than the shift. */
const SHIFTS: readonly bigint[] = Array.from({ length: 64 }, (_, bits) => BigInt(bits));

/** The bits of one field: shifted down for a number, in place for an address. */
export function fieldBits(field: Field, words: readonly bigint[]): bigint {
  const shift = SHIFTS[field.lsb] as bigint;
  const value = BigInt.asUintN(field.width, (words[field.word] ?? 0n) >> shift);
  return field.kind === 'address' ? value << shift : value;
}

/** Whether a mask of known bits covers the whole of a field. */
export function isKnown({ lsb, width }: Field, { known }: { readonly known: bigint }): boolean {
  const mask = ((1n << BigInt(width)) - 1n) << BigInt(lsb);
  return (known & mask) === mask;
}

/** Fields by name, made at the first question: a rule of legality asks for a dozen of them, for each of 2^14 STEs. */
const indexes = new WeakMap<Layout, ReadonlyMap<string, Field>>();

/** The field of that name. Throws on a name the layout lacks: only a mistake in this program can cause it. */
export function fieldOf(layout: Layout, name: string): Field {
  let index = indexes.get(layout);
  if (index === undefined) {
    // The first of a name, as a search would find it.
    index = new Map(layout.fields.toReversed().map((field) => [field.name, field]));
    indexes.set(layout, index);
  }
  const field = index.get(name);
  if (field === undefined) throw new Error(`${layout.name} has no field ${name}`);
  return field;
}

/** Fields as numbers by name. Of an address, bits 51:0: the newest architecture alone has more, and tables cannot. */
export function fieldNumbers(layout: Layout, words: readonly bigint[]): (field: string) => number {
  return (name) => Number(BigInt.asUintN(52, fieldBits(fieldOf(layout, name), words)));
}

/** Where a field lies, for decoding: `at` is the index of the 32-bit half of a number, null for what crosses halves. */
interface Place {
  readonly field: Field;
  readonly at: number | null;
  readonly shift: number;
  readonly mask: number;
  /** Of an address, its bits in place. */
  readonly addressMask: bigint;
}

const places = new WeakMap<Layout, readonly Place[]>();

function placesOf(layout: Layout): readonly Place[] {
  const known = places.get(layout);
  if (known !== undefined) return known;
  const made = layout.fields.map((field): Place => {
    const { word, lsb, width, kind } = field;
    const inHalf = kind === 'number' && width < 32 && (lsb & 31) + width <= 32;
    return {
      field,
      at: inHalf ? 2 * word + (lsb >>> 5) : null,
      shift: lsb & 31,
      mask: inHalf ? 2 ** width - 1 : 0,
      addressMask: ((1n << BigInt(width)) - 1n) << BigInt(lsb),
    };
  });
  places.set(layout, made);
  return made;
}

/**
 * Every field of the layout by name; of a register of which some bits are `known`, those that are wholly. Rows by the
 * million are decoded so: numbers come out of 32-bit halves.
 */
export function decodeFields(
  layout: Layout,
  words: readonly bigint[],
  known: bigint | null = null,
): Record<string, FieldValue> {
  const halves: number[] = [];
  for (const word of words) {
    const low = Number(BigInt.asUintN(32, word));
    halves.push(low, Number(word >> 32n));
  }
  const decoded: Record<string, FieldValue> = {};
  for (const { field, at, shift, mask, addressMask } of placesOf(layout)) {
    if (known !== null && !isKnown(field, { known })) continue;
    if (at !== null) decoded[field.name] = ((halves[at] ?? 0) >>> shift) & mask;
    else if (field.kind === 'address') decoded[field.name] = (words[field.word] ?? 0n) & addressMask;
    else decoded[field.name] = Number(fieldBits(field, words));
  }
  return decoded;
}

/** One field of {@link decodeFields}. Throws on a name the layout lacks. */
export function decodeField(layout: Layout, words: readonly bigint[], name: string): FieldValue {
  const field = fieldOf(layout, name);
  const value = fieldBits(field, words);
  return field.kind === 'address' ? value : Number(value);
}

/** What carries the words of a structure. */
interface WithWords {
  readonly words: readonly bigint[];
}

/**
 * The row with its decoded `fields`, which are made when they are asked for: most readers of a million rows want a few
 * of them, or none.
 */
export function withFields<Row extends WithWords>(
  layout: Layout,
  row: Row,
): Row & { readonly fields: Readonly<Record<string, FieldValue>> } {
  let property = lazyFields.get(layout);
  if (property === undefined) {
    property = {
      get(this: WithWords) {
        return decodeFields(layout, this.words);
      },
      enumerable: true,
      configurable: true,
    };
    lazyFields.set(layout, property);
  }
  return Object.defineProperty(row, 'fields', property) as ReturnType<typeof withFields<Row>>;
}

const lazyFields = new WeakMap<Layout, PropertyDescriptor>();

/**
 * The words of a structure with the given fields set and all other bits zero: the inverse of {@link decodeFields}.
 * Throws RangeError for a value that does not fit, an address with bits outside its field, or an unknown name.
 */
export function encodeFields(layout: Layout, values: FieldInputs): bigint[] {
  const words = new Array<bigint>(Math.ceil(layout.byteLength / 8)).fill(0n);
  for (const [name, given] of Object.entries(values)) {
    const field = fieldOf(layout, name);
    const bits = BigInt(given);
    const inPlace = field.kind === 'address' ? bits : bits << BigInt(field.lsb);
    const mask = ((1n << BigInt(field.width)) - 1n) << BigInt(field.lsb);
    if (bits < 0n || (inPlace & ~mask) !== 0n) throw new RangeError(`${layout.name}.${name} cannot hold ${given}`);
    words[field.word] = (words[field.word] ?? 0n) | inPlace;
  }
  return words;
}

/** What the architecture says this value of the field means, or undefined when the table gives no encoding. */
export function meaningOf(field: Field, value: number): string | undefined {
  const meaning = encodedAs(field, value);
  return typeof meaning === 'object' ? meaning.reserved : meaning;
}

/** Whether the table of the field's values has this one as reserved. */
export function isReserved(field: Field, value: number): boolean {
  return typeof encodedAs(field, value) === 'object';
}

function encodedAs({ values }: Field, value: number): string | Reserved | undefined {
  if (values === undefined) return undefined;
  const exact = values[String(value)];
  if (exact !== undefined) return exact;
  for (const [encoding, meaning] of Object.entries(values)) {
    const [first, last] = encoding.split('-').map(Number);
    if (first !== undefined && last !== undefined && first <= value && value <= last) return meaning;
  }
  return values['other'];
}

/** The 64-bit words of a structure that begins at `words[at]`, out of 32-bit halves. Asked for by the million. */
export function wideWords(words: Uint32Array, at: number, byteLength: number): bigint[] {
  const wide: bigint[] = [];
  for (let i = at; i < at + byteLength / 4; i += 2) {
    const high = words[i + 1] as number;
    wide.push(high === 0 ? BigInt(words[i] as number) : (BigInt(high) << 32n) | BigInt(words[i] as number));
  }
  return wide;
}
