/** The contents of the page: links to the sections of each SMMU. */

import type { Section } from '../sections/section.ts';
import { type Content, Html, html } from './markup.ts';
import { sectionId } from './section.ts';

export type Heading = Pick<Section, 'id' | 'title' | 'short'>;

/** What the contents know of an SMMU. */
interface Listed {
  readonly name: string;
  readonly sections: readonly Heading[];
}

export function contents(smmus: readonly Listed[]): Html {
  const links = ({ sections }: Listed, index: number) =>
    html`<ul>${sections.map(({ id, title, short = title }) => html`<li><a href="#${sectionId(index, id)}">${short}</a></li>`)}</ul>`;
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
