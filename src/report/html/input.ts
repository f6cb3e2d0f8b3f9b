/** What was read, and what there is to say about it whatever the SMMU. */

import { findingsOf } from '../../findings/by-smmu.ts';
import { hex } from '../../hex.ts';
import type { DumpReport, Inspection } from '../../inspect/inspection.ts';
import { dumpAssumptionInWords } from '../prose/dump.ts';
import { findingList } from './findings.ts';
import { byteSize, code, count, type Html, html } from './markup.ts';
import { details, facts, table } from './section.ts';

/** A memory map of more ranges than these is folded away. */
const MAX_RANGES_SHOWN = 8;
/** And one of more than these is no map that anybody reads. */
const MAX_RANGES_LISTED = 1000;

export function input({ dump, later, findings }: Inspection): Html {
  const general = findingsOf(findings, null);
  return html`
<section id="input">
<h2>Input</h2>
${general.length > 0 && findingList(general, null)}${oneDump('Dump', dump)}${later !== null && oneDump('Later dump', later)}</section>
`;
}

function oneDump(title: string, { files, format, wrapper, pageSize, complete, memory, assumptions }: DumpReport): Html {
  const size = memory.reduce((sum, { start, end }) => sum + end - start, 0);
  const rows = memory
    .slice(0, MAX_RANGES_LISTED)
    .map(({ start, end }) => [`${hex(start)}\u2013${hex(end - 1)}`, byteSize(end - start)]);
  const columns = [
    { title: 'RAM, according to the dump', kind: 'code' as const },
    { title: 'Size', kind: 'number' as const },
  ];
  const ranges = table(`${title}: RAM`, columns, rows);
  return html`<h3>${title}</h3>
${facts([
  ['Files', files.map((file, i) => [i > 0 && ', ', code(file)])],
  ['Container', format + (wrapper === null ? '' : `, ${wrapper}`)],
  ['Pages', byteSize(pageSize)],
  ['Complete', complete ? 'yes' : 'no'],
  ['RAM', `${byteSize(size)} in ${count(memory.length, 'range')}`],
  ...assumptions
    .map(dumpAssumptionInWords)
    .map(({ what, value, why }) => [`Assumed ${what}`, `${value} (${why})`] as const),
])}${memory.length > MAX_RANGES_SHOWN ? details('Memory map', ranges) : ranges}`;
}
