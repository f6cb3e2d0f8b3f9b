/** `check --format github`: an annotation for each sample that fails, at the file that describes it. */

import type { CheckReport } from '../../check/check.ts';
import { escapeText } from '../escape.ts';
import { escapeData, escapeProperty } from '../github.ts';
import { failureLines, totalInWords } from './words.ts';

/** A line that sums up, then an annotation for each sample that is not as expected. */
export function* checkGithub(report: CheckReport): Generator<string> {
  // Plain lines are searched for commands, so there is nothing of a sample in this one.
  yield `${report.tool.name} check: ${totalInWords(report)}\n`;
  for (const sample of report.samples) {
    if (sample.result === 'ok') continue;
    const property = (text: string) => escapeProperty(escapeText(text));
    const text = failureLines(sample).map(escapeText).join('\n');
    const title = `${sample.result}: ${sample.name}`;
    yield `::error file=${property(sample.file)},title=${property(title)}::${escapeData(text)}\n`;
  }
}
