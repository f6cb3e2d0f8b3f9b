/** `triage --format html`: an index of crashes, each with a link to its own report. It needs nothing else and runs nothing. */

import { relative } from 'node:path';
import type { CrashRow, CrashSmmu, TriageReport } from '../../triage/crash.ts';
import { decidingSmmu } from '../../triage/results/fingerprint.ts';
import { reportAssets } from '../html/assets.ts';
import { html } from '../html/markup.ts';
import { foot, head } from '../html/page.ts';
import { section } from '../html/render.ts';
import { redactionInWords } from '../prose/redaction.ts';
import type { Prose } from '../sections/section.ts';
import { safeReport } from './safe.ts';
import {
  COUNT,
  outcomeOf,
  revisionsOf,
  rowOutcome,
  type Showing,
  shortTime,
  spanOf,
  triageSections,
  worstOf,
} from './sections.ts';
import { totalsInWords } from './totals.ts';

/** More rows than anybody reads in a page. */
const MAX_ROWS = 10_000;

/** `folder`: where the page will be. */
export function* triagePage(report: TriageReport, folder: string): Generator<string> {
  const safe = safeReport(report);
  const { style } = reportAssets();
  const note = redactionInWords(report);
  yield head('Crashes and their causes', style, null).markup;
  yield html`<header>
<h1>What the kdump kernel does with these crashes</h1>
<p class="files">${totalsInWords(safe.totals)}</p>
${
  note === null
    ? ''
    : html`<p class="files">${note}</p>
`
}</header>
<div class="page">
<nav aria-label="Contents"><div><ul><li><a href="#causes">Causes</a></li><li><a href="#crashes">Crashes</a></li></ul></div></nav>
<main id="content" tabindex="-1">
`.markup;
  for (const one of triageSections(safe, showingIn(folder))) yield section(null, one).markup;
  yield foot(null).markup;
}

/** Nothing can stand below a row here: what led to the outcome is one column. */
function showingIn(folder: string): Showing {
  return {
    causes: [
      COUNT,
      { title: 'Outcome', kind: 'code', of: ({ example: { status, smmu } }) => outcomeOf(status, smmu) },
      { title: 'Cause', of: ({ example: { smmu, why } }) => causeOf(smmu, why, smmu?.driver) },
      { title: 'When', optional: true, of: spanOf },
      { title: 'Example', of: ({ example }) => example.path },
    ],
    crashes: [
      { title: 'Crash', of: (row) => linked(row, folder) },
      { title: 'Outcome', kind: 'code', of: rowOutcome },
      { title: 'Cause', of: (row) => causeOfRow(row) },
      { title: 'Revisions', optional: true, of: ({ smmus }) => revisionsOf(decidingSmmu(smmus)) },
      { title: 'When', optional: true, of: ({ when }) => when && shortTime(when) },
      { title: 'Host', optional: true, of: ({ host }) => host },
      { title: 'Kernel', optional: true, of: ({ kernel }) => kernel },
    ],
    mostRows: MAX_ROWS,
  };
}

function linked({ crash, report, redacted }: CrashRow, folder: string): Prose {
  if (report === null) return crash;
  // Without the folder, which nobody shall know: the page is meant to lie beside it.
  const steps = redacted ? [report] : relative(folder, report).split(/[/\\]/);
  return { text: crash, href: steps.map(encodeURIComponent).join('/') };
}

function causeOfRow({ smmus, why }: CrashRow): string | null {
  const smmu = decidingSmmu(smmus);
  return causeOf(smmu, why, smmu?.device);
}

/** `error l1-span-unsupported, decided by two-level.l1-descriptors, nvme`. */
function causeOf(smmu: CrashSmmu | null, why: string | null, whose: string | null | undefined): string | null {
  const decided = smmu?.decidedBy ?? null;
  const parts = [worstOf(smmu), decided && `decided by ${decided}`, whose, why].filter((part) => part != null);
  return parts.length === 0 ? null : parts.join(', ');
}
