/** What came out of a sample against what is expected of it. */

import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { onDisk } from '../byte-names.ts';
import { readTextFile } from '../dump/sources/source.ts';
import { InputError } from '../errors.ts';
import type { Finding } from '../findings/findings.ts';
import { type Difference, differences, lineDifferences } from './differences.ts';
import { placeInside } from './inside.ts';
import { replaceFile } from './replace-file.ts';
import { MAX_JSON_BYTES, type Sample } from './sample.ts';

/** What `smmu-adopt inspect` came to. Without an inspection there are no reports of it. */
export interface SampleOutcome {
  readonly exitCode: number;
  readonly stderr: string;
  readonly smmus: readonly { readonly name: string; readonly verdict: string; readonly ret: number | null }[] | null;
  readonly findings: readonly Finding[] | null;
  /** Reports as they are written; null where no inspection came about, or nobody needs them. */
  readonly json: string | null;
  readonly text: string | null;
}

export interface Judgement {
  readonly differences: readonly Difference[];
  /** Files that were written anew, because they were wrong and that was asked for. */
  readonly updated: readonly string[];
}

export interface JudgeOptions {
  /** Write the expected results anew where they differ. */
  readonly update: boolean;
  readonly allowOutside: boolean;
}

/** Throws InputError when an expected result is not there or is none. */
export function judge(sample: Sample, outcome: SampleOutcome, options: JudgeOptions): Judgement {
  const { expected } = sample;
  const found: Difference[] = [];
  const updated: string[] = [];
  if (expected.exitCode !== undefined && expected.exitCode !== outcome.exitCode) {
    found.push({ place: 'exit status', expected: expected.exitCode, found: outcome.exitCode });
  }
  if (expected.stderr !== undefined && expected.stderr !== outcome.stderr) {
    found.push({ place: 'stderr', expected: expected.stderr, found: outcome.stderr });
  }
  if (outcome.smmus !== null && outcome.findings !== null) {
    if (expected.verdict !== undefined) found.push(...ofSmmus('verdict', expected.verdict, outcome.smmus));
    if (expected.ret !== undefined) found.push(...ofSmmus('ret', expected.ret, outcome.smmus));
    found.push(...ofFindings(expected.findings, outcome.findings));
  }
  for (const [file, kind] of [
    [expected.json, 'json'],
    [expected.text, 'text'],
  ] as const) {
    if (file === undefined) continue;
    const path = pathOf(sample, file, options);
    const wrong = [...compareFile(path, outcome[kind] ?? '', kind)];
    if (wrong.length > 0 && options.update && outcome[kind] !== null) {
      refuseOtherFiles(path, file);
      replaceFile(path, outcome[kind], options.allowOutside ? {} : { within: sample.folder });
      updated.push(file);
    } else {
      for (const difference of wrong) found.push({ ...difference, place: `${file} ${difference.place}`.trimEnd() });
    }
  }
  return { differences: found, updated };
}

function pathOf({ folder }: Sample, file: string, { allowOutside }: JudgeOptions): string {
  return allowOutside ? resolve(folder, file) : placeInside(folder, file);
}

/** One value is that of every SMMU; a list has one for each. */
function* ofSmmus(
  key: 'verdict' | 'ret',
  expected: unknown,
  smmus: NonNullable<SampleOutcome['smmus']>,
): Generator<Difference> {
  if (Array.isArray(expected)) {
    const values = smmus.map((smmu) => smmu[key]);
    if (JSON.stringify(expected) !== JSON.stringify(values)) yield { place: key, expected, found: values };
    return;
  }
  for (const smmu of smmus) {
    if (smmu[key] !== expected) yield { place: `${key} of ${smmu.name}`, expected, found: smmu[key] };
  }
}

function* ofFindings(expected: Sample['expected']['findings'], findings: readonly Finding[]): Generator<Difference> {
  const rules = new Set<string>(findings.map(({ rule }) => rule));
  if (expected === undefined) return;
  if ('exactly' in expected) {
    const [wanted, found] = [new Set(expected.exactly), rules].map((set) => [...set].sort());
    if (JSON.stringify(wanted) !== JSON.stringify(found)) yield { place: 'findings', expected: wanted, found };
    return;
  }
  for (const rule of expected.include) if (!rules.has(rule)) yield { place: 'findings', expected: rule };
  for (const rule of expected.exclude) if (rules.has(rule)) yield { place: 'findings', found: rule };
}

/** A result that is kept, or why it cannot be compared. */
function* compareFile(path: string, found: string, kind: 'json' | 'text'): Generator<Difference> {
  const kept = readKept(path);
  if (kept === null) yield { place: 'is not there; --update makes it' };
  else if (kind === 'text') yield* lineDifferences(kept, found);
  else if (kept.trim() === '' || found === '') {
    if (kept.trim() !== found) yield { place: '', expected: kept, found };
  } else {
    let expected: unknown;
    try {
      expected = JSON.parse(kept);
    } catch (error) {
      const reason = (error as Error).message.replace(/[\s\p{Cc}]+/gu, ' ');
      return yield { place: `is not JSON: ${reason}` };
    }
    yield* differences(expected, JSON.parse(found));
  }
}

/** Only what looks like a result of this program is replaced by another one. */
function refuseOtherFiles(path: string, file: string): void {
  const kept = readKept(path);
  if (kept === null || kept.trim() === '' || kept.includes('"schemaVersion"') || file.endsWith('.txt')) return;
  throw new InputError('usage', 'is no result of this program, so --update does not overwrite it', { file });
}

/** What is kept under this name; null when nothing is. */
function readKept(path: string): string | null {
  if (!existsSync(onDisk(path))) return null;
  const { size } = statSync(onDisk(path));
  return size === 0 ? '' : readTextFile(path, MAX_JSON_BYTES, tooLong(path));
}

function tooLong(file: string): (byteLength: number) => InputError {
  return (byteLength) => new InputError('format', `is ${byteLength} bytes long`, { file });
}
