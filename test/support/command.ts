/** Runs the command as a user would: in this process through its own entry, or, where the process matters, in its own. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CommandIo, TextSink } from '../../src/cli/output/io.ts';
import { runCommand } from '../../src/cli/start/run-command.ts';

export const COMMAND = fileURLToPath(new URL('../../bin/smmu-adopt.cjs', import.meta.url));

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

export interface RunOptions {
  readonly cwd?: string | undefined;
  /** Beside the environment of the tests. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** That of the tests, without what would colour the text. */
function environment(extra: RunOptions['env']): Record<string, string | undefined> {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...env } = process.env;
  return { ...env, ...extra };
}

/** Ends when the run before has ended: the working folder is the process's. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the command in this process. `stdin` is what it reads there; `columns` make stdout and stderr a terminal of that
 * width.
 */
export function run(
  args: readonly string[],
  options: RunOptions & { readonly stdin?: string | Uint8Array; readonly columns?: number } = {},
): Promise<Outcome> {
  const outcome = last.then(() => runAlone(args, options));
  last = outcome.catch(() => {});
  return outcome;
}

async function runAlone(
  args: readonly string[],
  { cwd, env, stdin, columns }: Parameters<typeof run>[1] & object,
): Promise<Outcome> {
  const [stdout, stderr] = [new MemorySink(columns), new MemorySink(columns)];
  const io: CommandIo = {
    stdin: (async function* () {
      if (stdin !== undefined) yield stdin;
    })(),
    stdout,
    stderr,
    env: environment(env),
    cwd: () => process.cwd(),
    chdir: (folder) => process.chdir(folder),
  };
  const here = process.cwd();
  try {
    if (cwd !== undefined) process.chdir(cwd);
    const status = await runCommand(args, io);
    return { stdout: stdout.text, stderr: stderr.text, status };
  } finally {
    process.chdir(here);
  }
}

/** A stream that keeps what is written to it, and takes it as late as a real one does. */
class MemorySink implements TextSink {
  readonly #pieces: string[] = [];
  readonly isTTY: boolean;
  readonly columns: number | undefined;

  constructor(columns: number | undefined) {
    this.isTTY = columns !== undefined;
    this.columns = columns;
  }

  get text(): string {
    return this.#pieces.join('');
  }

  write(text: string, taken?: () => void): void {
    this.#pieces.push(text);
    if (taken !== undefined) setImmediate(taken);
  }

  on(): void {}
}

/** Runs the built command in a process of its own: slow, for what only a process shows. `npm run build` comes first. */
export function runProcess(args: readonly string[], { cwd, env }: RunOptions = {}): Outcome {
  const { stdout, stderr, status } = spawnSync(process.execPath, [COMMAND, ...args], {
    cwd,
    encoding: 'utf8',
    env: environment(env),
    maxBuffer: 1 << 28,
  });
  return { stdout, stderr, status };
}
