/**
 * The conformance set through the public library: 167 cases whose expectations were made by running the driver's own
 * functions. Every key of an expectation is compared, in the words of the set.
 */

import { describe, expect, test } from 'vitest';
import { CASES, withCase } from '../support/conformance.ts';
import { asExpectation, type Expectation, inPostedWords } from '../support/expectation.ts';
import { inspectJson } from '../support/published.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();

test('the set is complete', () => expect(CASES).toHaveLength(167));

describe.each(['v6', 'v10'])('conformance set, revision %s', (revision) => {
  test.each(CASES)('$id $family: $description', async (one) => {
    await withCase(one, folder, async ({ dump, snapshot, later }) => {
      const { smmus } = await inspectJson(dump, snapshot, { revision, insert: one.insert_sids, later });
      expect(smmus.map(asExpectation)).toEqual([inPostedWords(one.expected[revision])]);
    });
  });
});

// 53 of them differ in the verdict, the others in an errno or in what devices meet.
test('the split between v6 and v10 is noted exactly where the set has one', async () => {
  const noted: string[] = [];
  for (const one of CASES) {
    const differs = await withCase(one, folder, async ({ dump, snapshot, later }) => {
      const { findings } = await inspectJson(dump, snapshot, { revision: 'v6', insert: one.insert_sids, later });
      return findings.some(({ rule }) => rule === 'revisions-differ');
    });
    if (differs) noted.push(one.id);
  }
  const outcome = (one: (typeof CASES)[number], revision: string) => {
    const { verdict, ret, inserts } = one.expected[revision] as Expectation;
    return JSON.stringify([verdict, ret, inserts.map((insert) => [insert.ret, insert.fresh])]);
  };
  const differing = CASES.filter((one) => outcome(one, 'v6') !== outcome(one, 'v10'));
  expect(differing).toHaveLength(60);
  expect(noted).toEqual(differing.map(({ id }) => id));
});
