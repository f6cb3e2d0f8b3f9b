/** What does firmware say of the SMMU? Where from, and who is behind it. */

import { idsInWords } from '../../findings/prose/firmware.ts';
import { hex, hexRange } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { firmwareSourceInWords } from '../../snapshot/firmware-source.ts';
import { inUnits } from '../prose/quantities.ts';
import { facts, type Section } from './section.ts';

/** A large server has dozens, a table of garbage thousands. */
const MAX_RANGES_SHOWN = 100;

const COLUMNS = [
  { title: 'Behind it' },
  { title: 'IDs', optional: true },
  { title: 'SIDs', kind: 'code' },
  { title: 'Mask', kind: 'number', optional: true },
] as const;

/** Null unless a table of firmware's has the SMMU. */
export function firmware({ platform }: SmmuReport): Section | null {
  if (platform === undefined || platform.source === null) return null;
  const { source, instance, coherent, ranges, searched } = platform;
  const rows = ranges.map((range) => {
    const last = range.firstSid + range.count - 1;
    const sids = hexRange(range.firstSid, last);
    // Of a single StreamID the ID is a matter of the table's own.
    const own = range.kind === 'platform' && range.count === 1;
    return { cells: [range.name, own ? null : idsInWords(range), sids, own ? null : hex(range.mask)] };
  });
  return {
    id: 'firmware',
    title: 'Firmware',
    detail: true,
    blocks: [
      facts([
        ['Table', `${instance} in ${firmwareSourceInWords(source)}`],
        ['Coherent', coherent ? 'yes' : 'no'],
        ['Searched', searched === null ? null : `${inUnits(searched)} of the dump looked through`],
      ]),
      { table: { label: 'Firmware', columns: COLUMNS, rows, none: 'Nobody is behind it.', most: MAX_RANGES_SHOWN } },
    ],
  };
}
