/** Samples without a snapshot: the dump of a small kernel, whose own state has to do. */

import { madeCrash } from '../test/support/made/made-crash.ts';
import { elfOf } from '../test/support/made/made-dump-file.ts';

export interface BareSample {
  readonly name: string;
  readonly description: string;
  readonly args: readonly string[];
  readonly dump: () => Buffer;
}

export const BARE_CASES: readonly BareSample[] = [
  {
    name: 'bare-vmcore',
    description:
      "a vmcore and nothing else: registers, devices, memory map and log are the crashed kernel's own, and in-flight DMA " +
      "can write the kdump kernel's memory",
    args: ['vmcore', '--deep'],
    dump: () => elfOf(madeCrash().kernel),
  },
];
