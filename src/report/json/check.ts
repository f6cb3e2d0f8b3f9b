/** The shape of `check`: whether samples give what is expected of them. */

import type { CheckedSample, CheckReport } from '../../check/check.ts';
import type { Difference } from '../../check/differences.ts';
import { anything, choice, count, define, list, nullable, object, optional, type Shape, text } from '../../shape.ts';
import { preamble } from './parts/common.ts';

const difference = define(
  'difference',
  'A value that is not the expected one',
  object<Difference>()({
    place: ['JSON pointer, or line of a text', text],
    expected: ['What was expected; absent where nothing was', optional(anything)],
    found: ['What came out; absent where nothing did', optional(anything)],
  }),
);

const sample = define(
  'sample',
  'One sample',
  object<CheckedSample>()({
    name: ['Its name', text],
    file: ['What describes it', text],
    result: ['broken: it could not be run, or has nothing to compare with', choice('ok', 'differs', 'broken')],
    differences: ['The first few differences', list(difference)],
    more: ['How many more there are', count],
    error: ['Why it is broken', nullable(text)],
    updated: ['Files with expected results that were written anew', list(text)],
  }),
);

export const CHECK: Shape<CheckReport> = object<CheckReport>()({
  ...preamble,
  samples: ['The samples, in the order in which they were run', list(sample)],
  summary: [
    'How many there were of each result, and the exit status',
    object<CheckReport['summary']>()({
      samples: ['Samples', count],
      ok: ['Those that give what is expected', count],
      differs: ['Those that do not', count],
      broken: ['Those that could not be run', count],
      updated: ['Files that were written anew', count],
      exitCode: ['Exit status of the command', choice(0, 1)],
    }),
  ],
});
