/** What does a kernel log say of its SMMUs? `smmu-adopt log` as plain facts, from text or bytes. */

import { LogReader } from '../log/kernel-log.ts';
import type { Platform } from '../platform/platform.ts';
import { type LogReport, logReport } from './log-report.ts';

export { severityOf } from './log-report.ts';

export interface ReadLogOptions {
  /** What reports call the log; none when left out. */
  readonly files?: readonly string[] | undefined;
  /** Firmware's tables, which name the devices behind StreamIDs, in the order in which they are asked. */
  readonly platform?: Pick<Platform, 'tables'> | undefined;
}

/** Text of a log, or its bytes in UTF-8, whole or piece by piece. */
export type LogInput = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Reads a kernel log: faults grouped by kind, stream and page, command and global errors, page requests, and what the
 * driver said when it started. Lines that are of no SMMU are counted and otherwise passed over; nothing in a log is an
 * error. Line numbers count from 1, times are seconds since boot.
 */
export async function readLog(log: LogInput, { files = [], platform }: ReadLogOptions = {}): Promise<LogReport> {
  const reader = new LogReader();
  const pieces = typeof log === 'string' || log instanceof Uint8Array ? [log] : log;
  for await (const piece of pieces) reader.push(Buffer.from(piece as Uint8Array));
  return logReport(files, reader.end(), platform?.tables ?? []);
}
