/** Some of many numbers in words, and how many more there are. */

import { hex } from '../../hex.ts';

export interface NumberList {
  /** The first of them. */
  readonly listed: readonly number[];
  readonly total: number;
}

/** StreamIDs: `0x8, 0x100 and 3 more`. */
export const sidListInWords = (sids: NumberList) => listInWords(sids, hex);

/** ASIDs or VMIDs: `1, 2`. */
export const idListInWords = (ids: NumberList) => listInWords(ids, String);

/** L1 descriptors by their indices: `L1[1], L1[2]`. */
export const l1ListInWords = (indices: NumberList) => listInWords(indices, (index) => `L1[${index}]`);

function listInWords({ listed, total }: NumberList, show: (number: number) => string): string {
  const first = listed.map(show).join(', ');
  return total > listed.length ? `${first} and ${total - listed.length} more` : first;
}
