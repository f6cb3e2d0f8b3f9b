/** The help of every command, and what is suggested for a slip of the keyboard. */

import { describe, expect, test } from 'vitest';
import { type CommandSpec, describeCommand, everyCommand } from '../../src/cli/definitions.ts';
import { makeProgram } from '../../src/cli/program.ts';
import { Session } from '../../src/cli/session.ts';
import { run } from '../support/command.ts';

const COMMANDS = [...everyCommand(describeCommand(await makeProgram(new Session(process))))].filter(
  ({ path }) => path.at(-1) !== 'help',
);
const isLeaf = ({ commands }: CommandSpec) => commands.length === 0;
const byName = (list: readonly CommandSpec[]) =>
  list.map((one) => [['smmu-adopt', ...one.path].join(' '), one] as const);

describe.each(byName(COMMANDS))('%s --help', async (_, { path, options, commands, description }) => {
  const { stdout, stderr, status } = await run([...path, '--help']);

  test('comes on stdout, in plain ASCII', () => {
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toMatch(/^Usage: smmu-adopt [\n\x20-\x7e]+\n$/);
  });

  test('says what it does, and every option and command', () => {
    expect(description).toMatch(/^[A-Z].*\.$/);
    for (const { long, short } of options) expect(stdout).toContain(long ?? short ?? '');
    for (const { path: below } of commands) expect(stdout).toMatch(new RegExp(`^  ${below.at(-1)} `, 'm'));
  });
});

describe.each(byName(COMMANDS.filter(isLeaf)))('the examples of %s', (name, { path, sections }) => {
  const examples = sections.find(({ title }) => title === 'Examples');

  test('are there, and are of this command', () => {
    expect(examples?.lines.length).toBeGreaterThan(1);
    for (const line of examples?.lines ?? []) expect(line).toContain(`${name}`);
  });

  test('name only options that exist', () => {
    const flags = new Set(
      COMMANDS.find((one) => one.path === path)?.options.flatMap(({ short, long }) => [short, long]),
    );
    const used = [...(examples?.lines ?? []).join('\n').matchAll(/(?<= )--?[a-z][a-z-]*/g)].map(([flag]) => flag);
    expect(used.filter((flag) => !flags.has(flag))).toEqual([]);
  });
});

describe('a slip of the keyboard', () => {
  test.each([
    [['inspcet'], "unknown command 'inspcet' (Did you mean inspect?)"],
    [['shwo'], "unknown command 'shwo' (Did you mean show?)"],
    [['queus'], "unknown command 'queus' (Did you mean queues?)"],
    [['queues', '--regs', 'x', '--sids', '1'], "unknown option '--sids' (Did you mean --sid?)"],
    [['explian'], "unknown command 'explian' (Did you mean explain?)"],
    [['regs', 'improt'], "unknown command 'improt' (Did you mean import?)"],
    [['regs', 'validat'], "unknown command 'validat' (Did you mean validate?)"],
    [['regs', 'xyz'], "unknown command 'xyz'"],
    [['regs', 'import', 'x', '--base', '0', '--nane', 'x'], "unknown option '--nane' (Did you mean --name?)"],
    [['regs', 'validate', 'x', '--fromat', 'x'], "unknown option '--fromat' (Did you mean --format?)"],
    [['regs', 'capture', '--base', '0', '--devmen', 'x'], "unknown option '--devmen' (Did you mean --devmem?)"],
    [['show', '--regs', 'x', '--sid', '1', '--revison', 'v6'], "unknown option '--revison' (Did you mean --revision?)"],
    [['explain', '--fromat', 'json'], "unknown option '--fromat' (Did you mean --format?)"],
    [['info', '--formt', 'json'], "unknown option '--formt' (Did you mean --format?)"],
    [['show', '--regs', 'x', '--sid', '1', '--revision', 'v11'], 'Allowed choices are v1, '],
  ])('%j', async (args, message) => {
    const { stdout, stderr, status } = await run(args);
    expect({ stdout, status, lines: stderr.split('\n').length - 1 }).toEqual({ stdout: '', status: 2, lines: 1 });
    expect(stderr).toMatch(/^smmu-adopt: /);
    expect(stderr).toContain(message);
  });

  test.each([[[]], [['regs']]])('%j without a command prints the help, on stderr', async (args) => {
    const { stdout, stderr, status } = await run(args);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toMatch(/^Usage: smmu-adopt /);
  });
});
