/** What the crashed kernel left in its queues, which the kdump kernel starts anew without reading them. */

import { hex } from '../../hex.ts';
import { commandQueueOf, eventQueueOf, pageRequestQueueOf, type Queue } from '../../queues/queue.ts';
import { Grouping, type QueueGroup } from '../../queues/queue-groups.ts';
import { fieldsThatDiffer, valueInWords } from '../../snapshot/validate/facts.ts';
import type { RiskContext } from './context.ts';

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
    const invalidations = pending.groups.filter(
      ({ kind }) => kind === 'configuration' || kind === 'tlb' || kind === 'atc',
    );
    const number = invalidations.reduce((sum, { count }) => sum + count, 0);
    if (number > 0) {
      const what = inWords({ groups: invalidations, entries: number, known: number });
      findings.add('invalidations-pending', { commands: number, what });
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
}

function grouped(queue: Queue): Grouped {
  const grouping = new Grouping(queue);
  // Nothing to read, nothing to load.
  if ((queue.geometry?.used ?? 0) > 0) for (const entry of queue.pending()) grouping.add(entry);
  const { groups } = grouping;
  return { groups, entries: queue.geometry?.used ?? 0, known: groups.reduce((sum, { count }) => sum + count, 0) };
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
