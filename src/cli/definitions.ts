/**
 * The commands as plain data, read from what commander was told: completion scripts and the manual are made of it, so
 * that neither can forget an option.
 */

import type { Argument, Command, Option } from 'commander';

/** What stands where a value is expected. */
export interface ValueSpec {
  /** As the help shows it: `file`, `list`. */
  readonly name: string;
  readonly kind: 'file' | 'words' | 'other';
  readonly words: readonly string[];
}

export interface OptionSpec {
  readonly short: string | null;
  readonly long: string | null;
  /** Null for a switch. */
  readonly value: ValueSpec | null;
  readonly mandatory: boolean;
  readonly description: string;
  /** The default in words, where there is one that is worth telling. */
  readonly fallback: string | null;
}

export interface ArgumentSpec extends ValueSpec {
  readonly required: boolean;
  readonly variadic: boolean;
  readonly description: string;
}

export interface CommandSpec {
  /** The words behind the program's name: none for the program itself, `regs import` for a nested command. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly commands: readonly CommandSpec[];
  /** What stands below the options in its help. */
  readonly sections: readonly HelpSection[];
}

/** Indented lines below a title: examples, exit statuses. */
export interface HelpSection {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Placeholders that stand for a file. */
const FILES: ReadonlySet<string> = new Set(['file', 'dump', 'path', 'before', 'after']);

/** `words` are those that commander does not know, by the name of the argument that takes them. */
export function describeCommand(
  command: Command,
  words: Readonly<Record<string, readonly string[]>> = {},
  path: readonly string[] = [],
): CommandSpec {
  const help = command.createHelp();
  const below = command.commands.map((one) => one.name());
  return {
    path,
    summary: help.subcommandDescription(command),
    description: help.commandDescription(command),
    arguments: command.registeredArguments.map((argument) => argumentSpec(argument, words)),
    options: help.visibleOptions(command).map(optionSpec),
    // The help command, which commander adds, takes the names of the others.
    commands: help
      .visibleCommands(command)
      .map((one) => describeCommand(one, { ...words, command: below }, [...path, one.name()])),
    sections: sectionsOf(command),
  };
}

/** The command and all below it, depth first. */
export function* everyCommand(command: CommandSpec): Generator<CommandSpec> {
  yield command;
  for (const one of command.commands) yield* everyCommand(one);
}

function argumentSpec(argument: Argument, words: Readonly<Record<string, readonly string[]>>): ArgumentSpec {
  const { required, variadic, description } = argument;
  return {
    ...valueSpec(argument.name(), argument.argChoices ?? words[argument.name()]),
    required,
    variadic,
    description,
  };
}

function optionSpec(option: Option): OptionSpec {
  const { short, long, mandatory, description, argChoices, defaultValue, flags } = option;
  const [, placeholder] = /[<[]([^>\].]+)/.exec(flags) ?? [];
  return {
    short: short ?? null,
    long: long ?? null,
    value: placeholder === undefined ? null : valueSpec(placeholder, argChoices),
    mandatory,
    description,
    fallback: typeof defaultValue === 'string' ? defaultValue : null,
  };
}

function valueSpec(name: string, words: readonly string[] | undefined): ValueSpec {
  return { name, kind: words !== undefined ? 'words' : FILES.has(name) ? 'file' : 'other', words: words ?? [] };
}

/** Commander keeps the text behind the options as a listener, so it is taken from the whole help. */
function sectionsOf(command: Command): HelpSection[] {
  const output = command.configureOutput();
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  command.configureOutput(output);
  const sections: { title: string; lines: string[] }[] = [];
  for (const line of text.slice(command.helpInformation().length).split('\n')) {
    const [, title] = /^(\S.*):$/.exec(line) ?? [];
    if (title !== undefined) sections.push({ title, lines: [] });
    else if (line !== '') sections.at(-1)?.lines.push(line);
  }
  return sections;
}
