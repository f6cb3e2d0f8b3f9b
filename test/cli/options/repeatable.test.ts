/** An option that takes one value and is given another one: nobody knows which is meant, so neither is taken. */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { takesOneValue } from '../../../src/cli/options/repeatable.ts';
import { makeProgram } from '../../../src/cli/program.ts';
import { Session } from '../../../src/cli/session.ts';
import { run } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const cwd = join(SAMPLES_FOLDER, 'healthy-two-level');
const DUMP = ['dump.raw', '--regs', 'regs.json'];
const folder = temporaryFolder();

describe('two values for one', () => {
  test.each([
    [
      ['inspect', ...DUMP, '--regs', 'other.json'],
      "option '--regs <file>' is given twice, as 'regs.json' and 'other.json'; it takes one value: leave one of them out",
    ],
    [['inspect', ...DUMP, '--revision', 'v6', '--revision=v7'], "as 'v6' and 'v7'"],
    [['inspect', ...DUMP, '--fail-on', 'never', '--fail-on', 'error'], "'--fail-on <severity>' is given twice"],
    [['inspect', ...DUMP, '--sid', '0x100', '--sid', '8'], "as '0x100' and '8'; a list has both: --sid 0x100,8"],
    [['inspect', ...DUMP, '--insert', 'all', '--insert', '8'], "'--insert <list>' is given twice"],
    [['show', ...DUMP, '--sid', '0x100', '--sid', '8'], 'it takes one value'],
    [['translate', ...DUMP, '--sid', '8', '--iova', '0', '--iova', '1'], "'--iova <address>' is given twice"],
    [['queues', ...DUMP, '--queue', 'event', '--queue', 'pri'], 'a list has both: --queue event,pri'],
    [['log', 'x.txt', '--format', 'text', '--format', 'json'], "'--format <name>' is given twice"],
    [['triage', '.', '--kernel', '6.12', '--kernel', '6.16'], "'--kernel <version>' is given twice"],
    [['check', '.', '--jobs', '1', '--jobs', '2'], "'--jobs <number>' is given twice"],
    [['regs', 'import', 'x', '-o', 'a.json', '--output', 'b.json'], "as 'a.json' and 'b.json'"],
    [
      ['inspect', ...DUMP, '--regs', 'https://user:secret@example.org/r.json?key=secret'],
      "as 'regs.json' and 'https://example.org/r.json?...'",
    ],
  ])('%j', async (args, message) => {
    const { stdout, stderr, status } = await run(args, { cwd });
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toContain(message);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  test('in the manifest of a sample', async () => {
    folder.write('dump.raw', 'nothing');
    folder.write(
      'sample.json',
      JSON.stringify({
        description: 'x',
        status: 0,
        stderr: '',
        args: ['dump.raw', '--revision', 'v6', '--revision', 'v7'],
      }),
    );
    const { stdout, status } = await run(['check', folder.path]);
    expect(status).not.toBe(0);
    expect(stdout).toContain('is given twice');
  });
});

describe('what may be said again', () => {
  test.each([
    ['the same', ['--regs', 'regs.json', '--revision', 'v6', '--revision', 'v6']],
    ['colour, which an alias may have said', ['--color', 'always', '--color', 'never']],
    ['a switch', ['--deep', '--deep']],
    ['failures', ['--fail', 'kcalloc', '--fail', 'memremap:2']],
    ['devices', ['--device', 'a=0x100', '--device', 'b=0x101']],
    ['formats', ['--format', 'text', '--format', 'json', '-o', '/dev/null']],
  ])('%s', async (_, args) => {
    const { stderr, status } = await run(['inspect', ...DUMP, '--fail-on', 'never', '-q', ...args], { cwd });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  test('is known of every option', async () => {
    const program = await makeProgram(new Session(process));
    const repeated = new Set<string>();
    const look = ({ commands, options }: typeof program): void => {
      for (const option of options) {
        if ((option.required || option.optional) && !takesOneValue(option)) repeated.add(option.long ?? '');
      }
      for (const one of commands) look(one);
    };
    look(program);
    // --smmu and --base: of some commands; --output: of those with several reports.
    expect([...repeated].sort()).toEqual(
      ['--base', '--device', '--dump', '--fail', '--format', '--later', '--name', '--output', '--smmu'].sort(),
    );
  });
});
