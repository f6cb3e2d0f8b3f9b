/** Folders of small crashes, each of files of a sample, and the triage of what is there. */

import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import type { CrashGroup, CrashRow, NotSearched, Totals } from '../../../src/triage/crash.ts';
import { run } from '../command.ts';
import { expectStrictlyValidDocument } from '../schema.ts';

export interface Report {
  readonly crashes: readonly CrashRow[];
  readonly groups: readonly CrashGroup[];
  readonly totals: Totals;
  readonly notSearched: readonly NotSearched[];
}

/** The report as JSON, which is as the schema says, and the exit status. */
export async function triageJson(
  args: readonly string[],
  cwd: string,
): Promise<Report & { readonly status: number | null }> {
  const { stdout, status } = await run(['triage', ...args, '--format', 'json'], { cwd });
  const report = JSON.parse(stdout);
  expectStrictlyValidDocument('triage', report);
  return { ...report, status };
}

const BAD_SPAN = { 'dump.raw': 'dump.raw', 'regs.json': 'regs.json' };

let folders = 0;

/** A new folder below `top`, and ways to fill it. */
export function crashPlace(top: string) {
  folders += 1;
  const path = join(top, `case-${folders}`);
  mkdirSync(path);
  const at = (...parts: string[]) => join(path, ...parts);
  return {
    path,
    at,
    /** A copy of files of a sample. */
    crash(folder: string, sample = 'bad-span', files: Readonly<Record<string, string>> = BAD_SPAN) {
      mkdirSync(at(folder), { recursive: true });
      for (const [from, to] of Object.entries(files)) cpSync(join(SAMPLES_FOLDER, sample, from), at(folder, to));
    },
    json: (...args: string[]) => triageJson(args, path),
    triage: (...args: string[]) => run(['triage', ...args], { cwd: path }),
  };
}
