/** What nobody sees, or what moves other characters, never reaches a reader as it is. */

import { describe, expect, test } from 'vitest';
import type { Inspection } from '../src/index.ts';
import { csvReport } from '../src/report/csv.ts';
import { githubReport } from '../src/report/github.ts';
import { htmlReport } from '../src/report/html/html.ts';
import { junitReport } from '../src/report/junit.ts';
import { ndjsonReport } from '../src/report/ndjson.ts';
import { sarifReport } from '../src/report/sarif.ts';
import { plainStyle } from '../src/report/text/style.ts';
import { textReport } from '../src/report/text/text.ts';
import { quote } from '../src/snapshot/values.ts';
import { visible } from '../src/visible-text.ts';
import { inspectSample } from './support/inspections.ts';

/** First and last of each range that must not pass, written down from the standard and not from the code under test. */
const RANGES: readonly (readonly [first: number, last: number])[] = [
  ...([
    [0x00, 0x1f],
    [0x7f, 0x9f],
    [0xad, 0xad],
    [0x034f, 0x034f],
    [0x061c, 0x061c],
    [0x115f, 0x1160],
  ] as const),
  ...([
    [0x180b, 0x180f],
    [0x200b, 0x200f],
    [0x2028, 0x202e],
    [0x2060, 0x206f],
    [0x3164, 0x3164],
  ] as const),
  ...([
    [0xd800, 0xdfff],
    [0xfe00, 0xfe0f],
    [0xfeff, 0xfeff],
    [0xffa0, 0xffa0],
    [0xfff9, 0xfffb],
  ] as const),
  ...([
    [0xe0000, 0xe007f],
    [0xe0100, 0xe01ef],
  ] as const),
];

const ALL = RANGES.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
const unsafe = new Set(ALL);
const unsafeIn = (text: string) =>
  [...text].map((character) => character.codePointAt(0) as number).filter((code) => unsafe.has(code) && code !== 0x0a);

test.each(RANGES)('U+%x to U+%x are shown by their codes', (first, last) => {
  for (let code = first; code <= last; code++) {
    const shown = visible(`a${String.fromCodePoint(code)}b`);
    // A byte of a name that is no text.
    if (code >= 0xdc80 && code <= 0xdcff) {
      expect(shown).toBe(`a\\x${(code - 0xdc00).toString(16)}b`);
      continue;
    }
    expect(shown).toMatch(/^a(?:\\u[0-9a-f]{4}){1,2}b$/);
    expect(JSON.parse(`"${shown}"`)).toBe(`a${String.fromCodePoint(code)}b`);
    expect(quote(`a${String.fromCodePoint(code)}b`)).toMatch(/^"a\\\S+b"$/);
  }
});

test.each(['smmu0', 'Grüße', '日本語', '\u{1f600}', 'a b', '0x1-0x2', 'é\u0301'])('%s is shown as it is', (text) => {
  expect(visible(text)).toBe(text);
});

describe('in no output', () => {
  const name = ALL.filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
    .join('x');
  const HOSTILE = `${name}\ud800`;
  test.each<[string, (inspection: Inspection) => Iterable<string>]>([
    ['text', (inspection) => textReport(inspection, plainStyle(100))],
    ['html', (inspection) => htmlReport(inspection)],
    ['github', githubReport],
    ['junit', junitReport],
    ['csv', csvReport],
    ['ndjson', ndjsonReport],
    ['sarif', sarifReport],
  ])('%s', async (_, report) => {
    const inspection = await inspectSample('queues-left', {}, { smmu: HOSTILE });
    // CSV ends its lines as its standard has it.
    const text = [...report(inspection)].join('').replaceAll('\r\n', '\n');
    expect(text).toContain('\\u202e');
    expect(unsafeIn(text)).toEqual([]);
  });
});
