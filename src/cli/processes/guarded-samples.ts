/** Runs samples in a process that can be ended, whatever they do to it. What it runs is none of this process's. */

import type { SampleAnswer, SampleRunner, SampleTask } from '../../check/check.ts';
import { limitInWords } from '../../report/prose/limits.ts';
import { type Limits, WorkerProcess } from '../../triage/worker-process.ts';

/** `command` starts the process, which stays warm from one sample to the next. */
export function guardedSamples(command: readonly string[], limits: Limits): SampleRunner {
  const worker = new WorkerProcess<SampleTask, SampleAnswer>(command, limits);
  return {
    async run(task) {
      const answer = await worker.run(task);
      if (!('failure' in answer)) return answer;
      return { status: 'failed', why: limitInWords(answer.failure, limits) ?? answer.failure };
    },
    close: () => worker.close(),
  };
}
