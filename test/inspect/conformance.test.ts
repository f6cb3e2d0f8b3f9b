/**
 * The conformance set through the public library: 167 cases whose expectations were made by running the driver's own
 * functions. Every key of an expectation is compared, in the words of the set.
 */

import { describe, expect, test } from 'vitest';
import { CASES, type Case, withCase } from '../support/conformance.ts';
import { asExpectation, type Expectation, inPostedWords } from '../support/expectation.ts';
import { inspectJson } from '../support/published.ts';

const made = new Map<string, ReturnType<typeof make>>();

/** What is compared of a case's inspection; each is made once. */
function inspected(one: Case, revision: string): ReturnType<typeof make> {
  const key = `${revision} ${one.id}`;
  const inspection = made.get(key) ?? make(one, revision);
  made.set(key, inspection);
  return inspection;
}

function make(one: Case, revision: string) {
  return withCase(one, async ({ dump, snapshot, later }) => {
    const { smmus, findings } = await inspectJson(dump, snapshot, { revision, insert: one.insert_sids, later });
    return { expectations: smmus.map(asExpectation), rules: findings.map(({ rule }) => rule) };
  });
}

test('the set is complete', () => expect(CASES).toHaveLength(167));

describe.each(['v6', 'v10'])('conformance set, revision %s', (revision) => {
  test.each(CASES)('$id $family: $description', async (one) => {
    const { expectations } = await inspected(one, revision);
    expect(expectations).toEqual([inPostedWords(one.expected[revision])]);
  });
});

// 53 of them differ in the verdict, the others in an errno or in what devices meet.
test('the split between v6 and v10 is noted exactly where the set has one', async () => {
  const noted: string[] = [];
  for (const one of CASES) {
    const { rules } = await inspected(one, 'v6');
    if (rules.includes('revisions-differ')) noted.push(one.id);
  }
  const outcome = (one: Case, revision: string) => {
    const { verdict, ret, inserts } = one.expected[revision] as Expectation;
    return JSON.stringify([verdict, ret, inserts.map((insert) => [insert.ret, insert.fresh])]);
  };
  const differing = CASES.filter((one) => outcome(one, 'v6') !== outcome(one, 'v10'));
  expect(differing).toHaveLength(60);
  expect(noted).toEqual(differing.map(({ id }) => id));
});
