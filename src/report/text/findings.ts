/** Findings, gravest first, each with its place, its reach, and the kernel's own words for it. */

import type { Finding } from '../../findings/findings.ts';
import { isRisk } from '../../findings/rules.ts';
import { GRAVEST_FIRST, placeInWords, reachInWords } from '../findings.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';

/** What the kernel checks first, then what it does not. */
export function findings(style: Style, list: readonly Finding[]): string[] {
  const [risks, others] = [true, false].map((wanted) => list.filter(({ rule }) => isRisk(rule) === wanted));
  return [
    ...section(style, 'Findings', others ?? []),
    ...section(style, 'Risks, which the kernel does not look for', risks ?? []),
  ];
}

function section(style: Style, name: string, list: readonly Finding[]): string[] {
  return list.length === 0 ? [] : [...title(style, name), ...findingLines(style, list)];
}

export function findingLines(style: Style, list: readonly Finding[]): string[] {
  const sorted = GRAVEST_FIRST.flatMap((severity) => list.filter((finding) => finding.severity === severity));
  return sorted.flatMap((finding) => one(style, finding));
}

function one(style: Style, finding: Finding): string[] {
  const { paint } = style;
  const colour = { error: paint.red, warning: paint.yellow, note: paint.cyan }[finding.severity];
  const label = finding.severity.padEnd('warning'.length);
  const lead = `${INDENT}${label}  `;
  const lines = paragraph(style, lead, `${finding.message} [${finding.rule}]`);
  const evidence = [placeInWords(finding), reachInWords(finding)].filter((part) => part !== '').join('; ');
  const under = ' '.repeat(lead.length);
  if (evidence !== '') lines.push(...paragraph(style, under, evidence).map((line) => paint.dim(line)));
  if (finding.kernelMessage !== null) {
    lines.push(...paragraph(style, under, `kernel: ${finding.kernelMessage}`).map((line) => paint.dim(line)));
  }
  return lines.map((line, i) => (i === 0 ? line.replace(label, colour(label)) : line));
}
