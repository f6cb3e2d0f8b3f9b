/** A report that is longer than the terminal goes through a pager, and nothing else does. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import type { CommandIo } from '../../../src/cli/output/io.ts';
import { headOf, pagerOf } from '../../../src/cli/output/pager.ts';
import { runCommand } from '../../../src/cli/start/run-command.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const here = process.cwd();
beforeEach(() => process.chdir(join(SAMPLES_FOLDER, 'bad-span')));
afterAll(() => process.chdir(here));

/** On a terminal of so many rows; undefined is no terminal. */
async function inspect(PAGER: string, rows: number | undefined, ...args: string[]) {
  const written: string[] = [];
  const sink = {
    isTTY: rows !== undefined,
    columns: 100,
    rows,
    write: (text: string, taken?: () => void) => {
      written.push(text);
      if (taken !== undefined) setImmediate(taken);
    },
    on: () => {},
  };
  const complaints: string[] = [];
  const io: CommandIo = {
    stdin: (async function* () {})(),
    stdout: sink,
    stderr: { write: (text: string) => complaints.push(text), on: () => {} },
    env: { PATH: process.env['PATH'], PAGER, NO_COLOR: '1' },
    cwd: () => process.cwd(),
    chdir: (to) => process.chdir(to),
  };
  const status = await runCommand(['inspect', 'dump.raw', '--regs', 'regs.json', ...args], io);
  return { stdout: written.join(''), stderr: complaints.join(''), status };
}

const plain = () => inspect('false', undefined);
const paged = join(folder.path, 'paged.txt');

describe('a terminal', () => {
  test('that is shorter than the report: the pager gets all of it', async () => {
    expect(await inspect(`cat > '${paged}'`, 24)).toEqual({ stdout: '', stderr: '', status: 1 });
    expect(readFileSync(paged, 'utf8')).toBe((await plain()).stdout);
  });

  test('the pager is told how to behave, unless it was told already', async () => {
    await inspect(`sh -c 'cat > /dev/null; echo "$LESS" > "${paged}"'`, 24);
    expect(readFileSync(paged, 'utf8')).toBe('FRX\n');
  });

  test('a pager that ends early is no error', async () => {
    expect(await inspect('head -n 1 > /dev/null', 24, '--all')).toEqual({ stdout: '', stderr: '', status: 1 });
  });

  test('without such a pager the report is printed, whole', async () => {
    const { stdout, status } = await inspect('no-such-pager-anywhere 2> /dev/null', 24);
    expect({ stdout, status }).toEqual({ stdout: (await plain()).stdout, status: 1 });
  });
});

test.each([
  ['no terminal', undefined, 'false', []],
  ['a terminal that is long enough', 1000, 'false', []],
  ['--no-pager', 24, 'false', ['--no-pager']],
  ['PAGER=cat', 24, 'cat', []],
  ['an empty PAGER', 24, '', []],
])('%s: no pager', async (_, rows, pager, args) => {
  const untouched = join(folder.path, 'untouched');
  const command = pager === 'false' ? `cat > '${untouched}'` : pager;
  expect((await inspect(command, rows, ...args)).stdout).toBe((await plain()).stdout);
  expect(existsSync(untouched)).toBe(false);
});

test('machines get no pager', async () => {
  expect(JSON.parse((await inspect('false', 5, '--format', 'json')).stdout)).toHaveProperty('smmus');
});

test('less is the pager of those who name none', () => {
  expect([pagerOf({}), pagerOf({ PAGER: 'more' }), pagerOf({ PAGER: ' ' })]).toEqual(['less', 'more', null]);
});

test('no more is taken than it takes to know', () => {
  let made = 0;
  const endless = (function* () {
    for (;;) yield `line ${made++}\n`;
  })();
  const { head, rest } = headOf(endless, 24);
  expect([head.length, made, rest?.next().value]).toEqual([24, 24, 'line 24\n']);
  expect(headOf(['a\n', 'b\n'], 3)).toEqual({ head: ['a\n', 'b\n'], rest: null });
});
