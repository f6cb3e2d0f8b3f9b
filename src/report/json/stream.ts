/** The shape of `show`: one stream in full. */

import { ruleName, verdict } from '../../findings/rules/vocabulary.ts';
import type { StreamOutcome, StreamReport, StreamScan } from '../../inspect/stream.ts';
import type { QueueEntry } from '../../queues/queue.ts';
import {
  choice,
  count,
  define,
  flag,
  hex,
  integer,
  list,
  mapOf,
  nullable,
  object,
  type Shape,
  said,
  sid,
  text,
} from '../../shape.ts';
import type { Lookup, LookupStep } from '../../streams/stream-lookup.ts';
import type { StreamQueue, StreamReach, StreamTraffic } from '../../streams/stream-traffic.ts';
import { wayEndInWords } from '../prose/lookup.ts';
import { endingInWords } from '../prose/translation.ts';
import { check, device, errno, fate, insert, lost, panic } from './parts/adoption.ts';
import { assumption, dump, preamble, redacted } from './parts/common.ts';
import { finding } from './parts/findings.ts';
import { scanFailure } from './parts/id-scan.ts';
import { ste } from './parts/tables.ts';
import { entryMembers } from './queues.ts';
import { range, step } from './translation.ts';

const lookup = define(
  'lookup',
  'The way from a StreamID to its entry',
  object<Lookup>()({
    outcome: ['Whether it ends at an entry', choice('found', 'no-entry', 'not-in-dump')],
    address: ['Physical address of the entry; null where the way ends before', nullable(hex)],
    why: ['What ends it', nullable(said(wayEndInWords))],
    steps: ['What was read, in order', list<LookupStep>(step)],
  }),
);

const scan = define(
  'scan',
  'What the scan for IDs in use makes of the stream',
  object<StreamScan>()({
    outcome: ['Of the whole scan', choice('reserved', 'failed', 'unknown')],
    failures: ['Rules that the entry, its CD table or its L2 table breaks', list(scanFailure)],
    stopsElsewhere: ["The kernel's scan ends at an entry of another stream", flag],
  }),
);

const outcome = define(
  'outcome',
  'What one revision does with the stream',
  object<StreamOutcome>()({
    verdict: ['', verdict],
    errno: ['', errno],
    fate: ['', fate],
    panic: ['Set when the kdump kernel would die; null otherwise', nullable(panic)],
    lost: ['Set when the SMMU is lost after the adoption; null otherwise', nullable(lost)],
    decidedBy: ['The check that decided against the adoption', nullable(check)],
    insert: ['Its insertion; null where the table was not adopted', nullable(insert)],
    device: ['Its device', nullable(device)],
    scan: ['The scan for IDs in use; null where the revision makes none', nullable(scan)],
  }),
);

const reach = define(
  'streamReach',
  'What traffic with one SubstreamID, or without, can reach',
  object<StreamReach>()({
    ssid: ['SubstreamID; 0 without one', count],
    ssv: ['Whether there is a SubstreamID', flag],
    asid: ['ASID; null without stage 1', nullable(integer(0, 65535))],
    outcome: ['What becomes of it', choice('translated', 'bypass', 'abort', 'fault', 'indeterminate')],
    fault: ['The event of a fault', nullable(text)],
    why: ['What lies behind the outcome', nullable(said(endingInWords))],
    mappedBytes: ['Mapped in all', count],
    writableBytes: ['Of them, those that can be written', count],
    kdumpBytes: ["Of the writable ones, those in the kdump kernel's memory", count],
    leaves: ['Blocks and pages', count],
    unknown: ['Ranges whose tables are not in the dump', count],
    rangesNotListed: ['Ranges beyond those listed', count],
    ranges: ['The first ranges', list(range)],
    complete: ['False: the tables describe more than is walked here', flag],
  }),
);

const entry = define('streamEntry', 'One entry of a queue', object<QueueEntry>()(entryMembers));

const queue = define(
  'streamQueue',
  'Entries of one queue that name the stream, or all streams',
  object<StreamQueue>()({
    queue: ['Which queue', choice('event', 'command', 'pri')],
    pending: ['Not consumed when the registers were read, oldest first', list(entry)],
    pendingNotListed: ['Such entries beyond those listed', count],
    older: ['Still in memory behind them: history, which may be stale', list(entry)],
    olderNotListed: ['Such entries beyond those listed', count],
  }),
);

export const STREAM: Shape<StreamReport> = object<StreamReport>()({
  ...preamble,
  redacted,
  dump: ['The dump', dump],
  smmu: ['Name of the SMMU', text],
  sid: ['StreamID', sid],
  bdf: ['The StreamID read as a PCI requester ID: a reading, not a fact', text],
  device: ['What firmware calls it; null where no table of firmware has it', nullable(text)],
  enabled: ['False: the SMMU was off, and lookup.hardware says what it would find', flag],
  lookup: [
    'How the entry is found',
    object<StreamReport['lookup']>()({
      hardware: ['By the hardware', lookup],
      linux: ['By Linux', lookup],
      same: ['Both come to the same entry; null where one of them comes to none', nullable(flag)],
    }),
  ],
  ste: ['The entry that the hardware uses; null where there is none, or where the dump lacks it', nullable(ste)],
  revisions: ['What each revision does with it', mapOf(/^(v[0-9]+|next)$/, outcome)],
  traffic: [
    'What its DMA can reach, and what the queues hold about it',
    object<StreamTraffic>()({
      reach: ['By SubstreamID', list(reach)],
      queues: ['By queue', list(queue)],
    }),
  ],
  findings: ['About this stream', list(finding)],
  otherFindings: ['Rules of findings about the SMMU or the input as a whole', list(ruleName)],
  assumptions: ['Values taken for granted', list(assumption)],
});
