/** Which limit ended it? Of what runs in a process of its own. */

import type { Failure } from '../../triage/crash.ts';
import type { Limits } from '../../triage/worker-process.ts';
import { inUnits } from './quantities.ts';

/** Undefined for a failure that is none of the process. */
export function limitInWords(failure: Failure, limits: Limits): string | undefined {
  return LIMITED[failure]?.(limits);
}

const LIMITED: Partial<Readonly<Record<Failure, (limits: Limits) => string>>> = {
  time: ({ seconds }) => `not done after ${seconds} s; --timeout gives it longer`,
  memory: ({ byteLength }) => `needs more than ${inUnits(byteLength)} of memory; --memory gives it more`,
  died: () => 'the process that analysed it died',
};
