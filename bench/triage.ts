/** Many crashes in one run against a process for each, on one processor: what a warm worker is worth. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../bin/smmu-adopt.cjs', import.meta.url));
const SAMPLES = fileURLToPath(new URL('../samples', import.meta.url));
const CRASHES = 500;
const PROCESSES = 15;

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

/** Makes the crashes in `folder` first. */
export function measureTriage(folder: string): Measured {
  const tree = join(folder, 'crashes');
  for (let i = 0; i < CRASHES; i++) {
    const [sample = '', ...args] = KINDS[i % KINDS.length] ?? [];
    const place = join(tree, `node${i}`);
    mkdirSync(place, { recursive: true });
    for (const file of args.filter((word) => !word.startsWith('--')))
      copyFileSync(join(SAMPLES, sample, file), join(place, file));
  }
  const started = performance.now();
  for (let i = 0; i < PROCESSES; i++) {
    const [sample = '', ...args] = KINDS[i % KINDS.length] ?? [];
    node(join(SAMPLES, sample), 'inspect', ...args, '-q');
  }
  const inspect = (performance.now() - started) / 1000 / PROCESSES;
  const begun = performance.now();
  const { stdout } = node(folder, 'triage', 'crashes', '--jobs', '1', '--format', 'json');
  const crash = (performance.now() - begun) / 1000 / CRASHES;
  if (JSON.parse(stdout).totals.ok !== CRASHES) throw new Error('not every crash was analysed');
  return { crash, inspect };
}

function node(cwd: string, ...args: string[]) {
  const command = [process.execPath, COMMAND, ...args];
  // Otherwise a triage would have a processor for itself and one for its worker.
  const pinned = process.platform === 'linux' && spawnSync('taskset', ['-V']).status === 0;
  const [program = '', ...rest] = pinned ? ['taskset', '-c', '0', ...command] : command;
  return spawnSync(program, rest, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
}
