/** A triage from its crashes to its report: what is done already, what is not, and what became of it. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { onDisk } from '../byte-names.ts';
import type { Progress } from '../progress.ts';
import { SCHEMA_VERSION, TOOL } from '../version.ts';
import type { Analysis, Crash, CrashRow, NotSearched, TriageReport } from './crash.ts';
import { identityOf } from './find/identity.ts';
import { Groups } from './results/groups.ts';
import type { Results, RowPlace } from './results/results.ts';
import { isRunEnd, type RunEnd } from './results/row-text.ts';
import { type Runner, runAll, type Task } from './runner.ts';
import { isOf, type Shard, shardText } from './shard.ts';

/** What of a row is known without its dump. */
export type RowFrame = Pick<CrashRow, 'seconds' | 'shard' | 'identity' | 'report'>;

export interface TriageOptions {
  /** Everything but the files that a row depends on: the options of the inspection. */
  readonly asked: readonly string[];
  /** What a row that a limit has ended depends on besides. */
  readonly limits: readonly string[];
  readonly shard: Shard | null;
  /** What the parts of one run have in common. */
  readonly run: string;
  /** The folder for the crashes' own reports, and what each is called there, by its path. */
  readonly reports: string | null;
  readonly reportName: (path: string) => string;
  readonly jobs: number;
  readonly startRunner: () => Runner;
  /** Writes a row's text; the only place that does. */
  readonly rowOf: (crash: Crash, analysis: Analysis, frame: RowFrame) => CrashRow;
  readonly stop: AbortSignal;
  /** Hears of each row as it becomes known. */
  readonly onRow?: ((row: CrashRow) => void | Promise<void>) | undefined;
  readonly onCrash?: ((crash: Crash) => void) | undefined;
  readonly progress: Progress;
}

/** Where crashes come from, and what was not looked at. */
export interface CrashSource {
  /** How many more there are about, as far as is known. */
  readonly waiting: number;
  readonly notSearched: readonly NotSearched[];
  crashes(): AsyncIterable<Crash>;
}

interface RowTask extends Task {
  /** Its place in the report. */
  readonly order: number;
  readonly identity: string;
}

export class Triage {
  readonly #options: TriageOptions;
  readonly #source: CrashSource;
  readonly #results: Results;
  readonly #groups = new Groups();
  /** By order; those that are not finished have no place. */
  readonly #places: RowPlace[] = [];
  /** Those that no crash was found for, as yet. */
  readonly #earlier = new Map<string, RowPlace & { readonly identity: string }>();
  /** Lines of the earlier run that are no rows. */
  torn = 0;
  #found = 0;
  #own = 0;
  #done = 0;
  #resumed = 0;
  #complete = false;
  /** The last line that is there, if it is the end of a run. */
  #lastEnd: string | null = null;

  constructor(source: CrashSource, results: Results, options: TriageOptions) {
    this.#source = source;
    this.#results = results;
    this.#options = options;
  }

  /** The report's rows are read from the results, so keep those open until it is written. */
  async run(): Promise<TriageReport> {
    const { jobs, startRunner, stop } = this.#options;
    this.#readEarlier();
    await runAll(this.#tasks(), { jobs, start: startRunner, stop }, ({ task, analysis, seconds }) =>
      this.#finished(task, analysis, seconds),
    );
    this.#complete = !stop.aborted;
    this.#appendEnd();
    return this.#report();
  }

  /** The end of the run, which goes behind its rows; null where it was stopped. */
  get end(): RunEnd | null {
    const { run } = this.#options;
    if (!this.#complete) return null;
    return {
      record: 'end',
      shard: this.#shardText,
      crashes: this.#own,
      found: this.#found,
      gone: [...this.#earlier.keys()],
      notSearched: this.#source.notSearched,
      run,
    };
  }

  /** Not once more where nothing has come behind the same: a run that finds nothing new leaves its results as they are. */
  #appendEnd(): void {
    const end = this.end === null ? null : JSON.stringify(this.end);
    if (end !== null && end !== this.#lastEnd) this.#results.append(end);
  }

  #readEarlier(): void {
    for (const { value, offset, byteLength, text } of this.#results.lines()) {
      this.#lastEnd = value !== null && isRunEnd(value) ? text : null;
      if (value === null) this.torn += byteLength > 0 ? 1 : 0;
      // The last one counts: whatever was done again was done for a reason.
      else if (!isRunEnd(value)) this.#earlier.set(value.path, { offset, byteLength, identity: value.identity });
    }
  }

  /** What is left to do; what is done already goes into the report as it comes by. */
  async *#tasks(): AsyncGenerator<RowTask> {
    const { shard, onCrash } = this.#options;
    for await (const crash of this.#source.crashes()) {
      this.#found += 1;
      if (shard !== null && !isOf(shard, crash.path)) continue;
      onCrash?.(crash);
      const order = this.#own;
      this.#own += 1;
      this.#tellProgress();
      const identity = await identityOf(crash, this.#options.asked);
      if (await this.#takeEarlier(crash, identity, order)) continue;
      const report = this.#reportOf(crash);
      const task = { crash, report: report === null ? null : resolve(report), order, identity };
      if (crash.problem === null) yield task;
      else await this.#finished(task, { status: 'failed', ...crash.problem }, 0);
    }
  }

  /** As the folder was named. */
  #reportOf({ path }: Crash): string | null {
    const { reports, reportName } = this.#options;
    return reports === null ? null : join(reports, reportName(path));
  }

  async #takeEarlier(crash: Crash, identity: string, order: number): Promise<boolean> {
    const earlier = this.#earlier.get(crash.path);
    if (earlier === undefined) return false;
    this.#earlier.delete(crash.path);
    const same = earlier.identity === identity || earlier.identity === (await this.#limitedIdentity(crash));
    if (!same) return false;
    const [row] = this.#results.rows([earlier]);
    const report = this.#reportOf(crash);
    // What killed its process was none of the limits, and may not have been the dump either.
    if (row === undefined || row.failure === 'died') return false;
    // Whoever asks for reports asks for this one too. One of before is there where it could not be replaced.
    const isThere = report === null || (row.report !== null && existsSync(onDisk(report)));
    if (row.status === 'ok' && !isThere) return false;
    this.#resumed += 1;
    const shard = this.#shardText;
    // Whatever part it was in: in this run it is in this one.
    const place = row.shard === shard ? earlier : this.#append({ ...row, shard });
    await this.#take({ ...row, shard }, place, order);
    return true;
  }

  get #shardText(): string | null {
    const { shard } = this.#options;
    return shard === null ? null : shardText(shard);
  }

  #append(row: CrashRow): RowPlace {
    this.#lastEnd = null;
    return this.#results.append(JSON.stringify(row));
  }

  /** With other limits there may be a result. */
  #limitedIdentity(crash: Crash): Promise<string> {
    return identityOf(crash, [...this.#options.asked, ...this.#options.limits]);
  }

  async #finished({ crash, order, identity }: RowTask, analysis: Analysis, seconds: number): Promise<void> {
    const { rowOf } = this.#options;
    const isLimited = analysis.status === 'failed' && ['time', 'memory'].includes(analysis.failure);
    const row = rowOf(crash, analysis, {
      seconds: Math.round(seconds * 1000) / 1000,
      shard: this.#shardText,
      identity: isLimited ? await this.#limitedIdentity(crash) : identity,
      report: analysis.status === 'ok' && analysis.unwritten === null ? this.#reportOf(crash) : null,
    });
    await this.#take(row, this.#append(row), order);
  }

  async #take(row: CrashRow, { offset, byteLength }: RowPlace, order: number): Promise<void> {
    this.#places[order] = { offset, byteLength };
    this.#groups.add(row);
    this.#done += 1;
    this.#tellProgress();
    await this.#options.onRow?.(row);
  }

  #tellProgress(): void {
    this.#options.progress('triage', this.#done, this.#own + this.#source.waiting);
  }

  #report(): TriageReport {
    return {
      schemaVersion: SCHEMA_VERSION,
      tool: TOOL,
      crashes: this.#results.rows(this.#places.filter((place) => place !== undefined)),
      groups: this.#groups.all,
      totals: this.#groups.totals({ resumed: this.#resumed, complete: this.#complete }),
      notSearched: this.#source.notSearched,
    };
  }
}
