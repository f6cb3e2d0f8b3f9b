/** `log --format html`: what a kernel log says of its SMMUs, as one file that needs nothing else and runs nothing. */

import type { LogReport } from '../../inspect/log/log-report.ts';
import { escaped } from '../escape.ts';
import { logSections, type SmmuInLog } from '../log/sections.ts';
import { count } from '../prose/quantities.ts';
import { facts, type Section } from '../sections/section.ts';
import { signed } from './answer.ts';
import { reportAssets } from './assets.ts';
import { contents } from './contents.ts';
import { type Html, html } from './markup.ts';
import { foot, head } from './page.ts';
import { blockOf, section } from './render.ts';
import { sectionId } from './section.ts';

/** More rows than anybody reads in a page; a real log has a handful of groups. */
const MAX_ROWS = 1000;

/** `verbose`: with the lines that could not be used. */
export function* logPage(report: LogReport, verbose: boolean): Generator<string> {
  const safe = escaped(report);
  const { smmus, others } = logSections(safe, MAX_ROWS, verbose);
  const { style } = reportAssets();
  yield head(`SMMU faults: ${safe.files.join(', ')}`, style, null).markup;
  yield html`<header>
<h1>What the kernel log says of its SMMUs</h1>
<p class="files">${safe.files.join(', ')}</p>
</header>
<div class="page">
${contents(smmus)}
<main id="content" tabindex="-1">
`.markup;
  for (const [index, smmu] of smmus.entries()) yield smmuArticle(smmu, index).markup;
  yield html`${others.map((one) => section(null, one))}${section(null, input(safe))}${foot(null)}`.markup;
}

function smmuArticle({ name, answer, tone, sections: [short, ...rest] }: SmmuInLog, index: number): Html {
  const id = sectionId(index, 'answer');
  return html`<article aria-labelledby="${id}-title">
<section id="${id}" class="verdict ${tone}">
<h2 id="${id}-title"><span class="name">${name}</span></h2>
${signed(tone, answer)}${short?.blocks.map((block) => blockOf(block, index)) ?? ''}</section>
${rest.map((one) => section(index, one))}</article>
`;
}

function input({ files, lines, smmuLines, boots }: LogReport): Section {
  return {
    id: 'input',
    title: 'Input',
    blocks: [
      facts([
        [files.length === 1 ? 'Log' : 'Logs', files.join(', ')],
        ['Lines', `${count(lines, 'line')}, ${smmuLines} of them of SMMUs`],
        ['Boots', boots > 1 ? String(boots) : null],
      ]),
    ],
  };
}
