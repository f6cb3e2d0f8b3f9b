/** What becomes of the STEs of firmware's reserved memory regions? */

import { hex } from '../../../hex.ts';
import type { RmrReport, SmmuReport } from '../../../inspect/inspection.ts';
import type { Section } from '../section.ts';
import { deviceNames } from './device-cells.ts';

const COLUMNS = [
  { title: 'SID', kind: 'number' },
  { title: 'Device', optional: true },
  { title: 'STE found' },
  { title: 'What becomes of it' },
] as const;

/** Null unless RMR entries were asked about. */
export function rmr(smmu: SmmuReport): Section | null {
  const { rmr: entries } = smmu;
  if (entries.length === 0) return null;
  const nameOf = deviceNames(smmu);
  const table = smmu.adoption.verdict === 'adopted' ? "crashed kernel's" : 'new';
  const becomes = ({ kept, failed }: RmrReport): string => {
    if (kept === null) return 'cannot be told';
    if (failed)
      return kept ? 'kept: no bypass STE can be written' : 'no bypass STE can be written: the new table aborts it';
    return kept ? 'kept as it is' : `replaced by a bypass STE in the ${table} table`;
  };
  const rows = entries.map((entry) => ({
    cells: [
      hex(entry.sid),
      nameOf(entry.sid),
      entry.config === null ? 'not known' : `${entry.config}${entry.valid === true ? '' : ', V=0'}`,
      becomes(entry),
    ],
  }));
  return {
    id: 'rmr',
    title: 'Reserved memory regions of firmware',
    short: 'Reserved regions',
    blocks: [{ table: { label: 'Reserved memory regions', columns: COLUMNS, rows, most: 1000 } }],
  };
}
