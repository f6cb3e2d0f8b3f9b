/** The command line that makes a report again: that of the run, without what only says where it goes. */

import { Command } from 'commander';
import { expect, test } from 'vitest';
import { commandLine } from '../../src/cli/command-line.ts';
import { addInspectCommand } from '../../src/cli/commands/inspect.ts';
import { Session } from '../../src/cli/session.ts';

async function again(...args: string[]): Promise<string> {
  const program = new Command('smmu-adopt').exitOverride();
  const nobody = { write: () => {}, on: () => {} };
  const io = {
    stdin: (async function* () {})(),
    stdout: nobody,
    stderr: nobody,
    env: {},
    cwd: () => '',
    chdir: () => {},
  };
  addInspectCommand(program, new Session(io));
  const [inspect] = program.commands;
  inspect?.action(() => {});
  await program.parseAsync(['inspect', ...args], { from: 'user' });
  return commandLine(inspect as Command);
}

test.each([
  ['as it was given', ['vmcore', '--regs', 'regs.json'], 'vmcore --regs regs.json'],
  ['in its order', ['--regs=r.json', '--deep', 'a', 'b'], '--regs=r.json --deep a b'],
  ['without formats and files', ['d', '--regs', 'r', '--format', 'html', '-o', 'x.html'], 'd --regs r'],
  ['in every form', ['d', '--regs', 'r', '--format=json', '--output=x', '--color=always'], 'd --regs r'],
  ['attached to a letter', ['d', '--regs', 'r', '--format', 'json', '-ox', '-q', '-v'], 'd --regs r'],
  ['without the pager', ['d', '--regs', 'r', '--no-pager', '--no-gate', '--full'], 'd --regs r --no-gate --full'],
  ['behind --', ['--regs', 'r', '--', '-q'], '--regs r -- -q'],
  ['a value that looks like an option', ['d', '--regs', 'r', '--smmu', '-q'], 'd --regs r --smmu -q'],
  ['for a shell', ['my dump', '--regs', "it's"], `'my dump' --regs 'it'\\''s'`],
  ['for a shell, seen', ['a\u001b[2J\\b', '--regs', "it's\n"], "$'a\\u001b[2J\\\\b' --regs $'it\\'s\\u000a'"],
  ['at an address', ['ddr0.bin@0x80000000', '--regs', 'r'], 'ddr0.bin@0x80000000 --regs r'],
  [
    'without secrets',
    ['https://user:secret@dumps.example/vmcore?signature=secret', '--regs', 'r'],
    `'https://dumps.example/vmcore?...' --regs r`,
  ],
])('%s', async (_, args, expected) => {
  expect(await again(...args)).toBe(`smmu-adopt inspect ${expected}`);
});
