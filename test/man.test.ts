/** The manual page: made of the definitions of today, with every option, and fit for the programs that show it. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { describeCommand, everyCommand } from '../src/cli/definitions.ts';
import { makeProgram } from '../src/cli/program.ts';
import { Session } from '../src/cli/session.ts';
import { TOOL } from '../src/version.ts';
import { manPage } from '../tools/man-page.ts';

const FILE = fileURLToPath(new URL('../man/smmu-adopt.1', import.meta.url));
const program = describeCommand(await makeProgram(new Session(process)));
const checkedIn = readFileSync(FILE, 'utf8');

test('is current; `npm run man` makes it anew', () => {
  expect(checkedIn).toBe(manPage(program));
});

test('belongs to the package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(manifest).toMatchObject({ man: ['man/smmu-adopt.1'], scripts: { man: expect.anything() } });
  expect(manifest.files).toContain('man');
});

test('has the sections that a reader looks for', () => {
  expect(checkedIn.match(/^\.SH .*/gm)).toEqual(
    ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'COMMANDS', 'EXIT STATUS', 'ENVIRONMENT', 'SEE ALSO'].map(
      (name) => `.SH ${name}`,
    ),
  );
  expect(checkedIn).toContain(`"${TOOL.name} ${TOOL.version}"`);
});

describe('every command is in it, with every option', () => {
  const commands = [...everyCommand(program)].filter(({ path, commands: below }) => {
    return below.length === 0 && path.at(-1) !== 'help';
  });

  test.each(commands.map((command) => [command.path.join(' '), command] as const))('%s', (name, command) => {
    const start = checkedIn.indexOf(`\n.SS ${name}\n`);
    expect(start).toBeGreaterThan(0);
    const section = checkedIn.slice(start + 1).split(/^\.S[SH] /m, 2)[1] ?? '';
    for (const { long, short, value } of command.options) {
      const flag = `\\fB${(long ?? short ?? '').replaceAll('-', '\\-')}\\fR`;
      expect(section).toContain(value === null ? `${flag}\n` : `${flag} \\fI`);
    }
    for (const { title } of command.sections) expect(section).toContain(`\n${title}:\n`);
  });
});

describe('what shows it', () => {
  test.each([
    ['groff', ['-man', '-Tutf8', '-ww', FILE]],
    ['man', ['--warnings', '--local-file', FILE]],
  ])('%s has nothing to complain of', (command, args) => {
    const { stdout, stderr, status, error } = spawnSync(command, args, {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '100', MANPAGER: 'cat', LC_ALL: 'C.UTF-8' },
    });
    if (error !== undefined) return console.warn(`skipped: ${command} is not installed`);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toContain('FILE@ADDRESS');
  });
});
