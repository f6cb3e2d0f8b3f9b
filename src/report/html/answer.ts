/** How does the answer look? First and large, with what decided it; for several SMMUs all of them in one table. */

import { failed } from '../../adopt/checks.ts';
import { hex } from '../../hex.ts';
import type { Inspection, SmmuReport } from '../../inspect/inspection.ts';
import { findingCounts, headline } from '../sections/adoption/verdict.ts';
import type { Section, Tone } from '../sections/section.ts';
import { findingsAbout } from '../sections/smmu.ts';
import { type Content, code, type Html, html } from './markup.ts';
import { prose } from './prose.ts';
import { blockOf } from './render.ts';
import { NOTHING, sectionId } from './section.ts';

/** Beside the words for a fate, for those who do not see colours. */
const SIGNS: Readonly<Record<Tone, string>> = {
  good: '\u2713',
  bad: '\u2715',
  warn: '\u2013',
  unknown: '?',
  plain: '\u2013',
};

export function answer(smmu: SmmuReport, index: number, verdict: Section): Html {
  const { tone, name, answer: said, revision } = headline(smmu);
  const { base } = smmu;
  const id = sectionId(index, verdict.id);
  return html`
<section id="${id}" class="verdict ${tone}">
<h2 id="${id}-title"><span class="name">${name}</span> <small>${
    base !== null && html`at ${code(hex(base))}, `
  }revision ${revision}</small></h2>
${signed(tone, prose(said, index))}${verdict.blocks.map((block) => blockOf(block, index))}</section>
`;
}

/** The answer itself, with the sign of its tone. */
export function signed(tone: Tone, said: Content): Html {
  return html`<p class="answer"><span class="sign" aria-hidden="true">${SIGNS[tone]}</span> ${said}</p>
`;
}

/** All SMMUs in one table, for a machine that has several. */
export function overview(inspection: Inspection): Html {
  const columns = [{ title: 'SMMU' }, { title: 'Verdict' }, { title: 'Decided by' }, { title: 'Findings' }];
  const rows = inspection.smmus.map((smmu, i) => {
    const { tone, name, answer: said } = headline(smmu);
    const cells = [
      html`<a href="#${sectionId(i, 'verdict')}">${name}</a>`,
      html`<strong>${prose(said, i)}</strong>`,
      failed(smmu.adoption.decidedBy)?.id ?? NOTHING,
      prose(findingCounts(findingsAbout(smmu, inspection)), i),
    ];
    return html`<tr role="row" class="${tone}">${cells.map(
      (cell, at) =>
        html`<td role="cell" class="prose" data-title="${columns[at]?.title ?? ''}"><span>${cell}</span></td>`,
    )}</tr>\n`;
  });
  return html`<section><table role="table" class="static" aria-label="All SMMUs">
<thead role="rowgroup"><tr role="row">${columns.map(
    ({ title }) => html`<th role="columnheader" scope="col">${title}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">
${rows}</tbody></table></section>`;
}
