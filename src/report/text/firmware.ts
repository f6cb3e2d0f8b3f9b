/** What firmware says of the SMMU: where from, who is behind it, and what memory is kept for whom. */

import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { DeviceNames, idsInWords } from '../../platform/device-names.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';
import { type Column, NOTHING, table } from './table.ts';

/** More are in JSON: a large server has dozens, a table of garbage thousands. */
const MAX_RANGES_SHOWN = 100;

const COLUMNS: readonly Column[] = [
  { title: 'Behind it', yields: 'wrap' },
  { title: 'IDs' },
  { title: 'SIDs' },
  { title: 'Mask', align: 'right' },
];

export function firmware(style: Style, { platform }: SmmuReport): string[] {
  if (platform === undefined || platform.source === null) return [];
  const { source, instance, coherent, ranges, searched } = platform;
  const found = searched === null ? '' : `; ${Math.ceil(searched / 2 ** 20)} MiB of the dump looked through`;
  const about = `${instance} in ${source}: ${coherent ? 'coherent' : 'not coherent'}${found}`;
  const lines = [...title(style, 'Firmware'), ...paragraph(style, INDENT, about)];
  const rows = ranges.slice(0, MAX_RANGES_SHOWN).map((range) => {
    const last = range.firstSid + range.count - 1;
    const sids = range.count === 1 ? hex(range.firstSid) : `${hex(range.firstSid)}-${hex(last)}`;
    // Of a single StreamID the ID is a matter of the table's own.
    const ids = range.kind === 'platform' && range.count === 1 ? NOTHING : idsInWords(range);
    return [range.name, ids, sids, ids === NOTHING ? NOTHING : hex(range.mask)];
  });
  if (rows.length === 0) return [...lines, `${INDENT}nobody is behind it`];
  lines.push(...table(style, COLUMNS, rows));
  const more = ranges.length - rows.length;
  return more > 0 ? [...lines, `${INDENT}and ${more} more mappings`] : lines;
}

/** A table has no room for the path of a device that hangs deep in a tree; JSON and the section above have it. */
const MAX_NAME_LENGTH = 24;

/** The name as it fits into a table of many columns: of a long path the end. */
export function shortName(name: string): string {
  const [last = name] = name.length > MAX_NAME_LENGTH ? name.split('/').slice(-1) : [name];
  return last.length > MAX_NAME_LENGTH ? `${last.slice(0, MAX_NAME_LENGTH - 3)}...` : last;
}

/** Device names by StreamID, null where there is none. */
export function deviceNames({
  platform,
  masters,
}: Pick<SmmuReport, 'platform' | 'masters'>): (sid: number) => string | null {
  const names = new DeviceNames(platform?.ranges ?? [], masters);
  return (sid) => names.deviceOf(sid);
}
