/**
 * `--format github`: workflow commands, which a GitHub Actions run turns into annotations. The first line sums up and
 * is plain text for the log; it has words of this program only, because the runner looks for commands in plain lines.
 */

import type { Finding } from '../findings/findings.ts';
import { count } from '../findings/rules/words.ts';
import type { Severity } from '../findings/rules.ts';
import { GRAVEST_FIRST } from '../findings/worst.ts';
import type { Inspection } from '../inspect/inspection.ts';
import { escapeText } from './escape.ts';
import { inOrder, placeInWords } from './prose/findings.ts';

const COMMANDS: { readonly [S in Severity]: string } = { error: 'error', warning: 'warning', note: 'notice' };

/** In a word, for a log. */
const THEN: Readonly<Record<string, string>> = { 'kernel-dies': 'panic', 'smmu-lost': 'lost', unknown: 'unknown' };

/** A line that sums up, then an annotation for each finding, the gravest first. */
export function* githubReport(inspection: Inspection): Generator<string> {
  yield `${summaryLine(inspection)}\n`;
  const findings = inOrder(inspection);
  // Gravest first: GitHub shows only the first few of a step.
  for (const severity of GRAVEST_FIRST) {
    for (const finding of findings) if (finding.severity === severity) yield `${annotation(finding)}\n`;
  }
}

function summaryLine({ tool, smmus, summary, redacted }: Inspection): string {
  const verdicts = smmus.map(({ adoption, fate: { kind, after } }) =>
    after === null ? adoption.verdict : `${adoption.verdict}, then ${THEN[kind]}`,
  );
  const { errors, warnings, notes } = summary;
  return (
    `${tool.name}: ${count(smmus.length, 'SMMU')} (${verdicts.join('; ')}), ` +
    `${count(errors, 'error')}, ${count(warnings, 'warning')}, ${count(notes, 'note')}${redacted ? ', redacted' : ''}`
  );
}

function annotation(finding: Finding): string {
  const { severity, rule, smmu, message, kernelMessage } = finding;
  const title = smmu === null ? rule : `${rule} on ${escapeText(smmu)}`;
  const lines = [message, placeInWords(finding), kernelMessage === null ? '' : `kernel: ${kernelMessage}`];
  const text = lines.filter((line) => line !== '').map(escapeText);
  return `::${COMMANDS[severity]} title=${escapeProperty(title)}::${escapeData(text.join('\n'))}`;
}

/** The escapes that the runner undoes; a property ends at a comma or a double colon as well. */
export function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** Text as the value of a property of a workflow command. */
export function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
