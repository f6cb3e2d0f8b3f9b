/** What in-flight DMA can reach: one line for each set of translation tables. */

import { hex } from '../../inspect/hex.ts';
import type { ReachableReport, SmmuReport } from '../../inspect/inspection.ts';
import { inUnits } from './bytes.ts';
import { type Style, title } from './style.ts';
import { type Column, NOTHING, table } from './table.ts';

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
  return [...title(style, 'What in-flight DMA can reach'), ...table(style, COLUMNS, list.map(cells))];
}

function cells(one: ReachableReport): string[] {
  const { sids, streams, table: base, asid, vmid, mappedBytes, writableBytes, tables } = one;
  const more = streams > sids.length ? ` and ${streams - sids.length} more` : '';
  const bypass = base === null;
  return [
    sids.map(hex).join(', ') + more,
    base ?? NOTHING,
    String(asid ?? NOTHING),
    String(vmid ?? NOTHING),
    bypass ? 'everything' : inUnits(mappedBytes),
    bypass ? 'everything' : inUnits(writableBytes),
    bypass ? NOTHING : String(tables),
    remarks(one),
  ];
}

function ranges(count: number): string {
  return count === 1 ? 'range' : 'ranges';
}

function remarks({ table: base, missingTables, faults, complete }: ReachableReport): string {
  const parts = [
    base === null ? 'bypass: addresses pass as they are' : '',
    missingTables > 0 ? `${missingTables} ${ranges(missingTables)} with tables not in the dump` : '',
    faults > 0 ? `${faults} ${ranges(faults)} with faults` : '',
    complete ? '' : 'not all of them: more tables than are ever walked',
  ];
  return parts.filter((part) => part !== '').join('; ') || NOTHING;
}
