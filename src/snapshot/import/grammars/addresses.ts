/** What the addresses of rows tell together: in which base they are written, and which one has lost a digit. */

import { firstIndex } from '../../../lists.ts';
import type { Digits } from '../numbers.ts';

export type Radix = 16 | 10 | 8;

/** Displays print memory addresses in eight digits or more, and always hexadecimal ones. */
const LONG = 8;

/**
 * The base of addresses without a mark: od counts in octal, hexdump in hexadecimal, and both print seven digits. The
 * base in which each row begins where the one before it ended is the right one. Undefined where none stands out.
 */
export function addressRadix(addresses: readonly Digits[], rowBytes: number): Radix | undefined {
  const unmarked = addresses.filter(({ marked }) => !marked).map(({ text }) => text);
  if (unmarked.every((text) => text.length >= LONG) || unmarked.some((text) => /[a-f]/i.test(text))) return 16;
  const steps = ([16, 10, 8] as const).map((radix) => {
    if (radix === 8 && unmarked.some((text) => /[89]/.test(text))) return { radix, count: 0 };
    const numbers = unmarked.map((text) => Number.parseInt(text, radix));
    return { radix, count: numbers.filter((number, i) => i > 0 && number === (numbers[i - 1] ?? 0) + rowBytes).length };
  });
  const [best, second] = steps.sort((a, b) => b.count - a.count);
  return best !== undefined && best.count > (second?.count ?? 0) ? best.radix : undefined;
}

/** How many digits every address has at least, where they are padded with zeros. */
export function paddedLength(addresses: readonly Digits[]): number {
  return addresses.reduce(
    (length, { text }) => (text.length > 1 && text.startsWith('0') ? Math.max(length, text.length) : length),
    0,
  );
}

/** So few rows say nothing of an order. */
const MIN_ROWS = 5;
/** One row in so many may break the order of the others. */
const DAMAGE_SHARE = 5;

/**
 * The positions of offsets that have lost a digit, so that they fall below the one before them while all others rise.
 * Offsets that were never in order tell nothing.
 */
export function fallenBack(starts: readonly number[]): ReadonlySet<number> {
  const rising = longestRise(starts);
  const fallen = new Set<number>();
  if (starts.length < MIN_ROWS || (starts.length - rising.size) * DAMAGE_SHARE > starts.length) return fallen;
  let highest = -1;
  for (const [i, start] of starts.entries()) {
    if (rising.has(i)) highest = start;
    else if (start < highest) fallen.add(i);
  }
  return fallen;
}

/** Positions of a longest run of rising numbers, not necessarily neighbours; n log n. */
function longestRise(numbers: readonly number[]): ReadonlySet<number> {
  /** For each length, the position with the smallest last number. */
  const ends: number[] = [];
  const before: number[] = [];
  for (const [i, number] of numbers.entries()) {
    const length = firstIndex(ends, (end) => (numbers[end] as number) >= number);
    before[i] = length === 0 ? -1 : (ends[length - 1] as number);
    ends[length] = i;
  }
  const rise = new Set<number>();
  for (let i = ends.at(-1) ?? -1; i >= 0; i = before[i] as number) rise.add(i);
  return rise;
}
