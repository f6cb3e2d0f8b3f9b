/** What does the driver map and allocate, and who gives it back? */

import type { Revision } from '../../../adopt/revisions/revision.ts';
import { REVISIONS } from '../../../adopt/revisions/revisions.ts';
import { allocatedInWords, remapReasonInWords } from '../../../findings/prose/memory.ts';
import { hex } from '../../../hex.ts';
import { doesProbeFail } from '../../../inspect/emulation/adoption-report.ts';
import type { Releaser } from '../../../inspect/emulation/outcome.ts';
import type { AllocationReport, MappingReport, SmmuReport } from '../../../inspect/inspection.ts';
import { count } from '../../prose/quantities.ts';
import { alarm, type Block, type Column, notes, type Row, type Section, type Span, toned } from '../section.ts';

/** The ID scan of a large machine maps thousands of tables for a moment each. */
const MAX_SCAN_ROWS = 40;
/** A hostile table has a device behind every descriptor. */
const MAX_ROWS = 500;

const COLUMNS: readonly Column[] = [
  { title: 'Made by', kind: 'code' },
  { title: 'Call', kind: 'code' },
  { title: 'Of' },
  { title: 'Address', kind: 'number', optional: true },
  { title: 'Bytes', kind: 'number' },
  { title: 'Result' },
  { title: 'Given back' },
  { title: 'Pages', optional: true, yields: 'below' },
  { title: 'Note', optional: true, yields: 'below' },
];

export function ledger(smmu: SmmuReport): Section {
  const { adoption, inserts } = smmu;
  const held = adoption.mappings.filter(({ transient: brief }) => !brief);
  const transient = adoption.mappings.filter(({ transient: brief }) => brief);
  const rows = [
    ...held.map((mapping) => mappingRow('adoption', mapping)),
    ...adoption.allocations.map(allocationRow),
    ...transient.slice(0, MAX_SCAN_ROWS).map((mapping) => mappingRow('ID scan', mapping)),
    ...inserts
      .filter(({ asked }) => asked !== false)
      .flatMap(({ sid, mappings }) => mappings.map((mapping) => mappingRow(`SID ${hex(sid)}`, mapping))),
  ];
  const more = Math.max(0, transient.length - MAX_SCAN_ROWS) + adoption.mappingsNotListed;
  const label = 'Mappings and allocations';
  const listed: Block[] = [
    { table: { label, columns: COLUMNS, rows, most: MAX_ROWS } },
    notes(more > 0 && `And ${count(more, 'more mapping')} of the ID scan, each released at once.`, tearDown(smmu)),
  ];
  return {
    id: 'ledger',
    title: label,
    short: 'Mappings',
    detail: true,
    blocks: rows.length === 0 ? [notes('Nothing is mapped.')] : listed,
  };
}

function mappingRow(by: string, mapping: MappingReport): Row {
  const { kind, purpose, address, size, ok, held, pages, why } = mapping;
  const counted = Object.entries(pages).filter(([, number]) => number > 0);
  return {
    cells: [
      by,
      kind,
      purpose,
      hex(address),
      size,
      ok ? toned('good', held ? 'ok, held' : 'ok') : alarm('failed'),
      ok ? givenBackBy(mapping) : null,
      counted.map(([state, number]) => `${number} ${state}`).join(', ') || null,
      why && remapReasonInWords(why),
    ],
  };
}

function allocationRow({ call, what, size, ok, released }: AllocationReport): Row {
  const back = released ? 'yes' : alarm('leaked');
  const result = ok ? toned('good', 'ok') : alarm('failed');
  return { cells: ['adoption', call, allocatedInWords(what), null, size, result, ok ? back : null, null, null] };
}

const GIVEN_BACK: Readonly<Record<Releaser, string>> = {
  'id-scan': 'by the scan',
  fallback: 'by the fall-back',
  cleanup: 'by the clean-up',
  'failed-probe': 'by devres',
  unbinding: 'by devres',
};

function givenBackBy({ released, releasedBy }: MappingReport): string | Span {
  return releasedBy !== null && released ? GIVEN_BACK[releasedBy] : alarm('leaked');
}

function tearDown(smmu: SmmuReport): string {
  const { revision, teardown } = smmu.adoption;
  const { registerPage, leaked, doubleReleased } = teardown;
  const page = registerPage === 'live' ? '' : `, with the register page reading as ${registerPage}`;
  return (
    `After the tear-down${page}: ${leaked} leaked, ${doubleReleased} released twice. ` +
    `${cleanUpInWords(REVISIONS.get(revision))}devres acts ${doesProbeFail(smmu) ? 'as the probe fails' : 'at unbind'}.`
  );
}

/** Through v5 there is no function of that name, and through v3 nothing is given back before the end. */
function cleanUpInWords(revision: Revision | undefined): string {
  if (revision?.holds !== 'devres') {
    return 'The clean-up is arm_smmu_kdump_adopt_cleanup (on failure, or when the SMMU is unbound); ';
  }
  if (revision.cleanupAsks === 'nothing') return 'Nothing is given back before the end: ';
  return 'A fall-back gives the table back with devm_memunmap() and devm_kfree(); ';
}
