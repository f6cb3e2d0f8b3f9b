/** How does prose look on the page? */

import type { Prose } from '../sections/section.ts';
import { type Content, code, html } from './markup.ts';
import { badge, sectionId } from './section.ts';

/** Text with its code, its badges, and its links to the STEs that it speaks of. */
export function prose(text: Prose, smmu: number | null): Content {
  if (typeof text !== 'object') return text;
  if (!('text' in text)) return text.map((part) => prose(part, smmu));
  const { text: said, kind, tone = 'plain', sids, href } = text;
  if (href !== undefined) return html`<a href="${href}">${said}</a>`;
  if (sids !== undefined && smmu !== null) {
    return html`<a href="#${sectionId(smmu, 'stes')}" data-sids="${sids[0]}-${sids[1]}">${said}</a>`;
  }
  if (kind === 'code' || kind === 'command') return code(said);
  if (kind === 'strong') return html`<strong>${said}</strong>`;
  return kind === 'answer' || tone === 'plain' ? said : badge(tone, said);
}
