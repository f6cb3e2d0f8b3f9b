/** How do findings look on the page? Those of a rule together, and below them, once, what the rule means. */

import { type Explained, explanationsOf } from '../../findings/explanations/catalogue.ts';
import { groupBy } from '../../lists.ts';
import { count } from '../prose/quantities.ts';
import type { Item } from '../sections/section.ts';
import { type Content, code, type Html, html } from './markup.ts';
import { prose } from './prose.ts';
import { badge, details } from './section.ts';

/** Findings of one rule beyond these wait behind a click: they say the same of other places. */
const SHOWN_OF_A_RULE = 5;

/** `smmu` says whose stream table the findings can lead to; null for findings about the input. */
export function itemList(items: readonly Item[], smmu: number | null): Html {
  return html`${[...groupBy(items, ({ rule }) => rule)].map(([rule, same]) => {
    const shown = same.slice(0, SHOWN_OF_A_RULE).map((one) => item(one, smmu));
    const more = same.slice(SHOWN_OF_A_RULE).map((one) => item(one, smmu));
    const summary = html`${count(more.length, 'more finding')} of ${code(rule)}`;
    return html`<ul class="findings">${shown}</ul>
${same[0]?.explainedElsewhere === true ? whereExplained(rule) : meaning(rule)}${more.length > 0 && details(summary, html`<ul class="findings">${more}</ul>\n`)}`;
  })}`;
}

function item({ tone, label, text, rule, evidence, kernel }: Item, smmu: number | null): Html {
  const parts = evidence.map((part, i) => [i > 0 && ' \u00b7 ', prose(part, smmu)]);
  return html`<li class="${tone}">
<p>${badge(tone, label)} ${text} <span class="rule">${rule}</span></p>
${parts.length > 0 && html`<p class="evidence">${parts}</p>\n`}${
  kernel !== null && html`<p class="kernel">kernel: ${kernel}</p>\n`
}</li>
`;
}

/** What `smmu-adopt explain` says about the rule. */
function meaning(rule: string): Html {
  const explained = explanationsOf(rule).find(({ kind }) => kind === 'finding');
  if (explained === undefined) return html``;
  const { hardware, kernel, causes, next, references } = explained;
  const entries: [string, Content][] = [
    ['Meaning', quoted(explained.meaning)],
    ['Hardware', quoted(hardware)],
    ['Kernel', kernel.length === 1 ? quoted(kernel[0]?.does ?? '') : points(kernel.map(byRevision))],
    ['Causes', points(causes)],
    ['Look at', points(next)],
    ['See', points(references)],
  ];
  const list = html`<dl class="facts">
${entries.map(([term, said]) => html`<div><dt>${term}</dt><dd>${said}</dd></div>\n`)}</dl>
`;
  return html`<div class="meaning" id="${meaningId(rule)}">${details(whatItMeans(rule), list)}</div>`;
}

/** Where a report has several SMMUs, the first with such a finding has the explanation. */
const whereExplained = (rule: string) =>
  html`<p class="meaning"><a href="#${meaningId(rule)}">${whatItMeans(rule)}</a></p>\n`;

const meaningId = (rule: string) => `rule-${rule}`;

const whatItMeans = (rule: string) => html`What ${code(rule)} means, and what to look at next`;

const byRevision = ({ revisions, does }: Explained['kernel'][number]) => `${revisions}: ${does}`;

const points = (texts: readonly string[]) => html`<ul>${texts.map((text) => html`<li>${quoted(text)}</li>`)}</ul>`;

/** The explanations' commands stand between backticks. */
const quoted = (text: string): Content[] => text.split('`').map((part, i) => (i % 2 === 1 ? code(part) : part));
