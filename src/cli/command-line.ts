/** Which command line makes a report again? That of the run, without what only says where the report goes and how it looks. */

import type { Command } from 'commander';
import { isUrl, shownUrl } from '../dump/sources/url.ts';
import { TOOL } from '../version.ts';
import { visible } from '../visible-text.ts';

/** Options of these long names. */
const OF_THE_OUTPUT: ReadonlySet<string | undefined> = new Set([
  '--format',
  '--output',
  '--color',
  '--quiet',
  '--no-pager',
  '--verbose',
]);

/** Quoted for a shell. `command` has been parsed. Reports are passed on, so URLs have no secrets. */
export function commandLine(command: Command): string {
  const kept: string[] = [];
  const given = rawArguments(command);
  for (let i = 0; i < given.length; i++) {
    const argument = given[i] as string;
    if (argument === '--') {
      kept.push(...given.slice(i));
      break;
    }
    const { flag, attached } = flagOf(argument);
    const option = command.options.find(({ long, short }) => flag !== null && (long === flag || short === flag));
    const takesNext = option !== undefined && (option.required || option.optional) && !attached;
    if (!OF_THE_OUTPUT.has(option?.long)) kept.push(...given.slice(i, takesNext ? i + 2 : i + 1));
    if (takesNext) i += 1;
  }
  return commandWords([command.name(), ...kept]);
}

/** Words behind the program's name as a shell takes them. */
export function commandWords(words: readonly string[]): string {
  return [TOOL.name, ...words.map((word) => (isUrl(word) ? shownUrl(word) : word))].map(quoted).join(' ');
}

/** The option that an argument names, and whether its value stands there too: `--format=json`, `-oreport.txt`. */
function flagOf(argument: string): { readonly flag: string | null; readonly attached: boolean } {
  const [long = '', value] = argument.split('=', 2);
  if (argument.startsWith('--')) return { flag: long, attached: value !== undefined };
  if (!/^-[a-z]/i.test(argument)) return { flag: null, attached: false };
  return { flag: argument.slice(0, 2), attached: argument.length > 2 };
}

/** What followed the name of the command. */
function rawArguments(command: Command): readonly string[] {
  const { rawArgs = [] } = (command.parent ?? command) as Command & { readonly rawArgs?: readonly string[] };
  return rawArgs.slice(rawArgs.indexOf(command.name()) + 1);
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  // What nobody sees as it is: an escape that the shells know inside $''.
  if (visible(word) !== word) return `$'${visible(word.replaceAll(/[\\']/g, '\\$&'))}'`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
