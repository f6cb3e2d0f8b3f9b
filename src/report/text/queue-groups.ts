/** What the pending entries of a queue come to: as a table, and in a sentence that says what follows from it. */

import { atMost } from '../../findings/prose/queues.ts';
import { count } from '../../findings/rules/words.ts';
import type { QueueGroup } from '../../queues/queue-groups.ts';
import type { Named, QueueReport } from '../../queues/queues.ts';
import type { QueueName } from '../../smmu/queues/queue.ts';
import { entrySidsInWords, streamsInWords, typeInWords } from '../prose/queue-entries.ts';
import { address, type Column, NOTHING } from './table.ts';

const COUNT: Column = { title: 'Count', align: 'right' };
const TYPE: Column = { title: 'Type' };
const SIDS: Column = { title: 'SID', align: 'right' };
const FIRST: Column = { title: 'First address', align: 'right' };
const LAST: Column = { title: 'Last address', align: 'right' };

export const GROUP_COLUMNS: Readonly<Record<QueueName, readonly Column[]>> = {
  event: [COUNT, TYPE, SIDS, { title: 'Stalled', align: 'right' }, FIRST, LAST],
  command: [COUNT, TYPE, SIDS, { title: 'VMID', align: 'right' }, { title: 'ASID', align: 'right' }, FIRST, LAST],
  pri: [COUNT, TYPE, SIDS, { title: 'Last of group', align: 'right' }, FIRST, LAST],
};

export function groupCells(queue: QueueName, group: Named<QueueGroup>): string[] {
  const { count, waiting, vmid, asid, firstAddress, lastAddress } = group;
  const middle = queue === 'command' ? [String(vmid ?? NOTHING), String(asid ?? NOTHING)] : [String(waiting)];
  return [
    String(count),
    typeInWords(group),
    entrySidsInWords(group) ?? NOTHING,
    ...middle,
    address(firstAddress),
    address(lastAddress),
  ];
}

/** A sentence names no more things than these of a kind. */
const MAX_NAMED = 4;

/** `notGrouped`: there are more still, of which nobody knows how many differ. */
function named(things: readonly string[], notGrouped: number): string {
  const different = [...new Set(things)];
  const shown = different.slice(0, MAX_NAMED).join(', ');
  const rest = different.length - MAX_NAMED;
  if (notGrouped > 0) return `${shown} and others`;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

/** What follows from entries that are pending, in sentences. */
export function whatItMeans(queue: QueueReport): string[] {
  const { concerned } = queue;
  const pending = `${atMost(queue.consMayLag)}${queue.pending}`;
  const [first, none] = PENDING[queue.queue];
  if (concerned === 0) return [`${pending} ${first}; none names a stream that was asked for${none}`];
  const some = concerned === null ? '' : `; ${concerned} of them about the streams asked for`;
  return MEANINGS[queue.queue](queue, `${pending} ${first}${some}`);
}

/** What pending entries are, and what to know when none is about a stream. */
const PENDING: Readonly<Record<QueueName, readonly [what: string, none: string]>> = {
  event: ['that the crashed kernel had not read; no kdump kernel reads them', ''],
  command: ['not executed', ', as invalidations of translations never do'],
  pri: ['that the crashed kernel had not answered; no kdump kernel does', ''],
};

const MEANINGS: Readonly<Record<QueueName, (queue: QueueReport, first: string) => string[]>> = {
  event: ({ groups, notGrouped, waiting: stalled }, first) => {
    const what = groups.map((group) => `${group.count} ${typeInWords(group)} of ${streamsInWords(group)}`);
    const waits = count(stalled, 'transaction is stalled', 'transactions are stalled');
    return [
      what.length === 0 ? first : `${first}: ${named(what, notGrouped)}`,
      ...(stalled > 0 ? [`${waits}, with nobody left to answer`] : []),
    ];
  },

  command: ({ groups, notGrouped }, first) => {
    const of = (kind: QueueGroup['kind']) => groups.filter((group) => group.kind === kind);
    const stale = [
      of('configuration').length > 0 &&
        `the configuration of ${named(of('configuration').map(configured), notGrouped)}`,
      of('tlb').length > 0 && `translations of ${named(of('tlb').map(tagged), notGrouped)}`,
      of('atc').length > 0 &&
        `translations that devices cache (ATS), of ${named(of('atc').map(streamsInWords), notGrouped)}`,
      of('dpt').length > 0 && 'device permissions',
    ].filter((text) => text !== false);
    if (groups.length === 0) return [first];
    if (stale.length === 0 && notGrouped === 0) return [`${first}: none of them invalidates anything`];
    return [
      `${first}: what the hardware uses may be older than what memory holds`,
      ...stale.map((text) => `- ${text}`),
      'a kdump kernel drops them; its reset invalidates everything, except what devices cache',
    ];
  },

  pri: ({ groups, notGrouped, waiting: due }, first) => {
    const answers = count(due, 'answer is due', 'answers are due');
    return [groups.length === 0 ? first : `${first}: ${answers}, to ${named(groups.map(streamsInWords), notGrouped)}`];
  },
};

function configured(group: QueueGroup): string {
  return group.firstSid === null ? tagged(group) : streamsInWords(group);
}

/** By which tags a TLB was to forget; a command without any speaks for itself. */
function tagged(group: QueueGroup): string {
  const { vmid, asid } = group;
  const tags = [vmid === null ? '' : `VMID ${vmid}`, asid === null ? '' : `ASID ${asid}`].filter((tag) => tag !== '');
  return tags.length > 0 ? tags.join(' ') : typeInWords(group);
}
