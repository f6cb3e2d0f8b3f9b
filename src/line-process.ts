/** A process that is told lines on its stdin and says lines on its stdout; its stderr is nobody's. */

import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { onDisk } from './byte-names.ts';

export interface LineListener {
  line(text: string): void;
  /** It has ended, or could not be started at all: both are null then. */
  gone(code: number | null, signal: NodeJS.Signals | null): void;
}

export class LineProcess {
  readonly #child: ChildProcess;

  /** `command`: the program and its arguments. The listener hears nothing before the constructor has returned. */
  constructor(
    command: readonly string[],
    listener: LineListener,
    env: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: folderToStartIn(),
      env,
      windowsHide: true,
    });
    this.#child = child;
    let begun = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (begun + text).split('\n');
      begun = lines.pop() as string;
      for (const line of lines) listener.line(line);
    });
    // Whatever ends it is said by its exit.
    child.stdin?.on('error', () => {});
    child.on('error', () => listener.gone(null, null));
    child.on('exit', (code, signal) => listener.gone(code, signal));
  }

  /** Undefined for one that could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/**
 * An answer out of a line, in JSON, by a key that it has. Null where something else prints, which code that NODE_OPTIONS has
 * every process load may do: what is said from then on cannot be told from an answer.
 */
export function answerWith<T extends object>(key: keyof T & string, line: string): T | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as T) : null;
  } catch {
    return null;
  }
}

/**
 * The working folder; or the root where somebody has removed it, as a process that cannot name its own ends at once, or where
 * this user may not enter it, as after sudo in the home of another: nothing below it can be meant then.
 */
function folderToStartIn(): string | undefined {
  try {
    const place = onDisk(process.cwd());
    accessSync(place, constants.X_OK);
    // Node takes no bytes here: a process that is told of no folder starts in this one.
    return typeof place === 'string' ? place : undefined;
  } catch {
    return '/';
  }
}
