/** Runs samples, several at once. One that cannot be run, or run to its end, is a failure and not the end. */

import { isInputError } from '../errors.ts';
import { noProgress, type Progress } from '../progress.ts';
import { type Runner, runAll } from '../triage/runner.ts';
import { TOOL } from '../version.ts';
import type { Difference } from './differences.ts';
import { type JudgeOptions, judge, type SampleOutcome } from './judge.ts';
import type { FoundSample, Sample } from './sample.ts';

/** `broken`: it could not be run, or there is nothing to compare with. */
export type SampleResult = 'ok' | 'differs' | 'broken';

export interface CheckedSample {
  readonly name: string;
  /** What describes the sample. */
  readonly file: string;
  readonly result: SampleResult;
  /** The first few. */
  readonly differences: readonly Difference[];
  /** How many more there are. */
  readonly more: number;
  /** Why it is broken. */
  readonly error: string | null;
  /** Files with expected results that were written anew. */
  readonly updated: readonly string[];
}

export interface CheckReport {
  readonly schemaVersion: 1;
  readonly tool: typeof TOOL;
  readonly samples: readonly CheckedSample[];
  readonly summary: Readonly<Record<SampleResult | 'samples' | 'updated', number>> & { readonly exitCode: 0 | 1 };
}

/** A file of tens of thousands of lines can differ in all of them. */
const SHOWN_DIFFERENCES = 5;

/** A sample, and which of them it is. */
export interface SampleTask {
  readonly sample: Sample;
  readonly order: number;
}

/** What becomes of a sample, without its name: small enough for a pipe, however large its result is. */
export type SampleAnswer =
  | ({ readonly status: 'ok' } & Pick<CheckedSample, 'differences' | 'more' | 'updated'>)
  | { readonly status: 'failed'; readonly why: string };

export type SampleRunner = Runner<SampleTask, SampleAnswer>;

/** Runs a sample with `run` and judges what comes out. One that throws is broken. */
export async function answerOf(
  sample: Sample,
  run: (sample: Sample) => Promise<SampleOutcome>,
  options: JudgeOptions,
): Promise<SampleAnswer> {
  return attempt(async () => {
    const { differences, updated } = judge(sample, await run(sample), options);
    const shown = differences.slice(0, SHOWN_DIFFERENCES);
    return { status: 'ok', differences: shown, more: differences.length - shown.length, updated };
  });
}

/** Has every sample run and judged, by `jobs` runners at once. One that is broken does not end the check. */
export async function checkSamples(
  found: readonly FoundSample[],
  { jobs, start }: { readonly jobs: number; readonly start: () => SampleRunner },
  progress: Progress = noProgress,
): Promise<CheckReport> {
  const answers: SampleAnswer[] = [];
  const tasks = async function* (): AsyncGenerator<SampleTask> {
    for (const [order, { read }] of found.entries()) {
      progress('checking samples', order, found.length);
      let sample: Sample | undefined;
      const refused = await attempt(async () => {
        sample = read();
        return null;
      });
      if (sample !== undefined) yield { sample, order };
      else answers[order] = refused as SampleAnswer;
    }
  };
  const stop = new AbortController().signal;
  await runAll(tasks(), { jobs, start, stop }, ({ task: { order }, analysis }) => {
    answers[order] = analysis;
  });
  const samples = found.map((one, order) => checkedSample(one, answers[order] as SampleAnswer));
  const count = (result: SampleResult) => samples.filter((sample) => sample.result === result).length;
  const [ok, differs, broken] = [count('ok'), count('differs'), count('broken')];
  const updated = samples.reduce((sum, sample) => sum + sample.updated.length, 0);
  const exitCode = ok === samples.length ? 0 : 1;
  const summary = { samples: samples.length, ok, differs, broken, updated, exitCode } as const;
  return { schemaVersion: 1, tool: TOOL, samples, summary };
}

/** A mistake in this program is no reason to leave out the samples that come behind. */
async function attempt<T>(work: () => Promise<T>): Promise<T | { readonly status: 'failed'; readonly why: string }> {
  try {
    return await work();
  } catch (error) {
    const why = isInputError(error) ? error.message : `internal error, please report it: ${String(error)}`;
    return { status: 'failed', why };
  }
}

function checkedSample({ name, file }: FoundSample, answer: SampleAnswer): CheckedSample {
  if (answer.status === 'failed') {
    return { name, file, result: 'broken', differences: [], more: 0, error: answer.why, updated: [] };
  }
  const { differences, more, updated } = answer;
  return { name, file, result: differences.length === 0 ? 'ok' : 'differs', differences, more, error: null, updated };
}
