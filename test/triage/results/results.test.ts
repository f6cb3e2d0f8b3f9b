/** Rows on disk: what was finished stays, whatever else is in the file or is written to it. */

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CrashRow } from '../../../src/triage/crash.ts';
import { Results } from '../../../src/triage/results/results.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

function row(path: string): CrashRow {
  const companions = { regs: null, dmesg: null, log: null, iomem: null, iort: null, dtb: null };
  const nothing = { when: null, host: null, kernel: null, failure: null, why: null, report: null, shard: null };
  const result = { status: 'ok', exitCode: 0, seconds: 0.5, fingerprint: 'x', smmus: [], identity: 'i' } as const;
  return { crash: path, path, dump: ['vmcore'], ...companions, ...nothing, ...result };
}

const line = (path: string) => JSON.stringify(row(path));
const paths = (results: Results) => [...results.lines()].map(({ value }) => (value as CrashRow | null)?.path ?? null);

test('rows are read from where they were written, through whatever names they have', () => {
  const results = Results.at(join(folder.path, 'names.ndjson'));
  const names = ['a', 'b\nc', '\u{1f4a5}', 'x'.repeat(200_000), ''];
  const places = names.map((name) => results.append(line(name)));
  expect([...results.rows(places)].map(({ path }) => path)).toEqual(names);
  expect(paths(results)).toEqual(names);
  results.close();
});

test('a torn line stays one of its own, and what is no row is passed over', () => {
  const file = join(folder.path, 'torn.ndjson');
  const begun = line('b').slice(0, 40);
  writeFileSync(file, `${line('a')}\n{"crash":1}\n\n${begun}`);
  const results = Results.at(file);
  const place = results.append(line('c'));
  expect([...results.rows([place])][0]?.path).toBe('c');
  expect(paths(results)).toEqual(['a', null, null, null, 'c']);
  results.close();
  expect(readFileSync(file, 'utf8')).toBe(`${line('a')}\n{"crash":1}\n\n${begun}\n${line('c')}\n`);
});

test('who writes at the same time is noticed, and loses nothing', () => {
  const file = join(folder.path, 'both.ndjson');
  const results = Results.at(file);
  results.append(line('a'));
  appendFileSync(file, `${line('theirs')}\n`);
  expect(() => results.append(line('b'))).toThrow(/is written by another run/);
  expect(paths(results)).toEqual(['a', 'theirs', 'b']);
  results.close();
});

test.each([
  ['an unknown status', { status: 'fine' }],
  ['a number for a path', { path: 1 }],
  ['no SMMUs', { smmus: undefined }],
  ['an SMMU without a name', { smmus: [{ verdict: 'adopted' }] }],
])('%s makes no row', (_, change) => {
  const file = folder.write('bad.ndjson', `${JSON.stringify({ ...row('a'), ...change })}\n`);
  const results = Results.of(file);
  expect(paths(results)).toEqual([null]);
  results.close();
});
