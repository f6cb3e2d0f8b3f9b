/** Runs the built command as a user would: a process of its own, no terminal, no colour from the environment. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../bin/smmu-adopt.cjs', import.meta.url));

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

export function run(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Outcome {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...env } = process.env;
  const { stdout, stderr, status } = spawnSync(process.execPath, [COMMAND, ...args], {
    cwd: options.cwd,
    encoding: 'utf8',
    env: { ...env, ...options.env },
    timeout: 20_000,
    maxBuffer: 1 << 28,
  });
  return { stdout, stderr, status };
}
