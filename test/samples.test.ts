/**
 * Whole commands on the samples: the files are what their descriptions make, and the command prints on them, to the
 * byte, what is kept beside them. After a wanted change `npm run samples` makes all of it anew.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FILES, jsonFile, RUNS, runSample, SAMPLES_FOLDER } from '../samples/make.ts';
import { run } from './support/command.ts';
import { expectStrictlyValid } from './support/schema.ts';
import { someOf } from './support/slow.ts';
import { temporaryFolder } from './support/temporary.ts';

const { path: folder } = temporaryFolder();
const kept = (sample: string, file: string) => readFileSync(join(SAMPLES_FOLDER, sample, file));

test('every folder is a sample and every sample has a folder', () => {
  const folders = readdirSync(SAMPLES_FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual([...RUNS.keys()].sort());
});

describe.each([...FILES])('files of %s', (sample, makeFiles) => {
  test.each([...makeFiles()])('%s is made byte for byte', (file, bytes) => {
    expect(bytes.equals(kept(sample, file)), `${sample}/${file}: run npm run samples`).toBe(true);
  });
});

describe.each(someOf([...RUNS], 6))('command on %s', (name, run) => {
  test('text, stderr and exit status, and JSON, which fits the published schema', async () => {
    const report = join(folder, `${name}.json`);
    const { stdout, stderr, status } = await runSample(name, [
      '--format',
      'text',
      '--format',
      'json',
      '--output',
      report,
    ]);
    expect(stdout).toBe(kept(name, 'expected.txt').toString());
    const said = `report written to ${report}\n`;
    expect(stderr.endsWith(said), stderr).toBe(true);
    const own = { ...run, status, stderr: stderr.slice(0, -said.length) };
    expect(jsonFile(own).toString()).toBe(kept(name, 'sample.json').toString());
    const json = readFileSync(report, 'utf8');
    expect(json).toBe(kept(name, 'expected.json').toString());
    expectStrictlyValid(JSON.parse(json));
  });
});

// Those that did not run above are judged as well.
test('every sample is as expected', async () => {
  const { stdout, status } = await run(['check', '.'], { cwd: SAMPLES_FOLDER });
  expect(stdout.split('\n').filter((line) => line.startsWith('differs'))).toEqual([]);
  expect(status).toBe(0);
});

describe.each([...RUNS.keys()])('%s', (name) => {
  test('text fits 100 columns', () => {
    const wide = kept(name, 'expected.txt')
      .toString()
      .split('\n')
      .filter((line) => line.length > 100);
    expect(wide).toEqual([]);
  });
});
