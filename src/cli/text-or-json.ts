/** The options of everything that is shown as text or as JSON. */

import { type Command, Option } from 'commander';
import type { ColorChoice } from './session.ts';

export interface TextOrJsonFlags {
  readonly format: 'text' | 'json';
  readonly color: ColorChoice;
}

export function addTextOrJson(command: Command): Command {
  return command
    .addOption(new Option('--format <name>', 'output format').choices(['text', 'json']).default('text'))
    .addOption(colorOption());
}

export function colorOption(): Option {
  return new Option('--color <when>', 'colour the text').choices(['auto', 'always', 'never']).default('auto');
}
