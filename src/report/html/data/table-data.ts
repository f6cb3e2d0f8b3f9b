/**
 * The stream table: the places where the browser's part shows the L1 map and the STEs, and the rows themselves as data.
 * Rows are read from the dump while they are written, so a table of millions never has to fit in memory.
 */

import { findingsOf } from '../../../findings/by-smmu.ts';
import type { Finding } from '../../../findings/findings.ts';
import { GRAVEST_FIRST } from '../../../findings/worst.ts';
import type { SmmuReport } from '../../../inspect/inspection.ts';
import { tableAddressBits } from '../../../smmu/structures/stream-table.ts';
import type { L1Row } from '../../../tables/l1-rows.ts';
import type { SteRow } from '../../../tables/ste-rows.ts';
import { count } from '../../prose/quantities.ts';
import type { Mark } from '../../sections/marks.ts';
import { html, scriptJson } from '../markup.ts';
import { note, sectionId } from '../section.ts';
import type { MemoryItems } from './memory-items.ts';
import { packL1, StePacker } from './pack.ts';
import type { PackedSmmu } from './packed.ts';

/** More than the browser shows with ease would serve nobody; JSON has all of them. For all SMMUs together. */
const MAX_STES_EMBEDDED = 250_000;
/** Twice what Linux builds. */
const MAX_L1_EMBEDDED = 1 << 18;
/** Of all STEs together: a table of garbage has hundreds behind every one. */
const MAX_CDS_EMBEDDED = 250_000;

/** How many rows may still be embedded. */
export class Budget {
  stes = MAX_STES_EMBEDDED;
  l1 = MAX_L1_EMBEDDED;
  cds = MAX_CDS_EMBEDDED;
}

/** What the browser has to know of an SMMU before it sees a row. */
export function* smmuData(
  index: number,
  smmu: SmmuReport,
  all: readonly Finding[],
  marks: readonly Mark[],
): Generator<string> {
  const { table, census, platform, masters } = smmu;
  const split = table.split ?? 0;
  const located = findingsOf(all, smmu.name).flatMap((finding) => {
    const { firstSid, lastSid } = finding.location;
    return firstSid === undefined || lastSid === undefined ? [] : [{ finding, firstSid, lastSid }];
  });
  const data: PackedSmmu = {
    base: table.base,
    split,
    addressBits: tableAddressBits(smmu.features.oasBits),
    entries: table.entries,
    sids: census.stes,
    findings: GRAVEST_FIRST.flatMap((severity) =>
      located
        .filter(({ finding }) => finding.severity === severity)
        .map(({ finding, firstSid, lastSid }) => [finding.rule, firstSid, lastSid] as const),
    ),
    missing: located
      .filter(({ finding }) => finding.rule === 'table-not-in-dump' && finding.args.table === 'l1-table')
      .map(({ firstSid, lastSid }) => [Math.floor(firstSid / 2 ** split), Math.floor(lastSid / 2 ** split)] as const),
    marks: marks.map(({ text, firstSid, lastSid }) => [text, firstSid, lastSid]),
    ...(platform === undefined ? {} : { ranges: platform.ranges }),
    ...(masters.length === 0 ? {} : { devices: masters.map(({ sid, device }) => ({ sid, device })) }),
  };
  yield `<script type="application/json" id="${sectionId(index, 'data')}">${scriptJson(data)}</script>\n`;
}

/** The map of the L1 descriptors, and the same as a table. */
export function* l1Body(index: number, { l1 }: SmmuReport, items: MemoryItems, budget: Budget): Generator<string> {
  const id = sectionId(index, 'l1');
  let left = 0;
  const rows = function* (): Generator<unknown> {
    for (const row of l1 as Iterable<L1Row>) {
      if (budget.l1 === 0) left += 1;
      else {
        budget.l1 -= 1;
        items.addL2(row);
        yield packL1(row);
      }
    }
  };
  yield* jsonRows(`${id}-rows`, rows());
  if (left > 0) yield note(leftOut(left, 'descriptor')).markup;
  yield html`<div class="l1-map" data-smmu="${index}"></div>
<details class="l1-rows" data-smmu="${index}"><summary>The same as a table</summary></details>
${SCRIPT_NEEDED}`.markup;
}

/** The table of STEs with all that is behind them. */
export function* steBody(index: number, { stes }: SmmuReport, items: MemoryItems, budget: Budget): Generator<string> {
  const id = sectionId(index, 'stes');
  let [embedded, stesLeft, cdsLeft] = [0, 0, 0];
  const packer = new StePacker();
  const rows = function* (): Generator<unknown> {
    for (const row of stes as Iterable<SteRow>) {
      if (budget.stes === 0) {
        stesLeft += 1;
        if (stes.count === null) continue;
        stesLeft = stes.count - embedded;
        break;
      }
      embedded += 1;
      const cds = row.cds.slice(0, budget.cds);
      budget.stes -= 1;
      budget.cds -= cds.length;
      cdsLeft += row.cds.length - cds.length;
      items.addCdTable(row);
      yield packer.pack(row, cds);
    }
  };
  yield* jsonRows(`${id}-rows`, rows());
  if (stesLeft > 0) yield note(leftOut(stesLeft, 'STE')).markup;
  if (cdsLeft > 0) yield note(leftOut(cdsLeft, 'context descriptor')).markup;
  yield html`<div class="stes" data-smmu="${index}"></div>
${SCRIPT_NEEDED}`.markup;
}

const SCRIPT_NEEDED = html`<noscript><p class="note">This part is shown by a script of the page; the JSON report has the same rows.</p></noscript>
`;

function leftOut(number: number, what: string): string {
  return `${count(number, `more ${what}`)} ${number === 1 ? 'is' : 'are'} left out of this page; the JSON report has all.`;
}

/** Text that is handed on at once. */
const CHUNK_LENGTH = 1 << 16;

function* jsonRows(id: string, rows: Iterable<unknown>): Generator<string> {
  let chunk = `<script type="application/json" id="${id}">[`;
  let separator = '\n';
  for (const row of rows) {
    chunk += separator + scriptJson(row);
    separator = ',\n';
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = '';
  }
  yield `${chunk}]</script>\n`;
}
