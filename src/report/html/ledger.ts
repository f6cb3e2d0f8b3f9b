/** What the driver maps and allocates, who gives it back, and the driver's state when the adoption is over. */

import { allocatedInWords, remapReasonInWords } from '../../findings/prose/memory.ts';
import { hex } from '../../hex.ts';
import type { AdoptionReport, MappingReport, SmmuReport } from '../../inspect/inspection.ts';
import { type Content, count, type Html, html } from './markup.ts';
import { badge, cutTable, facts, NOTHING, note, section, sectionId } from './section.ts';

/** The ID scan of a large machine maps thousands of tables for a moment each. */
const MAX_ROWS = 500;

export function ledger(index: number, { adoption, inserts }: SmmuReport): Html {
  const maker = ({ transient }: MappingReport) => (transient ? 'ID scan' : 'adoption');
  const made: [string, MappingReport][] = [
    ...adoption.mappings.map((mapping): [string, MappingReport] => [maker(mapping), mapping]),
    ...inserts
      .filter(({ asked }) => asked !== false)
      .flatMap(({ sid, mappings }) => mappings.map((mapping): [string, MappingReport] => [`SID ${hex(sid)}`, mapping])),
  ];
  const { allocations, mappingsNotListed } = adoption;
  const rows = [
    ...made.map(([by, mapping]) => mappingRow(by, mapping)),
    ...allocations.map(({ call, what, size, ok, released }) => [
      'adoption',
      call,
      allocatedInWords(what),
      NOTHING,
      String(size),
      ok ? badge('good', 'ok') : badge('bad', 'failed'),
      NOTHING,
      ok ? (released ? 'yes' : badge('bad', 'leaked')) : NOTHING,
      NOTHING,
    ]),
  ];
  const columns = [
    { title: 'Made by' },
    { title: 'Call' },
    { title: 'Of' },
    { title: 'Address', kind: 'number' as const },
    { title: 'Bytes', kind: 'number' as const },
    { title: 'Result' },
    { title: 'Pages' },
    { title: 'Given back' },
    { title: 'Note', optional: true },
  ];
  const listed =
    rows.length === 0
      ? html`<p>Nothing is mapped.</p>\n`
      : html`${cutTable('Mappings and allocations', columns, rows, MAX_ROWS)}${
          mappingsNotListed > 0 &&
          note(`${count(mappingsNotListed, 'more mapping')} of the ID scan, each released at once.`)
        }${note(tearDown(adoption))}`;
  return section(sectionId(index, 'ledger'), 'Mappings and allocations', null, listed);
}

function mappingRow(by: string, mapping: MappingReport): Content[] {
  const { kind, purpose, address, size, ok, held, pages, why } = mapping;
  const counted = Object.entries(pages).filter(([, number]) => number > 0);
  return [
    by,
    kind,
    purpose,
    hex(address),
    String(size),
    ok ? badge('good', held ? 'ok, held' : 'ok') : badge('bad', 'failed'),
    counted.map(([state, number]) => `${number} ${state}`).join(', '),
    ok ? releasedBy(mapping) : NOTHING,
    why === null ? NOTHING : remapReasonInWords(why),
  ];
}

function releasedBy({ kind, released, transient }: MappingReport): Content {
  if (!released) return badge('bad', 'leaked');
  if (transient) return 'by the scan';
  return kind === 'memremap' ? 'by the clean-up' : 'by devres';
}

function tearDown({ teardown: { registerPage, leaked, doubleReleased } }: AdoptionReport): string {
  const page = registerPage === 'live' ? '' : `, with the register page reading as ${registerPage}`;
  return (
    `After the tear-down${page}: ${leaked} leaked, ${doubleReleased} released twice. The clean-up is ` +
    'arm_smmu_kdump_adopt_cleanup (on failure, or when the SMMU is unbound); devres acts at unbind.'
  );
}

/** The driver's strtab_cfg and feature bits as the adoption leaves them. */
export function driverState(index: number, { adoption, features }: SmmuReport): Html {
  const { strtabCfg, featuresAfter, optionAfter } = adoption;
  const bit = (on: boolean | null) => (on === null ? 'unknown' : on ? 'set' : 'clear');
  const change = (before: boolean, after: boolean) =>
    before === after ? bit(after) : `${bit(before)} \u2192 ${bit(after)}`;
  const body = facts([
    ['strtab_cfg', adoption.verdict === 'indeterminate' ? 'cannot be told' : strtabText(strtabCfg)],
    ['2_LVL_STRTAB', change(features.twoLevelStreamTable, featuresAfter.twoLevelStreamTable)],
    ['2_LVL_CDTAB', change(features.twoLevelCdTable, featuresAfter.twoLevelCdTable)],
    ['COHERENCY', change(features.coherent, featuresAfter.coherent)],
    ['OPT_KDUMP_ADOPT', bit(optionAfter)],
  ]);
  return section(sectionId(index, 'state'), 'Driver state afterwards', null, body);
}

function strtabText(cfg: AdoptionReport['strtabCfg']): string {
  if (cfg === null) return 'not adopted, built anew by the ordinary path';
  if ('linear' in cfg)
    return `linear.table maps ${hex(cfg.linear.table)}, num_ents ${cfg.linear.numEnts}, ste_dma unset`;
  const { l1tab, numL1Ents, l2ptrs } = cfg.l2;
  const fresh = l2ptrs.filter(({ table }) => table === null).length;
  return (
    `l2.l1tab maps ${hex(l1tab)}, num_l1_ents ${numL1Ents}, l1_dma unset; l2ptrs: ${l2ptrs.length} of ${numL1Ents} set ` +
    `(${fresh} of them fresh), the rest lazily`
  );
}
