/**
 * How the field tables of this folder are written: one call is one row. Fields stand in the order of their bits.
 */

import type { Encoding } from './encodings.ts';
import type { Field, Layout } from './fields.ts';

/** A memory-mapped register. Offsets count from the base of register page 0; page 1 begins at 0x10000. */
export interface Register extends Layout {
  readonly offset: number;
}

/** A field whose value is a number: `bits('Config', 0, 1, 3, …)` is bits [3:1] of word 0. */
export function bits(
  name: string,
  word: number,
  lsb: number,
  width: number,
  meaning: string,
  values?: Encoding,
): Field {
  return values === undefined
    ? { name, word, lsb, width, kind: 'number', meaning }
    : { name, word, lsb, width, kind: 'number', meaning, values };
}

/** A field that holds address bits in their own places: `address('L2Ptr', 0, 6, 50, …)` is address bits [55:6]. */
export function address(name: string, word: number, lsb: number, width: number, meaning: string): Field {
  return { name, word, lsb, width, kind: 'address', meaning };
}

/** A register at an offset from page 0, with its fields. */
export function register(
  name: string,
  offset: number,
  byteLength: 4 | 8,
  meaning: string,
  fields: readonly Field[],
): Register {
  return { name, offset, byteLength, meaning, fields };
}
