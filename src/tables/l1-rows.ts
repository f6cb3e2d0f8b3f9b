/** L1 descriptors as the report shows them: what the hardware finds behind each, and what one revision makes of it. */

import type { Revision } from '../adopt/revisions/revision.ts';
import { brokenL1Rule } from '../adopt/stream-table/l1-scan.ts';
import { l1Pointer } from '../smmu/structures/stream-table.ts';
import type { HardwareView, L1Entry } from './hardware-view.ts';

/** `bad`: Linux rejects the descriptor, or hardware and Linux disagree on whether it is in use. */
export type L1Status = 'used' | 'unused' | 'bad';

export interface L1Row {
  readonly index: number;
  readonly address: number;
  readonly descriptor: bigint;
  readonly span: number;
  readonly l2: number;
  readonly firstSid: number;
  readonly lastSid: number;
  readonly status: L1Status;
  /** STEs that the hardware finds behind this descriptor; 0 for one that it takes as invalid. */
  readonly hardwareStes: number;
}

/** An L1 descriptor as the report shows it, judged by one revision. */
export function l1Row(view: HardwareView, entry: L1Entry, revision: Revision): L1Row {
  const { first, last } = view.sidsOf(entry.index);
  return {
    index: entry.index,
    address: entry.paddr,
    descriptor: (BigInt(entry.high) << 32n) | BigInt(entry.low),
    span: entry.span,
    l2: entry.l2,
    firstSid: first,
    lastSid: last,
    status: l1Status(entry, revision),
    hardwareStes: entry.stes,
  };
}

function l1Status({ low, high, span, stes }: L1Entry, revision: Revision): L1Status {
  if (span === 0) return 'unused';
  const broken = brokenL1Rule(revision, span, l1Pointer(low, high));
  // Where Linux takes a null pointer for unused, so does the hardware if the span is none of its own.
  if (broken === 'unused') return stes === 0 ? 'unused' : 'bad';
  return broken === null ? 'used' : 'bad';
}
