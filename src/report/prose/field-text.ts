/** Decoded fields, and what some of them come to, as people read them. */

import { hex } from '../../hex.ts';
import type { FieldValue } from '../../smmu/fields.ts';
import type { WithoutSsid } from '../../smmu/structures/cd-table.ts';

/** An address in hex, a number as it is. */
export function fieldText(value: FieldValue): string | number {
  return typeof value === 'bigint' ? hex(value) : value;
}

const WITHOUT_SSID: Readonly<Record<WithoutSsid, string>> = {
  'only-cd': 'translated by the only CD',
  terminated: 'terminated (F_STREAM_DISABLED)',
  'stage-1-bypassed': 'stage 1 bypassed',
  'cd-0': 'translated by CD 0',
  reserved: 'terminated (reserved value, as 0)',
};

/** What S1DSS comes to: traffic without a SubstreamID is so. */
export function withoutSsidInWords(meets: WithoutSsid): string {
  return WITHOUT_SSID[meets];
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
