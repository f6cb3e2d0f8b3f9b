/** Shapes of what `diff` finds changed: registers, L1 descriptors, STEs and CDs, each field by field. */

import type {
  CdChange,
  CdState,
  DeviceDiff,
  DeviceOutcome,
  FieldChange,
  L1Change,
  L1State,
  RegisterChange,
  ReservedChange,
  SteChange,
  SteState,
} from '../../../diff/report.ts';
import { entryObservedInWords, entryRequiredInWords } from '../../../findings/prose/legality.ts';
import { pageState } from '../../../findings/rules/vocabulary.ts';
import {
  choice,
  count,
  define,
  derived,
  flag,
  hex,
  list,
  nullable,
  object,
  said,
  sid,
  text,
  word64,
} from '../../../shape.ts';
import type { Illegality } from '../../../smmu/structures/legality.ts';
import { fieldValue } from './common.ts';

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

export const registerChange = define(
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

export const l1Change = define(
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

export const steChange = define(
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

export const cdChange = define(
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
