/** `smmu-adopt completion` from outside: every command and option is there, and the shells complete by it. */

import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { describeCommand, everyCommand } from '../../../src/cli/definitions.ts';
import { makeProgram } from '../../../src/cli/program.ts';
import { Session } from '../../../src/cli/session.ts';
import { EXPLAINED_NAMES } from '../../../src/findings/explanations/names.ts';
import { run } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
for (const name of ['dump.raw', 'regs.json', 'with space.raw']) folder.write(name, 'x');

const COMMANDS = [...everyCommand(describeCommand(await makeProgram(new Session(process)), { rule: EXPLAINED_NAMES }))];

async function script(shell: string): Promise<string> {
  const { stdout, stderr, status } = await run(['completion', shell]);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect(stdout).toMatch(/^[\n\t\x20-\x7e]*\n$/);
  return stdout;
}

const SCRIPTS = { bash: await script('bash'), zsh: await script('zsh'), fish: await script('fish') };
const FILES = Object.fromEntries(
  Object.entries(SCRIPTS).map(([shell, text]) => [shell, folder.write(`completion.${shell}`, text)]),
) as Record<keyof typeof SCRIPTS, string>;

function has(shell: string): boolean {
  return spawnSync(shell, ['--version']).error === undefined;
}

function missing(...shells: string[]): boolean {
  const none = shells.filter((shell) => !has(shell));
  if (none.length > 0) console.warn(`skipped: ${none.join(' and ')} not installed`);
  return none.length > 0;
}

test('the definitions are those of the program', () => {
  expect(COMMANDS.map(({ path }) => path.join(' '))).toEqual(
    expect.arrayContaining(['', 'inspect', 'info', 'show', 'explain', 'completion', 'regs', 'regs import', 'help']),
  );
  const inspect = COMMANDS.find(({ path }) => path.join(' ') === 'inspect');
  expect(inspect?.arguments).toMatchObject([{ name: 'dump', kind: 'file', variadic: true, required: false }]);
  expect(inspect?.options).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ long: '--regs', mandatory: false, value: { name: 'file', kind: 'file', words: [] } }),
      expect.objectContaining({ short: '-q', long: '--quiet', value: null, mandatory: false }),
      expect.objectContaining({ long: '--fail-on', fallback: 'error' }),
    ]),
  );
  expect(inspect?.sections.map(({ title }) => title)).toEqual(['Examples', 'Exit status']);
});

const flagsOf = ({ options }: (typeof COMMANDS)[number]) =>
  options.flatMap(({ short, long }) => [short, long]).filter((one) => one !== null);

/** What bash offers for the last word of each line, by the function that it would call; one shell answers them all. */
function completedInTurn(lines: readonly (readonly string[])[]): string[][] {
  const program = `source "$1"; shift
    while (($# > 0)); do
      COMP_WORDS=("\${@:2:$1}"); COMP_CWORD=$(($1 - 1)); COMPREPLY=()
      _smmu_adopt
      printf '%s\\n' "\${COMPREPLY[@]}" --end--
      shift $(($1 + 1))
    done`;
  const { stdout, stderr, status } = spawnSync(
    'bash',
    [
      '--norc',
      '--noprofile',
      '-c',
      program,
      'bash',
      FILES.bash,
      ...lines.flatMap((words) => [`${words.length}`, ...words]),
    ],
    { cwd: folder.path, encoding: 'utf8' },
  );
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout
    .split('--end--\n')
    .slice(0, -1)
    .map((offered) => offered.split('\n').filter((line) => line !== ''));
}

/** Lines of which the last word is to be completed, and what bash offers for it. */
const LINES: readonly (readonly [line: string, expected: string[]])[] = [
  ['', expect.arrayContaining(['inspect', 'info', 'regs', 'show', 'explain', 'completion', 'help'])],
  ['ins', ['inspect']],
  ['--ver', ['--version']],
  ['inspect --for', ['--format']],
  ['inspect --format j', ['json', 'junit']],
  ['inspect --format = j', ['json', 'junit']],
  ['inspect --format =', expect.arrayContaining(['text', 'json'])],
  ['inspect --regs r', ['regs.json']],
  ['inspect d', ['dump.raw']],
  ['inspect dump.raw --regs regs.json --revision v1', ['v1', 'v10']],
  ['inspect -o d', ['dump.raw']],
  ['inspect --sid ', []],
  ['inspect --sid x --no', ['--no-gate', '--no-pager']],
  ['inspect -- --no', []],
  ['inspect -- d', ['dump.raw']],
  ['regs ', ['import', 'extract', 'validate', 'capture', 'help']],
  ['regs import --captured b', ['before-kdump-probe']],
  ['regs import --name import --form', ['--format']],
  ['regs validate regs.json ', []],
  ['explain l1-n', ['l1-null-pointer']],
  ['explain ids.scan two-level.s', ['two-level.split']],
  ['completion z', ['zsh']],
  ['completion bash ', []],
  ['help re', ['regs']],
  ['regs help c', ['capture']],
  ['no-such-command ', []],
  // A name with a space is one word.
  ['inspect with', ['with space.raw']],
];

const wordsOf = (line: string) => ['smmu-adopt', ...line.split(' ')];
const linesOf = (command: (typeof COMMANDS)[number]) =>
  flagsOf(command).map((flag) => ['smmu-adopt', ...command.path, flag]);
const key = (words: readonly string[]) => JSON.stringify(words);

let answers: ReadonlyMap<string, readonly string[]> | undefined;

/** What bash offers for the last word of a line; it is asked about all of them at once. */
function offeredFor(words: readonly string[]): readonly string[] {
  if (answers === undefined) {
    const lines = [...COMMANDS.flatMap(linesOf), ...LINES.map(([line]) => wordsOf(line))];
    const offered = completedInTurn(lines);
    answers = new Map(lines.map((line, i) => [key(line), offered[i] ?? []]));
  }
  const found = answers.get(key(words));
  if (found === undefined) throw new Error(`bash was not asked about ${words.join(' ')}`);
  return found;
}

describe.each(COMMANDS.map((command) => [['smmu-adopt', ...command.path].join(' '), command] as const))(
  '%s has all of its words',
  (_, command) => {
    const { path, options, commands, arguments: taken } = command;
    const words = [
      ...options.flatMap(({ value }) => value?.words ?? []),
      ...taken.flatMap(({ words: those }) => those),
    ];
    const prefix = path.map((name) => ` ${name}`).join('');

    test('in the script of bash', () => {
      expect(linesOf(command).filter((line) => !offeredFor(line).includes(line.at(-1) ?? ''))).toEqual([]);
      for (const { path: below } of commands) expect(SCRIPTS.bash).toContain(`"${prefix} ${below.at(-1)}") path=`);
      for (const word of words) expect(SCRIPTS.bash).toMatch(new RegExp(`_smmu_adopt_words.* ${word}( |;|$)`, 'm'));
    });

    test('in the script of zsh', () => {
      const start = SCRIPTS.zsh.indexOf(`\n${['_smmu_adopt', ...path].join('_')}() {`);
      const text = SCRIPTS.zsh.slice(start, SCRIPTS.zsh.indexOf('\n}\n', start));
      for (const { short, long } of options) {
        for (const flag of [short, long]) if (flag !== null) expect(text).toMatch(new RegExp(`[{,'*]${flag}[=,}[]`));
      }
      for (const { path: below } of commands) expect(text).toContain(`'${below.at(-1)}:`);
      for (const word of words) expect(text).toContain(word);
    });

    test('in the script of fish', () => {
      const lines = SCRIPTS.fish.split('\n').filter((line) => line.includes(` -n '__smmu_adopt_at \\'${prefix}\\'' `));
      for (const { short, long } of options) {
        const flags = [short === null ? '' : `-s ${short.slice(1)}`, long === null ? '' : `-l ${long.slice(2)}`];
        const pattern = ` ${flags.filter((flag) => flag !== '').join(' ')} `;
        expect(lines.filter((line) => line.includes(pattern))).toHaveLength(1);
      }
      for (const { path: below } of commands) expect(lines.join('\n')).toContain(` -a ${below.at(-1)} -d `);
      for (const word of words) expect(lines.join('\n')).toContain(word);
    });
  },
);

describe('bash', () => {
  test('accepts the script', () => {
    const { stderr, status } = spawnSync('bash', ['-n', FILES.bash], { encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  test('registers it', () => {
    const { stdout } = spawnSync('bash', ['-c', `source "${FILES.bash}"; complete -p smmu-adopt`], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('complete -F _smmu_adopt smmu-adopt\n');
  });

  test.each(LINES)('completes "%s"', (line, expected) => {
    expect(offeredFor(wordsOf(line))).toEqual(expected);
  });
});

// Loaded here rather than skipped by name, so that the reason is said once.
const noZsh = missing('zsh');
const noFish = missing('fish');

describe.skipIf(noZsh)('zsh', () => {
  test('accepts the script', () => {
    const { stderr, status } = spawnSync('zsh', ['-n', FILES.zsh], { encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });
});

describe.skipIf(noFish)('fish', () => {
  const fish = (...args: string[]) => {
    const env = { ...process.env, HOME: folder.path };
    return spawnSync('fish', ['--no-config', ...args], { cwd: folder.path, encoding: 'utf8', env });
  };

  test('accepts the script', () => {
    const { stderr, status } = fish('--no-execute', FILES.fish);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  test.each([
    ['regs import --captured b', ['before-kdump-probe']],
    ['inspect --regs reg', ['regs.json']],
    ['explain l1-n', ['l1-null-pointer']],
    ['completion ', ['bash', 'fish', 'zsh']],
  ])('completes "%s"', (line, expected) => {
    const { stdout } = fish('-c', `source ${FILES.fish}; complete -C'smmu-adopt ${line}'`);
    expect(stdout.split('\n').flatMap((one) => one.split('\t')[0] || [])).toEqual(expected);
  });
});

test.each([
  [[], "missing required argument 'shell'"],
  [['csh'], "command-argument value 'csh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish."],
  [['bash', 'zsh'], 'too many arguments'],
])('completion %j is refused', async (args, message) => {
  const { stdout, stderr, status } = await run(['completion', ...args]);
  expect({ stdout, status, lines: stderr.split('\n').length - 1 }).toEqual({ stdout: '', status: 2, lines: 1 });
  expect(stderr).toContain(message);
});
