/** `triage --format csv`: one record a crash, for spreadsheets. */

import type { CrashRow, TriageReport } from '../../triage/crash.ts';
import { decidingSmmu } from '../../triage/results/fingerprint.ts';
import { foreignText, record } from '../csv.ts';
import { revisionsOf } from './sections.ts';

type Cell = string | number | null | undefined;

/** Each column with what it has of a row; of several SMMUs the one that decides. */
const COLUMNS: Readonly<Record<string, (row: CrashRow) => Cell>> = {
  crash: ({ crash }) => crash,
  path: ({ path }) => path,
  when: ({ when }) => when,
  host: ({ host }) => host,
  kernel: ({ kernel }) => kernel,
  dump: ({ dump }) => dump.join(' '),
  regs: ({ regs }) => regs,
  status: ({ status }) => status,
  exit_code: ({ exitCode }) => exitCode,
  seconds: ({ seconds }) => seconds,
  smmu: ({ smmus }) => decidingSmmu(smmus)?.name,
  verdict: ({ smmus }) => decidingSmmu(smmus)?.verdict,
  fate: ({ smmus }) => decidingSmmu(smmus)?.fate,
  outcome: ({ smmus }) => decidingSmmu(smmus)?.outcome,
  decided_by: ({ smmus }) => decidingSmmu(smmus)?.decidedBy,
  worst_rule: ({ smmus }) => decidingSmmu(smmus)?.worst?.rule,
  worst_severity: ({ smmus }) => decidingSmmu(smmus)?.worst?.severity,
  worst_message: ({ smmus }) => decidingSmmu(smmus)?.worst?.message,
  errors: ({ smmus }) => decidingSmmu(smmus)?.errors,
  warnings: ({ smmus }) => decidingSmmu(smmus)?.warnings,
  device: ({ smmus }) => decidingSmmu(smmus)?.device,
  driver: ({ smmus }) => decidingSmmu(smmus)?.driver,
  fingerprint: ({ fingerprint }) => fingerprint,
  why: ({ why }) => why,
  report: ({ report }) => report,
  revisions: ({ smmus }) => revisionsOf(decidingSmmu(smmus)),
};

/** A header and one record for each crash, with text from outside made harmless. */
export function* triageCsv({ crashes }: TriageReport): Generator<string> {
  const columns = Object.values(COLUMNS);
  yield record(Object.keys(COLUMNS));
  for (const row of crashes) {
    yield record(
      columns.map((cellOf) => {
        const cell = cellOf(row);
        return typeof cell === 'string' ? foreignText(cell) : (cell ?? undefined);
      }),
    );
  }
}
