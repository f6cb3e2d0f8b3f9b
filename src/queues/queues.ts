/**
 * The command, event and PRI queue of every SMMU, as the crashed kernel left them: `smmu-adopt queues` as plain data.
 * The kdump kernel reads none of it: it starts all three anew.
 */

import { type DumpReport, dumpReport } from '../dump/dump-report.ts';
import type { OpenedDump } from '../dump/open.ts';
import { untilFetched } from '../dump/sources/until-fetched.ts';
import type { MemoryView } from '../dump/view.ts';
import { InputError } from '../errors.ts';
import { firstIndex } from '../lists.ts';
import { type SidList, sidsFor } from '../platform/asked-streams.ts';
import { type EvidenceOptions, evidenceOf } from '../platform/evidence.ts';
import { deviceNamesOf, type Platform } from '../platform/platform.ts';
import { Rows } from '../rows.ts';
import { COMMAND_ERRORS, type SidRange } from '../smmu/queues/commands.ts';
import { QUEUE_NAMES, type QueueName } from '../smmu/queues/queue.ts';
import { chooseSmmus } from '../snapshot/choose.ts';
import { lackOf } from '../snapshot/register-file.ts';
import type { CaptureMoment, SmmuSnapshot, Snapshot } from '../snapshot/snapshot.ts';
import { fieldsThatDiffer, fieldValue } from '../snapshot/validate/facts.ts';
import { SCHEMA_VERSION, TOOL } from '../version.ts';
import {
  commandQueueOf,
  eventQueueOf,
  pageRequestQueueOf,
  type Queue,
  type QueueEntry,
  type QueueGap,
  type RawEntry,
} from './queue.ts';
import { Grouping, type QueueGroup } from './queue-groups.ts';
import { QUEUE_KINDS } from './queue-kinds.ts';

export interface QueuesReport {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly tool: typeof TOOL;
  readonly dump: DumpReport;
  readonly captured: CaptureMoment;
  readonly smmus: readonly SmmuQueues[];
}

export interface SmmuQueues {
  readonly name: string;
  readonly base: number | null;
  /** The registers are those that the crashed kernel's driver kept: nobody read them from the SMMU. */
  readonly reconstructed: boolean;
  /** Flags of GERROR about queues that are active; null when GERROR or GERRORN was not captured. */
  readonly errors: readonly string[] | null;
  readonly queues: readonly QueueReport[];
}

/** With what firmware calls the device of its stream; null where it names none, or several streams are meant. */
export type Named<T> = T & { readonly device: string | null };

export interface QueueReport {
  readonly queue: QueueName;
  /** The SMMU has no such queue, or it was never set up. */
  readonly absent: boolean;
  /** Null when all is known. */
  readonly why: QueueGap | null;
  /** CR0.EVENTQEN, CMDQEN or PRIQEN when the registers were read; null when CR0 was not captured. */
  readonly enabled: boolean | null;
  readonly base: number | null;
  readonly log2Size: number | null;
  /** LOG2SIZE as written, where IDR1 permits less. */
  readonly cappedFrom: number | null;
  /** With the wrap bit, at bit `log2Size`. */
  readonly prod: number | null;
  readonly cons: number | null;
  /** At most, where `consMayLag`. */
  readonly pending: number | null;
  /** CMDQ_CONS is what the driver last read of it: the hardware may have executed more. */
  readonly consMayLag: boolean;
  readonly full: boolean | null;
  /** PROD and CONS cannot belong to one moment. */
  readonly corrupt: boolean | null;
  readonly overflow: boolean | null;
  /** Of the command queue alone. */
  readonly error: CommandError | null;
  /** Pending entries that the dump lacks. */
  readonly notInDump: number;
  /** Pending entries that name one of the streams asked for; null when none were. */
  readonly concerned: number | null;
  /** Entries behind CONS that are still in memory, and slots there that the dump lacks; null when not asked for. */
  readonly older: number | null;
  readonly olderNotInDump: number | null;
  /** Pending entries that somebody waits for an answer to: stalled transactions, page requests that end a group. */
  readonly waiting: number;
  /** What the pending entries come to, and the entries beyond the most groups that are made. */
  readonly groups: readonly Named<QueueGroup>[];
  readonly notGrouped: number;
  /** The same for the older ones; null when not asked for. */
  readonly olderGroups: readonly Named<QueueGroup>[] | null;
  readonly olderNotGrouped: number | null;
  /** Older ones first, each part oldest first. */
  readonly entries: Rows<Named<QueueEntry>>;
}

export interface CommandError {
  /** GERROR.CMDQ_ERR: the SMMU stopped; null when GERROR or GERRORN was not captured. */
  readonly active: boolean | null;
  /** CMDQ_CONS.ERR, which means nothing unless the error is active. */
  readonly code: number | null;
  readonly reason: string | null;
  /** The command that CMDQ_CONS points to, where the error is active. */
  readonly at: Named<QueueEntry> | null;
}

export interface QueuesOptions extends Pick<EvidenceOptions, 'platform'> {
  /** Names of the SMMUs; all of the snapshot when left out. */
  readonly smmus?: readonly string[] | undefined;
  /** Entries behind CONS too. */
  readonly all?: boolean | undefined;
  readonly queues?: readonly QueueName[] | undefined;
  /** Only entries that concern one of these streams; those for all streams do. */
  readonly sids?: SidList | undefined;
}

/**
 * What was pending in the queues of each SMMU, oldest first. Entries are rows: they are read from the dump as they are
 * gone through, so keep it open until then.
 * Throws InputError (`usage`) for an unknown SMMU; entries that the dump lacks are counted.
 */
export async function queues(dump: OpenedDump, snapshot: Snapshot, options: QueuesOptions = {}): Promise<QueuesReport> {
  const { now } = evidenceOf(dump, snapshot, options);
  const smmus = chooseSmmus(options.smmus, snapshot);
  refuseEndless(smmus, now.view, snapshot, options);
  const report = await untilFetched(
    (): QueuesReport => ({
      schemaVersion: SCHEMA_VERSION,
      tool: TOOL,
      dump: dumpReport(dump),
      captured: snapshot.captured,
      smmus: smmus.map((smmu) => smmuQueues(smmu, now.view, options)),
    }),
  );
  // So that going through the rows finds their bytes there.
  if (dump.fetched) await untilFetched(() => readRows(report));
  return report;
}

/** As many as two SMMUs can have in queues of the largest size; machines have a fraction of it. */
const MAX_ENTRIES = 2 ** 21;

/** Thousands of SMMUs may be said to have queues of the largest size, all of them in the same place. */
function refuseEndless(
  smmus: readonly SmmuSnapshot[],
  view: MemoryView,
  { name: file }: Snapshot,
  { all = false, queues: wanted = QUEUE_NAMES }: QueuesOptions,
): void {
  if (smmus.length < 2) return;
  let entries = 0;
  for (const smmu of smmus) {
    for (const queue of wanted) {
      const { geometry } = MAKERS[queue](smmu, view);
      entries += (all ? geometry?.size : geometry?.used) ?? 0;
    }
    if (entries <= MAX_ENTRIES) continue;
    const what = `up to the SMMU ${JSON.stringify(smmu.name)} the queues have ${entries} entries`;
    throw new InputError('snapshot', `${what}; --smmu NAME shows those of one SMMU`, { file });
  }
}

function readRows({ smmus }: QueuesReport): void {
  for (const { queues: all } of smmus) for (const { entries } of all) for (const _ of entries);
}

const MAKERS: Readonly<Record<QueueName, (smmu: SmmuSnapshot, view: MemoryView) => Queue>> = {
  event: eventQueueOf,
  command: commandQueueOf,
  pri: pageRequestQueueOf,
};

function smmuQueues(smmu: SmmuSnapshot, view: MemoryView, options: QueuesOptions): SmmuQueues {
  const { name, base, registers } = smmu;
  const wanted = QUEUE_NAMES.filter((queue) => options.queues?.includes(queue) ?? true);
  return {
    name,
    base,
    reconstructed: lackOf(smmu) === 'not-reconstructed',
    errors: activeErrors(registers)?.filter((flag) => QUEUE_ERRORS.test(flag)) ?? null,
    queues: wanted.map((queue) => queueReport(MAKERS[queue](smmu, view), smmu, options)),
  };
}

/** The flags of GERROR that are about queues and their interrupts. */
const QUEUE_ERRORS = /^CMDQP?_ERR$|_ABT_ERR$/;

/** Null when GERROR or GERRORN was not captured. */
function activeErrors(registers: SmmuSnapshot['registers']): readonly string[] | null {
  if (!registers.has('GERROR') || !registers.has('GERRORN')) return null;
  return fieldsThatDiffer(registers, 'GERROR', 'GERRORN').map(({ name }) => name);
}

/** Adds the name to what was made for it alone: to copy half a million entries takes longer than to decode them. */
type NameIt = <T extends Pick<QueueEntry, 'firstSid' | 'lastSid'>>(one: T) => Named<T>;

function namer(smmu: SmmuSnapshot, platform: Platform | undefined): NameIt {
  const names = deviceNamesOf(platform, smmu);
  return (one) => {
    const { firstSid: sid, lastSid } = one;
    return Object.assign(one, { device: sid === null || sid !== lastSid ? null : names.deviceOf(sid) });
  };
}

function queueReport(queue: Queue, smmu: SmmuSnapshot, options: QueuesOptions): QueueReport {
  const { all = false, sids, platform } = options;
  const named = namer(smmu, platform);
  const { name, geometry, absent, cappedFrom, why, overflow, prod, cons, consMayLag } = queue;
  const enable = fieldValue(smmu.registers, 'CR0', `${QUEUE_KINDS[name].prefix}EN`);
  const isWanted = sids === undefined ? () => true : wantedOf(queue, sidsFor(sids, smmu));
  const groups = new Grouping(queue);
  let [notInDump, wanted] = [0, 0];
  for (const entry of queue.pending()) {
    if (entry.words === null) notInDump += 1;
    else if (isWanted(entry)) {
      wanted += 1;
      groups.add(entry);
    }
  }
  return {
    queue: name,
    absent,
    why,
    enabled: enable === undefined ? null : enable === 1,
    base: geometry?.base ?? null,
    log2Size: geometry?.log2Size ?? null,
    cappedFrom,
    prod,
    cons,
    pending: geometry?.used ?? null,
    consMayLag,
    full: isFull(queue),
    corrupt: geometry?.corrupt ?? null,
    overflow: absent ? null : overflow,
    error: name === 'command' ? commandError(queue, smmu, named) : null,
    notInDump,
    concerned: sids === undefined ? null : wanted,
    waiting: groups.waiting,
    groups: groups.groups.map((group) => named(group)),
    notGrouped: groups.notGrouped,
    ...olderOf(queue, all, isWanted, named),
    entries: new Rows(function* () {
      if (all) for (const entry of queue.older()) if (isWanted(entry)) yield named(queue.decode(entry));
      for (const entry of queue.pending()) if (isWanted(entry)) yield named(queue.decode(entry));
    }),
  };
}

/** Null where it is not known: a queue that seems full may have been read from since. */
function isFull({ geometry, consMayLag }: Queue): boolean | null {
  if (geometry === null || geometry.used === null) return null;
  const isFull = geometry.used === geometry.size;
  return isFull && consMayLag ? null : isFull;
}

function olderOf(queue: Queue, all: boolean, isWanted: (entry: RawEntry) => boolean, named: NameIt) {
  if (!all) return { older: null, olderNotInDump: null, olderGroups: null, olderNotGrouped: null };
  const groups = new Grouping(queue);
  let [older, olderNotInDump] = [0, 0];
  const missing = (entries: number) => {
    olderNotInDump += entries;
  };
  for (const entry of queue.older(missing)) {
    if (!isWanted(entry)) continue;
    older += 1;
    groups.add(entry);
  }
  return {
    older,
    olderNotInDump,
    olderGroups: groups.groups.map((group) => named(group)),
    olderNotGrouped: groups.notGrouped,
  };
}

/** Whether an entry names one of these streams. What the dump lacks may concern any of them. */
function wantedOf(queue: Queue, sids: readonly number[]): (entry: RawEntry) => boolean {
  const sorted = Uint32Array.from(sids).sort();
  return (entry) => {
    if (entry.words === null) return true;
    const range = queue.sidsOf(entry);
    return range !== null && namesAny(sorted, range);
  };
}

function namesAny(sorted: Uint32Array, { first, last }: SidRange): boolean {
  const lowest = sorted[firstIndex(sorted, (sid) => sid >= first)];
  return lowest !== undefined && lowest <= last;
}

function commandError(queue: Queue, { registers }: SmmuSnapshot, named: NameIt): CommandError {
  const active = activeErrors(registers)?.includes('CMDQ_ERR') ?? null;
  const code = fieldValue(registers, 'CMDQ_CONS', 'ERR') ?? null;
  const entry = active === true ? queue.atCons() : null;
  return {
    active,
    code,
    reason: code === null ? null : (COMMAND_ERRORS[code] ?? 'reserved'),
    at: entry === null ? null : named(queue.decode(entry)),
  };
}

/** Whether the dump lacks an entry that was pending. */
export function lacksPending({ smmus }: QueuesReport): boolean {
  return smmus.some(({ queues }) => queues.some(({ notInDump }) => notInDump > 0));
}
