/** The page on risks: every risk has its place there, and nothing stands there that is not found. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isRisk, RULES, type Rule } from '../src/findings/rules.ts';

const page = readFileSync(new URL('../docs/risks.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (question|---)/.test(line))
  .map((line) => line.split('|').slice(1, -1));
/** In the column of the findings. */
const named = rows.flatMap((cells) => [...(cells[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, rule = '']) => rule));

test('every row has its four cells, a question, and a finding', () => {
  for (const cells of rows) {
    expect(cells).toHaveLength(4);
    expect(cells[0]?.trim()).toMatch(/^[A-Z].*[?.]$/);
    expect(cells[2]).toContain('`');
  }
});

test('every risk is in one of the tables', () => {
  expect((Object.keys(RULES) as Rule[]).filter(isRisk).filter((rule) => !named.includes(rule))).toEqual([]);
});

test('every finding that is named exists', () => {
  expect(named.filter((rule) => !(rule in RULES))).toEqual([]);
});
