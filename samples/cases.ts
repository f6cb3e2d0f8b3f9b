/** The samples: each is a small machine with one story to tell. */

import { ENTRY_CASES } from './entry-cases.ts';
import { FIRMWARE_CASES } from './firmware-cases.ts';
import { KERNEL_CASES } from './kernel-cases.ts';
import type { Sample } from './machine.ts';
import { REVISION_CASES } from './revision-cases.ts';
import { RISK_CASES } from './risk-cases.ts';
import { TABLE_CASES } from './table-cases.ts';

/** In the order in which they are best read. */
export const SAMPLES: readonly Sample[] = [
  ...TABLE_CASES,
  ...ENTRY_CASES,
  ...KERNEL_CASES,
  ...REVISION_CASES,
  ...RISK_CASES,
  ...FIRMWARE_CASES,
];

/** Samples whose files are kept as they were captured; only their results are made here. */
export const CAPTURED: readonly {
  readonly name: string;
  readonly description: string;
  readonly args: readonly string[];
}[] = [
  {
    name: 'real-qemu',
    description:
      'a Debian 12 guest under QEMU with 21 active streams; trimmed to the pages of the stream table and CDs',
    args: ['dump.elf', '--regs', 'regs.json', '--insert', 'all'],
  },
];
