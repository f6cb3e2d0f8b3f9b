/** `triage --format ndjson`: one object a crash. */

import type { CrashRow, TriageReport } from '../../triage/crash.ts';
import type { RunEnd } from '../../triage/results/row-text.ts';
import { escapeJson } from '../escape.ts';
import { CRASH } from '../json/triage.ts';

/** A line for each crash, in the order of the report. */
export function* triageNdjson({ crashes }: TriageReport): Generator<string> {
  for (const row of crashes) yield crashLine(row);
}

/** The line of one crash. */
export function crashLine(row: CrashRow): string {
  return `${escapeJson(JSON.stringify(CRASH.toJson(row)))}\n`;
}

/** The line behind those of a part, by which it is known to be whole. */
export function endLine(end: RunEnd): string {
  return `${escapeJson(JSON.stringify(end))}\n`;
}
