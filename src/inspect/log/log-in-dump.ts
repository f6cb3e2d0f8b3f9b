/**
 * What do the tables in a dump say of the faults of a log? Each group of events is put to them again: the same stream, the
 * same address, the same kind of access; and the memory of the event queue is asked for the very records.
 */

import type { Dump } from '../../dump/dump.ts';
import type { OpenedDump } from '../../dump/open.ts';
import { InputError } from '../../errors.ts';
import { dmesgLines } from '../../linux/dmesg-lines.ts';
import { kernelLog, type LogRecord } from '../../linux/kernel-log.ts';
import { extractSnapshot } from '../../linux/kernel-state.ts';
import { recordFacts } from '../../log/event-facts.ts';
import type { KernelLog } from '../../log/facts.ts';
import { LogReader } from '../../log/kernel-log.ts';
import { evidenceOf } from '../../platform/evidence.ts';
import { eventQueueOf, type RawEntry } from '../../queues/queue.ts';
import type { AccessKind } from '../../smmu/translation/rights.ts';
import type { SmmuSnapshot, Snapshot } from '../../snapshot/snapshot.ts';
import { type Ending, StreamTranslator, type TranslationMemory } from '../../streams/translation.ts';
import { withOwn } from '../own-word.ts';
import {
  type EventInDump,
  type EventQueueMemory,
  type LogReport,
  logReport,
  type NamedStream,
  type ReportedEvent,
  type SmmuLogReport,
} from './log-report.ts';

/** The log that the crashed kernel left in its dump. Throws InputError (`format`) where there is none. */
export function logOf(dump: Dump): KernelLog {
  const found = kernelLog(dump);
  if (found.outcome === 'not-found') {
    throw new InputError(
      'format',
      'has no kernel log that can be found: name one beside it (log dmesg.txt --dump ...)',
      { file: dump.files[0] ?? 'dump' },
    );
  }
  return readRecords(found.records);
}

/**
 * The same, put to the tables by the registers in `snapshot`; null where there is none. The memory of the event queue, which
 * may be megabytes, is not asked.
 */
export function crashLogOf(dump: OpenedDump, snapshot: Snapshot): LogReport | null {
  const found = kernelLog(dump);
  if (found.outcome === 'not-found') return null;
  const report = logReport(dump.files, readRecords(found.records), []);
  return withTables(report, snapshot, evidenceOf(dump, snapshot).now, { asksQueue: false });
}

/** What the records of a kernel's ring buffer say. */
function readRecords(records: Iterable<LogRecord>): KernelLog {
  const reader = new LogReader();
  for (const record of records) reader.push(Buffer.from(`${dmesgLines(record).join('\n')}\n`));
  return reader.end();
}

/**
 * The report with what the dump says of every event whose SMMU and stream are known. What `snapshot` lacks, all of it if
 * there is none, is as the dump itself tells; where nothing tells registers, the log stands alone.
 */
export function againstDump(report: LogReport, dump: OpenedDump, snapshot: Snapshot | null): LogReport {
  // Beside a snapshot the kernel is only looked for where VMCOREINFO says where it is.
  const state = snapshot === null || dump.details.vmcoreinfo.size > 0 ? extractSnapshot(dump) : null;
  const own = state?.outcome === 'found' ? state.snapshot : null;
  const known = snapshot === null || own === null ? (snapshot ?? own) : withOwn(snapshot, own);
  return known === null ? report : withTables(report, known, evidenceOf(dump, known).now, { asksQueue: true });
}

function withTables(
  report: LogReport,
  snapshot: Snapshot,
  memory: TranslationMemory,
  { asksQueue }: { readonly asksQueue: boolean },
): LogReport {
  return {
    ...report,
    smmus: report.smmus.map((smmu) => {
      const one = snapshotOf(smmu, report, snapshot);
      if (one === null || (smmu.events.length === 0 && report.suppressed === 0)) return smmu;
      const records = asksQueue ? new EventMemory(one, memory) : null;
      return {
        ...smmu,
        eventQueue: records?.beside(smmu.events) ?? null,
        events: smmu.events.map((event) => ({
          ...event,
          ...namedByKernel(event, one),
          inDump: inDump(event, one, memory, records),
        })),
      };
    }),
  };
}

/** Whom the crashed kernel had behind the stream, where nobody has named the device yet. */
function namedByKernel({ sid, device }: ReportedEvent, { masters }: SmmuSnapshot): Partial<NamedStream> {
  const master = device === null ? masters?.find((one) => one.sid === sid && one.device !== null) : undefined;
  return master === undefined ? {} : { device: master.device, deviceFrom: 'dump', deviceIfRequesterId: null };
}

/** The same SMMU: by name, by address, or because there is only one on either side. */
function snapshotOf(smmu: SmmuLogReport, { smmus }: LogReport, snapshot: Snapshot): SmmuSnapshot | null {
  const named = snapshot.smmus.find(({ name }) => name === smmu.name);
  const placed = snapshot.smmus.find(({ base }) => base !== null && base === smmu.base);
  const [only, ...more] = snapshot.smmus;
  const alone = smmus.length === 1 && more.length === 0 ? only : undefined;
  return named ?? placed ?? alone ?? null;
}

function inDump(
  event: ReportedEvent,
  smmu: SmmuSnapshot,
  memory: TranslationMemory,
  records: EventMemory | null,
): EventInDump | null {
  const { sid, ssid, name } = event;
  if (sid === null) return null;
  const stream = new StreamTranslator(smmu, memory, { sid, ssid });
  const ending = endingOf(stream, event);
  const inQueue = records?.count(event.words) ?? null;
  if (ending === null) return { outcome: 'found', fault: null, why: null, pa: null, same: false, inQueue };
  const { outcome, fault, why, pa } = ending;
  return { outcome, fault, why, pa, same: fault === name, inQueue };
}

/** Null where the stream leads to a translation and the event does not say of what. */
function endingOf(
  stream: StreamTranslator,
  { address, fetchAddress, write, execute, privileged }: ReportedEvent,
): Ending | null {
  if (stream.end !== null) return stream.end;
  if (address === null || fetchAddress === address) return null;
  const access: AccessKind = write === true ? 'write' : execute === true ? 'exec' : 'read';
  return stream.translate(address, access, privileged ?? false);
}

const HALVES = 8;
/** An event queue has no more entries than this. */
const MAX_ENTRIES = 1 << 19;

/** The records in the memory of an event queue, those that were read long ago too, by their words and by their groups. */
class EventMemory {
  readonly #counts = new Map<string, number>();
  readonly #groups = new Map<string, number>();
  readonly #isThere: boolean;
  readonly #unread: number | null;
  #records = 0;

  constructor(smmu: SmmuSnapshot, { view }: TranslationMemory) {
    const queue = eventQueueOf(smmu, view);
    this.#isThere = queue.geometry !== null;
    for (const entry of queue.older()) this.#add(entry);
    const older = this.#records;
    for (const entry of queue.pending()) this.#add(entry);
    this.#unread = queue.why === null ? this.#records - older : null;
  }

  #add({ words, at }: RawEntry): void {
    if (words === null || this.#records === MAX_ENTRIES) return;
    this.#records += 1;
    const record = words.subarray(at, at + HALVES);
    again(this.#counts, record.join(' '));
    again(this.#groups, groupOf(recordFacts(record)));
  }

  /** How often the record is there; null where its words are not all known. */
  count(words: readonly bigint[]): number | null {
    if (words.length * 2 !== HALVES) return null;
    const halves = words.flatMap((word) => [word & 0xffff_ffffn, word >> 32n]);
    return this.#counts.get(halves.join(' ')) ?? 0;
  }

  /** What is there beside the events of a log; null where it is not known where the queue is. */
  beside(events: readonly ReportedEvent[]): EventQueueMemory | null {
    if (!this.#isThere) return null;
    const left = new Map(this.#groups);
    let unplaced = 0;
    for (const event of events) {
      const there = left.get(groupOf(event));
      if (there === undefined) unplaced += event.complete ? 0 : event.count;
      else left.set(groupOf(event), Math.max(0, there - event.count));
    }
    // What was cut may be any of them.
    const beyond = [...left.values()].reduce((sum, count) => sum + count, 0) - unplaced;
    return { records: this.#records, unread: this.#unread, notInLog: Math.max(0, beyond) };
  }
}

/** By what the log groups its events, too. */
function groupOf({ code, sid, ssid, address }: Pick<ReportedEvent, 'code' | 'sid' | 'ssid' | 'address'>): string {
  return `${code} ${sid} ${ssid} ${address === null ? '' : address >> 12n}`;
}

function again(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
