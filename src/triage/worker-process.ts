/**
 * A runner in a process of its own, which stays warm from one crash to the next: one line of JSON in, one out. Whatever a
 * dump does to it, it can be ended: a process is killed within a read that never returns and in memory that is not the
 * language's own, which no thread is.
 */

import { readFileSync } from 'node:fs';
import { answerWith, LineProcess } from '../line-process.ts';
import type { Analysis, Failure } from './crash.ts';
import { type Answer, type Ended, READY, type Runner, type Task } from './runner.ts';

export interface Limits {
  /** For one task. */
  readonly seconds: number;
  /** Resident memory of one process. */
  readonly byteLength: number;
}

/** To start takes no more than this on the busiest machine; whoever takes longer will not. */
const START_MS = 120_000;
const WATCH_MS = 100;
/** Node ends itself with it when its heap is full. */
const ABORTED = 134;

/** `command` starts the worker, with the limits that it can keep itself in its environment. */
export class WorkerProcess<T = Task, R = Analysis> implements Runner<T, R | Ended> {
  readonly #command: readonly string[];
  readonly #limits: Limits;
  #child: LineProcess | null = null;
  #isReady = false;
  #closed = false;
  /** Ends what the worker is at work on. */
  #finish: ((analysis: R | Ended) => void) | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(command: readonly string[], limits: Limits) {
    this.#command = command;
    this.#limits = limits;
  }

  run(task: T): Promise<R | Ended> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve(failed('died'));
      const watch = setInterval(() => {
        if (residentBytesOf(this.#child?.pid) > this.#limits.byteLength) this.#end('memory');
      }, WATCH_MS);
      this.#finish = (analysis) => {
        clearTimeout(this.#timer);
        clearInterval(watch);
        this.#finish = null;
        resolve(analysis);
      };
      const child = this.#child ?? this.#start();
      if (this.#isReady) this.#limitTime();
      else this.#timer = setTimeout(() => this.#end('died'), START_MS);
      child.tell(JSON.stringify(task));
    });
  }

  close(): void {
    this.#closed = true;
    this.#end('died');
  }

  #limitTime(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end('time'), this.#limits.seconds * 1000);
  }

  #start(): LineProcess {
    const heap = Math.floor(this.#limits.byteLength / 2 ** 20);
    const options = `${process.env['NODE_OPTIONS'] ?? ''} --max-old-space-size=${heap}`.trim();
    const child: LineProcess = new LineProcess(
      this.#command,
      {
        line: (line) => {
          if (child === this.#child) this.#heard(line);
        },
        gone: (code, signal) => {
          if (child !== this.#child) return;
          this.#child = null;
          this.#finish?.(failed(signal === 'SIGABRT' || code === ABORTED ? 'memory' : 'died'));
        },
      },
      { ...process.env, NODE_OPTIONS: options },
    );
    this.#child = child;
    this.#isReady = false;
    return child;
  }

  #heard(line: string): void {
    if (!this.#isReady) {
      this.#isReady = line === READY;
      if (this.#isReady) this.#limitTime();
      return;
    }
    const answer = answerWith<Answer<R>>('analysis', line);
    if (answer === null) {
      this.#end('died');
      return;
    }
    const { analysis, residentBytes } = answer;
    const finish = this.#finish;
    // What it has kept would count against the next one.
    if (residentBytes > this.#limits.byteLength) this.#end('memory');
    finish?.(analysis);
  }

  #end(failure: Failure): void {
    const child = this.#child;
    this.#child = null;
    child?.kill();
    this.#finish?.(failed(failure));
  }
}

function failed(failure: Failure): Ended {
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
