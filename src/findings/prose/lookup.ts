/** Why a StreamID has no entry, as a phrase. */

import { hex } from '../../hex.ts';
import type { LookupEnd } from '../../tables/lookup-end.ts';
import { count } from '../rules/words.ts';

/** `L1[5] has span 3, which holds 4 STEs`. */
export function lookupEndInWords(end: LookupEnd): string {
  switch (end.kind) {
    case 'beyond-table':
      return `the table covers 2^${end.log2Size} StreamIDs`;
    case 'span-without-table':
      return `L1[${end.l1Index}] has span ${end.span}`;
    case 'beyond-span':
      return `L1[${end.l1Index}] has span ${end.span}, which holds ${count(end.stes, 'STE')}`;
    case 'entry-not-in-dump': {
      const what = end.l1Index === null ? 'its STE' : `L1[${end.l1Index}]`;
      return `${what} at ${hex(end.paddr)} is not in the dump (${end.state})`;
    }
  }
}
