/**
 * The way into a triage for whoever prints it: opens the results, runs what is to be done or merges what was, and hands over
 * a report whose rows are read from there.
 */

import type { Progress } from '../progress.ts';
import type { Analysis, Crash, CrashRow, TriageReport } from './crash.ts';
import type { NameOptions } from './find/crashes-in-folder.ts';
import { withPlacesLeft } from './results/groups.ts';
import { type Merged, mergeParts, type Part } from './results/merge.ts';
import { Results } from './results/results.ts';
import type { RunEnd } from './results/row-text.ts';
import type { Runner } from './runner.ts';
import { fingerprintOfRun, parseShard } from './shard.ts';
import { NamedPlaces } from './source.ts';
import { type RowFrame, Triage } from './triage.ts';
import { type Limits, WorkerProcess } from './worker-process.ts';

export interface RunOptions {
  readonly places: readonly string[];
  readonly names: NameOptions;
  /** The file of an earlier run; undefined for none. */
  readonly resume: string | undefined;
  /** As it was given. */
  readonly shard: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly reports: string | undefined;
  /** What the report of a crash is called there, by its path. */
  readonly reportName: (path: string) => string;
  readonly limits: Limits;
  /** Everything but files and limits that a row depends on. */
  readonly asked: string;
  readonly jobs: number;
  /** What a worker is started with; where it is a runner itself, that does all, within this process and without limits. */
  readonly worker: readonly string[] | Runner;
  readonly rowOf: (crash: Crash, analysis: Analysis, frame: RowFrame) => CrashRow;
  readonly onRow: ((row: CrashRow) => Promise<void>) | undefined;
  readonly onCrash: ((crash: Crash) => void) | undefined;
  readonly stop: AbortSignal;
  readonly progress: Progress;
}

export interface FinishedRun {
  readonly report: TriageReport;
  /** Null where it was stopped. */
  readonly end: RunEnd | null;
  /** Lines of the earlier run that are no rows. */
  readonly torn: number;
}

/** `use` gets the report while its rows can be read. Throws InputError for what cannot be used of the options. */
export async function runTriage<T>(options: RunOptions, use: (run: FinishedRun) => Promise<T>): Promise<T> {
  const { places, names, resume, limits, asked, reports, worker } = options;
  const shard = options.shard === undefined ? null : parseShard(options.shard, options.env);
  const results = resume === undefined ? Results.temporary() : Results.at(resume);
  try {
    const triage = new Triage(new NamedPlaces(places, names), results, {
      ...options,
      asked: [asked],
      run: fingerprintOfRun(places, [asked, String(names.dumpName), String(names.regsName)]),
      limits: [JSON.stringify(limits)],
      shard,
      reports: reports ?? null,
      // Within one process they would share its working folder.
      jobs: 'run' in worker ? 1 : options.jobs,
      startRunner: () => ('run' in worker ? worker : new WorkerProcess(worker, limits)),
    });
    const report = withPlacesLeft(await triage.run());
    return await use({ report, end: triage.end, torn: triage.torn });
  } finally {
    results.close();
  }
}

/** The same for the results of the parts of a run. Throws InputError for parts that are not the whole, or more than it. */
export async function mergeTriage<T>(files: readonly string[], use: (merged: Merged) => Promise<T>): Promise<T> {
  const parts: Part[] = [];
  try {
    for (const file of files) parts.push({ file, results: Results.of(file) });
    const merged = mergeParts(parts);
    return await use({ ...merged, report: withPlacesLeft(merged.report) });
  } finally {
    for (const { results } of parts) results.close();
  }
}
