/** The report of a kernel log as text. */

import type { LogReport } from '../../inspect/log/log-report.ts';
import { escaped } from '../escape.ts';
import type { Section } from '../sections/section.ts';
import { sectionLines } from '../text/render.ts';
import type { Style } from '../text/style.ts';
import { logSections } from './sections.ts';

/** A terminal has no more lines than this; JSON and the page have all. */
const MAX_ROWS = 40;

/** `verbose`: with the lines that could not be used. */
export function* logText(report: LogReport, style: Style, verbose: boolean): Generator<string> {
  let isFirst = true;
  for (const section of titled(report, verbose)) {
    const lines = [...sectionLines(style, section)];
    for (const line of isFirst ? lines.slice(1) : lines) yield `${line}\n`;
    isFirst = false;
  }
}

/** The answer is the title of what is said with it. */
function titled(report: LogReport, verbose: boolean): Section[] {
  const { smmus, others } = logSections(escaped(report), MAX_ROWS, verbose);
  const all = smmus.flatMap(({ name, answer, sections: [short, ...rest] }) => [
    ...(short === undefined ? [] : [{ ...short, title: `${name}: ${answer.toUpperCase()}` }]),
    ...rest,
  ]);
  return [...all, ...others];
}
