/**
 * Crashes go in, what was found of each comes out: by several at once, each of which does one after the other. Samples of a
 * check are run so, too.
 */

import type { Analysis, Crash, Failed } from './crash.ts';

/** `report`: the file that the crash's own report is to be written to; null for none. */
export interface Task {
  readonly crash: Crash;
  readonly report: string | null;
}

/** What becomes of a task whose runner was ended, or cannot do it. */
export type Ended = { readonly status: 'failed' } & Failed;

/** Does one task at a time. Never throws for what is wrong with one. */
export interface Runner<T = Task, R = Analysis> {
  run(task: T): Promise<R>;
  /** Ends it, and what it is at work on with it. */
  close(): void;
}

/** The first line of a worker: from here on its time counts. */
export const READY = 'ready';

/** What a worker says when it is done. */
export interface Answer<R = Analysis> {
  readonly analysis: R;
  /** Its resident memory in bytes, where the system does not tell it while it works. */
  readonly residentBytes: number;
}

export interface Done<T, R> {
  readonly task: T;
  readonly analysis: R;
  readonly seconds: number;
}

/**
 * Runs every task on one of `jobs` runners, and hands each to `done` as it is finished. Ends early, without those that
 * are not finished, when `stop` is asked for. `tasks` are asked for as they are needed.
 */
export async function runAll<T, R>(
  tasks: AsyncIterable<T>,
  {
    jobs,
    start,
    stop,
  }: { readonly jobs: number; readonly start: () => Runner<NoInfer<T>, R>; readonly stop: AbortSignal },
  done: (one: Done<T, R>) => void | Promise<void>,
): Promise<void> {
  const source = tasks[Symbol.asyncIterator]();
  const runners: Runner<T, R>[] = [];
  let closed = false;
  const closeAll = () => {
    closed = true;
    for (const runner of runners) runner.close();
  };
  const work = async (): Promise<void> => {
    let runner: Runner<T, R> | null = null;
    for (let next = await source.next(); next.done !== true && !closed; next = await source.next()) {
      if (runner === null) {
        runner = start();
        runners.push(runner);
      }
      const task = next.value;
      const started = performance.now();
      const analysis = await runner.run(task);
      // It was ended, whatever it says.
      if (closed) break;
      await done({ task, analysis, seconds: (performance.now() - started) / 1000 });
    }
  };
  if (stop.aborted) return;
  stop.addEventListener('abort', closeAll, { once: true });
  try {
    await Promise.all(Array.from({ length: jobs }, work));
  } finally {
    stop.removeEventListener('abort', closeAll);
    closeAll();
  }
}
