/** A triage made safe to print. */

import { Rows } from '../../rows.ts';
import type { TriageReport } from '../../triage/crash.ts';
import { escaped } from '../escape.ts';

/** Names come from whoever made the folders. Rows are made safe as they are read. */
export function safeReport({ crashes, ...report }: TriageReport): TriageReport {
  const safe = new Rows(function* () {
    for (const row of crashes) yield escaped(row);
  });
  return { ...escaped(report), crashes: safe };
}
