/**
 * Is this line the rest of the one before? Mail programs break long lines at a blank, within a word, or with a mark, and
 * quote both halves. A message that says nothing by itself waits here for what follows.
 */

import type { SmmuState } from './smmu-state.ts';

/** A message without its end. */
export interface Unfinished {
  /** Null where the line was broken before the name of the device. */
  readonly state: SmmuState | null;
  /** From the driver's name on. */
  readonly text: string;
  /** What stands in front of it. */
  readonly prefix: string;
  readonly line: number;
  /** Lines that it consists of. */
  readonly parts: number;
}

/** A message is put together from so many lines at most. */
export const MAX_PARTS = 6;

/** What a mail program puts in front of the rest of a line that it broke. */
const QUOTATION = /^(?:[>|] ?)*/;
/** A line that has its own beginning is no rest of another one. */
const OWN_BEGINNING = /^(?:<\d+>)?\[ *\d+\.\d+\]|^[A-Z][a-z]{2} +\d+ [\d:]{8} |^\d{4}-\d\d-\d\d[T ]/;

/** Takes quotation marks away. */
export function unquoted(text: string): string {
  return text.replace(QUOTATION, '');
}

/** The ways in which `line` may go on with `text`, the likeliest first; none where it is a line of its own. */
export function continuations(text: string, line: string, driver: string): string[] {
  const rest = unquoted(line);
  if (rest === '' || OWN_BEGINNING.test(rest) || rest.includes(driver)) return [];
  // Quoted-printable marks where it broke a line.
  if (text.endsWith('=')) return [text.slice(0, -1) + rest];
  const whole = text.trimEnd();
  return [`${whole} ${rest.trimStart()}`, whole + rest];
}
