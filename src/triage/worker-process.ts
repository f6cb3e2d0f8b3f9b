/**
 * A runner in a process of its own, which stays warm from one crash to the next: one line of JSON in, one out. Whatever a
 * dump does to it, it can be ended: a process is killed within a read that never returns and in memory that is not the
 * language's own, which no thread is.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Analysis, Failure } from './crash.ts';
import type { Runner, Task } from './runner.ts';

export interface Limits {
  /** For one crash. */
  readonly seconds: number;
  /** Resident memory of one process. */
  readonly byteLength: number;
}

/** What a worker says when it is done. */
export interface Answer {
  readonly analysis: Analysis;
  /** Its resident memory in bytes, where the system does not tell it while it works. */
  readonly residentBytes: number;
}

const WATCH_MS = 100;
/** Node ends itself with it when its heap is full. */
const ABORTED = 134;

/** `command` starts the worker, with the limits that it can keep itself in its environment. */
export class WorkerProcess implements Runner {
  readonly #command: readonly string[];
  readonly #limits: Limits;
  #child: ChildProcess | null = null;
  #closed = false;
  /** Ends what the worker is at work on. */
  #finish: ((analysis: Analysis) => void) | null = null;

  constructor(command: readonly string[], limits: Limits) {
    this.#command = command;
    this.#limits = limits;
  }

  run(task: Task): Promise<Analysis> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve(failed('died'));
      const child = this.#child ?? this.#start();
      const timer = setTimeout(() => this.#end('time'), this.#limits.seconds * 1000);
      const watch = setInterval(() => {
        if (residentBytesOf(child.pid) > this.#limits.byteLength) this.#end('memory');
      }, WATCH_MS);
      this.#finish = (analysis) => {
        clearTimeout(timer);
        clearInterval(watch);
        this.#finish = null;
        resolve(analysis);
      };
      child.stdin?.write(`${JSON.stringify(task)}\n`);
    });
  }

  close(): void {
    this.#closed = true;
    this.#end('died');
  }

  #start(): ChildProcess {
    const [program = '', ...args] = this.#command;
    const heap = Math.max(64, Math.floor(this.#limits.byteLength / 2 ** 20));
    const options = `${process.env['NODE_OPTIONS'] ?? ''} --max-old-space-size=${heap}`.trim();
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, NODE_OPTIONS: options },
      windowsHide: true,
    });
    this.#child = child;
    let line: string[] = [];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const end = text.indexOf('\n');
      line.push(end < 0 ? text : text.slice(0, end));
      if (end < 0) return;
      const said = line.join('');
      line = [];
      if (child === this.#child) this.#answered(said);
    });
    // Whatever ends it is said by its exit.
    child.stdin?.on('error', () => {});
    const gone = (failure: Failure) => {
      if (child !== this.#child) return;
      this.#child = null;
      this.#finish?.(failed(failure));
    };
    child.on('error', () => gone('died'));
    child.on('exit', (code, signal) => gone(signal === 'SIGABRT' || code === ABORTED ? 'memory' : 'died'));
    return child;
  }

  #answered(line: string): void {
    const { analysis, residentBytes } = JSON.parse(line) as Answer;
    const finish = this.#finish;
    // What it has kept would count against the next one.
    if (residentBytes > this.#limits.byteLength) this.#end('memory');
    finish?.(analysis);
  }

  #end(failure: Failure): void {
    const child = this.#child;
    this.#child = null;
    child?.kill('SIGKILL');
    this.#finish?.(failed(failure));
  }
}

function failed(failure: Failure): Analysis {
  return { status: 'failed', failure, why: null, reason: null };
}

/** 0 where nobody tells: Linux does, in kB. */
function residentBytesOf(pid: number | undefined): number {
  if (process.platform !== 'linux' || pid === undefined) return 0;
  try {
    const [, kilobytes] = /^VmRSS:\s*([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    // It has just ended.
    return 0;
  }
}
