/** Numbers that may be missing, and decoded fields, as people read them. */

import { hex } from '../../hex.ts';
import type { FieldValue } from '../../smmu/fields.ts';

/** An address in hex, a number as it is. */
export function fieldText(value: FieldValue): string | number {
  return typeof value === 'bigint' ? hex(value) : value;
}

/** Both ends of a range of input addresses, the last one included. One that is cut has no length. */
export function endsOf({
  start,
  byteLength,
}: {
  readonly start: bigint;
  readonly byteLength: number;
}): [string, string] {
  return [hex(start), hex(start + BigInt(Math.max(byteLength, 1)) - 1n)];
}
