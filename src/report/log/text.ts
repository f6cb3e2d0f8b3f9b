/** The report of a kernel log as text. */

import type { LogReport } from '../../inspect/log-report.ts';
import { escaped } from '../escape.ts';
import { INDENT, paragraph, type Style, wrap } from '../text/style.ts';
import { table } from '../text/table.ts';
import { logSections, type Section } from './sections.ts';

/** `verbose`: with the lines that could not be used. */
export function* logText(report: LogReport, style: Style, verbose: boolean): Generator<string> {
  for (const [i, section] of logSections(escaped(report), verbose).entries()) {
    if (i > 0) yield '\n';
    for (const line of sectionLines(section, style)) yield `${line}\n`;
  }
}

/** One section as lines: title, facts, table, notes. */
export function* sectionLines({ title, aside, facts, columns, rows, notes }: Section, style: Style): Generator<string> {
  const heads = wrap(title, style.width).map((line) => style.paint.bold(line));
  yield* heads.slice(0, -1);
  yield `${heads.at(-1)}${aside === '' ? '' : `  ${style.paint.dim(aside)}`}`;
  const width = Math.max(0, ...facts.map(([label]) => label.length));
  for (const [label, text] of facts) yield* paragraph(style, `${INDENT}${label.padEnd(width)}  `, text);
  if (rows.length > 0) yield* table(style, columns, rows);
  for (const note of notes) yield* paragraph(style, INDENT, note);
}
