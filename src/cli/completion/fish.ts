/** The completion of fish: a line for each option and argument, under the condition that its command was typed. */

import { TOOL } from '../../version.ts';
import { type CommandSpec, everyCommand, type OptionSpec, type ValueSpec } from '../definitions.ts';

/** The completion script for fish, of the program and all commands below it. */
export function fishCompletion(program: CommandSpec): string {
  const commands = [...everyCommand(program)];
  const below = commands.flatMap((command) => command.commands.map(({ path }) => quoted(joined(path))));
  return `# fish completion for ${TOOL.name} ${TOOL.version}, made by "${TOOL.name} completion fish".

function __smmu_adopt_at --description 'whether the words typed so far name this command'
    set -l path ''
    set -l words (commandline -opc)
    for word in $words[2..-1]
        switch "$path $word"
            case ${below.join(' ')}
                set path "$path $word"
        end
    end
    test "$path" = "$argv[1]"
end

${commands.flatMap(linesOf).join('\n')}
`;
}

function joined(path: readonly string[]): string {
  return path.map((name) => ` ${name}`).join('');
}

function linesOf(command: CommandSpec): string[] {
  const start = `complete -c ${TOOL.name} -n ${quoted(`__smmu_adopt_at ${quoted(joined(command.path))}`)}`;
  const files = command.arguments.some(({ kind }) => kind === 'file');
  const words = command.arguments.flatMap(({ kind, words: offered }) => (kind === 'words' ? offered : []));
  return [
    `${start} ${files ? '-F' : '-f'}`,
    ...(words.length === 0 ? [] : [`${start} -a ${quoted(words.join(' '))}`]),
    ...command.commands.map(({ path, summary }) => `${start} -a ${path.at(-1)} -d ${quoted(summary)}`),
    ...command.options.map((option) => `${start} ${optionFlags(option)}`),
  ];
}

function optionFlags({ short, long, value, description }: OptionSpec): string {
  const flags = [
    short === null ? '' : `-s ${short.slice(1)}`,
    long === null ? '' : `-l ${long.slice(2)}`,
    value === null ? '' : valueFlags(value),
    `-d ${quoted(description)}`,
  ];
  return flags.filter((flag) => flag !== '').join(' ');
}

/** -r: a value follows. -x: and it is no file. */
function valueFlags({ kind, words }: ValueSpec): string {
  if (kind === 'file') return '-r -F';
  return kind === 'words' ? `-x -a ${quoted(words.join(' '))}` : '-x';
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
