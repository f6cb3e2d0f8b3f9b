/** The report of a kernel log as text. */

import type { LogReport } from '../../inspect/log-report.ts';
import { escaped } from '../escape.ts';
import { sectionLines } from '../text/render.ts';
import type { Style } from '../text/style.ts';
import { logSections } from './sections.ts';

/** `verbose`: with the lines that could not be used. */
export function* logText(report: LogReport, style: Style, verbose: boolean): Generator<string> {
  for (const [i, section] of logSections(escaped(report), verbose).entries()) {
    const [, ...lines] = sectionLines(style, section);
    yield `${i === 0 ? '' : '\n'}${lines.join('\n')}\n`;
  }
}
