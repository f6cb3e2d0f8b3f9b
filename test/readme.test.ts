/** The README shows real output and code that runs: both are checked here. */

import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../samples/make.ts';
import { parseSnapshot } from '../src/index.ts';
import { temporaryFolder } from './support/temporary.ts';

const root = new URL('../', import.meta.url);
const COMMAND = fileURLToPath(new URL('bin/smmu-adopt.cjs', root));
const readme = readFileSync(new URL('README.md', root), 'utf8');

/** The fenced blocks of one language, or those after a marker. */
function blocks(opening: RegExp): string[] {
  return [...readme.matchAll(new RegExp(`${opening.source}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1] ?? '');
}

test('the output at the top is how the sample begins', () => {
  const expected = readFileSync(join(SAMPLES_FOLDER, 'bad-span', 'expected.txt'), 'utf8');
  const [shown = ''] = blocks(/<!-- sample: bad-span -->\n```/);
  expect(shown).toBe(expected.slice(0, expected.indexOf('\nL1 descriptors')));
});

test('the other outputs are parts of their samples', () => {
  const shown = [...readme.matchAll(/<!-- (?:section|head): (\S+).* -->\n```\n([\s\S]*?)```/g)];
  expect(shown.length).toBeGreaterThan(1);
  for (const [, sample = '', output = ''] of shown) {
    expect(readFileSync(join(SAMPLES_FOLDER, sample, 'expected.txt'), 'utf8')).toContain(output);
  }
});

test('the comparison of two dumps is what the command prints', () => {
  const [shown] = blocks(/<!-- diff: span-changed -->\n```/);
  const cwd = join(SAMPLES_FOLDER, 'span-changed');
  const args = [COMMAND, 'diff', 'dump.raw', 'later.raw', '--regs', 'regs.json'];
  expect(spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })).toMatchObject({ stdout: shown, status: 1 });
});

test('the translation is what the command prints', () => {
  const [shown] = blocks(/<!-- translate: dma-into-kdump -->\n```/);
  const cwd = join(SAMPLES_FOLDER, 'dma-into-kdump');
  const options = '--regs regs.json --iomem iomem.txt --sid 0x8 --iova 0x2008 --write';
  const args = [COMMAND, 'translate', 'dump.raw', ...options.split(' ')];
  expect(spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })).toMatchObject({ stdout: shown, status: 0 });
});

test('the snapshot is a valid one', () => {
  const [json = ''] = blocks(/```json/);
  expect(parseSnapshot(JSON.parse(json), 'README.md').smmus).toHaveLength(1);
});

test('the library example runs', () => {
  const [code = ''] = blocks(/```js/);
  const library = pathToFileURL(new URL('dist/index.js', root).pathname).href;
  const script = join(temporaryFolder().path, 'example.mjs');
  writeFileSync(script, code.replace("'smmu-adopt'", JSON.stringify(library)));
  const outcome = spawnSync(process.execPath, [script], { cwd: join(SAMPLES_FOLDER, 'bad-span'), encoding: 'utf8' });
  expect(outcome).toMatchObject({ stderr: '', status: 0 });
  expect(outcome.stdout).toMatch(/^arm-smmu-v3\.0\.auto fallback\n8 s1 0x88010200\n/);
  expect(outcome.stdout).toContain('error L1[5]');
});

test('the workflow installs the package of this version, and its check passes', () => {
  const [workflow = ''] = blocks(/<!-- workflow -->\n```yaml/);
  const runs = [...workflow.matchAll(/- run: (.+)/g)].map(([, run = '']) => run);
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  expect(runs).toEqual([
    `npm install --global ./ci/smmu-adopt-${version}.tgz`,
    'smmu-adopt check dumps --format github',
  ]);
  const folder = temporaryFolder().path;
  for (const sample of ['bad-span', 'real-qemu']) {
    cpSync(join(SAMPLES_FOLDER, sample), join(folder, 'dumps', sample), { recursive: true });
  }
  const command = (runs[1] ?? '').split(' ').slice(1);
  const outcome = spawnSync(process.execPath, [COMMAND, ...command], { cwd: folder, encoding: 'utf8' });
  expect(outcome).toMatchObject({ stderr: '', status: 0 });
});

test('the loop over crashes writes a line and a report for each', () => {
  const [loop = ''] = blocks(/```sh/);
  const folder = temporaryFolder().path;
  for (const sample of ['bad-span', 'l2-hole']) {
    cpSync(join(SAMPLES_FOLDER, sample), join(folder, sample), { recursive: true });
    renameSync(join(folder, sample, 'dump.raw'), join(folder, sample, 'vmcore'));
  }
  const commands = temporaryFolder().path;
  symlinkSync(COMMAND, join(commands, 'smmu-adopt'));
  const outcome = spawnSync('sh', ['-c', loop.replace('/var/crash', '.')], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${commands}:${process.env['PATH']}` },
  });
  expect(outcome.stderr).toBe('');
  expect(outcome.stdout.trimEnd().split('\n')).toHaveLength(2);
  expect(JSON.parse(readFileSync(join(folder, 'bad-span', 'smmu.json'), 'utf8'))).toHaveProperty('smmus');
});
