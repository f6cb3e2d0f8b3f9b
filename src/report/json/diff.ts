/** The shape of `diff`: what changed between two dumps of one machine. */

import type { BeforeAfter } from '../../diff/before-after.ts';
import type {
  CdChange,
  CdState,
  DeviceDiff,
  DeviceOutcome,
  DiffCounts,
  DiffReport,
  FieldChange,
  KernelDiff,
  L1Change,
  L1State,
  MissingStretch,
  RegisterChange,
  ReservedChange,
  SmmuDiff,
  SteChange,
  SteState,
  TableShape,
} from '../../diff/report.ts';
import { entryObservedInWords, entryRequiredInWords } from '../../findings/prose/legality.ts';
import { pageState, verdict } from '../../findings/rules/vocabulary.ts';
import {
  choice,
  count,
  define,
  derived,
  flag,
  hex,
  integer,
  list,
  mapped,
  nullable,
  object,
  type Shape,
  said,
  sid,
  text,
  word64,
} from '../../shape.ts';
import type { Illegality } from '../../smmu/structures/legality.ts';
import { MISSING_TABLES } from '../prose/diff.ts';
import { check } from './parts/adoption.ts';
import { dump, fieldValue, preamble, redacted } from './parts/common.ts';
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

const fieldChange = define(
  'fieldChange',
  'One field',
  object<FieldChange>()({
    name: ['As the architecture calls it', text],
    meaning: ['What it is for', text],
    before: ['Value at the first moment', nullable(fieldValue)],
    after: ['Value at the later moment', nullable(fieldValue)],
    beforeMeaning: ['What the first value says, where the architecture names it', nullable(text)],
    afterMeaning: ['What the later value says', nullable(text)],
  }),
);

const registerChange = define(
  'registerChange',
  'One register',
  object<RegisterChange>()({
    register: ['Name', text],
    meaning: ['What it is for', text],
    before: ['Value at the first moment', nullable(hex)],
    after: ['Value at the later moment', nullable(hex)],
    fields: ['Fields that differ', list(fieldChange)],
  }),
);

const reservedChange = define(
  'reservedChange',
  'Bits of one word that no field names',
  object<ReservedChange>()({
    word: ['Index of the 64-bit word', count],
    before: ['The bits at the first moment, in place', word64],
    after: ['The bits at the later moment', word64],
  }),
);

const l1State = define(
  'l1State',
  'An L1 descriptor at one moment',
  object<L1State>()({
    address: ['Of the entry', hex],
    pageState: ['Of the page that it lies in', pageState],
    words: ['Its 64-bit words', list(word64)],
    span: ['Span', count],
    l2: ['L2Ptr', hex],
    hardwareStes: ['STEs that the hardware finds behind it; 0 for one that it takes as invalid', count],
    refusedFor: ['What the revision finds wrong with it; null when nothing', nullable(choice('span', 'pointer'))],
  }),
);

const outcome = define(
  'outcome',
  'What becomes of a device in a kdump kernel that adopted the table as it was',
  object<DeviceOutcome>()({
    accepted: ['Whether it is accepted; null where that cannot be told', nullable(flag)],
    errno: ['Error name where it is refused', nullable(text)],
    deferred: ['Whether attaching it is deferred; null where that cannot be told or was not asked', nullable(flag)],
    dies: ['Reading its STE kills the kernel', flag],
    message: ['Last line that the kernel prints about it', nullable(text)],
  }),
);

const device = define(
  'device',
  'A device with the memory of both moments',
  object<DeviceDiff>()({
    sid: ['StreamID that was tried; for a descriptor the first behind it', sid],
    before: ['Inserted before the change', outcome],
    after: ['Inserted after the change', outcome],
    turn: [
      'What the change turns around; null when nothing',
      nullable(choice('refused', 'accepted', 'dies', 'lives', 'deferred', 'not-deferred', 'cannot-be-told')),
    ],
  }),
);

const l1Change = define(
  'l1Change',
  'A changed L1 descriptor',
  object<L1Change>()({
    index: ['Index in the L1 table', count],
    firstSid: ['First StreamID that it answers for', sid],
    lastSid: ['Last StreamID', sid],
    device: ['What becomes of a device behind it; null where that was not tried', nullable(device)],
    before: ['At the first moment; null where there was no entry', nullable(l1State)],
    after: ['At the later moment; null where there is no entry', nullable(l1State)],
    fields: ['Fields that differ; against no entry, those that are not zero', list(fieldChange)],
    reserved: ['Bits that no field names and that differ', list(reservedChange)],
  }),
);

const illegality = define(
  'illegality',
  'Why the hardware refuses an entry',
  object<Illegality>()({
    rule: ['A stable name', text],
    field: ['The field that decides', derived(text, ({ observed }) => observed.field)],
    observed: ['What it is', said(entryObservedInWords)],
    required: ['What it should be', said(entryRequiredInWords)],
  }),
);

const steState = define(
  'steState',
  'An STE at one moment',
  object<SteState>()({
    address: ['Of the entry', hex],
    pageState: ['Of the page that it lies in', pageState],
    words: ['Its 64-bit words', list(word64)],
    valid: ['V', flag],
    config: ['STE.Config by name', choice('abort', 'bypass', 's1', 's2', 'nested', 'reserved')],
    illegal: ['Why the hardware refuses it', list(illegality)],
  }),
);

const steChange = define(
  'steChange',
  'A changed STE',
  object<SteChange>()({
    sid: ['StreamID', sid],
    bdf: ['The StreamID read as a PCI requester ID', text],
    deviceName: ['What firmware calls the device; null where it was not given or names none', nullable(text)],
    device: ['What becomes of the device; null where that was not tried', nullable(device)],
    before: ['At the first moment; null where there was no entry', nullable(steState)],
    after: ['At the later moment; null where there is no entry', nullable(steState)],
    fields: ['Fields that differ; against no entry, those that are not zero', list(fieldChange)],
    reserved: ['Bits that no field names and that differ', list(reservedChange)],
  }),
);

const cdState = define(
  'cdState',
  'A CD at one moment',
  object<CdState>()({
    address: ['Of the entry', hex],
    pageState: ['Of the page that it lies in', pageState],
    words: ['Its 64-bit words', list(word64)],
    valid: ['V', flag],
    asid: ['ASID', count],
    illegal: ['Why the hardware refuses it', list(illegality)],
  }),
);

const cdChange = define(
  'cdChange',
  'A changed CD',
  object<CdChange>()({
    sid: ['StreamID', sid],
    bdf: ['The StreamID read as a PCI requester ID', text],
    deviceName: ['What firmware calls the device; null where it was not given or names none', nullable(text)],
    ssid: ['SubstreamID', count],
    before: ['At the first moment; null where there was no entry', nullable(cdState)],
    after: ['At the later moment; null where there is no entry', nullable(cdState)],
    fields: ['Fields that differ; against no entry, those that are not zero', list(fieldChange)],
    reserved: ['Bits that no field names and that differ', list(reservedChange)],
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
