/**
 * Tests that take as long as a hundred others, because they go to a limit that a hostile dump would go to. They run where
 * SMMU_ADOPT_SLOW_TESTS is set, as `.ci/run` does, and skip otherwise.
 */

import { test } from 'vitest';

export const SLOW = Boolean(process.env['SMMU_ADOPT_SLOW_TESTS']);

export const slowTest = test.skipIf(!SLOW);

/** How many random cases: all of them where time is no matter, else one of `part`, always the same ones. */
export const runs = (most: number, part = 8): number => (SLOW ? most : Math.ceil(most / part));

/** All of a list where time is no matter, else one of `step`, spread over the list. */
export function someOf<T>(list: readonly T[], step: number): T[] {
  return list.filter((_, i) => SLOW || i % step === 0);
}
