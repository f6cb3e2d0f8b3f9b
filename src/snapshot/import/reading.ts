/**
 * What every input is made into before registers come of it: single readings, each with its place in its file. The
 * formats know nothing of SMMUs, and what is done with readings nothing of formats.
 */

import { InputError } from '../../errors.ts';
import type { RegisterPart } from './names.ts';

/** A file as it was read: `text` is its content as text, or null when it is not text at all. */
export interface Content {
  /** As the user named it. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly text: string | null;
}

/**
 * A register by its name, an offset from the SMMU's base, or a physical address. An address so small that it lies in
 * the first 128 KiB is an offset that did not say so, unless an SMMU is there.
 */
export type Where = { readonly part: RegisterPart } | { readonly offset: number } | { readonly address: number };

/** Where a reading stands, for a refusal. */
export interface At {
  readonly file: string;
  readonly place: string;
}

export interface Reading {
  readonly where: Where;
  /** The register that the input names beside the address; the two have to agree. */
  readonly named?: RegisterPart;
  readonly value: bigint;
  readonly byteLength: number;
  /** In the file: `line 3`, a JSON path, an offset. */
  readonly place: string;
  /** Base of the SMMU it belongs to, where the input itself says so. */
  readonly base?: number;
  /** A zero that says nothing: read in a block that QEMU answers with zeros for 32-bit registers. */
  readonly doubtful?: boolean;
  /** A 64-bit register's value by name, in so few digits that it may be its lower half alone. */
  readonly short?: boolean;
}

/** The most digits that 64 bits take. */
const MAX_HEX_DIGITS = 16;

/**
 * A value as tools print it, always hexadecimal. Digits without 0x that could be meant as decimal are refused: a value
 * taken for another one would be worse than none.
 */
export function parseHex(token: string, at: At): bigint {
  const digits = token.replace(/^0x/i, '');
  const marked = digits.length < token.length;
  if (!/^[0-9a-f]+$/i.test(digits)) throw new InputError('snapshot', `"${token}" is not a hexadecimal value`, at);
  if (digits.length > MAX_HEX_DIGITS) throw new InputError('snapshot', `${token} is longer than 64 bits`, at);
  const padded = digits.length === 8 || digits.length === 16;
  if (!marked && !padded && digits.length > 1 && /^[0-9]+$/.test(digits)) {
    throw new InputError('snapshot', `${token} may be decimal or hexadecimal; write 0x in front of hexadecimal`, at);
  }
  return BigInt(`0x${digits}`);
}

/** How many bytes a value of so many digits was read as, where nothing else says: registers have 4 or 8. */
export function widthOfDigits(token: string): 4 | 8 {
  return token.replace(/^0x/i, '').length > 8 ? 8 : 4;
}
