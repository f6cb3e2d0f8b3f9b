/** The value spellings of the snapshot format: hex strings, decimal strings, and JSON integers. */

import { InputError } from '../errors.ts';

/** Where a value stands in which file, so that every refusal names its place. */
export class Place {
  readonly file: string;
  readonly path: string;

  constructor(file: string, path = '') {
    this.file = file;
    this.path = path;
  }

  key(name: string): Place {
    const step = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : JSON.stringify(name);
    return new Place(this.file, this.path === '' ? step : `${this.path}.${step}`);
  }

  index(i: number): Place {
    return new Place(this.file, `${this.path}[${i}]`);
  }

  refuse(message: string): never {
    const place = this.path === '' ? {} : { place: this.path };
    throw new InputError('snapshot', message, { file: this.file, ...place });
  }
}

/** What JSON.parse can answer. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** 64 bits in decimal take 20 digits; anything much longer is refused before it is converted. */
const MAX_VALUE_LENGTH = 64;

/** An unsigned integer of at most `bits` bits. */
export function integerAt(place: Place, value: Json | undefined, bits: number): bigint {
  const shown = typeof value === 'string' ? JSON.stringify(shorten(value)) : (JSON.stringify(value) ?? 'nothing');
  let integer: bigint;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) {
      place.refuse(`${shown} is not an integer from 0 to 2^53-1; write larger ones as "0x..." strings`);
    }
    integer = BigInt(value);
  } else if (typeof value === 'string' && value.length <= MAX_VALUE_LENGTH && /^(0x[0-9a-f]+|[0-9]+)$/i.test(value)) {
    integer = BigInt(value.toLowerCase());
  } else {
    place.refuse(`${shown} is not a number; expected "0x..." hex, a decimal string, or an integer`);
  }
  if (BigInt.asUintN(bits, integer) !== integer) place.refuse(`${shown} does not fit in ${bits} bits`);
  return integer;
}

/** A physical address, size or offset, exact as a number: at most 52 bits. */
export function addressAt(place: Place, value: Json | undefined): number {
  return Number(integerAt(place, value, 52));
}

export function objectAt(place: Place, value: Json | undefined): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  return place.refuse(`expected an object, found ${kindOf(value)}`);
}

export function arrayAt(place: Place, value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : place.refuse(`expected an array, found ${kindOf(value)}`);
}

export function stringAt(place: Place, value: Json | undefined): string {
  return typeof value === 'string' ? value : place.refuse(`expected a string, found ${kindOf(value)}`);
}

export function booleanAt(place: Place, value: Json | undefined): boolean {
  return typeof value === 'boolean' ? value : place.refuse(`expected true or false, found ${kindOf(value)}`);
}

function kindOf(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${shorten(JSON.stringify(value))}`;
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
