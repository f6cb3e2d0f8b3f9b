/** `check --format text`: a line for each sample, what differs below it, and the total at the end. */

import type { CheckReport, SampleResult } from '../../check/check.ts';
import { escapeText } from '../escape.ts';
import { failureLines, totalInWords } from './words.ts';

const WIDTH = Math.max(...(['ok', 'differs', 'broken'] satisfies SampleResult[]).map((word) => word.length)) + 2;
const INDENT = ' '.repeat(WIDTH);

/** A line for each sample, what differs below it, and how many there were. */
export function* checkText(report: CheckReport): Generator<string> {
  for (const sample of report.samples) {
    yield `${sample.result.padEnd(WIDTH)}${escapeText(sample.name)}\n`;
    for (const file of sample.updated) yield `${INDENT}updated ${escapeText(file)}\n`;
    for (const line of failureLines(sample)) yield `${INDENT}${escapeText(line)}\n`;
  }
  yield `${totalInWords(report)}\n`;
}
