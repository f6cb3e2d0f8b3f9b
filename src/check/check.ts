/** Runs samples one after the other. One that cannot be run, or run to its end, is a failure and not the end. */

import { isInputError } from '../errors.ts';
import { noProgress, type Progress } from '../progress.ts';
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

/** Runs every sample with `run` and judges what comes out. One that throws is broken, and does not end the check. */
export async function checkSamples(
  found: readonly FoundSample[],
  run: (sample: Sample) => Promise<SampleOutcome>,
  options: JudgeOptions,
  progress: Progress = noProgress,
): Promise<CheckReport> {
  const samples: CheckedSample[] = [];
  for (const [i, sample] of found.entries()) {
    progress('checking samples', i, found.length);
    samples.push(await checkSample(sample, run, options));
  }
  const count = (result: SampleResult) => samples.filter((sample) => sample.result === result).length;
  const [ok, differs, broken] = [count('ok'), count('differs'), count('broken')];
  const updated = samples.reduce((sum, sample) => sum + sample.updated.length, 0);
  const exitCode = ok === samples.length ? 0 : 1;
  const summary = { samples: samples.length, ok, differs, broken, updated, exitCode } as const;
  return { schemaVersion: 1, tool: TOOL, samples, summary };
}

async function checkSample(
  { name, file, read }: FoundSample,
  run: (sample: Sample) => Promise<SampleOutcome>,
  options: JudgeOptions,
): Promise<CheckedSample> {
  const nothing = { name, file, differences: [], more: 0, error: null, updated: [] };
  try {
    const sample = read();
    const { differences, updated } = judge(sample, await run(sample), options);
    const result = differences.length === 0 ? 'ok' : 'differs';
    const shown = differences.slice(0, SHOWN_DIFFERENCES);
    return { ...nothing, result, differences: shown, more: differences.length - shown.length, updated };
  } catch (error) {
    // A mistake in this program is no reason to leave out the samples that come behind.
    const what = isInputError(error) ? error.message : `internal error, please report it: ${String(error)}`;
    return { ...nothing, result: 'broken', error: what };
  }
}
