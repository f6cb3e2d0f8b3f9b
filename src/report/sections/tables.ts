/** What do the tables in memory hold, as the hardware sees them? Rows are read from the dump while they are shown. */

import { hex, hexRange, word } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { decodeField, fieldOf, meaningOf } from '../../smmu/fields.ts';
import { CD } from '../../smmu/structures/cd.ts';
import { STE } from '../../smmu/structures/ste.ts';
import type { CdRow, CdTableReport } from '../../tables/cd-rows.ts';
import type { L1Row } from '../../tables/l1-rows.ts';
import type { SteRow } from '../../tables/ste-rows.ts';
import { escapeText } from '../escape.ts';
import { fieldText, withoutSsidInWords } from '../prose/field-text.ts';
import { count, grouped } from '../prose/quantities.ts';
import { shortName } from './adoption/device-cells.ts';
import { type Mark, marksWithin } from './marks.ts';
import { type Cell, type Column, code, joined, notes, type Row, type Section, toned } from './section.ts';

const MARK: Column = { title: 'Mark', yields: 'below' };

const L1_COLUMNS: readonly Column[] = [
  { title: 'L1', kind: 'number' },
  { title: 'At', kind: 'number', yields: 'hidden' },
  { title: 'Descriptor', kind: 'code' },
  { title: 'Span', kind: 'number' },
  { title: 'L2 table', kind: 'number' },
  { title: 'SIDs', kind: 'code' },
  { title: 'Bus', kind: 'code', yields: 'hidden' },
  { title: 'Status', kind: 'code' },
  { title: 'STEs', kind: 'number', yields: 'below' },
];

/** Null for a linear table. */
export function l1({ l1: rows, table, census }: SmmuReport, marks: readonly Mark[]): Section | null {
  if (table.format !== '2lvl') return null;
  const made = function* (): Generator<Row> {
    for (const row of rows) yield marked(l1Cells(row), marks, row.firstSid, row.lastSid);
  };
  const columns = marks.length > 0 ? [...L1_COLUMNS, MARK] : L1_COLUMNS;
  return {
    id: 'l1',
    title: 'L1 descriptors',
    aside: ["the hardware's view: ", grouped(table.entries), ' at ', code(hex(table.base)), `, split ${table.split}`],
    blocks: [
      notes(missingL1(census)),
      {
        table: {
          label: 'L1 descriptors',
          columns,
          rows: made(),
          none: census.unknownL1 === undefined ? 'None in use.' : 'None that is known.',
        },
      },
    ],
  };
}

function missingL1({ unknownL1 = 0 }: SmmuReport['census']): string | false {
  return unknownL1 > 0 && `${count(unknownL1, 'descriptor')} ${unknownL1 === 1 ? 'is' : 'are'} not in the dump.`;
}

function l1Cells(row: L1Row): Cell[] {
  const { firstSid, lastSid } = row;
  const bus = firstSid >>> 8 === lastSid >>> 8 ? ((firstSid >>> 8) & 0xff).toString(16).padStart(2, '0') : null;
  return [
    row.index,
    hex(row.address),
    word(row.descriptor),
    row.span,
    hex(row.l2),
    hexRange(firstSid, lastSid),
    bus,
    row.status === 'bad' ? toned('bad', 'bad') : row.status,
    row.hardwareStes,
  ];
}

function marked(cells: readonly Cell[], marks: readonly Mark[], first: number, last: number): Row {
  if (marks.length === 0) return { cells };
  // A descriptor may have many streams of which the same is to be said. The gravest comes first, and stays.
  const texts = new Map(
    marksWithin(marks, first, last)
      .toReversed()
      .map(({ tone, text }) => [text, tone]),
  );
  const own = [...texts].map(([text, tone]) => toned(tone, text));
  return { cells: [...cells, own.length === 0 ? null : joined(own, ', ')] };
}

const STE_COLUMNS: readonly Column[] = [
  { title: 'SID', kind: 'number' },
  { title: 'BDF', kind: 'code' },
  { title: 'Config', kind: 'code' },
  { title: 'S1ContextPtr', kind: 'number' },
  { title: 'S1Fmt', kind: 'number' },
  { title: 'S1CDMax', kind: 'number' },
  { title: 'S2VMID', kind: 'number', yields: 'below' },
  { title: 'S2TTB', kind: 'number', yields: 'below' },
  { title: 'EATS', kind: 'number', yields: 'below' },
  { title: 'STRW', kind: 'number', yields: 'below' },
  { title: 'STE at', kind: 'number', yields: 'hidden' },
  { title: 'Page', kind: 'code' },
];

export function stes({ stes: rows, census, platform }: SmmuReport, marks: readonly Mark[]): Section {
  const counted = Object.entries(census.byConfig).filter(([, number]) => number > 0);
  const kinds = counted.map(([config, number]) => `${grouped(number)} ${config}`).join(', ') || 'none';
  const made = function* (): Generator<Row> {
    for (const row of rows) yield marked(steCells(row), marks, row.sid, row.sid);
  };
  // With names from firmware the column is not only a reading of the StreamID.
  const named = (platform?.source ?? null) !== null;
  const columns = STE_COLUMNS.map((column) =>
    named && column.title === 'BDF' ? { ...column, title: 'Device' } : column,
  );
  const { unknownL1 = 0 } = census;
  const none = census.unknown > 0 || unknownL1 > 0 ? 'None that is known.' : 'None but invalid and abort entries.';
  return {
    id: 'stes',
    title: 'Stream table entries',
    aside: `${count(census.located, 'STE')} for ${count(census.stes, 'SID')}; valid: ${kinds}`,
    blocks: [
      notes(
        census.unknown > 0 && `${count(census.unknown, 'STE')} ${census.unknown === 1 ? 'is' : 'are'} not in the dump.`,
        unknownL1 > 0 &&
          `What is behind ${count(unknownL1, 'L1 descriptor')} is not known: ${unknownL1 === 1 ? 'it is' : 'they are'} not in the dump.`,
      ),
      {
        table: {
          label: 'Stream table entries',
          columns: marks.length > 0 ? [...columns, MARK] : columns,
          rows: made(),
          total: rows.count,
          none,
        },
      },
    ],
  };
}

function steCells({ sid, bdf, device, valid, config, words, address, pageState }: SteRow): Cell[] {
  const stage1 = config === 's1' || config === 'nested';
  const stage2 = config === 's2' || config === 'nested';
  const field = (name: string, applies: boolean) => (applies ? String(fieldText(decodeField(STE, words, name))) : null);
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
  { title: 'SID', kind: 'number' },
  { title: 'SSID', kind: 'number' },
  { title: 'ASID', kind: 'number' },
  { title: 'TTB0', kind: 'number' },
  { title: 'T0SZ', kind: 'number' },
  { title: 'TG0', kind: 'code' },
  { title: 'TTB1', kind: 'number', yields: 'below' },
  { title: 'T1SZ', kind: 'number', yields: 'below' },
  { title: 'IPS', kind: 'code' },
  { title: 'AA64', kind: 'number', yields: 'below' },
  { title: 'CD at', kind: 'number', yields: 'below' },
  { title: 'Page', kind: 'code' },
];

/** What a table of garbage has to say about itself is the same for every stream. */
const MAX_CD_NOTES = 20;

/** Context descriptors of stage 1 streams; null where no stream has a table of them. */
export function cds({ stes: rows, census }: SmmuReport): Section | null {
  if (census.byConfig.s1 + census.byConfig.nested === 0) return null;
  const said: string[] = [];
  const made = function* (): Generator<Row> {
    for (const { sid, cdTable, cds: list } of withCds(rows)) {
      for (const cd of list) yield { cells: cdCells(sid, cd) };
      const note = cdTable === null ? null : cdNote(cdTable, list.length);
      if (note !== null && said.length < MAX_CD_NOTES) said.push(`SID ${hex(sid)}: ${note}.`);
    }
  };
  return {
    id: 'cds',
    title: 'Context descriptors',
    aside: 'of stage 1 streams, by SubstreamID',
    detail: true,
    blocks: [
      { table: { label: 'Context descriptors', columns: CD_COLUMNS, rows: made(), none: 'None that is valid.' } },
      // Filled while the rows are shown.
      { notes: said },
    ],
  };
}

function* withCds(rows: SmmuReport['stes']): Generator<SteRow> {
  for (const ste of rows) if (ste.cdTable !== null) yield ste;
}

/** What a CD table has to say beyond its valid rows, of which `listed` are shown; null for nothing. */
export function cdNote(
  { format, entries, withoutSsid, unknown, notListed, notExamined }: CdTableReport,
  listed: number,
): string | null {
  if (format === 'guest') return "nested: its CD table is in a guest's address space";
  const parts = [
    format === 'single'
      ? ''
      : `${format}, ${entries} SubstreamIDs; without one, traffic is ${withoutSsidInWords(withoutSsid)}`,
    unknown > 0 ? `${unknown} CDs are not in the dump` : listed === 0 ? 'no valid CD' : '',
    notListed > 0 ? `${notListed} more valid CDs` : '',
    notExamined > 0 ? `${notExamined} CDs were not looked at` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? null : parts.join('; ');
}

/** A context descriptor in the order of {@link CD_COLUMNS}. */
export function cdCells(sid: number, { ssid, asid, words, address, pageState }: CdRow): Cell[] {
  const value = (name: string) => decodeField(CD, words, name);
  const field = (name: string) => String(fieldText(value(name)));
  const half = (disabled: string, name: string) => (value(disabled) === 1 ? null : field(name));
  const granule = meaningOf(fieldOf(CD, 'TG0'), Number(value('TG0'))) ?? '';
  return [
    hex(sid),
    ssid,
    asid,
    half('EPD0', 'TTB0'),
    half('EPD0', 'T0SZ'),
    value('EPD0') === 1 ? null : granule,
    half('EPD1', 'TTB1'),
    half('EPD1', 'T1SZ'),
    meaningOf(fieldOf(CD, 'IPS'), Number(value('IPS'))) ?? field('IPS'),
    field('AA64'),
    hex(address),
    pageState,
  ];
}
