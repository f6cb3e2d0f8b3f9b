/** Which rows of the stream table are listed, and what is said of the rest. */

import type { Revision } from '../adopt/revisions/revision.ts';
import type { MemoryView } from '../dump/view.ts';
import type { FindingList } from '../findings/findings.ts';
import type { DeviceNames } from '../platform/device-names.ts';
import { Rows } from '../rows.ts';
import type { Census, HardwareView, SteSelection } from '../tables/hardware-view.ts';
import { type L1Row, l1Row } from '../tables/l1-rows.ts';
import { firstOf, type ListBudget } from '../tables/listing.ts';
import { steRows } from '../tables/ste-rows.ts';
import type { SmmuReport } from './inspection.ts';

/** What is asked for. */
interface Asked {
  readonly now: { readonly view: MemoryView };
  readonly revision: Revision;
  /** Only these StreamIDs, whatever their STEs hold; null: those in use. */
  readonly sids: readonly number[] | null;
  /** Unused descriptors and abort STEs too. */
  readonly all: boolean;
  readonly list: ListBudget;
}

/** Where it comes from. */
interface Source {
  readonly view: HardwareView;
  readonly census: Census;
  readonly ssidBits: number;
  readonly names: DeviceNames | undefined;
}

type TableRows = Pick<SmmuReport, 'l1' | 'l1NotListed' | 'stes' | 'stesNotListed'>;

/** Takes what is listed from the report's budget, and adds a finding where that ends. */
export function tableRows(asked: Asked, source: Source, findings: FindingList): TableRows {
  const rows = { ...l1Rows(asked, source), ...stesOf(asked, source) };
  const { l1NotListed, stesNotListed } = rows;
  if (l1NotListed > 0) findings.add('list-cut', { what: 'L1 descriptors', notListed: l1NotListed });
  if (stesNotListed > 0) findings.add('list-cut', { what: 'STEs', notListed: stesNotListed });
  return rows;
}

function l1Rows({ all, revision, list }: Asked, { view }: Source): Pick<TableRows, 'l1' | 'l1NotListed'> {
  const rows = function* (): Generator<L1Row> {
    for (const entry of view.l1Entries(all)) {
      const row = l1Row(view, entry, revision);
      if (all || row.status !== 'unused') yield row;
    }
  };
  const { format, entries } = view.geometry;
  let total = format === '2lvl' ? entries : 0;
  // Otherwise it does not matter how many of them are in use.
  if (total > list.l1) {
    total = 0;
    for (const _ of rows()) total += 1;
  }
  const listed = list.takeL1(total);
  return { l1: new Rows(() => firstOf(rows(), listed)), l1NotListed: total - listed };
}

function stesOf(
  { now, all, sids, list }: Asked,
  { view, census, ssidBits, names }: Source,
): Omit<TableRows, keyof ReturnType<typeof l1Rows>> {
  const limits = list.steLimits;
  const wanted = sids === null ? null : [...new Set(sids)].sort((a, b) => a - b);
  const { listed, notListed } =
    wanted === null ? view.select(all, limits, census) : firstWanted(wanted.length, limits.stes);
  list.take(listed);
  const found = () => (wanted === null ? view.stes(all, limits) : view.stesOf(firstOf(wanted, listed.stes)));
  const rows = () => steRows(found(), now.view, ssidBits, names, list.cds);
  // Of those asked for some may have no STE.
  const count = wanted === null ? listed.stes : null;
  return { stes: new Rows(rows, count), stesNotListed: notListed };
}

/** StreamIDs that were asked for are met one by one, whatever table they are in. */
function firstWanted(wanted: number, limit: number): SteSelection {
  const stes = Math.min(wanted, limit);
  return { listed: { stes, repeatedTables: 0 }, notListed: wanted - stes };
}
