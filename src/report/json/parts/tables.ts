/** Shapes of what the stream table holds: L1 descriptors, the census, STEs with their CDs. */

import { pageState } from '../../../findings/rules/vocabulary.ts';
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
  optional,
  said,
  sid,
  text,
  word64,
} from '../../../shape.ts';
import { CD } from '../../../smmu/structures/cd.ts';
import { STE } from '../../../smmu/structures/ste.ts';
import type { CdRow, CdTableReport } from '../../../tables/cd-rows.ts';
import type { Census } from '../../../tables/hardware-view.ts';
import type { L1Row } from '../../../tables/l1-rows.ts';
import type { SteRow } from '../../../tables/ste-rows.ts';
import { withoutSsidInWords } from '../../prose/field-text.ts';
import { fieldsOf } from './common.ts';

export const l1 = define(
  'l1',
  'One L1 descriptor',
  object<L1Row>()({
    index: ['Index in the L1 table', count],
    address: ['Physical address of the descriptor', hex],
    descriptor: ['The descriptor', word64],
    span: ['Its Span field', integer(0, 31)],
    l2: ['Where the hardware finds the L2 table', hex],
    firstSid: ['First StreamID behind it', sid],
    lastSid: ['Last StreamID behind it', sid],
    status: [
      'bad: Linux rejects it, or hardware and Linux disagree on whether it is in use',
      choice('used', 'unused', 'bad'),
    ],
    hardwareStes: [
      'STEs that the hardware finds behind it; 0 when it takes the descriptor as invalid',
      integer(0, 1024),
    ],
  }),
);

export const census = define(
  'census',
  'Counts of the whole table as the hardware finds it',
  object<Census>()({
    stes: ['StreamIDs that the table covers', integer(1)],
    located: ['STEs that exist behind valid descriptors', count],
    unknown: ['Of those, the ones whose bytes are not in the dump', count],
    unknownL1: [
      'L1 descriptors that are not in the dump, so that what is behind them is not known either; left out where there are none',
      optional(count),
    ],
    valid: ['STEs with V=1', count],
    byConfig: [
      'STEs with V=1 by what they do',
      object<Census['byConfig']>()({
        abort: ['Abort', count],
        bypass: ['Bypass', count],
        s1: ['Stage 1', count],
        s2: ['Stage 2', count],
        nested: ['Stage 1 and stage 2', count],
        reserved: ['Reserved encodings, which behave as abort', count],
      }),
    ],
  }),
);

const wordsOf = ({ words }: { readonly words: readonly bigint[] }) => words;

const cd = define(
  'cd',
  'One valid context descriptor',
  object<CdRow>()({
    ssid: ['SubstreamID', count],
    address: ['Physical address', hex],
    words: ['Its eight words', list(word64, 8)],
    asid: ['ASID', integer(0, 65535)],
    fields: ['', derived(fieldsOf(CD), wordsOf)],
    pageState: ['', pageState],
  }),
);

const cdTable = define(
  'cdTable',
  'The CD table behind a stage 1 STE',
  object<CdTableReport>()({
    format: ['guest: its address belongs to a guest', choice('single', 'linear', '4k-leaves', '64k-leaves', 'guest')],
    address: ['S1ContextPtr', hex],
    entries: ['SubstreamIDs that it covers', integer(1)],
    withoutSsid: ['What traffic without a SubstreamID meets', said(withoutSsidInWords)],
    unknown: ['Entries whose bytes are not in the dump', count],
    notListed: ['Valid entries beyond those listed', count],
    notExamined: ['Entries never looked at', count],
  }),
);

export const ste = define(
  'ste',
  'One stream table entry',
  object<SteRow>()({
    sid: ['StreamID', sid],
    bdf: [
      'The StreamID read as a PCI requester ID: a reading, not a fact',
      matching(/^[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/),
    ],
    device: ['The device, when firmware tables say which; null otherwise', nullable(text)],
    address: ['Physical address of the STE', hex],
    words: ['The eight words of the STE', list(word64, 8)],
    valid: ['V', flag],
    config: ['Config by name', choice('abort', 'bypass', 's1', 's2', 'nested', 'reserved')],
    fields: ['', derived(fieldsOf(STE), wordsOf)],
    pageState: ['', pageState],
    cdTable: ['The CD table of a stage 1 or nested STE; null for every other', nullable(cdTable)],
    cds: ['Its valid context descriptors, ascending by SubstreamID', list(cd)],
  }),
);
