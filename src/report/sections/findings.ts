/** What is to be said about the SMMU? Findings, gravest first: what the kernel checks, then what it does not. */

import { firstOwnerOf } from '../../findings/by-smmu.ts';
import type { Finding } from '../../findings/findings.ts';
import { isRisk, type Severity } from '../../findings/rules.ts';
import { GRAVEST_FIRST } from '../../findings/worst.ts';
import { hex } from '../../hex.ts';
import { busInWords, reachInWords, sidsInWords } from '../prose/findings.ts';
import { code, type Item, notes, type Prose, type Section, type Tone } from './section.ts';

export const SEVERITY_TONES: Readonly<Record<Severity, Tone>> = { error: 'bad', warning: 'warn', note: 'plain' };

/** Both, as far as there is something in them; that there is nothing in either is said once. `all` are of the report. */
export function findings(list: readonly Finding[], all: readonly Finding[] = list): Section[] {
  if (list.length === 0) return [{ id: 'findings', title: 'Findings', blocks: [notes('None, and no risks.')] }];
  const [others, risks] = [false, true].map((wanted) => list.filter(({ rule }) => isRisk(rule) === wanted));
  return [
    { id: 'findings', title: 'Findings', blocks: [{ items: findingItems(others ?? [], all) }] },
    {
      id: 'risks',
      title: 'Risks',
      aside: 'which the kernel does not look for',
      blocks: [{ items: findingItems(risks ?? [], all) }],
    },
  ].filter(({ blocks }) => blocks.some(({ items }) => items.length > 0));
}

/** `all` are the findings of the whole report, which explains each rule where it is found first. */
export function findingItems(list: readonly Finding[], all: readonly Finding[]): Item[] {
  const sorted = GRAVEST_FIRST.flatMap((severity) => list.filter((finding) => finding.severity === severity));
  return sorted.map((finding) => itemOf(finding, all));
}

function itemOf(finding: Finding, all: readonly Finding[]): Item {
  const { severity, message, rule, kernelMessage } = finding;
  return {
    tone: SEVERITY_TONES[severity],
    label: severity,
    text: message,
    rule,
    evidence: evidence(finding),
    kernel: kernelMessage,
    explainedElsewhere: firstOwnerOf(all, rule) !== finding.smmu,
  };
}

function evidence(finding: Finding): Prose[] {
  const { firstSid, lastSid, pciBus, address } = finding.location;
  const parts: Prose[] = [];
  if (firstSid !== undefined && lastSid !== undefined) {
    parts.push({ text: sidsInWords(firstSid, lastSid), sids: [firstSid, lastSid] });
  }
  if (pciBus !== undefined) parts.push(`PCI bus ${busInWords(pciBus)}`);
  if (address !== undefined) parts.push(['at ', code(hex(address))]);
  const reach = reachInWords(finding);
  if (reach !== '') parts.push(reach);
  return parts;
}
