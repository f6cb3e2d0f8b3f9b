/** How does a section look on the page? Title, terms, tables, notes, logs: whatever it is about. */

import type { Block, Cell, Fact, LogEntry, Row, Section, Table } from '../sections/section.ts';
import { itemList } from './items.ts';
import { code, type Html, html } from './markup.ts';
import { prose } from './prose.ts';
import { details, NOTHING, note, SECTION_END, sectionId, sectionStart } from './section.ts';

/** A whole section. `smmu` is the SMMU's place in the report; null for what is about the input. */
export function section(smmu: number | null, { id, title, aside, blocks }: Section): Html {
  const start = sectionStart(sectionId(smmu, id), title, aside === undefined ? null : prose(aside, smmu));
  return html`${start}${blocks.map((block) => blockOf(block, smmu))}${SECTION_END}`;
}

/** One part of a section. */
export function blockOf(block: Block, smmu: number | null): Html {
  if ('facts' in block) return factList(block.facts, smmu);
  if ('table' in block) return table(block.table, smmu);
  if ('notes' in block) return html`${[...block.notes].map((text) => note(prose(text, smmu)))}`;
  return 'log' in block ? log(block.log) : itemList(block.items, smmu);
}

function factList(facts: readonly Fact[], smmu: number | null): Html {
  if (facts.length === 0) return html``;
  return html`<dl class="facts">
${facts.map(([term, said]) => html`<div><dt>${term}</dt><dd>${prose(said, smmu)}</dd></div>\n`)}</dl>
`;
}

function log(entries: readonly LogEntry[]): Html {
  const shown = entries.map(
    ({ level, tone, text }) => html`<li><span class="level ${tone}">${level}</span> <code>${text}</code></li>\n`,
  );
  return html`<ol class="log">\n${shown}</ol>\n`;
}

/**
 * Where the window is too narrow for columns, each row becomes a block with its titles before the cells, for which the
 * roles are written out: a table that is displayed as something else would lose them.
 */
function table(
  { label, columns, rows: all, none, most = Number.POSITIVE_INFINITY, as }: Table,
  smmu: number | null,
): Html {
  const rows = [...all];
  if (rows.length === 0) return none === undefined ? html`` : html`<p>${none}</p>\n`;
  const shown = rows.slice(0, most);
  const more = rows.length - shown.length;
  const left = more > 0 && note(`${more} more rows are left out here; the JSON report has all of them.`);
  if (as === 'phases') return html`${phases(label, shown, smmu)}${left}`;
  if (rows.some(({ inside }) => inside !== undefined)) return html`${shown.map((row) => opening(row, smmu))}${left}`;
  return html`${grid(label, columns, shown, smmu)}${left}`;
}

/** `kind`: tables of `fields` keep their first columns beside each other where the window is narrow. */
function grid(label: string, columns: Table['columns'], rows: readonly Row[], smmu: number | null, kind = ''): Html {
  const shown = columns
    .map(({ title, kind: of = 'prose', optional = false }, i) => ({ title, of, optional, i }))
    .filter(({ optional, i }) => !optional || rows.some(({ cells }) => (cells[i] ?? null) !== null));
  const cell = (content: Cell | undefined) =>
    content === undefined || content === null ? NOTHING : prose(content, smmu);
  return html`<div class="wide"><table role="table" class="static ${kind}" aria-label="${label}">
<thead role="rowgroup"><tr role="row">${shown.map(
    ({ title, of }) => html`<th role="columnheader" scope="col" class="${of}">${title}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">
${rows.map(
  ({ tone = 'plain', cells }) =>
    html`<tr role="row" class="${tone}">${shown.map(
      ({ title, of, i }) =>
        html`<td role="cell" class="${of}${(cells[i] ?? null) === null && ' nothing'}" data-title="${title}"><span>${cell(cells[i])}</span></td>`,
    )}</tr>\n`,
)}</tbody></table></div>
`;
}

/** A row that opens to show what is inside of it: its name, its value, and what else it has to say. */
function opening({ cells, inside = () => [] }: Row, smmu: number | null): Html {
  const [name = '', value = '', ...others] = cells.map((cell) => (cell === null ? '' : prose(cell, smmu)));
  const says = others.filter((one) => one !== '').map((one) => html` <small>${one}</small>`);
  const summary = html`<strong>${name}</strong> ${code(value)}${says}`;
  const blocks = inside().map((block) =>
    'table' in block
      ? grid(block.table.label, block.table.columns, [...block.table.rows], smmu, 'fields')
      : blockOf(block, smmu),
  );
  return details(summary, blocks, 'register');
}

/** What follows in time stands side by side: when, what, why. */
function phases(label: string, rows: readonly Row[], smmu: number | null): Html {
  const shown = rows.map(({ tone = 'plain', cells }) => {
    const [phase, what, why] = cells.map((cell) => (cell === null ? '' : cell));
    const said = typeof what === 'object' && 'text' in what ? what.text : prose(what ?? '', smmu);
    return html`<li class="${tone}"><span class="phase">${prose(phase ?? '', smmu)}</span> <strong>${said}</strong> <span class="why">${prose(why ?? '', smmu)}</span></li>\n`;
  });
  return html`<ol class="phases" aria-label="${label}">\n${shown}</ol>\n`;
}
