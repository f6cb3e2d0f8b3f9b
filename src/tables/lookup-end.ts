/** Why a StreamID has no entry that can be read: what the lookup meets, as codes with their numbers. */

import type { PageState } from '../dump/memory.ts';

export type LookupEnd =
  | { readonly kind: 'beyond-table'; readonly log2Size: number }
  | { readonly kind: 'span-without-table'; readonly l1Index: number; readonly span: number }
  | { readonly kind: 'beyond-span'; readonly l1Index: number; readonly span: number; readonly stes: number }
  | {
      readonly kind: 'entry-not-in-dump';
      /** The L1 descriptor of that index, or the STE where it is null. */
      readonly l1Index: number | null;
      readonly paddr: number;
      readonly state: PageState;
    };
