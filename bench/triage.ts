/** Many crashes in one run against a process for each, on one processor: what a warm worker is worth. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../bin/smmu-adopt.cjs', import.meta.url));
const SAMPLES = fileURLToPath(new URL('../samples', import.meta.url));
const CRASHES = 500;
const ROUNDS = 5;

/** A sample with the arguments of `inspect`. */
const KINDS: readonly (readonly [sample: string, ...args: string[]])[] = [
  ['healthy-two-level', 'dump.raw', '--regs', 'regs.json'],
  ['bad-span', 'dump.raw', '--regs', 'regs.json'],
  ['bare-vmcore', 'vmcore'],
];

/** Seconds of one crash in a triage, and of one `inspect` by itself. */
export interface Measured {
  readonly crash: number;
  readonly inspect: number;
}

/** Folders with a crash each, in `folder`; all of them in what is returned. */
export function makeCrashes(folder: string): string {
  const tree = join(folder, 'crashes');
  for (let i = 0; i < CRASHES; i++) {
    const [sample = '', ...args] = KINDS[i % KINDS.length] ?? [];
    const place = join(tree, `node${i}`);
    mkdirSync(place, { recursive: true });
    for (const file of args.filter((word) => !word.startsWith('--')))
      copyFileSync(join(SAMPLES, sample, file), join(place, file));
  }
  return tree;
}

/** Of the crashes in `tree`, on one processor. They take turns, so that a slow moment of the machine meets both. */
export function measureTriage(tree: string): Measured {
  const [crash, inspect]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [sample, ...args] of KINDS) {
      const started = performance.now();
      node(join(SAMPLES, sample), ONE, 'inspect', ...args, '-q');
      inspect.push((performance.now() - started) / 1000);
    }
    crash.push(triageAll(tree, ONE, 1) / CRASHES);
  }
  const mean = (seconds: readonly number[]) => seconds.reduce((sum, one) => sum + one, 0) / seconds.length;
  return { crash: mean(crash), inspect: mean(inspect) };
}

/** Seconds of the same triage by one process that analyses and by two, on two processors; null where there are no two. */
export function measureJobs(tree: string): { readonly one: number; readonly two: number } | null {
  if (availableParallelism() < 2) return null;
  const times = [1, 2, 1, 2].map((jobs) => triageAll(tree, TWO, jobs));
  return { one: Math.min(times[0] ?? 0, times[2] ?? 0), two: Math.min(times[1] ?? 0, times[3] ?? 0) };
}

function triageAll(tree: string, processors: string, jobs: number): number {
  const begun = performance.now();
  const { stdout } = node(tree, processors, 'triage', '.', '--jobs', String(jobs), '--format', 'json');
  const seconds = (performance.now() - begun) / 1000;
  if (JSON.parse(stdout).totals.ok !== CRASHES) throw new Error('not every crash was analysed');
  return seconds;
}

/** As `taskset` names them. */
const ONE = '0';
const TWO = '0,1';

function node(cwd: string, processors: string, ...args: string[]) {
  const command = [process.execPath, COMMAND, ...args];
  // Otherwise a triage would have a processor for itself and one for its worker.
  const pinned = process.platform === 'linux' && spawnSync('taskset', ['-V']).status === 0;
  const [program = '', ...rest] = pinned ? ['taskset', '-c', processors, ...command] : command;
  return spawnSync(program, rest, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
}
