/**
 * What does the memory of a queue say of its producer? A queue begins as zeros, and no record is zero. As long as it has
 * not gone round once, the first zero is where the producer is, whatever the driver has noticed: events that came after
 * it last looked, such as those at the crash, are there.
 */

import type { PhysicalReader } from '../memory/physical-reader.ts';
import type { QueueState } from './smmu-state.ts';

export interface QueueMemory {
  /** PROD as the records show it, or null when they do not: the queue went round, or the dump lacks its pages. */
  readonly writtenProd: number | null;
  /** Records at and behind the driver's copy of PROD; null where nobody can say. */
  readonly recordsBehindCopy: number | null;
  /** True when records and the copy cannot both be right. */
  readonly contradictsCopy: boolean;
  /** Whether zeros were taken from pages that the capture tool left out. */
  readonly assumed: boolean;
}

const OVERFLOW_FLAG = 0x8000_0000;

const NOTHING: QueueMemory = {
  writtenProd: null,
  recordsBehindCopy: null,
  contradictsCopy: false,
  assumed: false,
};

/**
 * `prod` and `cons` are the driver's copies, with their flags. `limit` is how far records can be: of commands, which the
 * driver writes itself, to the end of the batch that it gathers; null for what the hardware writes.
 */
export function queueMemory(
  reader: PhysicalReader,
  queue: QueueState,
  { prod, cons }: { readonly prod: number; readonly cons: number },
  limit: number | null,
): QueueMemory {
  const { paddr, log2Size, entryDwords } = queue;
  if (paddr === null) return NOTHING;
  const size = 2 ** log2Size;
  const index = prod & (size - 1);
  const hasWrapped = (prod & size) !== 0;
  let assumed = false;
  const isRecord = (at: number): boolean | null => {
    const read = reader.bytesOrZeros(paddr + at * entryDwords * 8, entryDwords * 8);
    if (read === null) return null;
    assumed ||= read.assumed;
    return read.bytes.some((byte) => byte !== 0);
  };
  const before = index === 0 && !hasWrapped ? true : isRecord((index + size - 1) % size);
  if (before === false) return { ...NOTHING, contradictsCopy: true, assumed };
  // A record in the last entry: the queue is going round, and what lies ahead may be old.
  if (hasWrapped || isRecord(size - 1) !== false) return { ...NOTHING, assumed };
  // Only a queue that was full once has overflowed, and its consumer goes round after its producer.
  if (((prod | cons) & OVERFLOW_FLAG) !== 0 || (cons & size) !== 0)
    return { ...NOTHING, contradictsCopy: true, assumed };
  // Records stand without gaps: the first entry without one is found by steps that grow, then by halving. Farther off
  // nothing is looked at: what stands there alone is not of this queue.
  let [records, zeros] = [index, size - 1];
  for (let step = 1, isBehind = false; records < zeros; step *= 2) {
    const at = isBehind ? Math.floor((records + zeros) / 2) : Math.min(index + step - 1, zeros);
    const one = isRecord(at);
    if (one === null) return { ...NOTHING, assumed };
    isBehind ||= !one;
    if (one) records = at + 1;
    else zeros = at;
  }
  if (limit !== null && records > (limit & (2 * size - 1))) return { ...NOTHING, contradictsCopy: true, assumed };
  return {
    writtenProd: (prod & ~(2 * size - 1)) + records,
    recordsBehindCopy: records - index,
    contradictsCopy: false,
    assumed,
  };
}
