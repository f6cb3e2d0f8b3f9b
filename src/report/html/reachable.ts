/** What in-flight DMA can reach, as a table. */

import type { SmmuReport } from '../../inspect/inspection.ts';
import { REACHABLE_TITLE, reachableCells } from '../reachable.ts';
import type { Html } from './markup.ts';
import { cutTable, section, sectionId } from './section.ts';

/** A hostile table has a set of translation tables for each of its streams. */
const MAX_ROWS = 1000;

const COLUMNS = [
  { title: 'SIDs' },
  { title: 'Tables at', kind: 'code' as const },
  { title: 'ASID', kind: 'number' as const, optional: true },
  { title: 'VMID', kind: 'number' as const, optional: true },
  { title: 'Mapped', kind: 'number' as const },
  { title: 'Writable', kind: 'number' as const },
  { title: 'Tables', kind: 'number' as const },
  { title: 'Remarks', optional: true },
];

/** Null unless translation tables were walked. */
export function reachable(index: number, { reachable: list }: SmmuReport): Html | null {
  if (list === null || list.length === 0) return null;
  const rows = list.map((one) => Object.values<string>({ ...reachableCells(one) }));
  return section(
    sectionId(index, 'reachable'),
    REACHABLE_TITLE,
    null,
    cutTable(REACHABLE_TITLE, COLUMNS, rows, MAX_ROWS),
  );
}
