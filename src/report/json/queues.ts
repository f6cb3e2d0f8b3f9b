/** The shape of `queues`: what the crashed kernel left in the queues of every SMMU. */

import { commandErrorInWords } from '../../findings/prose/queues.ts';
import { pageState } from '../../findings/rules/vocabulary.ts';
import type { QueueEntry } from '../../queues/queue.ts';
import type { QueueGroup } from '../../queues/queue-groups.ts';
import type { CommandError, Named, QueueReport, QueuesReport, SmmuQueues } from '../../queues/queues.ts';
import {
  choice,
  count,
  define,
  derived,
  flag,
  hex,
  integer,
  list,
  matching,
  nullable,
  object,
  type Shape,
  sid,
  text,
  word64,
  words,
} from '../../shape.ts';
import { queueGapInWords } from '../prose/queues.ts';
import { dump, fields, preamble, redacted } from './parts/common.ts';

const kind = define(
  'kind',
  'What a command is about; null for entries of other queues',
  nullable(choice('prefetch', 'configuration', 'tlb', 'atc', 'pri-response', 'resume', 'sync', 'dpt', 'unknown')),
);

/** The keys of an entry by itself. */
export const entryMembers = {
  index: ['Slot in the queue', integer(0, 524287)],
  address: ['Physical address of the entry', hex],
  pending: [
    'Whether it was waiting to be consumed when the registers were read; null when PROD and CONS do not say',
    nullable(flag),
  ],
  code: ['Number of the event or the command; null for page requests, which have none', nullable(integer(0, 255))],
  type: [
    'Name of the event or the command in the architecture, PPR for a page request, `reserved` or IMPDEF where there is no name',
    nullable(text),
  ],
  kind: ['', kind],
  sid: ['The StreamID; null for an entry that names no stream, or several', nullable(sid)],
  firstSid: ['First StreamID that the entry is about; null for none', nullable(sid)],
  lastSid: ['Last StreamID that the entry is about; null for none', nullable(sid)],
  words: ['The 64-bit words', nullable(list(word64))],
  fields: ['Fields by architecture name: addresses are hex text, all others integers', fields],
  pageState: ['', pageState],
} as const;

const { words: entryWords, fields: entryFields, pageState: entryPageState, ...entryStart } = entryMembers;

const entry = define(
  'entry',
  'One entry of a queue. What is not known because the dump lacks the entry is null',
  object<Named<QueueEntry>>()({
    ...entryStart,
    device: ['What firmware calls the device; null where it was not given or names none', nullable(text)],
    words: entryWords,
    fields: entryFields,
    pageState: entryPageState,
  }),
);

const group = define(
  'group',
  'Entries of one type about the same streams, or the same tags of a TLB',
  object<Named<QueueGroup>>()({
    type: ['Name, as in an entry', words],
    code: ['Number, as in an entry', nullable(integer(0, 255))],
    kind: ['', kind],
    firstSid: ['First StreamID; null for entries that name none', nullable(sid)],
    lastSid: ['Last StreamID; null for entries that name none', nullable(sid)],
    device: ['What firmware calls the device; null where it was not given or names none', nullable(text)],
    vmid: ['VMID of an invalidation that names one', nullable(integer(0, 65535))],
    asid: ['ASID of an invalidation that names one', nullable(integer(0, 65535))],
    count: ['Entries in the group', integer(1)],
    waiting: [
      'Of them, those that somebody waits for an answer to: stalled transactions, page requests that end a group',
      count,
    ],
    firstAddress: [
      'Address in the oldest entry, of the access or else of the fetch; null where there is none',
      nullable(hex),
    ],
    lastAddress: ['Address in the newest entry', nullable(hex)],
  }),
);

const error = define(
  'error',
  'Whether the command queue was stopped by an error, and why',
  object<CommandError>()({
    active: ['GERROR.CMDQ_ERR is active; null when GERROR or GERRORN was not captured', nullable(flag)],
    code: [
      'CMDQ_CONS.ERR, which means nothing unless the error is active; null when not captured',
      nullable(integer(0, 127)),
    ],
    reason: ['The same by name: CERROR_ILL, and so on', nullable(text)],
    meaning: [
      'The same in words',
      derived(nullable(text), ({ code }) => (code === null ? null : commandErrorInWords(code))),
    ],
    at: ['The command that CMDQ_CONS points to, where the error is active', nullable(entry)],
  }),
);

const queue = define(
  'queue',
  'One queue of an SMMU',
  object<QueueReport>()({
    queue: ['Which', choice('event', 'command', 'pri')],
    absent: ['The SMMU has no such queue, or it was never set up', flag],
    why: [
      'Why there is nothing to read, or why it is not known what is pending; null when all is known',
      derived(nullable(text), queueGapInWords),
    ],
    enabled: ['Whether CR0 had it on when the registers were read; null when CR0 was not captured', nullable(flag)],
    base: ['Address as the hardware takes it; null without a queue', nullable(hex)],
    log2Size: ['log2 of the number of entries, as the hardware takes it', nullable(integer(0, 19))],
    cappedFrom: ['LOG2SIZE as written, where the hardware takes less; else null', nullable(integer(0, 31))],
    prod: [
      'Index of the producer, with the wrap bit at bit log2Size; null when not captured',
      nullable(integer(0, 1048575)),
    ],
    cons: [
      'Index of the consumer, with the wrap bit at bit log2Size; null when not captured',
      nullable(integer(0, 1048575)),
    ],
    pending: [
      'Entries waiting to be consumed, where consMayLag at most so many; null when not known',
      nullable(integer(0, 524288)),
    ],
    consMayLag: [
      "CMDQ_CONS is the driver's copy, which it takes when it waits: the hardware may have executed pending commands since",
      flag,
    ],
    full: ['There is no room for another entry; null when not known', nullable(flag)],
    corrupt: ['PROD and CONS cannot belong to one moment; null when one of them is not known', nullable(flag)],
    overflow: ['Entries were lost, and nobody had acknowledged that; null when not known', nullable(flag)],
    error: ['Of the command queue; null for the others', nullable(error)],
    notInDump: ['Pending entries that the dump lacks', count],
    concerned: ['Pending entries that name one of the streams asked for; null when none were', nullable(count)],
    waiting: ['Pending entries that somebody waits for an answer to', count],
    groups: ['What the pending entries come to, the largest group first', list(group)],
    notGrouped: ['Pending entries beyond the most groups that are made', count],
    older: [
      'Entries that were consumed already and are still in memory; all that are in memory when it is not known what is pending; null when not asked for',
      nullable(count),
    ],
    olderNotInDump: ['Slots of such entries that the dump lacks; null when not asked for', nullable(count)],
    olderGroups: ['The same as groups, of the older entries; null when not asked for', nullable(list(group))],
    olderNotGrouped: ['The same as notGrouped, of the older entries; null when not asked for', nullable(count)],
    entries: ['Older entries where asked for, then the pending ones, each part oldest first', list(entry)],
  }),
);

const smmu = define(
  'smmu',
  'The queues of one SMMU',
  object<SmmuQueues>()({
    name: ['Name in the snapshot', text],
    base: ['Address of its registers; null when not given', nullable(hex)],
    reconstructed: ["The registers are what the crashed kernel's driver kept: nobody read them from the SMMU", flag],
    errors: [
      'Flags of GERROR about queues that are active; null when GERROR or GERRORN was not captured',
      nullable(list(matching(/^[A-Z][A-Z0-9_]*$/))),
    ],
    queues: ['The queues asked for', list(queue)],
  }),
);

export const QUEUES: Shape<QueuesReport> = object<QueuesReport>()({
  ...preamble,
  redacted,
  dump: ['', dump],
  captured: ['When the registers were read', choice('running', 'before-kdump-probe', 'after-kdump-probe', 'unknown')],
  smmus: ['The SMMUs asked for', list(smmu)],
});
