/** `triage --format text`: how many crashes, their causes, and a row for each. */

import { Rows } from '../../rows.ts';
import type { TriageReport } from '../../triage/crash.ts';
import { escaped } from '../escape.ts';
import { sectionLines } from '../text/render.ts';
import { headline, type Style } from '../text/style.ts';
import { triageSections } from './sections.ts';
import { totalsInWords } from './totals.ts';

/** A terminal has no more lines than this; the other formats have all rows. */
const MAX_ROWS = 10_000;

/** The answer first, and again where the eye is in the end. */
export function* triageText(report: TriageReport, style: Style): Generator<string> {
  const safe = safeReport(report);
  const total = headline(style, totalsInWords(safe.totals));
  yield* total.map((line) => `${line}\n`);
  for (const section of triageSections(safe, () => null, MAX_ROWS)) {
    for (const line of sectionLines(style, section)) yield `${line}\n`;
  }
  if (safe.totals.crashes > SHORT) yield* ['', ...total].map((line) => `${line}\n`);
}

/** What is no longer than this is seen as a whole. */
const SHORT = 20;

/** Names come from whoever made the folders. Rows are made safe as they are read. */
export function safeReport(report: TriageReport): TriageReport {
  const { crashes } = report;
  const safe = new Rows(function* () {
    for (const row of crashes) yield escaped(row);
  });
  return { ...escaped({ ...report, crashes: [] as never }), crashes: safe };
}
