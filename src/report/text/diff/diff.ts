/** `smmu-adopt diff` as text: how much changed and what that comes to first, the changes field by field after. */

import type {
  DeviceDiff,
  DiffReport,
  L1Change,
  L1State,
  MissingStretch,
  SmmuDiff,
  SteChange,
} from '../../../diff/report.ts';
import { observedOrUnknown } from '../../../findings/prose/evidence.ts';
import { count } from '../../../findings/rules/words.ts';
import { hex, hexRange } from '../../../hex.ts';
import type { FieldValue } from '../../../smmu/fields.ts';
import { escaped } from '../../escape.ts';
import { MISSING_TABLES } from '../../prose/diff.ts';
import { fieldText } from '../../prose/field-text.ts';
import { type Cell, toned } from '../../sections/section.ts';
import { headline, INDENT, paragraph, type Style, title } from '../style.ts';
import { address, type Column, NOTHING, table } from '../table.ts';
import { changedFields } from './fields.ts';
import { mappingAnswers, mappingLines } from './mappings.ts';

/** `all`: fields without effect too, and every change that the report has. */
export function* diffText(report: DiffReport, style: Style, all: boolean): Generator<string> {
  for (const smmu of escaped(report).smmus) {
    for (const line of ofSmmu(smmu, style, all)) yield `${line}\n`;
  }
}

function* ofSmmu(smmu: SmmuDiff, style: Style, all: boolean): Generator<string> {
  yield* headline(style, `${smmu.name}: ${whatChanged(smmu)}`);
  for (const text of answers(smmu)) yield* paragraph(style, INDENT, text);
  yield* l1Lines(smmu, style, all);
  yield* steLines(smmu, style, all);
  yield* changedFields(smmu, style, all);
  yield* mappingLines(smmu, style, all);
  yield* registerLines(smmu, style);
  yield* missingLines(smmu, style);
}

function whatChanged({ counts: { l1, stes, cds, devices, missing, registers }, mappings }: SmmuDiff): string {
  const affected = devices === 0 ? 'NO DEVICE' : count(devices, 'device').toUpperCase();
  if (stes + cds > 0) return `${count(stes, 'STE').toUpperCase()} CHANGED, ${affected} AFFECTED`;
  if (l1 > 0) return `${count(l1, 'L1 descriptor').toUpperCase()} CHANGED, ${affected} AFFECTED`;
  const streams = mappings?.streams ?? 0;
  if (streams > 0) return `WHAT ${count(streams, 'STREAM', 'STREAMS')} CAN REACH CHANGED`;
  if (missing > 0 || mappings?.complete === false) return 'NOTHING CHANGED IN WHAT BOTH DUMPS HAVE';
  return (registers ?? 0) > 0 ? 'ONLY REGISTERS CHANGED' : 'NOTHING CHANGED';
}

/** What there is to know before any table. */
function answers({ counts, kernel, table: shape, notCompared, stes, l1, mappings }: SmmuDiff): string[] {
  const { missing, newlyIllegal, registers } = counts;
  const also = [
    ...(counts.stes + counts.cds > 0 && counts.l1 > 0 ? [count(counts.l1, 'L1 descriptor')] : []),
    ...(counts.cds > 0 ? [count(counts.cds, 'context descriptor')] : []),
    ...(registers !== null && registers > 0 ? [count(registers, 'register')] : []),
  ];
  const lines = also.length > 0 ? [`also changed: ${also.join(', ')}`] : [];
  if (mappings !== null) lines.push(...mappingAnswers(mappings));
  if (kernel !== null) lines.push(...verdicts(kernel), ...turns([...l1, ...stes]));
  if (newlyIllegal > 0)
    lines.push(`the hardware refuses ${count(newlyIllegal, 'entry', 'entries')} that it took before`);
  if (shape.before.format !== shape.after.format || shape.before.split !== shape.after.split) {
    lines.push('the tables have different shapes: their STEs are compared, their L1 descriptors are not');
  }
  if (registers === null) lines.push('registers not compared: --regs-after gives those of the later moment');
  if (missing > 0) lines.push(`${count(missing, 'entry', 'entries')} not compared: a dump lacks them`);
  if (notCompared.cds > 0) lines.push(`${count(notCompared.cds, 'CD')} not compared: the tables are too large`);
  if (notCompared.guests > 0) {
    lines.push(
      `${count(notCompared.guests, 'nested stream')}: the CDs are in a guest's address space, and not compared`,
    );
  }
  if (notCompared.cut) lines.push('the stream tables were not compared to their end: they are too large');
  if (notCompared.sids.length > 0) lines.push(`no entry at either moment: SID ${some(notCompared.sids)}`);
  return lines;
}

/** The first few of a list. */
function some(sids: readonly number[]): string {
  const more = sids.length > 6 ? ` and ${sids.length - 6} more` : '';
  return sids.slice(0, 6).map(hex).join(', ') + more;
}

function verdicts({ revision, verdict, decidedBy, notTried }: NonNullable<SmmuDiff['kernel']>): string[] {
  const why = (check: typeof decidedBy.before) =>
    check === null ? '' : ` (${check.id}: ${observedOrUnknown(check.observed)})`;
  const said =
    verdict.before === verdict.after
      ? `${revision} decides about both tables alike: ${verdict.before}${why(decidedBy.before)}`
      : `${revision} decides otherwise: ${verdict.before}${why(decidedBy.before)} before, ${verdict.after}${why(decidedBy.after)} after`;
  return notTried > 0 && verdict.before === 'adopted'
    ? [said, `${count(notTried, 'changed stream')} not tried in the kernel`]
    : [said];
}

/** How many devices each turn concerns. */
function turns(changes: readonly (L1Change | SteChange)[]): string[] {
  const bySid = new Map<number, NonNullable<DeviceDiff['turn']>>();
  for (const { device } of changes) if (device !== null && device.turn !== null) bySid.set(device.sid, device.turn);
  return (Object.keys(TURNS) as (keyof typeof TURNS)[]).flatMap((turn) => {
    const sids = [...bySid].filter(([, one]) => one === turn).map(([sid]) => sid);
    return sids.length === 0 ? [] : `a device inserted after the change: ${TURNS[turn]} (SID ${some(sids)})`;
  });
}

const TURNS: Readonly<Record<NonNullable<DeviceDiff['turn']>, string>> = {
  dies: 'the kernel dies',
  refused: 'refused',
  'cannot-be-told': 'cannot be told',
  'not-deferred': 'attached at once',
  deferred: 'attach deferred',
  accepted: 'accepted again',
  lives: 'no death any more',
};

/** A device is worse off with these. */
const GRAVE: ReadonlySet<DeviceDiff['turn']> = new Set(['dies', 'refused']);

/** What the change turns around for a device, in a cell. */
function turnCell(device: DeviceDiff | null): Cell {
  if (device === null || device.turn === null) return NOTHING;
  const { turn, after } = device;
  const text = turn === 'refused' && after.errno !== null ? `refused (-${after.errno})` : TURNS[turn];
  return GRAVE.has(turn) ? toned('bad', text) : text;
}

/** Page states are worth a column only where one of them says more than that the bytes are there. */
function pageColumn(changes: readonly { before: { pageState: string } | null; after: { pageState: string } | null }[]) {
  const plain = changes.every(({ before, after }) =>
    [before, after].every((side) => side === null || side.pageState === 'present'),
  );
  return plain ? [] : [{ title: 'Pages', yields: 'below' as const }];
}

const addressOf = (side: { readonly address: number } | null) => (side === null ? null : hex(side.address));

function transition(before: string | null, after: string | null): string {
  return before === after ? (before ?? NOTHING) : `${before ?? 'none'} -> ${after ?? 'none'}`;
}

function l1Lines({ l1, notListed }: SmmuDiff, style: Style, all: boolean): string[] {
  if (l1.length === 0) return [];
  const pages = pageColumn(l1);
  const columns: Column[] = [
    { title: 'Index', align: 'right' },
    { title: 'SIDs' },
    { title: 'At' },
    { title: 'Descriptor', yields: 'wrap' },
    { title: 'Device behind it', yields: 'below' },
    ...pages,
  ];
  const rows = l1.map((change) => {
    const { index, firstSid, lastSid, before, after, device } = change;
    return [
      String(index),
      `${hex(firstSid)}-${hex(lastSid)}`,
      transition(addressOf(before), addressOf(after)),
      transition(before && l1InWords(before), after && l1InWords(after)),
      turnCell(device),
      ...pages.map(() => transition(before?.pageState ?? null, after?.pageState ?? null)),
    ];
  });
  const said = l1.flatMap(({ index, before, after, device }) => {
    const lines: string[] = [];
    if (after !== null && after.span > 0 && after.hardwareStes === 0)
      lines.push(`L1[${index}]: the hardware takes it as invalid`);
    if (after !== null && after.refusedFor !== null && before?.refusedFor !== after.refusedFor)
      lines.push(`L1[${index}]: an adoption now ends at it, for its ${after.refusedFor}`);
    if (device?.turn === 'refused' && device.after.message !== null)
      lines.push(`L1[${index}]: kernel: ${device.after.message}`);
    return lines.flatMap((text) => paragraph(style, INDENT, text));
  });
  return [...title(style, 'L1 descriptors', moreOf(notListed.l1, all)), ...table(style, columns, rows), ...said];
}

function l1InWords({ span, l2 }: L1State): string {
  return span === 0 ? 'unused' : `span ${span} at ${hex(l2)}`;
}

function moreOf(notListed: number, all: boolean): string {
  return notListed === 0 ? '' : `and ${notListed} more${all ? '' : '; --all lists thousands'}`;
}

const CONFIGS: Readonly<Record<string, string>> = { s1: 'stage 1', s2: 'stage 2' };

function steInWords(state: SteChange['before']): string {
  if (state === null) return 'no entry';
  if (!state.valid) return 'invalid';
  return CONFIGS[state.config] ?? state.config;
}

function steLines({ stes, notListed }: SmmuDiff, style: Style, all: boolean): string[] {
  if (stes.length === 0) return [];
  const pages = pageColumn(stes);
  const named = stes.some(({ deviceName }) => deviceName !== null);
  const columns: Column[] = [
    { title: 'SID', align: 'right' },
    { title: named ? 'Device' : 'BDF' },
    { title: 'At' },
    { title: 'Hardware', yields: 'wrap' },
    { title: 'In the kdump kernel', yields: 'below' },
    ...pages,
  ];
  const rows = stes.map((change) => {
    const { sid, bdf, deviceName, before, after, device } = change;
    return [
      hex(sid),
      named ? (deviceName ?? NOTHING) : bdf,
      transition(addressOf(before), addressOf(after)),
      transition(steInWords(before), steInWords(after)),
      turnCell(device),
      ...pages.map(() => transition(before?.pageState ?? null, after?.pageState ?? null)),
    ];
  });
  return [...title(style, 'Stream table entries', moreOf(notListed.stes, all)), ...table(style, columns, rows)];
}

const shownField = (value: FieldValue | null) => (value === null ? NOTHING : fieldText(value));

function registerLines({ registers }: SmmuDiff, style: Style): string[] {
  if (registers === null || registers.length === 0) return [];
  const columns: Column[] = [
    { title: 'Register' },
    { title: 'Before', align: 'right' },
    { title: 'After', align: 'right' },
    { title: 'Differs in', yields: 'wrap' },
  ];
  const rows = registers.map(({ register, before, after, fields }) => [
    register,
    address(before),
    address(after),
    fields.map((field) => `${field.name} ${shownField(field.before)} -> ${shownField(field.after)}`).join(', ') ||
      'bits that no field names',
  ]);
  return [...title(style, 'Registers'), ...table(style, columns, rows)];
}

const MISSING: readonly Column[] = [
  { title: 'SIDs' },
  { title: 'Of' },
  { title: 'Entries', align: 'right' },
  { title: 'Before' },
  { title: 'After' },
];

function missingLines({ missing, notListed }: SmmuDiff, style: Style): string[] {
  if (missing.length === 0) return [];
  const side = (state: MissingStretch['before']) => state ?? 'no entry';
  const rows = missing.map(({ table: of, firstSid, lastSid, entries, before, after }) => [
    hexRange(firstSid, lastSid),
    MISSING_TABLES[of],
    String(entries),
    side(before),
    side(after),
  ]);
  const more = notListed.missing === 0 ? '' : `and ${notListed.missing} more stretches`;
  return [...title(style, 'Not compared', more), ...table(style, MISSING, rows)];
}
