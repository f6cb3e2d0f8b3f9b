/** What faults did the crashed kernel log before it ended, and what do its tables say of them? */

import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { inDumpInWords } from '../log/words.ts';
import { count } from '../prose/quantities.ts';
import { code, notes, type Section } from './section.ts';

const COLUMNS = [
  { title: 'Count', kind: 'number' },
  { title: 'Event', kind: 'code' },
  { title: 'SID', kind: 'number' },
  { title: 'Device', optional: true },
  { title: 'Address', kind: 'number' },
  { title: 'In the dump', yields: 'below', optional: true },
] as const;

/** More than these are for `log`. */
const MAX_ROWS = 20;

/** Null where it logged none, or where its log is not in the dump. */
export function crashedFaults({ faults = [] }: SmmuReport): Section | null {
  if (faults.length === 0) return null;
  const rows = faults.map((fault) => ({
    cells: [
      fault.count,
      fault.what,
      fault.sid === null ? null : hex(fault.sid),
      fault.device,
      fault.address === null ? null : hex(fault.address),
      fault.inDump === null ? null : inDumpInWords(fault.inDump),
    ],
  }));
  const times = faults.reduce((sum, fault) => sum + fault.count, 0);
  return {
    id: 'crashed-faults',
    title: 'Faults of the crashed kernel',
    short: 'Its faults',
    aside: `${count(times, 'event')} in its log`,
    blocks: [
      { table: { label: 'Faults of the crashed kernel', columns: COLUMNS, rows, most: MAX_ROWS } },
      notes(['All that it says: ', code('smmu-adopt log --dump DUMP')]),
    ],
  };
}
