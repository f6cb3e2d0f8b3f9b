/** Several revisions of the series in few words: neighbours that agree are one stretch. */

import type { Unread } from '../../adopt/revisions/revision.ts';
import { REVISIONS } from '../../adopt/revisions/revisions.ts';
import { enumerated } from '../rules/words.ts';

const ORDER: readonly string[] = [...REVISIONS.keys()];

/** `v6`; `v6 and v7`; `v1, v2 and v8 to v10`. In the order in which they were posted. */
export function revisionsInWords(names: readonly string[]): string {
  const stretches: string[][] = [];
  for (const name of names.toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))) {
    const last = stretches.at(-1);
    if (last !== undefined && ORDER.indexOf(name) === ORDER.indexOf(last.at(-1) as string) + 1) last.push(name);
    else stretches.push([name]);
  }
  const parts = stretches.flatMap((names) => (names.length < 3 ? names : [`${names[0]} to ${names.at(-1)}`]));
  return enumerated(parts);
}

/** What it rests on that a part of some revisions could not be read as posted. */
export function unreadInWords(unread: Unread, names: readonly string[]): string {
  const of = revisionsInWords(names);
  return {
    adopt: `the adoption of ${of} is known from quotes alone: the patch could not be read`,
    reset: `the reset of ${of} is shown as that of v7: the reset patch could not be read`,
  }[unread];
}

/** Runs of neighbours in a list of which the same is to be said. */
export function neighbours<T>(list: readonly T[], said: (one: T) => string): [said: string, list: T[]][] {
  const runs: [string, T[]][] = [];
  for (const one of list) {
    const text = said(one);
    const last = runs.at(-1);
    if (last !== undefined && last[0] === text) last[1].push(one);
    else runs.push([text, [one]]);
  }
  return runs;
}
