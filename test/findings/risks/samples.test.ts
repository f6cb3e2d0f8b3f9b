/** Every risk has a sample that shows it, and what is healthy has none but those that are named here. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RUNS, SAMPLES_FOLDER } from '../../../samples/make.ts';
import { isRisk, RULES, type Rule } from '../../../src/findings/rules.ts';

/** Its input is larger than a sample should be. */
const WITHOUT_SAMPLE = ['risks-cut', 'list-cut'];

const RISKS = (Object.keys(RULES) as Rule[]).filter(isRisk);

function risksOf(name: string): string[] {
  const { findings } = JSON.parse(readFileSync(`${SAMPLES_FOLDER}${name}/expected.json`, 'utf8'));
  const rules = new Set<string>(findings.map(({ rule }: { rule: string }) => rule));
  return RISKS.filter((rule) => rules.has(rule));
}

test('every risk is shown by a sample', () => {
  const shown = new Set([...RUNS.keys()].flatMap(risksOf));
  expect(RISKS.filter((rule) => !shown.has(rule))).toEqual(WITHOUT_SAMPLE);
});

test.each([
  ['healthy-two-level', ['dma-goes-on', 'gbpa-bypass', 'sids-beyond-table']],
  ['deep-healthy', ['dma-goes-on', 'asid-reuse']],
  ['real-qemu', ['dma-goes-on', 'asid-reuse', 'gbpa-bypass']],
])('%s shows what every adoption of v6 brings along, and no more', (name, expected) => {
  expect(risksOf(name).sort()).toEqual([...expected].sort());
});
