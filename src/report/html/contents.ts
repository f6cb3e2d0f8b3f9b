/** The contents of the report: links to the sections of each SMMU, as far as it has them. */

import type { Inspection, SmmuReport } from '../../inspect/inspection.ts';
import { type Content, Html, html } from './markup.ts';
import { sectionId } from './section.ts';

const SECTIONS: readonly (readonly [name: string, title: string, has: (smmu: SmmuReport) => boolean])[] = [
  ['verdict', 'Verdict', () => true],
  ['findings', 'Findings', () => true],
  ['risks', 'Risks', () => true],
  ['revisions', 'Revisions', ({ adoptions }) => adoptions !== null],
  ['log', 'Kernel log', () => true],
  ['checks', 'Checks', () => true],
  ['ids', 'IDs in use', ({ adoption }) => adoption.idScan !== null],
  ['reset', 'Reset', ({ reset: report }) => report !== null],
  ['devices', 'Devices', ({ inserts, devices }) => inserts.length + devices.length > 0],
  ['rmr', 'Reserved regions', ({ rmr: entries }) => entries.length > 0],
  ['firmware', 'Firmware', ({ platform }) => (platform?.source ?? null) !== null],
  ['reachable', 'In-flight DMA', ({ reachable: list }) => (list ?? []).length > 0],
  ['l1', 'L1 descriptors', ({ table }) => table.format === '2lvl'],
  ['stes', 'Stream table entries', () => true],
  ['memory', 'Physical memory', () => true],
  ['ledger', 'Mappings', () => true],
  ['state', 'Driver state', () => true],
  ['registers', 'Registers', () => true],
  ['assumptions', 'Assumptions', ({ assumptions: list }) => list.length > 0],
];

export function contents({ smmus }: Inspection): Html {
  const links = (smmu: SmmuReport, index: number) =>
    html`<ul>${SECTIONS.filter(([, , has]) => has(smmu)).map(
      ([name, label]) => html`<li><a href="#${sectionId(index, name)}">${label}</a></li>`,
    )}</ul>`;
  const [only] = smmus;
  const body: Content =
    smmus.length === 1 && only !== undefined
      ? links(only, 0)
      : smmus.map(
          (
            smmu,
            index,
          ) => html`<details${index === 0 && new Html(' open')}><summary>${smmu.name}</summary>${links(smmu, index)}</details>
`,
        );
  return html`<nav aria-label="Contents">
<div>${body}
<ul><li><a href="#input">Input</a></li></ul></div>
</nav>`;
}
