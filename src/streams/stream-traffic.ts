/** What a stream's DMA can reach, and what the queues hold about it: for `show`, where one screen has to do. */

import type { AddressRange } from '../dump/memory.ts';
import { commandQueueOf, eventQueueOf, pageRequestQueueOf, type Queue, type QueueEntry } from '../queues/queue.ts';
import type { FaultEvent } from '../smmu/translation/walk.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import type { SteRow } from '../tables/ste-rows.ts';
import { type IovaRange, iovaSpaceReport } from './iova-space.ts';
import type { EndingReason, TranslationMemory, TranslationOutcome } from './translation.ts';

/** What traffic with one SubstreamID, or without, can reach. */
export interface StreamReach {
  readonly ssid: number;
  readonly ssv: boolean;
  readonly asid: number | null;
  readonly outcome: TranslationOutcome;
  readonly fault: FaultEvent | null;
  readonly why: EndingReason | null;
  readonly mappedBytes: number;
  readonly writableBytes: number;
  /** Of the writable ones, those in the kdump kernel's memory, as far as that is known. */
  readonly kdumpBytes: number;
  readonly leaves: number;
  /** The first of them. */
  readonly ranges: readonly IovaRange[];
  readonly rangesNotListed: number;
  /** Ranges whose tables are not in the dump. */
  readonly unknown: number;
  /** False: the tables describe more than is walked here. */
  readonly complete: boolean;
}

/** Entries of one queue that name the stream, or all streams. */
export interface StreamQueue {
  readonly queue: Queue['name'];
  /** Those not consumed when the registers were read, oldest first. */
  readonly pending: readonly QueueEntry[];
  readonly pendingNotListed: number;
  /** The newest of those that are still in memory behind them: history, which may be stale. */
  readonly older: readonly QueueEntry[];
  readonly olderNotListed: number;
}

export interface StreamTraffic {
  readonly reach: readonly StreamReach[];
  readonly queues: readonly StreamQueue[];
}

const MAX_RANGES = 8;
const MAX_ENTRIES = 8;
const MAX_OLDER = 4;
/** Address spaces beside the one without a SubstreamID. */
const MAX_SUBSTREAMS = 2;
/** Descriptors: `translate --all` goes further. */
const MAX_DESCRIPTORS = 1 << 22;

/**
 * What one stream reaches, with its first few SubstreamIDs, and what the queues hold about it; `ste` is null without an
 * entry.
 */
export function streamTraffic(
  smmu: SmmuSnapshot,
  memory: TranslationMemory,
  kdumpRam: readonly AddressRange[],
  sid: number,
  ste: SteRow | null,
): StreamTraffic {
  const substreams = (ste?.cds ?? []).map(({ ssid }) => ssid).filter((ssid) => ssid > 0);
  const contexts = [null, ...substreams.slice(0, MAX_SUBSTREAMS)];
  return {
    reach: contexts.map((ssid) => reachOf(smmu, memory, kdumpRam, sid, ssid)),
    queues: [eventQueueOf, commandQueueOf, pageRequestQueueOf]
      .map((queueOf) => entriesAbout(queueOf(smmu, memory.view), sid))
      .filter(({ pending, older }) => pending.length + older.length > 0),
  };
}

function reachOf(
  smmu: SmmuSnapshot,
  memory: TranslationMemory,
  kdumpRam: readonly AddressRange[],
  sid: number,
  ssid: number | null,
): StreamReach {
  const report = iovaSpaceReport(smmu, memory, { sid, ssid }, MAX_DESCRIPTORS);
  const total = { mappedBytes: 0, writableBytes: 0, kdumpBytes: 0, leaves: 0, unknown: 0, rangesNotListed: 0 };
  const ranges: IovaRange[] = [];
  let complete = true;
  for (const range of report.ranges) {
    if (range.kind === 'cut') {
      complete = false;
      continue;
    }
    if (ranges.length < MAX_RANGES) ranges.push(range);
    else total.rangesNotListed += 1;
    if (range.kind === 'unknown') total.unknown += 1;
    if (range.pa === null) continue;
    total.leaves += range.leaves;
    total.mappedBytes += range.byteLength;
    if (range.privilegedPermissions?.write !== true && range.unprivilegedPermissions?.write !== true) continue;
    total.writableBytes += range.byteLength;
    total.kdumpBytes += bytesIn(kdumpRam, Number(range.pa), range.byteLength);
  }
  const { ssid: shownSsid, ssv, asid, outcome, fault, why } = report;
  return { ssid: shownSsid, ssv, asid, outcome, fault, why, ...total, ranges, complete };
}

function bytesIn(ranges: readonly AddressRange[], paddr: number, byteLength: number): number {
  return ranges.reduce(
    (sum, { start, end }) => sum + Math.max(0, Math.min(end, paddr + byteLength) - Math.max(start, paddr)),
    0,
  );
}

function entriesAbout(queue: Queue, sid: number): StreamQueue {
  const pending: QueueEntry[] = [];
  let pendingCount = 0;
  for (const entry of queue.concerning(sid)) {
    pendingCount += 1;
    if (pending.length < MAX_ENTRIES) pending.push(entry);
  }
  const older: QueueEntry[] = [];
  let olderCount = 0;
  for (const entry of queue.older()) {
    const sids = queue.sidsOf(entry);
    if (sids === null || sid < sids.first || sid > sids.last) continue;
    olderCount += 1;
    older.push(queue.decode(entry));
    if (older.length > MAX_OLDER) older.shift();
  }
  return {
    queue: queue.name,
    pending,
    pendingNotListed: pendingCount - pending.length,
    older,
    olderNotListed: olderCount - older.length,
  };
}
