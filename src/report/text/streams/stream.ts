/** `smmu-adopt show` as text: what becomes of one stream first, the evidence after. */

import { count } from '../../../findings/rules/words.ts';
import { hex, word } from '../../../hex.ts';
import type { StreamReport } from '../../../inspect/stream.ts';
import { CD } from '../../../smmu/structures/cd.ts';
import { STE } from '../../../smmu/structures/ste.ts';
import type { Lookup } from '../../../streams/stream-lookup.ts';
import type { CdRow, CdTableReport } from '../../../tables/cd-rows.ts';
import type { SteRow } from '../../../tables/ste-rows.ts';
import { escaped } from '../../escape.ts';
import { withoutSsidInWords } from '../../prose/field-text.ts';
import { wayEndInWords } from '../../prose/lookup.ts';
import { findings } from '../../sections/findings.ts';
import { CD_COLUMNS, cdCells, cdNote } from '../../sections/tables.ts';
import { blockLines, sectionLines } from '../render.ts';
import { headline, INDENT, paragraph, type Style, title, wordLines } from '../style.ts';
import { type Column, table } from '../table.ts';
import { CD_GROUPS, type FieldGroup, type Fields, fieldCells, fieldsOf, STE_GROUPS } from './field-groups.ts';
import { outcomes, outcomesInWords } from './outcomes.ts';
import { assumedLines, stepTable } from './steps.ts';
import { traffic } from './traffic.ts';

/** `all`: fields without effect, and every CD in full. */
export function* streamText(report: StreamReport, style: Style, all: boolean): Generator<string> {
  for (const line of lines(escaped(report), style, all)) yield `${line}\n`;
}

function* lines(report: StreamReport, style: Style, all: boolean): Generator<string> {
  const { smmu, sid, bdf, device, lookup, ste, enabled, assumptions } = report;
  yield* headline(
    style,
    `${smmu}, SID ${hex(sid)}${device === null ? '' : ` (${device})`}: ${enabled ? effect(report) : 'NOT LOOKED UP, THE SMMU WAS OFF'}`,
  );
  const say = (text: string) => paragraph(style, INDENT, text);
  if (!enabled) yield* say(`CR0.SMMUEN is 0, so GBPA decided for all traffic; on, it would be: ${effect(report)}`);
  const { why } = lookup.hardware;
  const found = ste === null ? why && wayEndInWords(why) : steInWords(ste);
  yield* say(`${found}${device === null ? `; ${bdf} if the SID is a PCI requester ID` : ''}`);
  yield* outcomesInWords(style, report);
  if (report.findings.length > 0) for (const section of findings(report.findings)) yield* sectionLines(style, section);
  yield* lookups(style, report);
  if (ste !== null) {
    yield* entry(style, ste, all);
    yield* contexts(style, ste, all);
  }
  yield* traffic(style, report.traffic);
  yield* outcomes(style, report);
  yield '';
  yield* remarks(style, report);
  yield* assumedLines(style, assumptions);
}

const EFFECTS: Readonly<Record<SteRow['config'], string>> = {
  abort: 'ABORTED',
  bypass: 'BYPASS',
  s1: 'STAGE 1 TRANSLATION',
  s2: 'STAGE 2 TRANSLATION',
  nested: 'NESTED TRANSLATION',
  reserved: 'ABORTED, CONFIG IS RESERVED',
};

/** What the hardware sets out to do with a transaction of the stream; page tables may still stop it. */
function effect({ lookup, ste }: StreamReport): string {
  if (ste !== null) {
    if (!ste.valid) return 'TERMINATED, THE STE IS NOT VALID';
    return hasNoCd(ste) ? 'TERMINATED, NO VALID CD' : EFFECTS[ste.config];
  }
  return lookup.hardware.outcome === 'no-entry' ? 'TERMINATED, THERE IS NO STE' : 'CANNOT BE TOLD FROM THIS DUMP';
}

function hasNoCd({ config, cdTable, cds }: SteRow): boolean {
  if (config !== 's1' || cdTable === null) return false;
  return cds.length + cdTable.unknown + cdTable.notExamined === 0;
}

function steInWords({ address, pageState, cds, cdTable }: SteRow): string {
  const ste = `STE at ${hex(address)} (${pageState})`;
  if (cdTable === null || cdTable.format === 'guest') return ste;
  const valid = cds.length + cdTable.notListed;
  return `${ste}, ${count(valid, 'valid CD')} behind it`;
}

function lookups(style: Style, { lookup: { hardware, linux, same } }: StreamReport): string[] {
  const way = ({ steps }: Lookup) => stepTable(style, steps);
  const end = ({ why }: Lookup) => (why === null ? [] : paragraph(style, INDENT, `ends here: ${wayEndInWords(why)}`));
  const found = [...title(style, 'Where it is', 'as the hardware looks it up'), ...way(hardware), ...end(hardware)];
  if (same === true) return [...found, `${INDENT}Linux reads the same entry`];
  const differs = same === false ? [`${INDENT}${style.paint.red('Linux reads another entry than the hardware')}`] : [];
  return [...found, ...title(style, 'Where Linux looks for it'), ...way(linux), ...end(linux), ...differs];
}

const FIELDS: readonly Column[] = [
  { title: 'Field' },
  { title: 'Value', align: 'right' },
  { title: 'Says', yields: 'wrap' },
];

/** One table for all groups, so that they line up; a group is a line of its own. */
function fieldTable(
  style: Style,
  layout: typeof STE,
  groups: readonly FieldGroup[],
  fields: Fields,
  all: boolean,
): string[] {
  const rows = groups.flatMap((group) => {
    const cells = fieldsOf(group, fields, all).map((name) => fieldCells(layout, name, fields));
    const without = all && !group.applies(fields) ? ' (no effect)' : '';
    return cells.length === 0
      ? []
      : [[group.title + without, '', ''], ...cells.map(([name, ...rest]) => [INDENT + name, ...rest])];
  });
  return table(style, FIELDS, rows);
}

function entry(style: Style, { words, fields }: SteRow, all: boolean): string[] {
  return [
    ...title(style, 'Stream table entry', 'a stage that is off has no effect; --all shows its fields too'),
    ...wordLines(style, words.map(word)),
    ...fieldTable(style, STE, STE_GROUPS, fields, all),
  ];
}

/** More are one line each: a screen has to end somewhere. */
const MAX_CDS_IN_FULL = 2;

function contexts(style: Style, ste: SteRow, all: boolean): string[] {
  const { sid, cdTable, cds } = ste;
  if (cdTable === null) return [];
  const lines = title(style, 'Context descriptors', `${CD_TABLES[cdTable.format]} at ${hex(cdTable.address)}`);
  const say = (text: string) => lines.push(...paragraph(style, INDENT, text));
  const note = cdNote(cdTable, cds.length);
  if (note !== null) say(note);
  for (const text of substreams(ste, cdTable)) say(text);
  const inFull = all ? cds : cds.slice(0, MAX_CDS_IN_FULL);
  for (const cd of inFull) lines.push(...context(style, cd, all));
  const others = cds.slice(inFull.length).map((cd) => ({ cells: cdCells(sid, cd) }));
  if (others.length === 0) return lines;
  lines.push(...title(style, 'The other valid CDs', '--all shows them in full'));
  return [
    ...lines,
    ...blockLines(style, { table: { label: 'Context descriptors', columns: CD_COLUMNS, rows: others } }),
  ];
}

const CD_TABLES: Readonly<Record<CdTableReport['format'], string>> = {
  single: 'one',
  linear: 'linear table',
  '4k-leaves': 'two-level table with leaves of 4 KiB',
  '64k-leaves': 'two-level table with leaves of 64 KiB',
  guest: "a guest's table",
};

/** S1CDMax and S1DSS: which CD a transaction gets. IHI 0070, "StreamIDs to Context Descriptors". */
function substreams({ fields }: SteRow, { format, entries, withoutSsid }: CdTableReport): string[] {
  const s1cdmax = Number(fields['S1CDMax']);
  if (entries === 1) {
    const why = s1cdmax === 0 ? 'S1CDMax is 0' : `IDR1.SSIDSIZE is 0, so that S1CDMax ${s1cdmax} is ignored`;
    return [`one CD for the whole stream: ${why}; S1Fmt and S1DSS are ignored; a SubstreamID is C_BAD_SUBSTREAMID`];
  }
  const lines = [`S1CDMax ${s1cdmax}: a CD each for SubstreamIDs 0 to ${entries - 1}, C_BAD_SUBSTREAMID for any other`];
  if (format === 'guest')
    lines.push(`S1DSS ${fields['S1DSS']}: without a SubstreamID, traffic is ${withoutSsidInWords(withoutSsid)}`);
  if (fields['S1DSS'] === 2)
    lines.push('S1DSS 2: CD 0 is for traffic without a SubstreamID; 0 itself is F_STREAM_DISABLED');
  return lines;
}

function context(style: Style, { ssid, address, pageState, words, fields }: CdRow, all: boolean): string[] {
  return [
    ...title(style, `CD of SubstreamID ${ssid}`, `at ${hex(address)} (${pageState})`),
    ...wordLines(style, (all ? words : words.slice(0, 4)).map(word)),
    ...fieldTable(style, CD, CD_GROUPS, fields, all),
  ];
}

function remarks(style: Style, { otherFindings }: StreamReport): string[] {
  if (otherFindings.length === 0) return [];
  return paragraph(
    style,
    INDENT,
    `about the SMMU or the input as a whole (smmu-adopt inspect): ${otherFindings.join(', ')}`,
  );
}
