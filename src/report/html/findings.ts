/** Findings, gravest first: each with its place, its reach, and the kernel's own words for it. */

import { type Explained, explanationsOf } from '../../findings/explanations/catalogue.ts';
import type { Finding } from '../../findings/findings.ts';
import { isRisk } from '../../findings/rules.ts';
import { hex } from '../../hex.ts';
import { GRAVEST_FIRST, reachInWords } from '../findings.ts';
import { type Content, code, count, type Html, html } from './markup.ts';
import { badge, details, facts, section, sectionId } from './section.ts';
import { SEVERITIES, sidRange } from './words.ts';

/** Findings of one rule beyond these wait behind a click: they say the same of other places. */
const SHOWN_OF_A_RULE = 5;

export function findings(index: number, list: readonly Finding[]): Html {
  const [others, risks] = [false, true].map((wanted) => list.filter(({ rule }) => isRisk(rule) === wanted));
  return html`${part(index, 'findings', 'Findings', null, others ?? [])}${part(
    index,
    'risks',
    'Risks',
    'which the kernel does not look for',
    risks ?? [],
  )}`;
}

function part(index: number, name: string, title: string, aside: string | null, list: readonly Finding[]): Html {
  const body = list.length === 0 ? html`<p>None.</p>\n` : findingList(list, index);
  return section(sectionId(index, name), title, aside, body);
}

/** `smmu` says whose stream table the findings can lead to; null for findings about the input. */
export function findingList(list: readonly Finding[], smmu: number | null): Html {
  const byRule = new Map<string, Finding[]>();
  for (const severity of GRAVEST_FIRST) {
    for (const finding of list.filter((one) => one.severity === severity)) {
      const same = byRule.get(finding.rule);
      if (same === undefined) byRule.set(finding.rule, [finding]);
      else same.push(finding);
    }
  }
  return html`${[...byRule].map(([rule, same]) => {
    const shown = same.slice(0, SHOWN_OF_A_RULE).map((finding) => item(finding, smmu));
    const more = same.slice(SHOWN_OF_A_RULE).map((finding) => item(finding, smmu));
    const summary = html`${count(more.length, 'more finding')} of ${code(rule)}`;
    return html`<ul class="findings">${shown}</ul>
${meaning(same[0] as Finding)}${more.length > 0 && details(summary, html`<ul class="findings">${more}</ul>\n`)}`;
  })}`;
}

/** One finding with its evidence; what its rule means follows once, below all of the rule. */
function item(finding: Finding, smmu: number | null): Html {
  const { severity, message, rule, kernelMessage } = finding;
  const { tone, text } = SEVERITIES[severity];
  const parts = evidence(finding, smmu).map((part, i) => [i > 0 && ' \u00b7 ', part]);
  return html`<li class="${tone}">
<p>${badge(tone, text)} ${message} <span class="rule">${rule}</span></p>
${parts.length > 0 && html`<p class="evidence">${parts}</p>\n`}${
  kernelMessage !== null && html`<p class="kernel">kernel: ${kernelMessage}</p>\n`
}</li>
`;
}

function evidence(finding: Finding, smmu: number | null): Content[] {
  const { firstSid, lastSid, pciBus, address } = finding.location;
  const parts: Content[] = [];
  if (firstSid !== undefined && lastSid !== undefined) {
    const sids = sidRange(firstSid, lastSid);
    const toTable = html`<a href="#${sectionId(smmu ?? 0, 'stes')}" data-sids="${firstSid}-${lastSid}">${sids}</a>`;
    parts.push(smmu === null ? sids : toTable);
  }
  if (pciBus !== undefined) parts.push(`PCI bus ${pciBus}`);
  if (address !== undefined) parts.push(html`at ${code(hex(address))}`);
  const reach = reachInWords(finding);
  if (reach !== '') parts.push(reach);
  return parts;
}

/** What `smmu-adopt explain` says about the rule: once for all of its findings. */
function meaning({ rule }: Finding): Html {
  const explained = explanationsOf(rule).find(({ kind }) => kind === 'finding');
  if (explained === undefined) return html``;
  const { hardware, kernel, causes, next, references } = explained;
  const entries: [string, Content][] = [
    ['Meaning', prose(explained.meaning)],
    ['Hardware', prose(hardware)],
    ['Kernel', kernel.length === 1 ? prose(kernel[0]?.does ?? '') : points(kernel.map(byRevision))],
    ['Causes', points(causes)],
    ['Look at', points(next)],
    ['See', points(references)],
  ];
  const summary = html`What ${code(rule)} means, and what to look at next`;
  return html`<div class="meaning">${details(summary, facts(entries))}</div>`;
}

const byRevision = ({ revisions, does }: Explained['kernel'][number]) => `${revisions}: ${does}`;

const points = (texts: readonly string[]) => html`<ul>${texts.map((text) => html`<li>${prose(text)}</li>`)}</ul>`;

/** The explanations' commands stand between backticks. */
const prose = (text: string): Content[] => text.split('`').map((part, i) => (i % 2 === 1 ? code(part) : part));
