/** What becomes of the STEs of firmware's reserved memory regions? */

import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { deviceNames } from './device-cells.ts';
import type { Section } from './section.ts';

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
  const rows = entries.map(({ sid, kept, config, valid }) => ({
    cells: [
      hex(sid),
      nameOf(sid),
      config === null ? 'not known' : `${config}${valid === true ? '' : ', V=0'}`,
      kept === null ? 'cannot be told' : kept ? 'kept as it is' : `replaced by a bypass STE in the ${table} table`,
    ],
  }));
  return {
    id: 'rmr',
    title: 'Reserved memory regions of firmware',
    short: 'Reserved regions',
    blocks: [{ table: { label: 'Reserved memory regions', columns: COLUMNS, rows, most: 1000 } }],
  };
}
