/** The contents of the page: links to the sections of each SMMU. */

import { type Content, Html, html } from './markup.ts';
import { sectionId } from './section.ts';

export interface Heading {
  readonly id: string;
  readonly title: string;
}

/** What the contents know of an SMMU. */
interface Listed {
  readonly name: string;
  readonly sections: readonly Heading[];
}

export function contents(smmus: readonly Listed[]): Html {
  const links = ({ sections }: Listed, index: number) =>
    html`<ul>${sections.map(({ id, title }) => html`<li><a href="#${sectionId(index, id)}">${title}</a></li>`)}</ul>`;
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
