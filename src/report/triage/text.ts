/** `triage --format text`: how many crashes, their causes, and a row for each. */

import type { TriageReport } from '../../triage/crash.ts';
import { decidingSmmu } from '../../triage/results/fingerprint.ts';
import { sectionLines } from '../text/render.ts';
import { headline, type Style } from '../text/style.ts';
import { safeReport } from './safe.ts';
import {
  COUNT,
  outcomeOf,
  revisionsOf,
  rowOutcome,
  type Showing,
  shortTime,
  spanOf,
  triageSections,
  worstOf,
} from './sections.ts';
import { totalsInWords } from './totals.ts';

/** What has no room stands below its row, whoever needs it: a terminal has no more lines than these. */
const TEXT: Showing = {
  causes: [
    COUNT,
    { title: 'Outcome', kind: 'code', of: ({ example: { status, smmu } }) => outcomeOf(status, smmu) },
    { title: 'Worst finding', kind: 'code', optional: true, of: ({ example }) => worstOf(example.smmu) },
    below('Decided by', ({ example }) => example.smmu?.decidedBy),
    below('Driver', ({ example }) => example.smmu?.driver),
    below('When', spanOf),
    { title: 'Example', kind: 'code', yields: 'below', of: ({ example }) => example.path },
    { title: 'Why', yields: 'below', optional: true, of: ({ example }) => example.why },
  ],
  crashes: [
    { title: 'Crash', of: ({ crash }) => crash },
    { title: 'Outcome', kind: 'code', of: rowOutcome },
    { title: 'Worst finding', kind: 'code', optional: true, of: ({ smmus }) => worstOf(decidingSmmu(smmus)) },
    below('When', ({ when }) => when && shortTime(when)),
    below('Device', ({ smmus }) => decidingSmmu(smmus)?.device),
    below('Decided by', ({ smmus }) => decidingSmmu(smmus)?.decidedBy),
    below('Revisions', ({ smmus }) => revisionsOf(decidingSmmu(smmus))),
    below('Host', ({ host }) => host),
    below('Kernel', ({ kernel }) => kernel),
    { title: 'Why', yields: 'below', optional: true, of: ({ why }) => why },
  ],
  mostRows: 10_000,
};

function below<T>(title: string, of: (row: T) => string | null | undefined) {
  return { title, kind: 'code', yields: 'below', optional: true, of: (row: T) => of(row) ?? null } as const;
}

/** What is no longer than this is seen as a whole. */
const SHORT = 20;

/** The answer first, and again where the eye is in the end. */
export function* triageText(report: TriageReport, style: Style): Generator<string> {
  const safe = safeReport(report);
  const total = headline(style, totalsInWords(safe.totals));
  yield* total.map((line) => `${line}\n`);
  for (const section of triageSections(safe, TEXT)) {
    for (const line of sectionLines(style, section)) yield `${line}\n`;
  }
  if (safe.totals.crashes > SHORT) yield* ['', ...total].map((line) => `${line}\n`);
}
