/**
 * The level 1 Stream table descriptor of a two-level Stream table. Arm IHI 0070 issue G.b, chapter on data structures.
 */

import { reserved } from '../encodings.ts';
import type { Layout } from '../fields.ts';
import { address, bits } from '../rows.ts';

export const L1STD: Layout = {
  name: 'L1STD',
  byteLength: 8,
  meaning: 'Level 1 Stream table descriptor',
  fields: [
    bits('Span', 0, 0, 5, 'Size of the level 2 array', {
      0: 'invalid, L2Ptr is ignored',
      '1-11': '2^(Span-1) STEs',
      '12-31': reserved(' (as 0)'),
    }),
    address('L2Ptr', 0, 6, 50, 'Level 2 array address [55:6]; hardware takes bits [Span+4:0] as zero'),
  ],
};
