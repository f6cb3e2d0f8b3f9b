/** The manual page, in the man macros of roff: made of the definitions of the commands, but for a few sections. */

import { type ArgumentSpec, type CommandSpec, everyCommand, type OptionSpec } from '../src/cli/definitions.ts';
import { wrap } from '../src/report/text/style.ts';
import { TOOL } from '../src/version.ts';

/** What no definition says. Paragraphs, or terms with what they mean. */
const HAND_WRITTEN = {
  DESCRIPTION: [
    'When a Linux kernel crashes on an Arm server, its devices go on doing DMA through the SMMUv3. A patch series of ' +
      '2026 lets the kdump kernel adopt the stream table of the crashed kernel instead of resetting the SMMU. This ' +
      'command takes a memory dump, and does offline what the driver would do: ' +
      'every check, every mapping, every device that is inserted, and every line of the log. The registers are taken ' +
      "from the crashed kernel's own state in the dump, or from a snapshot that somebody made in time (--regs).",
    'Whatever it says comes with its evidence: a register, an address, the state of a page. What the dump does not ' +
      'hold is said to be unknown, and never guessed.',
    'A dump is a vmcore of any kind (ELF, kdump-compressed, flattened, split), a LiME or AVML image, or raw memory ' +
      'with its address behind the name (FILE@ADDRESS). Several files are one dump.',
  ],
  'EXIT STATUS': [
    ['0', 'Done, and nothing found that --fail-on counts.'],
    ['1', 'Done, and something found; an adoption that falls back to a full reset is an error.'],
    [
      '2',
      'Not done: bad arguments, or input that cannot be read or is not valid. One line on standard error says why.',
    ],
    ['3', 'Done, but the dump lacks evidence that the result depends on.'],
  ],
  ENVIRONMENT: [
    ['NO_COLOR', 'No colour, whatever the terminal can do; --color still decides.'],
    ['TERM', 'No colour on a terminal named "dumb".'],
    ['PAGER', 'The pager of a report that is longer than the terminal: less if not set, none if empty or "cat".'],
    ['XDG_CACHE_HOME', 'Where the folder for compiled code is, in place of ~/.cache.'],
    ['NODE_DISABLE_COMPILE_CACHE', 'If set, compiled code is neither kept nor used.'],
    ['SMMU_ADOPT_DEBUG', 'If set, an internal error is reported with its trace.'],
  ],
  'SEE ALSO': ['makedumpfile(8), kexec(8), crash(8), lspci(8)'],
} as const;

export function manPage(program: CommandSpec): string {
  const commands = [...everyCommand(program)].filter(
    ({ path, commands: below }) => below.length === 0 && !isHelp(path),
  );
  const lines = [
    `.\\" Made by "npm run man" of the definitions of the commands; do not edit.`,
    `.TH ${TOOL.name.toUpperCase().replaceAll('-', '\\-')} 1 "" "${TOOL.name} ${TOOL.version}" "User Commands"`,
    // Neither broken words nor stretched lines: names and options are to be copied.
    '.nh',
    '.ad l',
    '.SH NAME',
    `${text(TOOL.name)} \\- ${text(lowered(program.description))}`,
    '.SH SYNOPSIS',
    ...commands.flatMap((command, i) => [...(i === 0 ? [] : ['.br']), synopsis(command)]),
    ...section('DESCRIPTION', HAND_WRITTEN.DESCRIPTION),
    '.SH OPTIONS',
    ...program.options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    ...section('EXIT STATUS', HAND_WRITTEN['EXIT STATUS']),
    ...section('ENVIRONMENT', HAND_WRITTEN.ENVIRONMENT),
    ...section('SEE ALSO', HAND_WRITTEN['SEE ALSO']),
  ];
  return `${lines.join('\n')}\n`;
}

function isHelp(path: readonly string[]): boolean {
  return path.at(-1) === 'help';
}

/** The description as a phrase behind the name. */
function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '');
}

function section(title: string, content: readonly (string | readonly [term: string, meaning: string])[]): string[] {
  const lines = content.flatMap((one, i) =>
    typeof one === 'string' ? [...(i === 0 ? [] : ['.PP']), ...prose(one)] : ['.TP', bold(one[0]), ...prose(one[1])],
  );
  return [`.SH ${title}`, ...lines];
}

function synopsis({ path, options, arguments: taken }: CommandSpec): string {
  const parts = [bold([TOOL.name, ...path].join(' '))];
  if (options.length > 0) parts.push(`[${italic('options')}]`);
  return [...parts, ...taken.map(argumentTerm)].join(' ');
}

function argumentTerm({ name, required, variadic }: ArgumentSpec): string {
  const term = italic(name) + (variadic ? '...' : '');
  return required ? term : `[${term}]`;
}

function commandLines(command: CommandSpec): string[] {
  return [
    `.SS ${text(command.path.join(' '))}`,
    synopsis(command),
    '.PP',
    ...prose(command.description),
    ...command.arguments.flatMap((argument) => ['.TP', argumentTerm(argument), ...prose(argumentSays(argument))]),
    ...command.options.flatMap(optionLines),
    ...command.sections.flatMap(({ title, lines }) => [
      '.PP',
      text(`${title}:`),
      '.PP',
      '.nf',
      '.RS',
      ...lines.map((line) => text(line.replace(/^ {2}/, ''))),
      '.RE',
      '.fi',
    ]),
  ];
}

function argumentSays({ description, words }: ArgumentSpec): string {
  return words.length === 0 ? `${sentence(description)}.` : `${sentence(description)}: ${words.join(', ')}.`;
}

function optionLines({ short, long, value, mandatory, description, fallback }: OptionSpec): string[] {
  const flags = [short, long].filter((flag) => flag !== null).map(bold);
  const term = flags.join(', ') + (value === null ? '' : ` ${italic(value.name)}`);
  const extra = [
    value === null || value.words.length === 0 ? '' : `One of ${value.words.join(', ')}.`,
    fallback === null ? '' : `The default is ${fallback}.`,
    mandatory ? 'Required.' : '',
  ].filter((part) => part !== '');
  return ['.TP', term, ...prose([`${sentence(description)}.`, ...extra].join(' '))];
}

function sentence(phrase: string): string {
  return phrase.charAt(0).toUpperCase() + phrase.slice(1);
}

const bold = (plain: string): string => `\\fB${text(plain)}\\fR`;
const italic = (plain: string): string => `\\fI${text(plain)}\\fR`;

/** Characters that roff takes for something else, or prints as something that a shell does not know. */
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
};

const SOURCE_WIDTH = 80;

/** Lines that roff fills again, short enough that a change of one word shows as such. */
function prose(plain: string): string[] {
  return wrap(plain, SOURCE_WIDTH).map(text);
}

/** Text on a line of its own, or in a macro's argument. A dot in front would make a request of it. */
function text(plain: string): string {
  const escaped = plain.replace(/[\\\-'`^~]/g, (character) => ESCAPES[character] as string);
  return escaped.startsWith('.') ? `\\&${escaped}` : escaped;
}
