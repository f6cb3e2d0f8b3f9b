/** The shapes of `translate`: the way of one access, and everything that a stream can reach. */

import { pageState } from '../../findings/rules/vocabulary.ts';
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
  matching,
  nullable,
  object,
  type Shape,
  said,
  sid,
  text,
  word64,
  words,
} from '../../shape.ts';
import type { IovaRange, IovaSpaceReport } from '../../streams/iova-space.ts';
import type { Target } from '../../streams/physical-target.ts';
import type { FaultDetail, Permissions, TranslationReport, TranslationStep } from '../../streams/translation.ts';
import { attributesInWords, bothRightsText, stageAttributesInWords } from '../prose/mappings.ts';
import {
  endingInWords,
  halfInWords,
  rangeReasonInWords,
  stepSaysInWords,
  structureInWords,
} from '../prose/translation.ts';
import { assumption, redacted } from './parts/common.ts';

export const step = define(
  'step',
  'Something that was read',
  object<TranslationStep>()({
    what: ['What was read', derived(words, ({ what }) => structureInWords(what))],
    index: ['Its index in its table; null for a register', nullable(count)],
    address: ['Its physical address; for a register, of the table that it names', nullable(hex)],
    value: ['Its first word as it stands in memory; null when it is not known', nullable(word64)],
    meaning: ['What it says', derived(words, stepSaysInWords)],
    pageState: ['State of its page; null for a register', nullable(pageState)],
  }),
);

const permissions = define(
  'permissions',
  'What is granted',
  object<Permissions>()({
    read: ['Data reads', flag],
    write: ['Writes', flag],
    execute: ['Instruction fetches', flag],
  }),
);

const RESPONSES: Readonly<Record<FaultDetail['response'], string>> = {
  abort: 'abort',
  stall: 'stall',
  'raz-wi': 'reads as zero, writes ignored',
};

const faultDetail = define(
  'faultDetail',
  'About a fault',
  object<FaultDetail>()({
    stage: ['Stage that faults; null for a fault of configuration', nullable(choice(1, 2))],
    class: [
      'What was being fetched: a context descriptor, a table descriptor, or the data itself',
      nullable(choice('CD', 'TT', 'IN')),
    ],
    ipa: ['What stage 2 could not translate', nullable(hex)],
    recorded: ['Whether an event is recorded', flag],
    response: ['What the device sees', mapped(choice(...Object.values(RESPONSES)), (response) => RESPONSES[response])],
  }),
);

const attributes = define(
  'attributes',
  'Memory type and shareability of one stage',
  object<TranslationReport['attributes'][number]>()({
    stage: ['The stage', choice(1, 2)],
    text: ['In words', derived(text, stageAttributesInWords)],
  }),
);

const target = define(
  'target',
  'What is at a physical address',
  object<Target>()({
    kind: ['What it is', choice('ram', 'kdump', 'device', 'hole', 'unknown')],
    device: ['Name of the device in /proc/iomem', nullable(text)],
    pageState: ['What the dump holds of the page', pageState],
  }),
);

const RIGHTS = /^[r-][w-][x-]\/[r-][w-][x-]$/;

export const range = define(
  'iovaRange',
  'Input addresses from start to end, both included',
  object<IovaRange>()({
    kind: [
      'What becomes of them; the list ends at cut, because the tables describe more than is ever walked',
      choice('mapped', 'fault', 'unknown', 'cut', 'bypass'),
    ],
    start: ['First address', hex],
    end: ['Last address', derived(hex, ({ start, byteLength }) => start + BigInt(Math.max(byteLength, 1)) - 1n)],
    byteLength: ['How many there are', count],
    pa: ['Physical address of the first; null unless mapped or bypass', nullable(hex)],
    privilegedPermissions: ['With privilege; null unless mapped or bypass', nullable(permissions)],
    unprivilegedPermissions: ['Without privilege; null unless mapped or bypass', nullable(permissions)],
    rights: [
      'Both in short, privileged first; null unless mapped or bypass',
      nullable(mapped(matching(RIGHTS), bothRightsText)),
    ],
    attributes: ['Memory type and shareability', said(attributesInWords)],
    leaves: ['Blocks and pages', count],
    kdump: ["Whether any of it is the kdump kernel's memory, as far as that is known", flag],
    why: ['The event of a fault, or what is not known', derived(nullable(text), rangeReasonInWords)],
  }),
);

const event = choice<string>(
  'C_BAD_STREAMID',
  'C_BAD_STE',
  'C_BAD_SUBSTREAMID',
  'F_STREAM_DISABLED',
  'C_BAD_CD',
  'F_TRANSLATION',
  'F_ADDR_SIZE',
  'F_ACCESS',
  'F_PERMISSION',
);

/** What both begin with. */
const answerMembers = {
  schemaVersion: ['Version of this format', choice(1)],
  redacted,
  smmu: ["The SMMU's name", text],
  sid: ['StreamID', sid],
  device: ['What firmware calls the device; null where it was not given or names none', nullable(text)],
  ssid: ['SubstreamID; 0 for an access without one', integer(0, 1048575)],
  ssv: ['Whether the access comes with a SubstreamID', flag],
} as const;

export const TRANSLATION: Shape<TranslationReport> = object<TranslationReport>()({
  ...answerMembers,
  iova: ['Input address of the access', hex],
  access: ['Kind of access', choice('read', 'write', 'exec')],
  privileged: ['Whether the device makes it with privilege', flag],
  outcome: [
    'How the access ends; with --all, what becomes of the stream',
    choice('translated', 'bypass', 'abort', 'fault', 'indeterminate'),
  ],
  pa: ['Physical address; null unless translated or bypass', nullable(hex)],
  size: [
    'Bytes of the final block or page, the smaller of both stages; null unless translated',
    nullable(integer(4096)),
  ],
  fault: ['The event that the hardware raises, when the outcome is a fault', nullable(event)],
  why: ['What lies behind the outcome, in words', nullable(said(endingInWords))],
  faultDetail: ['About the fault; null without one', nullable(faultDetail)],
  permissions: [
    'What the page grants to the privilege that the access counts as; null unless translated',
    nullable(permissions),
  ],
  privilegedPermissions: ['What it grants with privilege; null unless translated', nullable(permissions)],
  unprivilegedPermissions: ['What it grants without privilege; null unless translated', nullable(permissions)],
  attributes: ['Memory type and shareability, by stage', list(attributes)],
  target: ['What is at the physical address; null where there is none', nullable(target)],
  asid: ['ASID of the context descriptor; null without stage 1', nullable(integer(0, 65535))],
  steps: ['What was read on the way, in order; with --all, down to the context descriptor', list(step)],
  assumptions: ['Values taken for granted because the snapshot lacks them', list(assumption)],
});

export const IOVA_SPACE: Shape<IovaSpaceReport> = object<IovaSpaceReport>()({
  ...answerMembers,
  outcome: [
    'How the access ends; with --all, what becomes of the stream',
    choice('translated', 'bypass', 'abort', 'fault', 'indeterminate'),
  ],
  fault: ['The event that the hardware raises, when the outcome is a fault', nullable(event)],
  why: ['What lies behind the outcome, in words', nullable(said(endingInWords))],
  asid: ['ASID of the context descriptor; null without stage 1', nullable(integer(0, 65535))],
  ranges: [
    'Input addresses that are treated alike, ascending. What is in none of them is not mapped: F_TRANSLATION',
    list(range),
  ],
  halves: ['Why a half of the input range has no ranges', list(said(halfInWords))],
  steps: ['What was read on the way, in order; with --all, down to the context descriptor', list(step)],
  assumptions: ['Values taken for granted because the snapshot lacks them', list(assumption)],
});
