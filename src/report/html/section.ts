/** What are the parts of the page made of? Sections that can be linked to, lists of terms, badges, notes. */

import type { Tone } from '../sections/section.ts';
import { type Content, Html, html } from './markup.ts';

/** Which section of which SMMU: the target of links, and what the browser's part finds its places by. */
export function sectionId(smmu: number | null, section: string): string {
  return smmu === null ? section : `smmu-${smmu}-${section}`;
}

/** The beginning of a section, up to its body, which may be written bit by bit. */
export function sectionStart(id: string, title: string, aside: Content): Html {
  return html`
<section id="${id}">
<h3>${title}${aside === null ? null : html` <small>${aside}</small>`}</h3>
`;
}

export const SECTION_END = new Html('</section>\n');

/** What stands in a cell that has nothing to say. */
export const NOTHING = '\u2013';

export function note(content: Content): Html {
  return html`<p class="note">${content}</p>\n`;
}

/** A word in a frame of its tone's colour. */
export function badge(tone: Tone, content: Content): Html {
  return html`<span class="badge ${tone}">${content}</span>`;
}

/** What opens on demand, for evidence that most readers need not see. */
export function details(summary: Content, body: Content, kind = ''): Html {
  return html`<details class="${kind}"><summary>${summary}</summary>
<div class="inside">
${body}</div></details>
`;
}
