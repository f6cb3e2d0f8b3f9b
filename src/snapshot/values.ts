/** The value spellings of the snapshot format: hex strings, decimal strings, and JSON integers. */

import { InputError, type InputErrorTag } from '../errors.ts';
import { paddedHex } from '../hex.ts';
import { visible } from '../visible-text.ts';

/** Where a value stands in which file, so that every refusal names its place. */
export class Place {
  readonly file: string;
  readonly path: string;
  readonly #tag: InputErrorTag;

  constructor(file: string, path = '', tag: InputErrorTag = 'snapshot') {
    this.file = file;
    this.path = path;
    this.#tag = tag;
  }

  key(name: string): Place {
    const step = shownKey(name);
    return new Place(this.file, this.path === '' ? step : `${this.path}.${step}`, this.#tag);
  }

  index(i: number): Place {
    return new Place(this.file, `${this.path}[${i}]`, this.#tag);
  }

  refuse(message: string): never {
    const place = this.path === '' ? {} : { place: this.path };
    throw new InputError(this.#tag, message, { file: this.file, ...place });
  }
}

/** What JSON.parse can answer. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** A path has no more. The name of an SMMU stands in every finding and every line of the predicted log. */
const MAX_TEXT_LENGTH = 4096;

/** 64 bits in decimal take 20 digits; anything much longer is refused before it is converted. */
const MAX_VALUE_LENGTH = 64;

/** An unsigned integer of at most `bits` bits. */
export function integerAt(place: Place, value: Json | undefined, bits: number): bigint {
  let integer: bigint;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) {
      place.refuse(`${shown(value)} is not an integer from 0 to 2^53-1; write larger ones as "0x..." strings`);
    }
    integer = BigInt(value);
  } else if (typeof value === 'string' && /^(0x[0-9a-f]+|[0-9]+)$/i.test(value)) {
    if (value.length > MAX_VALUE_LENGTH) place.refuse(`${shown(value)} is longer than ${MAX_VALUE_LENGTH} characters`);
    integer = BigInt(value.toLowerCase());
  } else {
    place.refuse(`${shown(value)} is not a number; expected "0x..." hex, a decimal string, or an integer`);
  }
  if (BigInt.asUintN(bits, integer) !== integer) place.refuse(`${shown(value)} does not fit in ${bits} bits`);
  return integer;
}

/** A physical address, size or offset, exact as a number: at most 52 bits. */
export function addressAt(place: Place, value: Json | undefined): number {
  return Number(integerAt(place, value, 52));
}

/** A register value as the snapshot format shows it: lower case, padded to the size of the register. */
export function hexText(value: bigint, byteLength: number): string {
  return paddedHex(value, 2 * byteLength);
}

/** The value as an object; refuses any other, naming the place. */
export function objectAt(place: Place, value: Json | undefined): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  return place.refuse(`expected an object, found ${kindOf(value)}`);
}

/** Refuses keys that nobody reads: a misspelt one would say nothing for ever. */
export function refuseUnknownKeys(place: Place, object: JsonObject, known: readonly string[]): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown !== undefined) place.key(unknown).refuse(`is not known; known: ${known.join(', ')}`);
}

/** The value as an array; refuses any other, naming the place. */
export function arrayAt(place: Place, value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : place.refuse(`expected an array, found ${kindOf(value)}`);
}

/** The value as text; refuses any other, naming the place. */
export function stringAt(place: Place, value: Json | undefined): string {
  if (typeof value !== 'string') return place.refuse(`expected a string, found ${kindOf(value)}`);
  if (value.length > MAX_TEXT_LENGTH) {
    place.refuse(`has ${value.length} characters; ${MAX_TEXT_LENGTH} are the most that are read`);
  }
  return value;
}

/** The value as true or false; refuses any other, naming the place. */
export function booleanAt(place: Place, value: Json | undefined): boolean {
  return typeof value === 'boolean' ? value : place.refuse(`expected true or false, found ${kindOf(value)}`);
}

/** A value in a message: text and numbers as such, of an array or an object only what it is. */
export function shown(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** A key in a message: itself where it is a plain word, quoted otherwise. */
export function shownKey(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]{0,39}$/.test(name) ? name : quote(name);
}

/** Text in quotes on one line, shortened, with every invisible character shown by its code. */
export function quote(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 37)}...` : text;
  // JSON leaves DEL, the C1 controls and whatever else nobody sees as they are.
  return visible(JSON.stringify(short));
}

function kindOf(value: Json | undefined): string {
  return value === undefined || value === null || typeof value === 'object'
    ? shown(value)
    : `the ${typeof value} ${shown(value)}`;
}
