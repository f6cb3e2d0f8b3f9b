/** What does a kernel log say of its SMMUs? `smmu-adopt log` as plain facts, from text or bytes, or from a dump. */

import type { OpenedDump } from '../../dump/open.ts';
import { untilFetched } from '../../dump/sources/until-fetched.ts';
import { LogReader } from '../../log/kernel-log.ts';
import type { EvidenceOptions } from '../../platform/evidence.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { type LogReport, logReport } from './log-report.ts';

export interface ReadLogOptions extends Pick<EvidenceOptions, 'platform'> {
  /** What the report calls the log; the files of the dump for the log in it, else none. */
  readonly files?: readonly string[] | undefined;
  /** A dump of the same machine, whose tables are asked about every fault. */
  readonly dump?: OpenedDump | undefined;
  /** The registers that belong to the dump; those that it tells itself when left out. */
  readonly snapshot?: Snapshot | undefined;
}

/** Text of a log, or its bytes in UTF-8, whole or piece by piece. */
export type LogInput = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Reads a kernel log: faults grouped by kind, stream and page, command and global errors, page requests, and what the
 * driver said when it started. `log` is null for the one that the crashed kernel left in `dump`. Lines that are of no
 * SMMU are counted and otherwise passed over; nothing in a log is an error. Line numbers count from 1, times are seconds
 * since boot. Throws InputError where there is no log in the dump.
 */
export async function readLog(log: LogInput | null, options: ReadLogOptions = {}): Promise<LogReport> {
  const { dump, snapshot = null, platform, files = log === null ? dump?.files : [] } = options;
  const tables = platform?.tables ?? [];
  if (log !== null) {
    const reader = new LogReader();
    const pieces = typeof log === 'string' || log instanceof Uint8Array ? [log] : log;
    for await (const piece of pieces) reader.push(Buffer.from(piece as Uint8Array));
    const report = logReport(files ?? [], reader.end(), tables);
    if (dump === undefined) return report;
    const { againstDump } = await import('./log-in-dump.ts');
    return untilFetched(() => againstDump(report, dump, snapshot));
  }
  if (dump === undefined) throw new TypeError('there is neither a log nor a dump with one');
  const { againstDump, logOf } = await import('./log-in-dump.ts');
  return untilFetched(() => againstDump(logReport(files ?? [], logOf(dump), tables), dump, snapshot));
}
