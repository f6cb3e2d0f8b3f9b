/** What the registers say and what the table in memory holds, as the hardware sees them. */

import { hex, word } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { CD } from '../../smmu/cd.ts';
import { fieldOf, meaningOf } from '../../smmu/fields.ts';
import type { CdRow, CdTableReport } from '../../tables/cd-rows.ts';
import type { L1Row } from '../../tables/l1-rows.ts';
import type { SteRow } from '../../tables/ste-rows.ts';
import { escapeText } from '../escape.ts';
import { fieldText } from '../field-text.ts';
import { sidsInWords } from '../findings.ts';
import { shortName } from './firmware.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';
import { type Column, NOTHING, table } from './table.ts';

export function registers(style: Style, smmu: SmmuReport): string[] {
  const { features, registers: all, assumptions } = smmu;
  const rows: string[][] = [];
  const register = (name: string, text: (field: (name: string) => number | string) => string) => {
    const found = all[name];
    if (found !== undefined) rows.push([name, hex(found.value), text((field) => fieldText(found.fields[field] ?? 0))]);
  };
  const format = (fmt: number | string) => ['linear', '2lvl'][Number(fmt)] ?? 'reserved';
  register(
    'CR0',
    (f) =>
      `SMMUEN ${f('SMMUEN')}, CMDQEN ${f('CMDQEN')}, EVENTQEN ${f('EVENTQEN')}, PRIQEN ${f('PRIQEN')}, ATSCHK ${f('ATSCHK')}`,
  );
  register('STRTAB_BASE', (f) => `table at ${f('ADDR')}`);
  register(
    'STRTAB_BASE_CFG',
    (f) => `FMT ${f('FMT')} (${format(f('FMT'))}), SPLIT ${f('SPLIT')}, LOG2SIZE ${f('LOG2SIZE')}`,
  );
  register(
    'IDR0',
    (f) =>
      `ST_LEVEL ${f('ST_LEVEL')}, CD2L ${f('CD2L')}, COHACC ${f('COHACC')}, ATS ${f('ATS')}, S1P ${f('S1P')}, S2P ${f('S2P')}`,
  );
  register('IDR1', (f) => `SIDSIZE ${f('SIDSIZE')}, SSIDSIZE ${f('SSIDSIZE')}`);
  register('IDR5', () => `OAS ${features.oasBits} bits`);
  register('GERROR', () => `errors active against GERRORN: ${activeErrors(smmu)}`);
  register('GBPA', (f) => `ABORT ${f('ABORT')}`);
  const { twoLevelStreamTable, twoLevelCdTable, coherent, sidBits, ssidBits, asidBits, vmidBits } = features;
  const able = (on: boolean) => (on ? 'yes' : 'no');
  return [
    ...title(style, 'Registers'),
    ...table(
      style,
      [{ title: 'Register' }, { title: 'Value', align: 'right' }, { title: 'Says', yields: 'wrap' }],
      rows,
    ),
    ...paragraph(
      style,
      INDENT,
      `features: two-level stream table ${able(twoLevelStreamTable)}, two-level CD table ${able(twoLevelCdTable)}, ` +
        `coherent ${able(coherent)}, SID ${sidBits} bits, SSID ${ssidBits}, ASID ${asidBits}, VMID ${vmidBits}`,
    ),
    ...assumptions.flatMap(({ what, value, why }) =>
      paragraph(style, `${INDENT}assumed: `, `${what} = ${value} (${why})`),
    ),
  ];
}

function activeErrors({ registers: all }: SmmuReport): string {
  const acknowledged = all['GERRORN']?.fields;
  if (acknowledged === undefined) return 'unknown, GERRORN is missing';
  const active = Object.entries(all['GERROR']?.fields ?? {}).filter(([name, value]) => value !== acknowledged[name]);
  return active.map(([name]) => name).join(', ') || 'none';
}

const L1_COLUMNS: readonly Column[] = [
  { title: 'L1', align: 'right' },
  { title: 'At', align: 'right' },
  { title: 'Descriptor' },
  { title: 'Span', align: 'right' },
  { title: 'L2 table', align: 'right' },
  { title: 'SIDs' },
  { title: 'Bus' },
  { title: 'Status', paint: (text, paint) => (text === 'bad' ? paint.red(text) : text) },
  { title: 'STEs', align: 'right' },
];

export function* l1Table(style: Style, { l1, table: located }: SmmuReport): Generator<string> {
  if (located.format !== '2lvl') return;
  const aside = `hardware's view: ${located.entries} at ${hex(located.base)}, split ${located.split}`;
  yield* title(style, 'L1 descriptors', aside);
  yield* inChunks(style, L1_COLUMNS, l1, l1Cells, 'none in use');
}

function l1Cells(row: L1Row): string[] {
  return [
    String(row.index),
    hex(row.address),
    word(row.descriptor),
    String(row.span),
    hex(row.l2),
    sidsInWords(row.firstSid, row.lastSid).replace(/^SIDs? /, ''),
    row.firstSid >>> 8 === row.lastSid >>> 8 ? ((row.firstSid >>> 8) & 0xff).toString(16).padStart(2, '0') : NOTHING,
    row.status,
    String(row.hardwareStes),
  ];
}

const STE_COLUMNS: readonly Column[] = [
  { title: 'SID', align: 'right' },
  { title: 'BDF' },
  { title: 'Config' },
  { title: 'S1ContextPtr', align: 'right' },
  { title: 'S1Fmt', align: 'right' },
  { title: 'S1CDMax', align: 'right' },
  { title: 'S2VMID', align: 'right', yields: 'below' },
  { title: 'S2TTB', align: 'right', yields: 'below' },
  { title: 'EATS', align: 'right' },
  { title: 'STRW', align: 'right' },
  { title: 'STE at', align: 'right' },
  { title: 'Page' },
];

export function* steTable(style: Style, { stes, census, platform }: SmmuReport): Generator<string> {
  const { byConfig } = census;
  const counted = Object.entries(byConfig).filter(([, count]) => count > 0);
  const kinds = counted.map(([config, count]) => `${count} ${config}`).join(', ') || 'none';
  yield* title(style, 'Stream table entries', `${census.located} STEs for ${census.stes} SIDs; valid: ${kinds}`);
  if (census.unknown > 0) yield `${INDENT}${census.unknown} STEs are not in the dump`;
  yield* inChunks(
    style,
    (platform?.source ?? null) === null ? STE_COLUMNS : STE_COLUMNS.map(named),
    stes,
    steCells,
    census.unknown > 0 ? 'none that is known' : 'none but invalid and abort entries',
  );
}

/** With names from firmware the column is not only a reading of the StreamID. */
function named(column: Column): Column {
  return column.title === 'BDF' ? { ...column, title: 'Device' } : column;
}

function steCells({ sid, bdf, device, valid, config, fields, address, pageState }: SteRow): string[] {
  const field = (name: string, applies: boolean) => (applies ? String(fieldText(fields[name] ?? 0)) : NOTHING);
  const stage1 = config === 's1' || config === 'nested';
  const stage2 = config === 's2' || config === 'nested';
  return [
    hex(sid),
    device === null ? bdf : escapeText(shortName(device)),
    valid ? config : `${config}, V=0`,
    field('S1ContextPtr', stage1),
    field('S1Fmt', stage1),
    field('S1CDMax', stage1),
    field('S2VMID', stage2),
    field('S2TTB', stage2),
    field('EATS', stage1 || stage2),
    field('STRW', stage1),
    hex(address),
    pageState,
  ];
}

export const CD_COLUMNS: readonly Column[] = [
  { title: 'SID', align: 'right' },
  { title: 'SSID', align: 'right' },
  { title: 'ASID', align: 'right' },
  { title: 'TTB0', align: 'right' },
  { title: 'T0SZ', align: 'right' },
  { title: 'TG0' },
  { title: 'TTB1', align: 'right', yields: 'below' },
  { title: 'T1SZ', align: 'right', yields: 'below' },
  { title: 'IPS' },
  { title: 'AA64', align: 'right' },
  { title: 'CD at', align: 'right' },
  { title: 'Page' },
];

/** Context descriptors, a line of its own for each stage 1 stream whose table has more to say than its rows. */
export function* cdTable(style: Style, { stes }: SmmuReport): Generator<string> {
  const [first] = withCds(stes);
  if (first === undefined) return;
  yield* title(style, 'Context descriptors', 'of stage 1 streams, by SubstreamID');
  const notes: string[] = [];
  const rows = function* (): Generator<string[]> {
    for (const { sid, cdTable: about, cds } of withCds(stes)) {
      for (const cd of cds) yield cdCells(sid, cd);
      const note = about === null ? null : cdNote(about, cds.length);
      if (note !== null && notes.length < MAX_CD_NOTES) notes.push(`SID ${hex(sid)}: ${note}`);
    }
  };
  yield* inChunks(style, CD_COLUMNS, rows(), (cells) => cells, 'none that is valid');
  for (const note of notes) yield* paragraph(style, INDENT, note);
}

/** What a table of garbage has to say about itself is the same for every stream. */
const MAX_CD_NOTES = 20;

function* withCds(stes: SmmuReport['stes']): Generator<SteRow> {
  for (const ste of stes) if (ste.cdTable !== null) yield ste;
}

export function cdNote(
  { format, entries, withoutSsid, unknown, notListed, notExamined }: CdTableReport,
  listed: number,
): string | null {
  if (format === 'guest') return "nested: its CD table is in a guest's address space";
  const parts = [
    format === 'single' ? '' : `${format}, ${entries} SubstreamIDs; without one, traffic is ${withoutSsid}`,
    unknown > 0 ? `${unknown} CDs are not in the dump` : listed === 0 ? 'no valid CD' : '',
    notListed > 0 ? `${notListed} more valid CDs` : '',
    notExamined > 0 ? `${notExamined} CDs were not looked at` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? null : parts.join('; ');
}

export function cdCells(sid: number, { ssid, asid, fields, address, pageState }: CdRow): string[] {
  const field = (name: string) => String(fieldText(fields[name] ?? 0));
  const half = (disabled: string, name: string) => (fields[disabled] === 1 ? NOTHING : field(name));
  const granule = meaningOf(fieldOf(CD, 'TG0'), Number(fields['TG0'])) ?? '';
  return [
    hex(sid),
    String(ssid),
    String(asid),
    half('EPD0', 'TTB0'),
    half('EPD0', 'T0SZ'),
    fields['EPD0'] === 1 ? NOTHING : granule,
    half('EPD1', 'TTB1'),
    half('EPD1', 'T1SZ'),
    meaningOf(fieldOf(CD, 'IPS'), Number(fields['IPS'])) ?? field('IPS'),
    field('AA64'),
    hex(address),
    pageState,
  ];
}

/** Rows of one table in text, which nobody reads to its end; the machine formats have more. */
const MAX_ROWS = 1 << 16;

/** Rows laid out together. Enough for any real machine's table at once; a longer one is laid out again and again. */
const CHUNK_ROWS = 1000;

function* inChunks<T>(
  style: Style,
  columns: readonly Column[],
  rows: Iterable<T>,
  cells: (row: T) => string[],
  none: string,
): Generator<string> {
  let chunk: string[][] = [];
  let shown = 0;
  let cut = false;
  for (const row of rows) {
    cut = shown === MAX_ROWS;
    if (cut) break;
    shown += 1;
    chunk.push(cells(row));
    if (chunk.length < CHUNK_ROWS) continue;
    yield* table(style, columns, chunk);
    chunk = [];
  }
  if (chunk.length > 0) yield* table(style, columns, chunk);
  if (shown === 0) yield INDENT + none;
  if (cut) yield `${INDENT}only the first ${MAX_ROWS} rows are shown; --format ndjson has more`;
}
