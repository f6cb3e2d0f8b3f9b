/** Shapes of what changed in what the streams reach. */

import type {
  MappingCounts,
  MappingRange,
  MappingSetDiff,
  MappingSource,
  MappingState,
  MappingsDiff,
  RangeCount,
} from '../../../diff/mapping-report.ts';
import { choice, count, define, derived, flag, hex, list, nullable, object, said, sid, text } from '../../../shape.ts';
import { sourceReasonInWords, stateReasonInWords } from '../../prose/diff.ts';
import { attributesInWords, bothRightsText } from '../../prose/mappings.ts';

const rangeCount = define(
  'rangeCount',
  'Ranges',
  object<RangeCount>()({
    ranges: ['How many', count],
    byteLength: ['Their bytes', count],
  }),
);

const mappingCounts = define(
  'mappingCounts',
  'Ranges and bytes by what became of them',
  object<MappingCounts>()({
    mapped: ['Newly mapped', rangeCount],
    unmapped: ['No longer mapped', rangeCount],
    moved: ['Mapped to another address', rangeCount],
    rights: ['Mapped to the same address with other rights', rangeCount],
    attributes: ['Mapped with other memory attributes, and otherwise alike', rangeCount],
    faults: ['Mapped at neither moment, but refused differently', rangeCount],
    unknown: ['Not known, because a dump lacks tables: no change', rangeCount],
  }),
);

const mappingSource = define(
  'mappingSource',
  'What decides about input addresses at one moment',
  object<MappingSource>()({
    kind: [
      'Tables, nothing that lets any address through, a bypass, a fault for every address, or not known',
      choice('tables', 'none', 'bypass', 'fault', 'unknown'),
    ],
    stage: ['Stage of the tables; null without tables', nullable(choice(1, 2))],
    table: ['Address of the first table, an IPA where nested; null without tables', nullable(hex)],
    nested: ['Stage 2 stands under these tables', flag],
    why: ['Event of the fault, or what is not known', nullable(said(sourceReasonInWords))],
  }),
);

const mappingState = define(
  'mappingState',
  'A range at one moment',
  object<MappingState>()({
    kind: [
      'Mapped, not mapped, a fault other than for want of a mapping, or not known',
      choice('mapped', 'unmapped', 'fault', 'unknown'),
    ],
    pa: ['Where the first address comes out; null unless mapped', nullable(hex)],
    rights: ['Rights as rwx/rwx, privileged first; null unless mapped', nullable(said(bothRightsText))],
    attributes: ['Memory attributes; null unless mapped', nullable(said(attributesInWords))],
    why: ['Event of the fault, or what is not known', derived(nullable(text), stateReasonInWords)],
  }),
);

const mappingRange = define(
  'mappingRange',
  'Input addresses of which the same became',
  object<MappingRange>()({
    kind: [
      'What became of them; see mappingCounts',
      choice('mapped', 'unmapped', 'moved', 'rights', 'attributes', 'faults', 'unknown'),
    ],
    start: ['First address', hex],
    end: ['Last address', derived(hex, ({ start, byteLength }) => start + BigInt(byteLength) - 1n)],
    byteLength: ['Bytes', count],
    before: ['At the first moment', mappingState],
    after: ['At the later moment', mappingState],
  }),
);

const mappingSet = define(
  'mappingSet',
  'One set of tables at both moments',
  object<MappingSetDiff>()({
    sids: ['The first StreamIDs that use it', list(sid)],
    deviceNames: ['What firmware calls their devices; null for those that it does not name', list(nullable(text))],
    streams: ['How many StreamIDs use it', count],
    ssid: ['SubstreamID of the first one; 0 without', count],
    before: ['What decides at the first moment', mappingSource],
    after: ['What decides at the later moment', mappingSource],
    complete: ['False: a dump lacks tables of it, or they were too many', flag],
    cut: ['The tables describe more than is ever walked', flag],
    counts: ['What became of it', mappingCounts],
    ranges: ['The first ranges, ascending', list(mappingRange)],
    notListed: [
      'Ranges beyond those listed',
      object<MappingSetDiff['notListed']>()({
        changes: ['Changed ones', count],
        unknown: ['Those that are not known', count],
      }),
    ],
  }),
);

export const mappings = define(
  'mappings',
  'What changed in the translation tables of all streams',
  object<MappingsDiff>()({
    complete: ['False: tables are not in one of the dumps, or were too many to be compared', flag],
    compared: ['Sets of tables that were compared, each once however many streams share it', count],
    changed: ['Those by which something is mapped differently', count],
    streams: ['StreamIDs with such a set', count],
    counts: ['Over all sets', mappingCounts],
    sets: ['Sets that changed or are not known throughout', list(mappingSet)],
    notListed: ['Such sets beyond those listed', count],
    undecided: ['Contexts of which a dump does not tell the tables', count],
    notCompared: ['Sets left out because the tables before them were too many', count],
  }),
);
