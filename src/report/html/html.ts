/**
 * `--format html`: the whole inspection as one file that needs nothing else. The answer comes first, the evidence below
 * it. What is small is written as HTML; table rows are data that the page's script shows on demand.
 */

import type { AddressRange } from '../../dump/memory.ts';
import { findingsOf } from '../../findings/by-smmu.ts';
import type { Inspection, SmmuReport } from '../../inspect/inspection.ts';
import { escaped } from '../escape.ts';
import { registersOrigin } from '../prose/crashed-kernel.ts';
import { checks, idScan } from './adoption.ts';
import { type Assets, reportAssets } from './assets.ts';
import { contents } from './contents.ts';
import { firmware, insertions, rmr } from './devices.ts';
import { findings } from './findings.ts';
import { input } from './input.ts';
import { driverState, ledger } from './ledger.ts';
import { kernelLog } from './log.ts';
import { Html, html } from './markup.ts';
import { MemoryItems } from './memory-items.ts';
import { memoryMap } from './memory-map.ts';
import { reachable } from './reachable.ts';
import { assumptions, registers } from './registers.ts';
import { reset } from './reset.ts';
import { revisions } from './revisions.ts';
import { sectionId } from './section.ts';
import { Budget, l1Section, smmuData, steSection } from './table-data.ts';
import { counts, overview, verdict } from './verdict.ts';

export interface HtmlOptions {
  /** The kdump kernel's own memory, as far as it is known. */
  readonly kdumpRam?: readonly AddressRange[] | undefined;
}

export function* htmlReport(inspection: Inspection, { kdumpRam = [] }: HtmlOptions = {}): Generator<string> {
  // Control characters of names are shown by their code, as in every format; the templates do the rest.
  const safe = escaped(inspection);
  const assets = reportAssets();
  const budget = new Budget();
  yield head(safe, assets).markup;
  yield html`<body>
<a class="skip" href="#content">To the report</a>
${header(safe)}
<div class="page">
${contents(safe)}
<main id="content" tabindex="-1">
${safe.smmus.length > 1 && overview(safe.smmus, safe.findings)}`.markup;
  for (const [index, smmu] of safe.smmus.entries()) yield* smmuParts(safe, index, smmu, kdumpRam, budget);
  yield html`${input(safe)}</main>
</div>
<footer>${safe.tool.name} ${safe.tool.version}</footer>
<script>${new Html(assets.script.text)}</script>
</body>
</html>
`.markup;
}

function head({ dump, tool }: Inspection, { script, style }: Assets): Html {
  // Nothing from outside, nothing that is not this script and this style sheet, and no text taken for markup.
  const policy = [
    "default-src 'none'",
    `script-src '${script.hash}'`,
    `style-src '${style.hash}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="${tool.name} ${tool.version}">
<title>${title(dump)}</title>
<style>${new Html(style.text)}</style>
</head>
`;
}

function title({ files }: Inspection['dump']): string {
  return `SMMU adoption: ${files.join(', ')}`;
}

function header({ dump, later, smmus, kernel, findings: all }: Inspection): Html {
  const origin = registersOrigin(kernel);
  return html`<header>
<h1>What the kdump kernel does with the SMMU</h1>
<p class="files">${dump.files.join(', ')}${later !== null && `, later ${later.files.join(', ')}`}${
    // One SMMU says it itself.
    smmus.length > 1 && html` ${counts(all)}`
  }</p>
${origin !== null && html`<p>${origin}</p>\n`}</header>`;
}

function* smmuParts(
  inspection: Inspection,
  index: number,
  smmu: SmmuReport,
  kdumpRam: readonly AddressRange[],
  budget: Budget,
): Generator<string> {
  const own = findingsOf(inspection.findings, smmu.name);
  const items = new MemoryItems(smmu);
  yield html`<article aria-labelledby="${sectionId(index, 'verdict')}-title">${verdict(smmu, index, own)}${findings(index, own)}${revisions(index, smmu)}${kernelLog(index, smmu)}${checks(index, smmu)}${idScan(index, smmu)}${reset(index, smmu)}${insertions(index, smmu)}${rmr(index, smmu)}${firmware(index, smmu)}${reachable(index, smmu)}`
    .markup;
  yield* smmuData(index, smmu, own);
  yield* l1Section(index, smmu, items, budget);
  yield* steSection(index, smmu, items, budget);
  // Here and not earlier: what there is in memory was gathered from the rows as they were written.
  yield html`${memoryMap(index, items, inspection.dump, kdumpRam)}${ledger(index, smmu)}${driverState(index, smmu)}${registers(index, smmu)}${assumptions(index, smmu)}</article>
`.markup;
}
