/** What in-flight DMA can reach: one line for each set of translation tables. */

import type { SmmuReport } from '../../inspect/inspection.ts';
import { REACHABLE_TITLE, reachableCells } from '../reachable.ts';
import { type Style, title } from './style.ts';
import { type Column, table } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'SIDs', yields: 'wrap' },
  { title: 'Tables at', align: 'right' },
  { title: 'ASID', align: 'right' },
  { title: 'VMID', align: 'right' },
  { title: 'Mapped', align: 'right' },
  { title: 'Writable', align: 'right' },
  { title: 'Tables', align: 'right' },
  { title: 'Remarks', yields: 'wrap' },
];

export function reachable(style: Style, { reachable: list }: Pick<SmmuReport, 'reachable'>): string[] {
  if (list === null || list.length === 0) return [];
  const rows = list.map((one) => Object.values<string>({ ...reachableCells(one) }));
  return [...title(style, REACHABLE_TITLE), ...table(style, COLUMNS, rows)];
}
