/** Crashes of one cause, gathered as rows come in. What is kept does not grow with the rows, only with the causes. */

import { compareText } from '../../lists.ts';
import type { CrashGroup, CrashRow, Totals, TriageReport } from '../crash.ts';
import { decidingSmmu } from './fingerprint.ts';

/** Enough to see which; a group of a whole fleet has more. */
const MAX_NAMED = 8;

interface Growing {
  count: number;
  first: string | null;
  last: string | null;
  readonly kernels: Set<string>;
  readonly devices: Set<string>;
  example: CrashGroup['example'];
}

export class Groups {
  readonly #byFingerprint = new Map<string, Growing>();
  readonly #statuses = { ok: 0, failed: 0, timeout: 0, skipped: 0 };
  readonly #exitCodes = { '0': 0, '1': 0, '2': 0, '3': 0 };
  #crashes = 0;

  add(row: CrashRow): void {
    this.#crashes += 1;
    this.#statuses[row.status] += 1;
    this.#exitCodes[row.exitCode] += 1;
    const smmu = decidingSmmu(row.smmus);
    const group = this.#groupOf(row);
    group.count += 1;
    if (row.when !== null) {
      if (group.first === null || row.when < group.first) group.first = row.when;
      if (group.last === null || row.when > group.last) group.last = row.when;
    }
    if (row.kernel !== null && group.kernels.size < MAX_NAMED) group.kernels.add(row.kernel);
    const device = smmu?.device ?? null;
    if (device !== null && group.devices.size < MAX_NAMED) group.devices.add(device);
    // The first by path, whichever was ready first.
    if (row.path <= group.example.path) {
      group.example = { path: row.path, status: row.status, why: row.why, smmu };
    }
  }

  #groupOf({ fingerprint, path, status, why }: CrashRow): Growing {
    const known = this.#byFingerprint.get(fingerprint);
    if (known !== undefined) return known;
    const example = { path, status, why, smmu: null };
    const group = {
      count: 0,
      first: null,
      last: null,
      kernels: new Set<string>(),
      devices: new Set<string>(),
      example,
    };
    this.#byFingerprint.set(fingerprint, group);
    return group;
  }

  /** The most frequent first. */
  get all(): CrashGroup[] {
    return [...this.#byFingerprint]
      .map(([fingerprint, { kernels, devices, ...group }]) => ({
        fingerprint,
        ...group,
        kernels: [...kernels].sort(),
        devices: [...devices].sort(),
      }))
      .sort((a, b) => b.count - a.count || compareText(a.fingerprint, b.fingerprint));
  }

  totals({ resumed, complete }: Pick<Totals, 'resumed' | 'complete'>): Totals {
    const codes = this.#exitCodes;
    const told = codes[0] + codes[1] + codes[3] > 0;
    const open = codes[2] + codes[3] > 0 || !complete;
    const exitCode = !told ? 2 : open ? 3 : codes[1] > 0 ? 1 : 0;
    return {
      crashes: this.#crashes,
      ...this.#statuses,
      exitCodes: { ...codes },
      resumed,
      complete,
      exitCode,
    };
  }
}

/** What was not searched may have any crash in it: then the answer is not known to be all of it. */
export function withPlacesLeft(report: TriageReport): TriageReport {
  const { totals, notSearched } = report;
  if (notSearched.length === 0 || totals.exitCode === 2) return report;
  return { ...report, totals: { ...totals, exitCode: 3 } };
}
