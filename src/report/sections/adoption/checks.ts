/** How did the verdict come about? The driver's checks, in its order. */

import { type Check, isUnknown } from '../../../adopt/checks.ts';
import { observedInWords, requiredInWords } from '../../../findings/prose/evidence.ts';
import type { SmmuReport } from '../../../inspect/inspection.ts';
import { alarm, type Section, type Span, toned } from '../section.ts';

const RESULTS = {
  pass: toned('good', 'pass'),
  fail: alarm('fail'),
  'not-reached': toned('plain', 'not reached'),
} as const satisfies Readonly<Record<Check['result'], Span>>;

export function checks({ adoption }: SmmuReport): Section {
  const rows = adoption.checks.map((check) => ({
    ...(check.result === 'fail' ? { tone: 'bad' as const } : {}),
    cells: [
      isUnknown(check) ? toned('unknown', 'unknown') : RESULTS[check.result],
      check.id,
      check.observed && observedInWords(check.observed),
      requiredInWords(check.required),
    ],
  }));
  const columns = [
    { title: 'Result' },
    { title: 'Check', kind: 'code' as const },
    { title: 'Observed' },
    { title: 'Required' },
  ];
  return {
    id: 'checks',
    title: 'Checks',
    aside: "in the driver's order",
    detail: true,
    blocks: [{ table: { label: 'Checks', columns, rows } }],
  };
}
