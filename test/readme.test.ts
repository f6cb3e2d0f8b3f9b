/** The README shows real output and code that runs: both are checked here. */

import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../samples/make.ts';
import { parseSnapshot } from '../src/index.ts';
import { run } from './support/command.ts';
import { temporaryFolder } from './support/temporary.ts';

const root = new URL('../', import.meta.url);
const COMMAND = fileURLToPath(new URL('bin/smmu-adopt.cjs', root));
const readme = readFileSync(new URL('README.md', root), 'utf8');

/** The fenced blocks of one language, or those after a marker. */
function blocks(opening: RegExp): string[] {
  return [...readme.matchAll(new RegExp(`${opening.source}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1] ?? '');
}

/** What stands below a marker such as `<!-- head: SAMPLE -->`: its kind, its argument, and the output that is shown. */
function outputs(kinds: string): [kind: string, argument: string, shown: string][] {
  const marked = readme.matchAll(new RegExp(`<!-- (${kinds}): (.*) -->\\n\`\`\`\\n([\\s\\S]*?)\`\`\``, 'g'));
  return [...marked].map(([, kind = '', argument = '', shown = '']) => [kind, argument, shown]);
}

const expectedText = (sample: string) => readFileSync(join(SAMPLES_FOLDER, sample, 'expected.txt'), 'utf8');

test('outputs that begin as those of a sample do', () => {
  const shown = outputs('begin|head');
  expect(shown.map(([, argument]) => argument.split(' ')[0])).toEqual(['bare-vmcore', 'l2-hole', 'bad-span']);
  for (const [, argument, output] of shown) {
    const [sample = ''] = argument.split(' ');
    expect(expectedText(sample).slice(0, output.length)).toBe(output);
  }
});

test('outputs that are sections of a sample', () => {
  const shown = outputs('section');
  expect(shown).toHaveLength(1);
  for (const [, argument, output] of shown) expect(expectedText(argument.split(' ')[0] ?? '')).toContain(`\n${output}`);
});

/** `run: FOLDER: ARGUMENTS`, and where the output is cut. */
test.each(outputs('run').map(([, argument, shown]) => [argument, shown]))(
  'the output of %s',
  async (argument, shown) => {
    const [, folder = '', args = ''] = /^([^:]*): (.*?)(?: \| until .*)?$/.exec(argument) ?? [];
    const { stdout, stderr } = await run(args.split(' '), { cwd: fileURLToPath(new URL(folder, root)) });
    expect({ stderr, stdout: stdout.slice(0, shown.length) }).toEqual({ stderr: '', stdout: shown });
  },
);

test('the demo inspects the sample at the top', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  expect(scripts.demo).toContain('cd samples/bare-vmcore && node ../../bin/smmu-adopt.cjs inspect vmcore --deep');
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
  const outcome = spawnSync(process.execPath, [script], { cwd: join(SAMPLES_FOLDER, 'bare-vmcore'), encoding: 'utf8' });
  expect(outcome).toMatchObject({ stderr: '', status: 0 });
  expect(outcome.stdout).toMatch(/^9000000\.smmuv3 adopted\n10 s1 0x46010400\n/);
  expect(outcome.stdout).toContain("error SID 0x10 can write 4096 bytes of the kdump kernel's memory");
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
