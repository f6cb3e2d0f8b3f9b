/** `smmu-adopt translate` as text: where the access goes first, the way there after. */

import { count } from '../../../findings/rules/words.ts';
import { hex } from '../../../hex.ts';
import { sameAttributes } from '../../../smmu/translation/attributes.ts';
import type { Assumption } from '../../../snapshot/assumption.ts';
import type { IovaRange, IovaSpaceReport } from '../../../streams/iova-space.ts';
import type { Target } from '../../../streams/physical-target.ts';
import type { Permissions, StreamAnswer, TranslationReport, TranslationStep } from '../../../streams/translation.ts';
import { escaped } from '../../escape.ts';
import { endsOf } from '../../prose/field-text.ts';
import { attributesInWords, bothRightsText, stageAttributesInWords } from '../../prose/mappings.ts';
import { countedLeaves, inUnits } from '../../prose/quantities.ts';
import { endingInWords, halfInWords, rangeReasonInWords } from '../../prose/translation.ts';
import { headline, INDENT, paragraph, type Style, title, wrap } from '../style.ts';
import { address } from '../table.ts';
import { assumedLines, stepTable } from './steps.ts';

export function* translationText(given: TranslationReport, style: Style): Generator<string> {
  for (const line of lines(escaped(given), style)) yield `${line}\n`;
}

function* lines(report: TranslationReport, style: Style): Generator<string> {
  const { iova, access, privileged, steps, assumptions } = report;
  const asks = `${hex(iova)}, ${privileged ? 'privileged ' : ''}${ACCESS[access]}`;
  yield* headline(style, `${streamInWords(report)}, ${asks}: ${outcome(report)}`);
  for (const sentence of evidence(report)) yield* paragraph(style, INDENT, sentence);
  yield* way(style, steps);
  yield* assumed(style, assumptions);
}

const ACCESS = { read: 'read', write: 'write', exec: 'instruction fetch' } as const;

function streamInWords({ smmu, sid, device, ssid, ssv }: StreamAnswer): string {
  return `${smmu}, SID ${hex(sid)}${device === null ? '' : ` (${device})`}${ssv ? `, SSID ${hex(ssid)}` : ''}`;
}

function outcome({ outcome: kind, pa, fault }: TranslationReport): string {
  if (kind === 'translated') return `GOES TO ${address(pa)}`;
  if (kind === 'bypass') return `PASSES THROUGH AS ${address(pa)}`;
  if (kind === 'fault') return fault ?? 'FAULT';
  return kind === 'abort' ? 'ABORTED, WITHOUT AN EVENT' : 'CANNOT BE TOLD FROM THIS DUMP';
}

function* evidence(report: TranslationReport): Generator<string> {
  const { why, size, privilegedPermissions, unprivilegedPermissions, attributes, asid, faultDetail, target, pa } =
    report;
  if (why !== null) yield endingInWords(why);
  if (size !== null && privilegedPermissions !== null && unprivilegedPermissions !== null) {
    const rights = `privileged ${inShort(privilegedPermissions)}, unprivileged ${inShort(unprivilegedPermissions)}`;
    yield `${inUnits(size)} block or page: ${rights}${asid === null ? '' : `; ASID ${asid}`}`;
  }
  for (const one of attributes)
    yield `${attributes.length > 1 ? `stage ${one.stage}: ` : ''}${stageAttributesInWords(one)}`;
  if (target !== null) yield `${address(pa)} is ${targetInWords(target)}`;
  if (faultDetail !== null) {
    const { stage, class: klass, ipa, recorded, response } = faultDetail;
    if (stage !== null)
      yield `stage ${stage}, while fetching ${CLASSES[klass ?? 'IN']}${ipa === null ? '' : `, IPA ${hex(ipa)}`}`;
    yield `the device ${RESPONSES[response]}; ${recorded ? 'an event is recorded' : 'no event is recorded'}`;
  }
}

const CLASSES = { CD: 'a context descriptor', TT: 'a translation table descriptor', IN: 'the data itself' } as const;

const RESPONSES = {
  abort: 'sees an abort',
  stall: 'is stalled until software resumes or terminates it',
  'raz-wi': 'reads zeros, its writes are ignored',
} as const;

const TARGETS: Readonly<Record<Target['kind'], string>> = {
  ram: 'RAM',
  kdump: "in the kdump kernel's own memory",
  device: 'a register of a device',
  hole: 'nothing, according to /proc/iomem',
  unknown: 'nothing that the dump knows of',
};

function targetInWords({ kind, device, pageState }: Target): string {
  const what = device === null ? TARGETS[kind] : `a register of ${device}`;
  return kind === 'ram' || kind === 'kdump' ? `${what} (${pageState})` : what;
}

function inShort({ read, write, execute }: Permissions): string {
  return `${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}`;
}

function way(style: Style, steps: readonly TranslationStep[]): string[] {
  return steps.length === 0 ? [] : [...title(style, 'The way there'), ...stepTable(style, steps, true)];
}

function assumed(style: Style, assumptions: readonly Assumption[]): string[] {
  return assumptions.length === 0 ? [] : ['', ...assumedLines(style, assumptions)];
}

/** `--all`: one line for each range, as it is found. */
export function* iovaSpaceText(report: IovaSpaceReport, style: Style): Generator<string> {
  const { outcome: kind, fault, why, halves, asid } = report;
  const about = kind === 'fault' ? `${fault}` : kind === 'bypass' ? 'ALL ADDRESSES PASS THROUGH' : HEADINGS[kind];
  const context = asid === null ? '' : `, ASID ${asid}`;
  const head = [
    ...headline(style, `${escaped(streamInWords(report))}${context}: ${about}`),
    ...(why === null ? [] : paragraph(style, INDENT, endingInWords(why))),
    ...halves.flatMap((half) => paragraph(style, INDENT, halfInWords(half))),
  ];
  yield `${head.join('\n')}\n`;
  // The columns keep their width, because nobody knows what is to come; what has no room goes on in the next line.
  const ofList = (line: string) =>
    wrap(line, style.width - 2 * INDENT.length).map((part, i) => (i === 0 ? INDENT : INDENT + INDENT) + part);
  let [ranges, leaves, byteLength, unknown, cut] = [0, 0, 0, 0, false];
  let attributes: IovaRange['attributes'] = [];
  for (const range of report.ranges) {
    if (ranges === 0) yield ['', ...ofList(HEADER).map((line) => style.paint.bold(line)), ''].join('\n');
    ranges += 1;
    if (range.kind === 'unknown') unknown += 1;
    if (range.kind === 'cut') cut = true;
    else
      yield ofList(rangeLine(range, attributes))
        .map((line) => `${line}\n`)
        .join('');
    if (range.kind === 'mapped') {
      attributes = range.attributes;
      leaves += range.leaves;
      byteLength += range.byteLength;
    }
  }
  if (kind !== 'translated') return;
  yield `\n${INDENT}${leaves === 0 ? 'nothing is mapped' : `${inUnits(byteLength)} mapped by ${countedLeaves(leaves)}`}`;
  if (unknown > 0) yield `; ${count(unknown, 'range')} with tables not in the dump`;
  if (cut) yield `; NOT ALL OF IT: the tables describe more than is ever walked`;
  yield '\n';
  yield* assumed(style, escaped(report.assumptions)).map((line) => `${line}\n`);
}

const HEADINGS = {
  translated: 'WHAT IT CAN REACH',
  abort: 'ABORTED, WITHOUT AN EVENT',
  indeterminate: 'CANNOT BE TOLD FROM THIS DUMP',
} as const;

/** How wide the addresses of a list are is not known before it ends; those of most streams have at most 48 bits. */
const ADDRESS_WIDTH = 14;
const PA_WIDTH = 14;
const SIZE_WIDTH = 10;
const HEADER = [
  'IOVA'.padEnd(ADDRESS_WIDTH),
  'to'.padEnd(ADDRESS_WIDTH),
  'PA'.padEnd(PA_WIDTH),
  'Rights ',
  'Size'.padEnd(SIZE_WIDTH),
  'Attributes, where they change',
].join(' ');

/** `before` are the attributes of the line above. */
function rangeLine(range: IovaRange, before: IovaRange['attributes']): string {
  const { pa, rights, byteLength, attributes, kind } = range;
  const why = rangeReasonInWords(range);
  const where = endsOf(range)
    .map((end) => end.padEnd(ADDRESS_WIDTH))
    .join(' ');
  const mark = range.kdump ? "KDUMP KERNEL'S MEMORY" : '';
  if (kind === 'bypass') return `${where} the same ${mark}`.trimEnd();
  if (kind !== 'mapped') return `${where} ${kind === 'fault' ? (why ?? '') : `unknown: ${why}`}`;
  const size = inUnits(byteLength).padEnd(SIZE_WIDTH);
  const notes = [mark, sameAttributes(attributes, before) ? '' : attributesInWords(attributes)]
    .filter((note) => note !== '')
    .join(', ');
  return `${where} ${address(pa).padEnd(PA_WIDTH)} ${bothRightsText(rights ?? 0)} ${size} ${notes}`.trimEnd();
}
