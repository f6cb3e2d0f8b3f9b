/** What the crashed kernel left in its queues, which the kdump kernel starts anew without reading them. */

import { commandQueueOf, eventQueueOf, pageRequestQueueOf, type Queue, type RawEntry } from '../../queues/queue.ts';
import { Grouping, type QueueGroup } from '../../queues/queue-groups.ts';
import type { CommandKind } from '../../smmu/queues/commands.ts';
import { fieldsThatDiffer, fieldValue } from '../../snapshot/validate/facts.ts';
import type { QueueContents } from '../prose/queues.ts';
import type { RiskContext } from './context.ts';

const INVALIDATIONS: readonly CommandKind[] = ['configuration', 'tlb', 'atc'];

/** Adds to the findings what the queues say of the crash, and of what the kdump kernel does not know. */
export function queueRisks({ smmu, memory, findings }: RiskContext): void {
  const commands = commandQueueOf(smmu, memory);
  if (fieldsThatDiffer(smmu.registers, 'GERROR', 'GERRORN').some(({ name }) => name === 'CMDQ_ERR')) {
    const at = commands.atCons();
    const type = at === null ? null : commands.typeOf(at);
    const reason = fieldValue(smmu.registers, 'CMDQ_CONS', 'ERR') ?? null;
    findings.add('command-error', { reason, command: type?.name ?? null });
  }
  const pending = grouped(commands);
  if (pending.entries > 0) {
    const { consMayLag } = commands;
    findings.add('commands-pending', { commands: pending.entries, what: contentsOf(pending), consMayLag });
    const invalidations = pending.groups.filter(({ kind }) => kind !== null && INVALIDATIONS.includes(kind));
    const number = invalidations.reduce((sum, { count }) => sum + count, 0);
    if (number > 0) {
      const what = contentsOf({ ...pending, groups: invalidations, entries: number, known: number, notGrouped: 0 });
      findings.add('invalidations-pending', { commands: number, what, repeated: pending.repeated, consMayLag });
    }
  }
  const events = eventQueueOf(smmu, memory);
  const unread = grouped(events);
  if (unread.entries > 0) findings.add('events-unread', { events: unread.entries, what: contentsOf(unread) });
  if (events.overflow === true) findings.add('events-lost', {});
  const requests = pageRequestQueueOf(smmu, memory).geometry?.used ?? 0;
  if (requests > 0) findings.add('page-requests-pending', { requests });
}

interface Grouped {
  readonly groups: readonly QueueGroup[];
  readonly entries: number;
  /** Of them, those in a group. */
  readonly known: number;
  /** Of them, those that would have made a group too many. */
  readonly notGrouped: number;
  /** Invalidations that say what one of the two entries before them has said, a CMD_SYNC between them or not. */
  readonly repeated: number;
}

function grouped(queue: Queue): Grouped {
  const grouping = new Grouping(queue);
  // Nothing to read, nothing to load.
  const repeats = new Repeats(queue);
  const entries = queue.geometry?.used ?? 0;
  if (entries > 0) {
    for (const entry of queue.pending()) {
      grouping.add(entry);
      repeats.add(entry);
    }
  }
  const { groups, notGrouped } = grouping;
  const known = groups.reduce((sum, { count }) => sum + count, 0);
  return { groups, entries, known, notGrouped, repeated: repeats.count };
}

const COMMAND_WORDS = 4;

/** Invalidations that newer kernels write twice, for hardware that may lose one. */
class Repeats {
  count = 0;
  readonly #queue: Queue;
  #last = '';
  #lastButOne = '';

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  add(entry: RawEntry): void {
    const { words, at } = entry;
    const said = words === null ? '' : words.subarray(at, at + COMMAND_WORDS).join();
    if (said !== '' && (said === this.#last || said === this.#lastButOne)) {
      const kind = this.#queue.typeOf(entry)?.kind ?? null;
      if (kind !== null && INVALIDATIONS.includes(kind)) this.count += 1;
    }
    [this.#lastButOne, this.#last] = [this.#last, said];
  }
}

/** More kinds of entries are a number. */
const MAX_KINDS = 4;

function contentsOf({ groups, entries, known, notGrouped }: Grouped): QueueContents {
  const largest = groups.slice(0, MAX_KINDS);
  const listed = largest.reduce((sum, { count }) => sum + count, 0);
  return {
    groups: largest.map(({ count, type, firstSid, lastSid, firstAddress }) => ({
      count,
      type,
      firstSid,
      lastSid,
      firstAddress,
    })),
    notListed: known - listed + notGrouped,
    notInDump: entries - known - notGrouped,
  };
}
