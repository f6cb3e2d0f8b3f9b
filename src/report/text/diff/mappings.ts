/** `diff --deep` as text: what became of the addresses that streams reach, and the ranges of it, set by set. */

import type {
  MappingCounts,
  MappingRange,
  MappingSetDiff,
  MappingState,
  MappingsDiff,
} from '../../../diff/mapping-report.ts';
import type { SmmuDiff } from '../../../diff/report.ts';
import { count } from '../../../findings/rules/words.ts';
import { hex } from '../../../hex.ts';
import { sameAttributes } from '../../../smmu/translation/attributes.ts';
import { sourceReasonInWords, stateReasonInWords } from '../../prose/diff.ts';
import { endsOf } from '../../prose/field-text.ts';
import { attributesInWords, bothRightsText } from '../../prose/mappings.ts';
import { inUnits } from '../../prose/quantities.ts';
import { INDENT, paragraph, type Style, title } from '../style.ts';
import { address, type Column, table } from '../table.ts';

const KINDS: Readonly<Record<keyof MappingCounts, string>> = {
  mapped: 'newly mapped',
  unmapped: 'no longer mapped',
  moved: 'moved to other addresses',
  rights: 'with other rights',
  attributes: 'with other memory attributes',
  faults: 'refused differently',
  unknown: 'not known',
};

/** What there is to know before any range. */
export function mappingAnswers(mappings: MappingsDiff): string[] {
  const { compared, changed, streams, counts, sets, notListed, undecided, notCompared } = mappings;
  const of = `${count(compared, 'set')} of translation tables`;
  const lines =
    changed === 0
      ? [`${of} compared: ${mappings.complete ? 'what the streams can reach is the same' : 'no mapping changed'}`]
      : [`${changed} of ${of} changed, used by ${count(streams, 'stream')}: ${inWords(counts)}`];
  const unknown = sets.filter((set) => set.counts.unknown.ranges > 0).length;
  if (unknown > 0)
    lines.push(
      `a dump lacks translation tables of ${notListed > 0 ? `${unknown} sets at least` : count(unknown, 'set')}`,
    );
  if (undecided > 0) lines.push(`a dump does not tell the tables of ${count(undecided, 'context')}`);
  if (sets.some(({ cut }) => cut) || notCompared > 0)
    lines.push('NOT ALL TRANSLATION TABLES WERE COMPARED: they describe more than is ever walked');
  return lines;
}

function inWords({ unknown: _, ...changes }: MappingCounts): string {
  return Object.entries(changes)
    .filter(([, { ranges }]) => ranges > 0)
    .map(([kind, { byteLength, ranges }]) => {
      const spread = ranges === 1 ? '' : ` in ${ranges} ranges`;
      return `${inUnits(byteLength)} ${KINDS[kind as keyof MappingCounts]}${spread}`;
    })
    .join(', ');
}

const COLUMNS: readonly Column[] = [
  { title: 'IOVA' },
  { title: 'to' },
  { title: 'Size', align: 'right' },
  { title: 'Before', yields: 'wrap' },
  { title: 'After', yields: 'wrap' },
];

export function* mappingLines({ mappings }: SmmuDiff, style: Style, all: boolean): Generator<string> {
  if (mappings === null || mappings.sets.length === 0) return;
  const { sets, notListed } = mappings;
  const rest = notListed === 0 ? '' : `and ${notListed} more sets${all ? '' : '; --all lists thousands'}`;
  yield* title(style, 'What streams can reach', rest);
  for (const [i, set] of sets.entries()) {
    if (i > 0) yield '';
    yield* paragraph(style, INDENT, nameOf(set));
    yield* rangeLines(set, style, all);
  }
}

function nameOf({ sids, deviceNames, streams, ssid, before, after, counts, cut }: MappingSetDiff): string {
  const named = sids.map((sid, i) => (deviceNames[i] == null ? hex(sid) : `${hex(sid)} (${deviceNames[i]})`));
  const more = streams > 4 ? ` and ${streams - 4} more` : '';
  const who = `SID ${named.slice(0, 4).join(', ')}${more}${ssid === 0 ? '' : `, SSID ${ssid}`}`;
  const [left, right] = [sourceInWords(before), sourceInWords(after)];
  const what = inWords(counts);
  const rest = [
    ...(what === '' ? [] : [what]),
    ...(counts.unknown.ranges > 0 ? [`${inUnits(counts.unknown.byteLength)} not known`] : []),
    ...(cut ? ['cut short'] : []),
  ];
  return `${who}, ${left === right ? left : `${left} -> ${right}`}: ${rest.join(', ')}`;
}

function sourceInWords({ kind, stage, table: first, nested, why }: MappingSetDiff['before']): string {
  if (kind === 'tables') return `stage ${stage} at ${address(first)}${nested ? ' under stage 2' : ''}`;
  return kind === 'none' ? 'nothing' : kind === 'bypass' ? 'bypass' : why === null ? kind : sourceReasonInWords(why);
}

function* rangeLines({ ranges, notListed }: MappingSetDiff, style: Style, all: boolean): Generator<string> {
  const rows = ranges.map((range) => [
    ...endsOf(range),
    inUnits(range.byteLength),
    stateInWords(range.before),
    stateInWords(range.after),
  ]);
  if (rows.length > 0) yield* table(style, COLUMNS, rows);
  for (const range of ranges) yield* attributeLines(range, style);
  const left = notListed.changes + notListed.unknown;
  if (left > 0) yield `${INDENT}and ${count(left, 'more range')}${all ? '' : '; --all lists thousands'}`;
}

function stateInWords(state: MappingState): string {
  const { kind, pa, rights } = state;
  const why = stateReasonInWords(state);
  if (kind === 'mapped') return `${address(pa)} ${bothRightsText(rights ?? 0)}`;
  if (kind === 'unmapped') return 'not mapped';
  return kind === 'fault' ? (why ?? 'fault') : `unknown: ${why}`;
}

/** Where both moments have a mapping, and the hardware would cache it differently. */
function* attributeLines({ start, before, after }: MappingRange, style: Style): Generator<string> {
  if (before.attributes === null || after.attributes === null) return;
  if (sameAttributes(before.attributes, after.attributes)) return;
  const [left, right] = [before.attributes, after.attributes].map((one) => attributesInWords(one) || 'passed through');
  yield* paragraph(style, INDENT, `${hex(start)}: ${left} -> ${right}`);
}
