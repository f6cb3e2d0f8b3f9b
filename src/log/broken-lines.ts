/**
 * Is this line the rest of the one before? Mail programs break long lines at a blank, within a word, or with a mark, and
 * quote both halves. A message that says nothing by itself waits here for what follows.
 */

import type { SmmuState } from './smmu-state.ts';

/** A message without its end. */
export interface Unfinished {
  /** Null where the line was broken before the name of the device. */
  readonly state: SmmuState | null;
  /** From the driver's name on, in the ways in which its parts may belong together, the likeliest first. */
  readonly readings: readonly string[];
  /** What stands in front of it. */
  readonly prefix: string;
  readonly line: number;
  /** It says something by itself, unless the next line has nothing but more digits of its last number. */
  readonly isWhole: boolean;
  /** Lines that it consists of. */
  readonly parts: number;
}

/** A message is put together from so many lines at most, and in so many ways at a time. */
export const MAX_PARTS = 6;
export const MAX_READINGS = 8;

/** What a mail program puts in front of the rest of a line that it broke. */
const QUOTATION = /^(?:[>|] ?)*/;
/** A line that has its own beginning is no rest of another one. */
const OWN_BEGINNING = /^(?:<\d+>)?\[ *\d+\.\d+\]|^[A-Z][a-z]{2} +\d+ [\d:]{8} |^\d{4}-\d\d-\d\d[T ]/;

const ENDS_IN_DIGITS = /0x[0-9a-f]{1,15}$/;
const DIGITS = /^[0-9a-f]{1,15}$/;

/** Whether a line has nothing but hexadecimal digits, as the rest of a number that was broken. */
export function isDigits(line: string): boolean {
  return line.length < MAX_DIGITS_LENGTH && DIGITS.test(unquoted(line).trim());
}

const MAX_DIGITS_LENGTH = 80;

/** Takes quotation marks away. */
export function unquoted(text: string): string {
  return text.replace(QUOTATION, '');
}

/** Whether a line, quoted or not, begins as lines of a log do. */
export function hasOwnBeginning(line: string): boolean {
  return OWN_BEGINNING.test(unquoted(line));
}

/** The ways in which `line` may go on with `text`, the likeliest first; none where it is a line of its own. */
export function continuations(text: string, line: string, driver: string): string[] {
  const rest = unquoted(line);
  if (rest === '' || OWN_BEGINNING.test(rest) || rest.includes(driver)) return [];
  // Quoted-printable marks where it broke a line.
  if (text.endsWith('=')) return [text.slice(0, -1) + rest];
  const whole = text.trimEnd();
  if (ENDS_IN_DIGITS.test(whole) && isDigits(line)) return [whole + rest.trim()];
  return [`${whole} ${rest.trimStart()}`, whole + rest];
}
