/** Which ASIDs and VMIDs does the driver find in use, and what stops its scan? */

import { requiredInWords } from '../../../findings/prose/evidence.ts';
import { gaveUpInWords, SCAN_RULES, scanObservedInWords } from '../../../findings/prose/scan.ts';
import { scannedEntry, scannedEntryInWords } from '../../../findings/prose/structures.ts';
import { hex } from '../../../hex.ts';
import type { ScanFailureReport } from '../../../inspect/emulation/outcome.ts';
import type { SmmuReport } from '../../../inspect/inspection.ts';
import { idRanges } from '../../prose/adoption/id-ranges.ts';
import { count, grouped } from '../../prose/quantities.ts';
import { alarm, type Block, facts, notes, type Row, type Section } from '../section.ts';

/** Rows of this table say where the driver stops; a real one has at most a handful. */
const MAX_FAILURES_SHOWN = 100;

const COLUMNS = [
  { title: 'SID', kind: 'number' },
  { title: 'Entry' },
  { title: 'At', kind: 'number' },
  { title: 'Rule broken' },
  { title: 'Observed' },
  { title: 'Kernel', optional: true },
] as const;

/** Null where the revision makes no scan or did not come to it. */
export function idScan({ adoption }: SmmuReport): Section | null {
  const scan = adoption.idScan;
  if (scan === null) return null;
  const { failures, failuresNotListed, rolledBack, cds, cdTables, unknownEntries, contestedAsids, gaveUp, outcome } =
    scan;
  const { asids, vmids } = adoption.reserved;
  const reserved = outcome === 'reserved';
  const table: Block = {
    table: { label: 'Rules broken', columns: COLUMNS, rows: failures.map(row), most: MAX_FAILURES_SHOWN },
  };
  return {
    id: 'ids',
    title: 'IDs in use',
    aside: `${count(cds, 'context descriptor')} in ${count(cdTables, 'table')} scanned`,
    detail: true,
    blocks: [
      facts([
        ['ASIDs reserved', reserved ? idRanges(asids) : null],
        ['VMIDs reserved', reserved ? idRanges(vmids) : null],
        [
          'Rolled back',
          outcome === 'failed'
            ? `${count(rolledBack.asids, 'ASID')} and ${count(rolledBack.vmids, 'VMID')}; the kernel's log does not say why, this does:`
            : null,
        ],
        [
          'Not known',
          unknownEntries > 0 ? `${count(unknownEntries, 'entry', 'entries')} cannot be read from this dump` : null,
        ],
        [
          'Contested',
          contestedAsids > 0
            ? `${count(contestedAsids, 'ASID')} may be in use by a domain of an SMMU that probes before`
            : null,
        ],
        ['Given up', gaveUp && gaveUpInWords(gaveUp)],
      ]),
      ...(failures.length > 0 ? [table] : []),
      notes(failuresNotListed > 0 && `And ${grouped(failuresNotListed)} more that are not listed.`),
    ],
  };
}

function row({ rule, sid, ste, cd, observed, required, stopsHere }: ScanFailureReport): Row {
  const at = cd?.address ?? ste;
  return {
    tone: stopsHere ? 'bad' : 'plain',
    cells: [
      hex(sid),
      scannedEntryInWords(scannedEntry(cd, ste)),
      at === null ? null : hex(at),
      SCAN_RULES[rule],
      `${scanObservedInWords(observed)}; required: ${requiredInWords(required)}`,
      stopsHere ? alarm('stops here') : null,
    ],
  };
}
