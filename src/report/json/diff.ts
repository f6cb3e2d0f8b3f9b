/** The shape of `diff`: what changed between two dumps of one machine. */

import type { BeforeAfter } from '../../diff/before-after.ts';
import type { DiffCounts, DiffReport, KernelDiff, MissingStretch, SmmuDiff, TableShape } from '../../diff/report.ts';
import { pageState, verdict } from '../../findings/rules/vocabulary.ts';
import {
  choice,
  count,
  define,
  flag,
  hex,
  integer,
  list,
  mapped,
  nullable,
  object,
  type Shape,
  sid,
  text,
} from '../../shape.ts';
import { MISSING_TABLES } from '../prose/diff.ts';
import { check } from './parts/adoption.ts';
import { dump, preamble, redacted } from './parts/common.ts';
import { cdChange, l1Change, registerChange, steChange } from './parts/diff-entries.ts';
import { mappings } from './parts/diff-mappings.ts';

const tableShape = define(
  'tableShape',
  'Format and place of a stream table',
  object<TableShape>()({
    format: ['Format', choice('2lvl', 'linear')],
    base: ['Its address', hex],
    split: ['StreamID bits of one L2 table; null for a linear one', nullable(integer(null))],
    log2Size: ['log2 of the StreamIDs that it covers', count],
  }),
);

const counts = define(
  'counts',
  'Numbers of changes',
  object<DiffCounts>()({
    registers: ['Registers; null when they were not compared', nullable(integer(null))],
    l1: ['L1 descriptors', count],
    stes: ['Stream table entries', count],
    cds: ['Context descriptors', count],
    devices: [
      'StreamIDs with a valid, non-abort STE at one of the moments, of which the STE, a CD or the L1 descriptor changed',
      count,
    ],
    missing: ['Entries that one of the dumps lacks', count],
    newlyIllegal: ['Listed entries that the hardware refuses and took before', count],
  }),
);

const missing = define(
  'missing',
  'Entries in a row that were not compared',
  object<MissingStretch>()({
    table: [
      'The table that they are in, or whose descriptor is missing',
      mapped(choice(...Object.values(MISSING_TABLES)), (table) => MISSING_TABLES[table]),
    ],
    firstSid: ['First StreamID; that of the stream for CDs', sid],
    lastSid: ['Last StreamID', sid],
    entries: ['How many', count],
    before: ['State of their pages in the first dump; null where there is no entry', nullable(pageState)],
    after: ['The same in the later dump', nullable(pageState)],
  }),
);

const kernel = define(
  'kernel',
  'What the changes come to in the kdump kernel',
  object<KernelDiff>()({
    revision: ['Revision of the patch series', text],
    verdict: [
      'An adoption of the table',
      object<KernelDiff['verdict']>()({
        before: ['Verdict at the first moment', verdict],
        after: ['Verdict at the later moment', verdict],
      }),
    ],
    decidedBy: [
      'The check that decided against it',
      object<KernelDiff['decidedBy']>()({
        before: ['Check at the first moment', nullable(check)],
        after: ['Check at the later moment', nullable(check)],
      }),
    ],
    tried: ['Changed streams that were tried', count],
    notTried: ['Changed streams that were not', count],
  }),
);

const smmu = define(
  'smmu',
  'What changed of one SMMU',
  object<SmmuDiff>()({
    name: ['Name in the snapshot', text],
    table: [
      'The stream table as the hardware looks it up',
      object<BeforeAfter<TableShape>>()({
        before: ['The table at the first moment', tableShape],
        after: ['The table at the later moment', tableShape],
      }),
    ],
    counts: ['How much changed, listed or not', counts],
    registers: [
      'Registers that both snapshots have and that differ; null when there is one snapshot',
      nullable(list(registerChange)),
    ],
    l1: ['Changed L1 descriptors, ascending; empty where the two tables have different shapes', list(l1Change)],
    stes: ['Changed stream table entries, ascending', list(steChange)],
    cds: ['Changed context descriptors of streams that are stage 1 at both moments', list(cdChange)],
    missing: ['What could not be compared', list(missing)],
    notListed: [
      'Changes and stretches beyond those listed',
      object<SmmuDiff['notListed']>()({
        l1: ['Of l1', count],
        stes: ['Of stes', count],
        cds: ['Of cds', count],
        missing: ['Of missing', count],
      }),
    ],
    notCompared: [
      'What was left out',
      object<SmmuDiff['notCompared']>()({
        sids: ['StreamIDs that were asked for and have an entry at neither moment', list(sid)],
        cds: ['CDs of tables that are too large', count],
        guests: ["Nested streams, whose CDs are in a guest's address space", count],
        cut: ['A table has more L2 tables, or more STEs that do something or differ, than are looked at', flag],
      }),
    ],
    mappings: ['What changed in what the streams reach; null without --deep', nullable(mappings)],
    kernel: ['What it comes to in the kdump kernel; null when nothing in the tables changed', nullable(kernel)],
  }),
);

export const DIFF: Shape<DiffReport> = object<DiffReport>()({
  ...preamble,
  redacted,
  before: ['The first dump', dump],
  after: ['The later dump', dump],
  smmus: ['The SMMUs that were compared', list(smmu)],
  summary: [
    'The result in short',
    object<DiffReport['summary']>()({
      changed: ['Whether anything changed', flag],
      complete: ['False: parts of the tables are missing from a dump', flag],
      exitCode: ['Exit status: 3 where parts are missing, else 1 where something changed', choice(0, 1, 3)],
    }),
  ],
});
