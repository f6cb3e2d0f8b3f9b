/** What the formats of a check share: a sample's failure in words, each line as it came and to be escaped. */

import type { CheckedSample, CheckReport } from '../../check/check.ts';
import type { Difference } from '../../check/differences.ts';
import { count } from '../../findings/rules/words.ts';

/** Enough to see what is meant; the whole value is in the files. */
const MAX_VALUE_LENGTH = 80;

/** One line for each difference; of a broken sample, why it is. */
export function failureLines({ differences, more, error }: CheckedSample): string[] {
  const lines = differences.map(inWords);
  if (more > 0) lines.push(`and ${more} more`);
  return error === null ? lines : [error];
}

function inWords(difference: Difference): string {
  const { place } = difference;
  if (!('expected' in difference) && !('found' in difference)) return place;
  const side = (key: 'expected' | 'found') => (key in difference ? value(difference[key]) : 'nothing');
  return `${place}: expected ${side('expected')}, found ${side('found')}`;
}

function value(one: unknown): string {
  const text = JSON.stringify(one) ?? 'nothing';
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 3)}...` : text;
}

/** `37 samples: 35 as expected, 1 differs, 1 broken; 2 files updated`. */
export function totalInWords({ summary }: CheckReport): string {
  const { samples, ok, differs, broken, updated } = summary;
  const parts = [`${ok} as expected`];
  if (differs > 0) parts.push(`${count(differs, 'differs', 'differ')}`);
  if (broken > 0) parts.push(`${broken} broken`);
  const files = updated === 0 ? '' : `; ${count(updated, 'file')} updated`;
  return `${count(samples, 'sample')}: ${parts.join(', ')}${files}`;
}
