/**
 * What is the next step for somebody whose arguments do not fit? Commander says what is wrong; for the slips that people
 * make most often, this says what they meant.
 */

import { existsSync } from 'node:fs';
import { Command, type ErrorOptions, type Option } from 'commander';
import { onDisk } from '../byte-names.ts';
import { parseDumpName } from '../dump/load-map.ts';
import { isUrl, shownUrl } from '../dump/sources/url.ts';
import { enumerated } from '../findings/rules/words.ts';
import { commandWords } from './command-line.ts';
import { takesOneValue } from './options/repeatable.ts';

/** Methods by which commander refuses; it calls them on the command, and does not declare them. */
interface Refusals {
  unknownOption(flag: string): void;
  unknownCommand(): void;
  missingArgument(name: string): void;
  optionMissingArgument(option: Option): void;
  missingMandatoryOptionValue(option: Option): void;
  _excessArguments(given: readonly string[]): void;
}

/** Methods by which commander prints help; the same holds of them. */
interface Help {
  _outputHelpIfRequested(args: readonly string[]): void;
  _dispatchHelpCommand(name?: string): unknown;
}

const REFUSALS = Command.prototype as unknown as Refusals;
const HELP = Command.prototype as unknown as Help;

/** Either may stand in front of the command. */
const HELP_FLAGS: ReadonlySet<string> = new Set(['--help', '-h']);

/** How the output looks: here the last word counts, so that an alias may have one. */
const OF_LOOKS: ReadonlySet<string> = new Set(['color']);

export class GuidingCommand extends Command {
  /** What was given of each option that takes one value. */
  readonly #given = new Map<Option, string>();

  /** What is to be said behind the next refusal of commander's. */
  #next = '';

  override createCommand(name?: string): GuidingCommand {
    return new GuidingCommand(name);
  }

  override addOption(option: Option): this {
    super.addOption(option);
    if (takesOneValue(option) && !OF_LOOKS.has(option.name())) {
      this.on(`option:${option.name()}`, (value: string | null) => this.#takeOnce(option, value ?? ''));
    }
    return this;
  }

  /** The same value again says the same; of two others nobody knows which is meant. */
  #takeOnce(option: Option, value: string): void {
    const before = this.#given.get(option) ?? value;
    this.#given.set(option, value);
    if (before === value) return;
    const [first, second] = [before, value].map((one) => `'${isUrl(one) ? shownUrl(one) : one}'`);
    const isList = option.flags.endsWith('<list>');
    const next = isList
      ? `a list has both: ${option.long} ${before},${value}`
      : 'it takes one value: leave one of them out';
    this.error(`error: option '${option.flags}' is given twice, as ${first} and ${second}; ${next}`, {
      code: 'commander.optionGivenTwice',
    });
  }

  /** Commander says in its own words what is wrong, and these say what to do. */
  #refuseWith(next: string, refuse: () => void): void {
    this.#next = next;
    refuse();
  }

  override error(message: string, options?: ErrorOptions): never {
    const isGuided = this.#next === '' || message.includes('(Did you mean');
    return super.error(isGuided ? message : message.replace(/\.?$/, this.#next), options);
  }

  missingArgument(name: string): void {
    const missing = this.registeredArguments.find((one) => one.name() === name);
    const choices = missing?.argChoices === undefined ? '' : `, one of ${missing.argChoices.join(', ')}`;
    this.#refuseWith(`: ${missing?.description ?? ''}${choices}`, () => REFUSALS.missingArgument.call(this, name));
  }

  optionMissingArgument(option: Option): void {
    this.#refuseWith(`: ${option.description}`, () => REFUSALS.optionMissingArgument.call(this, option));
  }

  missingMandatoryOptionValue(option: Option): void {
    this.#refuseWith(`: ${option.description}`, () => REFUSALS.missingMandatoryOptionValue.call(this, option));
  }

  _excessArguments(given: readonly string[]): void {
    const usage = `${rootOf(this).name()} ${pathOf(this)} ${this.usage()}`;
    this.#refuseWith(`; the usage is ${usage}`, () => REFUSALS._excessArguments.call(this, given));
  }

  /** `--iova` of `inspect` is an option of `translate`. */
  unknownOption(flag: string): void {
    const owners = [...leaves(rootOf(this))].filter((command) => hasOption(command, flag)).map(pathOf);
    const here = pathOf(this);
    if (owners.length === 0) {
      const help = `; ${[rootOf(this).name(), here, '--help'].filter((word) => word !== '').join(' ')} lists all`;
      this.#refuseWith(help, () => REFUSALS.unknownOption.call(this, flag));
    }
    const where = here === '' ? 'there is no command in front of it' : `${here} does not have it`;
    this.error(`error: unknown option '${flag}': ${where}; it belongs to ${enumerated(owners)}`, {
      code: 'commander.unknownOption',
    });
  }

  /** Nothing can be said of a command that there is not: commander would print the help of the whole program. */
  _outputHelpIfRequested(args: readonly string[]): void {
    const given = this.args.find((one) => !HELP_FLAGS.has(one));
    if (this.commands.length > 0 && given !== undefined && !given.startsWith('-') && !this.#has(given))
      this.#refuse(given);
    HELP._outputHelpIfRequested.call(this, args);
  }

  /** The same of `help COMMAND`. */
  _dispatchHelpCommand(name?: string): unknown {
    if (name === undefined || name === 'help') return this.help();
    if (!this.#has(name)) this.#refuse(name);
    return HELP._dispatchHelpCommand.call(this, name);
  }

  #has(name: string): boolean {
    return this.commands.some((command) => command.name() === name);
  }

  #refuse(name: string): void {
    this.args = [name];
    this.unknownCommand();
  }

  /** A file where a command belongs. */
  unknownCommand(): void {
    const given = this.args[0] ?? '';
    if (this.parent !== null || !isInput(given)) {
      const names = this.commands.map((command) => command.name());
      this.#refuseWith(`; there are ${enumerated(names)}`, () => REFUSALS.unknownCommand.call(this));
    }
    const [kind, named] = isUrl(given) ? ['URL', shownUrl(given)] : ['file', given];
    this.error(`error: unknown command '${named}': to look at this ${kind}, ${commandFor(given)}`, {
      code: 'commander.unknownCommand',
    });
  }
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

/** The words behind the program's name. */
function pathOf(command: Command): string {
  if (command.parent === null) return '';
  return `${pathOf(command.parent)} ${command.name()}`.trim();
}

function* leaves(command: Command): Generator<Command> {
  if (command.commands.length === 0) yield command;
  for (const below of command.commands) yield* leaves(below);
}

function hasOption(command: Command, flag: string): boolean {
  return command.options.some(({ long, short }) => long === flag || short === flag);
}

/** A file or a URL, with an address behind it or not. */
function isInput(text: string): boolean {
  return isUrl(text) || existsSync(onDisk(text)) || existsSync(onDisk(parseDumpName(text).file));
}

/** As a shell takes it. */
function commandFor(input: string): string {
  if (/\.json$/i.test(input)) return commandWords(['regs', 'validate', input]);
  return commandWords([/\.(log|txt)$/i.test(input) ? 'log' : 'inspect', input]);
}
