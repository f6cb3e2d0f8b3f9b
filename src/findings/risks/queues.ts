/** What the crashed kernel left in its queues, which the kdump kernel starts anew without reading them. */

import { hex } from '../../hex.ts';
import { commandQueueOf, eventQueueOf, pageRequestQueueOf, type Queue, type RawEntry } from '../../queues/queue.ts';
import { Grouping, type QueueGroup } from '../../queues/queue-groups.ts';
import type { CommandKind } from '../../smmu/queues/commands.ts';
import { fieldsThatDiffer, valueInWords } from '../../snapshot/validate/facts.ts';
import type { RiskContext } from './context.ts';

const INVALIDATIONS: readonly CommandKind[] = ['configuration', 'tlb', 'atc'];

/** Adds to the findings what the queues say of the crash, and of what the kdump kernel does not know. */
export function queueRisks({ smmu, memory, findings }: RiskContext): void {
  const commands = commandQueueOf(smmu, memory);
  if (fieldsThatDiffer(smmu.registers, 'GERROR', 'GERRORN').some(({ name }) => name === 'CMDQ_ERR')) {
    const reason = valueInWords(smmu.registers, 'CMDQ_CONS', 'ERR') ?? 'CMDQ_CONS was not captured';
    const at = commands.atCons();
    const type = at === null ? null : commands.typeOf(at);
    findings.add('command-error', { reason, command: type?.name ?? 'a command that is not in the dump' });
  }
  const pending = grouped(commands);
  if (pending.entries > 0) {
    findings.add('commands-pending', { commands: pending.entries, what: inWords(pending) });
    const invalidations = pending.groups.filter(({ kind }) => kind !== null && INVALIDATIONS.includes(kind));
    const number = invalidations.reduce((sum, { count }) => sum + count, 0);
    if (number > 0) {
      const what = inWords({ ...pending, groups: invalidations, entries: number, known: number });
      findings.add('invalidations-pending', { commands: number, what, repeated: pending.repeated });
    }
  }
  const events = eventQueueOf(smmu, memory);
  const unread = grouped(events);
  if (unread.entries > 0) findings.add('events-unread', { events: unread.entries, what: inWords(unread) });
  if (events.overflow === true) findings.add('events-lost', {});
  const requests = pageRequestQueueOf(smmu, memory).geometry?.used ?? 0;
  if (requests > 0) findings.add('page-requests-pending', { requests });
}

interface Grouped {
  readonly groups: readonly QueueGroup[];
  readonly entries: number;
  /** Of them, those in a group. */
  readonly known: number;
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
  const { groups } = grouping;
  return { groups, entries, known: groups.reduce((sum, { count }) => sum + count, 0), repeated: repeats.count };
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

function inWords({ groups, entries, known }: Grouped): string {
  const words = groups.slice(0, MAX_KINDS).map(({ count, type, firstSid, lastSid, firstAddress }) => {
    const sids =
      firstSid === null || lastSid === null
        ? ''
        : firstSid === lastSid
          ? ` for SID 0x${firstSid.toString(16)}`
          : ` for SIDs 0x${firstSid.toString(16)}-0x${lastSid.toString(16)}`;
    return `${count} ${type}${sids}${firstAddress === null ? '' : ` at ${hex(firstAddress)}`}`;
  });
  const said = groups.slice(0, MAX_KINDS).reduce((sum, { count }) => sum + count, 0);
  if (known > said) words.push(`${known - said} others`);
  if (entries > known) words.push(`${entries - known} that the dump lacks`);
  return words.join(', ');
}
