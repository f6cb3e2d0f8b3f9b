/** A process that does one task after the other for whoever started it: the other end of `WorkerProcess`. */

import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { type Answer, READY, type Runner } from '../../triage/runner.ts';
import type { Session } from '../session.ts';
import { optimiseLate, restoreFlags } from '../start/v8-flags.ts';

/** Whatever it reads from standard input is done, until that ends. */
export async function serveTasks<T, R>(runner: Runner<T, R>, session: Session): Promise<void> {
  // Ctrl-C, a terminal that closes and a service that is stopped go to all its processes; who started this one ends it when
  // it is time, and would take it for one that its task has ended.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  session.jobs = 1;
  await optimiseLate();
  const watched = endWithParent();
  await session.print([`${READY}\n`]);
  let done = 0;
  for await (const line of createInterface({ input: session.io.stdin as unknown as NodeJS.ReadableStream })) {
    const analysis = await runner.run(JSON.parse(line) as T);
    done += 1;
    if (done === TASKS_THAT_NEED_MOST) {
      // Before the answer: behind the last one this is ended at once, in the middle of what it writes. A thread that starts
      // meanwhile may have V8 remember flags that are only half restored, and no later run would take the code then.
      await watched;
      await restoreFlags();
      session.keepCode();
      await optimiseLate();
    }
    const answer: Answer<R> = { analysis, residentBytes: residentBytes() };
    await session.print([`${JSON.stringify(answer)}\n`]);
  }
}

/**
 * Who started this process and was killed cannot end it any more: a dump that holds it up would do so for ever. A thread of
 * its own looks, because the work may never return. Settled once it has started, or could not.
 */
function endWithParent(): Promise<void> {
  const look = `if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL')`;
  const watch = new Worker(`setInterval(() => { ${look}; }, ${PARENT_WATCH_MS})`, { eval: true });
  watch.unref();
  return new Promise((settle) => {
    watch.once('online', settle);
    watch.once('exit', () => settle());
  });
}

/** Of the code that a triage needs. It is ended without notice, so what later ones are to start with is kept before. */
const TASKS_THAT_NEED_MOST = 4;

const PARENT_WATCH_MS = 1000;

/** Linux tells whoever started this process while it works, at no cost to it. */
function residentBytes(): number {
  return process.platform === 'linux' ? 0 : process.memoryUsage.rss();
}
