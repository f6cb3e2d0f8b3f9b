/** Which of many overlapping records is on top where, when each was laid over all that came before it. */

import { NumberColumn } from './header-walk.ts';

/** Piece `i` begins at `starts[i]`, shows record `records[i]`, and ends where that record or the next piece does. */
export interface Overlay {
  readonly starts: Float64Array;
  readonly records: Float64Array;
}

/**
 * Record `i` covers `starts[i]` up to `ends[i]`; a higher number lies above a lower one. One sweep over the sorted
 * starts with a heap of the records that may reach there: any order and any overlap cost n log n, and give at most two
 * pieces for each record.
 */
export function overlay(starts: Float64Array, ends: Float64Array): Overlay {
  const pieceStarts = new NumberColumn();
  const pieceRecords = new NumberColumn();
  /** Records by number, the highest first. Those that have ended stay until they come to the top. */
  const heap: number[] = [];
  let at = 0;
  let shown = -1;

  const sweepTo = (limit: number) => {
    for (let top = heap[0]; top !== undefined; top = heap[0]) {
      if ((ends[top] as number) <= at) {
        popHighest(heap);
        continue;
      }
      if (at >= limit) return;
      if (top !== shown) {
        pieceStarts.push(at);
        pieceRecords.push(top);
        shown = top;
      }
      at = Math.min(ends[top] as number, limit);
    }
    at = limit;
  };

  for (const record of inOrderOfStart(starts)) {
    sweepTo(starts[record] as number);
    push(heap, record);
  }
  sweepTo(Number.POSITIVE_INFINITY);
  return { starts: pieceStarts.values, records: pieceRecords.values };
}

function inOrderOfStart(starts: Float64Array): Uint32Array {
  const order = new Uint32Array(starts.length);
  let sorted = true;
  for (let i = 0; i < order.length; i++) {
    order[i] = i;
    if (i > 0 && (starts[i] as number) < (starts[i - 1] as number)) sorted = false;
  }
  return sorted ? order : order.sort((a, b) => (starts[a] as number) - (starts[b] as number) || a - b);
}

function push(heap: number[], value: number): void {
  let at = heap.push(value) - 1;
  while (at > 0) {
    const parent = (at - 1) >>> 1;
    if ((heap[parent] as number) >= value) break;
    heap[at] = heap[parent] as number;
    at = parent;
  }
  heap[at] = value;
}

function popHighest(heap: number[]): void {
  const value = heap.pop();
  if (value === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as number) > (heap[child] as number)) child += 1;
    if ((heap[child] as number) <= value) break;
    heap[at] = heap[child] as number;
    at = child;
  }
  heap[at] = value;
}
