/** What the formats share about what in-flight DMA can reach: one line of cells for each set of translation tables. */

import type { ReachableReport } from '../findings/risks/page-tables.ts';
import { hex } from '../hex.ts';
import { inUnits } from './text/bytes.ts';
import { NOTHING } from './text/table.ts';

export const REACHABLE_TITLE = 'What in-flight DMA can reach';

export interface ReachableCells {
  readonly sids: string;
  readonly table: string;
  readonly asid: string;
  readonly vmid: string;
  readonly mapped: string;
  readonly writable: string;
  readonly tables: string;
  readonly remarks: string;
}

/** What streams can reach through one set of tables, as text for a row. */
export function reachableCells(one: ReachableReport): ReachableCells {
  const { sids, streams, table, asid, vmid, mappedBytes, writableBytes, tables } = one;
  const more = streams > sids.length ? ` and ${streams - sids.length} more` : '';
  const bypass = table === null;
  return {
    sids: sids.map(hex).join(', ') + more,
    table: table === null ? NOTHING : hex(table),
    asid: String(asid ?? NOTHING),
    vmid: String(vmid ?? NOTHING),
    mapped: bypass ? 'everything' : inUnits(mappedBytes),
    writable: bypass ? 'everything' : inUnits(writableBytes),
    tables: bypass ? NOTHING : String(tables),
    remarks: remarks(one),
  };
}

function remarks({ table, missingTables, faults, complete }: ReachableReport): string {
  const parts = [
    table === null ? 'bypass: addresses pass as they are' : '',
    missingTables > 0 ? `${missingTables} ${ranges(missingTables)} with tables not in the dump` : '',
    faults > 0 ? `${faults} ${ranges(faults)} with faults` : '',
    complete ? '' : 'not all of them: more tables than are ever walked',
  ];
  return parts.filter((part) => part !== '').join('; ') || NOTHING;
}

function ranges(count: number): string {
  return count === 1 ? 'range' : 'ranges';
}
