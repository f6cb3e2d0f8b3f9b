/** The options of everything that is shown as text or as JSON, and how the text then looks on stdout. */

import { type Command, Option } from 'commander';
import type { Style } from '../report/text/style.ts';
import { type ColorChoice, outputWidth, wantsColor } from './output.ts';

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

/** Loaded here, so that JSON does not pay for colours. */
export async function stdoutStyle(color: ColorChoice): Promise<Style> {
  const { makeStyle } = await import('../report/text/style.ts');
  return makeStyle({ width: outputWidth(true), color: wantsColor(color, true) });
}
