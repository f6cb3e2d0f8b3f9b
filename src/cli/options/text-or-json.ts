/** The options of everything that is shown as text or as JSON. */

import { type Command, Option } from 'commander';
import type { ColorChoice } from '../session.ts';

export interface TextOrJsonFlags {
  readonly format: 'text' | 'json';
  readonly color: ColorChoice;
  /** Only of commands that add {@link redactOption}. */
  readonly redact?: boolean;
}

/** Adds the options of {@link TextOrJsonFlags}. */
export function addTextOrJson(command: Command): Command {
  return command
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addOption(colorOption());
}

/** `--format` of a command with one report. */
export function formatOption(formats: readonly string[]): Option {
  return new Option('--format <name>', 'output format').choices(formats).default('text');
}

/** The same for the one format that everybody asks for; a --format beside it says it better. */
export function jsonOption(): Option {
  return new Option('--json', 'short for --format json').implies({ format: 'json' });
}

/** `--redact`, of everything that has addresses in it. */
export function redactOption(): Option {
  return new Option(
    '--redact',
    'put stand-ins for addresses, files, hosts and names of firmware, so that the report can be passed on',
  );
}

/** `--color`, of everything that prints text. */
export function colorOption(): Option {
  return new Option('--color <when>', 'colour the text').choices(['auto', 'always', 'never']).default('auto');
}

/** From which severity on a command ends with 1. */
export function failOnOption(description = 'exit with 1 from this severity on', otherwise = 'error'): Option {
  return new Option('--fail-on <severity>', description)
    .choices(['error', 'warning', 'note', 'never'])
    .default(otherwise);
}
