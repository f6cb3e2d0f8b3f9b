/** `triage --format html`: an index of crashes, each with a link to its own report. It needs nothing else and runs nothing. */

import { relative } from 'node:path';
import type { TriageReport } from '../../triage/crash.ts';
import { reportAssets } from '../html/assets.ts';
import { html } from '../html/markup.ts';
import { foot, head } from '../html/page.ts';
import { section } from '../html/render.ts';
import { triageSections } from './sections.ts';
import { safeReport } from './text.ts';
import { totalsInWords } from './totals.ts';

/** More rows than anybody reads in a page. */
const MAX_ROWS = 10_000;

/** `folder`: where the page will be. */
export function* triagePage(report: TriageReport, folder: string): Generator<string> {
  const safe = safeReport(report);
  const { style } = reportAssets();
  const link = (file: string) => relative(folder, file).split(/[/\\]/).map(encodeURIComponent).join('/');
  yield head('Crashes and their causes', style, null).markup;
  yield html`<body>
<a class="skip" href="#content">To the report</a>
<header>
<h1>What the kdump kernel does with these crashes</h1>
<p class="files">${totalsInWords(safe.totals)}</p>
</header>
<div class="page">
<nav aria-label="Contents"><div><ul><li><a href="#causes">Causes</a></li><li><a href="#crashes">Crashes</a></li></ul></div></nav>
<main id="content" tabindex="-1">
`.markup;
  for (const one of triageSections(safe, link, MAX_ROWS)) yield section(null, one).markup;
  yield html`</main>
</div>
${foot(null)}`.markup;
}
