/** What can in-flight DMA reach? One row for each set of translation tables. */

import type { ReachableReport } from '../../findings/risks/page-tables.ts';
import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { count, grouped, inUnits } from '../prose/quantities.ts';
import type { Row, Section } from './section.ts';

/** A hostile table has a set of translation tables for each of its streams. */
const MAX_ROWS = 1000;

const COLUMNS = [
  { title: 'SIDs' },
  { title: 'Tables at', kind: 'number', optional: true },
  { title: 'ASID', kind: 'number', optional: true },
  { title: 'VMID', kind: 'number', optional: true },
  { title: 'Mapped', kind: 'number' },
  { title: 'Writable', kind: 'number' },
  { title: 'Tables', kind: 'number', optional: true },
  { title: 'Remarks', optional: true },
] as const;

/** Null unless translation tables were walked. */
export function reachable({ reachable: list }: SmmuReport): Section | null {
  if (list === null || list.length === 0) return null;
  const title = 'What in-flight DMA can reach';
  return {
    id: 'reachable',
    title,
    short: 'In-flight DMA',
    blocks: [{ table: { label: title, columns: COLUMNS, rows: list.map(row), most: MAX_ROWS } }],
  };
}

function row(one: ReachableReport): Row {
  const { sids, streams, table, asid, vmid, mappedBytes, writableBytes, tables } = one;
  const more = streams > sids.length ? ` and ${grouped(streams - sids.length)} more` : '';
  const size = (byteLength: number) => (table === null ? 'everything' : inUnits(byteLength));
  return {
    cells: [
      sids.map(hex).join(', ') + more,
      table === null ? null : hex(table),
      asid,
      vmid,
      size(mappedBytes),
      size(writableBytes),
      table === null ? null : tables,
      remarks(one),
    ],
  };
}

function remarks({ table, missingTables, faults, complete }: ReachableReport): string | null {
  const parts = [
    table === null ? 'bypass: addresses pass as they are' : '',
    missingTables > 0 ? `${count(missingTables, 'range')} with tables not in the dump` : '',
    faults > 0 ? `${count(faults, 'range')} with faults` : '',
    complete ? '' : 'not all of them: more tables than are ever walked',
  ];
  return parts.filter((part) => part !== '').join('; ') || null;
}
