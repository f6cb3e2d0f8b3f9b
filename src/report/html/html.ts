/**
 * `--format html`: the whole inspection as one file that needs nothing else. The answer comes first, the evidence below
 * it. What is small is written as HTML; table rows are data that the page's script shows on demand.
 */

import type { AddressRange } from '../../dump/memory.ts';
import type { Inspection, SmmuReport } from '../../inspect/inspection.ts';
import { escaped } from '../escape.ts';
import { registersOrigin } from '../prose/crashed-kernel.ts';
import { redactionInWords } from '../prose/redaction.ts';
import { findingCounts } from '../sections/adoption/verdict.ts';
import { type Given, input } from '../sections/input.ts';
import type { Section } from '../sections/section.ts';
import { smmuSections } from '../sections/smmu.ts';
import { answer, overview } from './answer.ts';
import { reportAssets } from './assets.ts';
import { contents, type Heading } from './contents.ts';
import { MemoryItems } from './data/memory-items.ts';
import { Budget, l1Body, smmuData, steBody } from './data/table-data.ts';
import { type Html, html } from './markup.ts';
import { memoryMap } from './memory-map.ts';
import { foot, head } from './page.ts';
import { prose } from './prose.ts';
import { blockOf, section } from './render.ts';
import { SECTION_END, sectionId, sectionStart } from './section.ts';

export interface HtmlOptions {
  /** The kdump kernel's own memory, as far as it is known. */
  readonly kdumpRam?: readonly AddressRange[] | undefined;
  /** What the report was asked for with; null where nobody can say. */
  readonly given?: Given | null | undefined;
}

export function* htmlReport(
  inspection: Inspection,
  { kdumpRam = [], given = null }: HtmlOptions = {},
): Generator<string> {
  // Control characters of names are shown by their code, as in every format; the templates do the rest.
  const safe = escaped(inspection);
  const assets = reportAssets();
  const budget = new Budget();
  yield head(title(safe.dump), assets.style, assets.script).markup;
  yield html`${header(safe)}
<div class="page">
${contents(safe.smmus.map((smmu) => ({ name: smmu.name, sections: listed(smmuSections(smmu, safe).sections) })))}
<main id="content" tabindex="-1">
${safe.smmus.length > 1 && overview(safe)}`.markup;
  for (const [index, smmu] of safe.smmus.entries()) yield* smmuParts(safe, index, smmu, kdumpRam, budget);
  yield html`${section(null, input(safe, given))}${foot(assets.script)}`.markup;
}

/** Shown inside of the STEs. */
const ELSEWHERE = 'cds';

const MEMORY = { id: 'memory', title: 'Physical memory' };

/** What the contents list: physical memory stands behind the tables that are in it. */
function listed(sections: readonly Section[]): Heading[] {
  const headings = sections
    .filter(({ id }) => id !== ELSEWHERE)
    .map(({ id, title, short = title }) => ({ id, title, short }));
  return headings.flatMap((one) => (one.id === 'stes' ? [one, MEMORY] : [one]));
}

function title({ files }: Inspection['dump']): string {
  return `SMMU adoption: ${files.join(', ')}`;
}

function header(inspection: Inspection): Html {
  const { dump, later, smmus, kernel, findings: all } = inspection;
  const notes = [registersOrigin(kernel), redactionInWords(inspection)].filter((note) => note !== null);
  return html`<header>
<h1>What the kdump kernel does with the SMMU</h1>
<p class="files">${dump.files.join(', ')}${later !== null && `, later ${later.files.join(', ')}`}${
    // One SMMU says it itself.
    smmus.length > 1 && html` ${prose(findingCounts(all), null)}`
  }</p>
${notes.map((note) => html`<p>${note}</p>\n`)}</header>`;
}

function* smmuParts(
  inspection: Inspection,
  index: number,
  smmu: SmmuReport,
  kdumpRam: readonly AddressRange[],
  budget: Budget,
): Generator<string> {
  const items = new MemoryItems(smmu);
  const { sections, marks } = smmuSections(smmu, inspection);
  yield `<article aria-labelledby="${sectionId(index, 'verdict')}-title">`;
  for (const one of sections) {
    if (one.id === 'verdict') yield answer(smmu, index, one).markup;
    else if (one.id === 'l1') yield* tableSection(index, one, l1Body(index, smmu, items, budget));
    else if (one.id === 'stes') {
      yield* smmuData(index, smmu, inspection.findings, marks);
      yield* tableSection(index, one, steBody(index, smmu, items, budget));
      // Here and not earlier: what there is in memory was gathered from the rows as they were written.
      yield memoryMap(index, items, inspection, kdumpRam).markup;
    } else if (one.id !== ELSEWHERE) yield section(index, one).markup;
  }
  yield '</article>\n';
}

/** A section whose rows the page's script shows. */
function* tableSection(
  index: number,
  { id, title, aside, blocks }: Section,
  rows: Iterable<string>,
): Generator<string> {
  yield sectionStart(sectionId(index, id), title, aside === undefined ? null : prose(aside, index)).markup;
  for (const block of blocks) if (!('table' in block)) yield blockOf(block, index).markup;
  yield* rows;
  yield SECTION_END.markup;
}
