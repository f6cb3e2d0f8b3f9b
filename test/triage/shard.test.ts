/** Parts of a run: every crash is in one of them, whichever machine asks, and array jobs say which. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { isOf, parseShard } from '../../src/triage/shard.ts';
import { holds } from '../support/holds.ts';

test('every path is in one part', () => {
  holds(
    fc.property(fc.string(), fc.integer({ min: 1, max: 50 }), (path, count) => {
      const parts = Array.from({ length: count }, (_, i) => i + 1).filter((index) => isOf({ index, count }, path));
      return parts.length === 1;
    }),
  );
});

test('the parts are about as large', () => {
  const sizes = [1, 2, 3, 4].map(
    (index) => Array.from({ length: 4000 }, (_, i) => i).filter((i) => isOf({ index, count: 4 }, `crash/${i}`)).length,
  );
  for (const size of sizes) expect(Math.abs(size - 1000)).toBeLessThan(150);
});

describe('which part', () => {
  test.each([
    ['2/3', {}, { index: 2, count: 3 }],
    ['1/1', {}, { index: 1, count: 1 }],
    [
      'auto',
      { SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_COUNT: '4' },
      { index: 1, count: 4 },
    ],
    [
      'auto',
      { SLURM_ARRAY_TASK_ID: '4', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_COUNT: '4' },
      { index: 4, count: 4 },
    ],
    [
      'auto',
      {
        SLURM_ARRAY_TASK_ID: '14',
        SLURM_ARRAY_TASK_MIN: '10',
        SLURM_ARRAY_TASK_STEP: '2',
        SLURM_ARRAY_TASK_COUNT: '5',
      },
      { index: 3, count: 5 },
    ],
    ['auto', { JOB_COMPLETION_INDEX: '0', JOB_COMPLETIONS: '3' }, { index: 1, count: 3 }],
    ['auto', { JOB_COMPLETION_INDEX: '2', JOB_COMPLETIONS: '3' }, { index: 3, count: 3 }],
  ])('%s of %j', (text, env: Record<string, string>, shard) => {
    expect(parseShard(text, env)).toEqual(shard);
  });

  test.each([
    ['0/3', {}, /counted from 1/],
    ['4/3', {}, /part 4 of 3/],
    ['1/0', {}, /0 parts/],
    ['x', {}, /is not I\/N/],
    ['auto', {}, /neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX/],
    ['auto', { SLURM_ARRAY_TASK_ID: '1' }, /SLURM_ARRAY_TASK_COUNT, which is not set/],
    ['auto', { JOB_COMPLETION_INDEX: '1' }, /JOB_COMPLETIONS, which is not set: .*spec\.completions/],
    ['auto', { SLURM_ARRAY_TASK_ID: 'one', SLURM_ARRAY_TASK_COUNT: '4' }, /is not a number/],
    // A list with gaps: the task's number says nothing of its place.
    ['auto', { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_COUNT: '3' }, /part 7 of 3/],
  ])('%s of %j is refused', (text, env: Record<string, string>, message) => {
    expect(() => parseShard(text, env)).toThrow(InputError);
    expect(() => parseShard(text, env)).toThrow(message);
  });
});
