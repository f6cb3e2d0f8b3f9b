/** What the sections of the report are made of: headings that can be linked to, tables, lists of terms. */

import { type Content, Html, html } from './markup.ts';

/** Which section of which SMMU: the target of links, and what the browser's part finds its places by. */
export function sectionId(smmu: number, section: string): string {
  return `smmu-${smmu}-${section}`;
}

/** A section with its heading. `aside` is said in passing beside the title. */
export function section(id: string, title: string, aside: Content, body: Content): Html {
  return html`${sectionStart(id, title, aside)}${body}${SECTION_END}`;
}

/** The two halves of a section whose body is written bit by bit. */
export function sectionStart(id: string, title: string, aside: Content): Html {
  return html`
<section id="${id}">
<h3>${title}${aside === null ? null : html` <small>${aside}</small>`}</h3>
`;
}

export const SECTION_END = new Html('</section>\n');

export interface Column {
  readonly title: string;
  /** `code`: set in monospace and never broken. `number`: the same, to the right. `prose` is the rest. */
  readonly kind?: 'code' | 'number' | 'prose';
  /** Left out where no row has anything to say in it. */
  readonly optional?: boolean;
}

/** A row: its cells, and a class where something about it is to be seen at once. */
export type Row = readonly Content[] | { readonly tone: Tone; readonly cells: readonly Content[] };

/** How a thing is to be taken. Colours follow it, and never say anything that words do not. */
export type Tone = 'good' | 'bad' | 'warn' | 'unknown' | 'plain';

/** What stands in a cell that has nothing to say. */
export const NOTHING = '\u2013';

/**
 * A table. Where the window is too narrow for one, each row becomes a block with its titles before the cells, for which
 * the roles are written out: a table that is displayed as something else would lose them. Tables of kind `fields` keep
 * their first columns beside each other even then.
 */
export function table(label: string, columns: readonly Column[], rows: readonly Row[], kind = ''): Html {
  const lines = rows.map((row) => ('cells' in row ? row : { tone: 'plain' as const, cells: row }));
  const shown = columns
    .map(({ title, kind = 'prose', optional = false }, i) => ({ title, kind, optional, i }))
    .filter(({ optional, i }) => !optional || lines.some(({ cells }) => cells[i] !== NOTHING));
  return html`<table role="table" class="static ${kind}" aria-label="${label}">
<thead role="rowgroup"><tr role="row">${shown.map(
    ({ title, kind }) => html`<th role="columnheader" scope="col" class="${kind}">${title}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">
${lines.map(
  ({ tone, cells }) =>
    html`<tr role="row" class="${tone}">${shown.map(
      ({ title, kind, i }) =>
        html`<td role="cell" class="${kind}${cells[i] === NOTHING && ' nothing'}" data-title="${title}"><span>${cells[i] ?? ''}</span></td>`,
    )}</tr>\n`,
)}</tbody></table>
`;
}

/** A table of which only so many rows are worth a reader's time; `none` is said where there are none. */
export function cutTable(label: string, columns: readonly Column[], rows: readonly Row[], max: number): Html {
  const more = rows.length - max;
  return html`${table(label, columns, rows.slice(0, max))}${
    more > 0 && note(`${more} more rows are left out here; the JSON report has all of them.`)
  }`;
}

export function note(content: Content): Html {
  return html`<p class="note">${content}</p>\n`;
}

/** Terms and what is to be said about each; terms without anything are left out. */
export function facts(entries: readonly (readonly [term: string, said: Content])[]): Html {
  return html`<dl class="facts">
${entries.filter(([, said]) => said !== null).map(([term, said]) => html`<div><dt>${term}</dt><dd>${said}</dd></div>\n`)}</dl>
`;
}

/** A word in a frame of its tone's colour. */
export function badge(tone: Tone, content: Content): Html {
  return html`<span class="badge ${tone}">${content}</span>`;
}

/** What opens on demand, for evidence that most readers need not see. */
export function details(summary: Content, body: Content): Html {
  return html`<details><summary>${summary}</summary>
<div class="inside">
${body}</div></details>
`;
}
