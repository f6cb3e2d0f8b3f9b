/** How is what runs in processes of its own limited, and how many of these are there? */

import { type Command, Option } from 'commander';
import { parseByteLength, parseCount, parseSeconds } from './arguments.ts';

export interface RunFlags {
  readonly jobs?: number;
  /** Seconds, and bytes of resident memory, for one of them. */
  readonly timeout: number;
  readonly memory: number;
}

const MANY: Readonly<Record<'crash' | 'sample', string>> = { crash: 'crashes', sample: 'samples' };

/** Adds `--jobs`, `--timeout` and `--memory`. */
export function addRunOptions(command: Command, of: 'crash' | 'sample'): Command {
  return command
    .option('--jobs <number>', `how many ${MANY[of]} at once (default: one for each processor)`, parseCount)
    .addOption(new Option('--timeout <time>', `for one ${of}: 90s, 10m`).argParser(parseSeconds).default(120, '2m'))
    .addOption(
      new Option('--memory <size>', `for one ${of}: 512M, 4G`).argParser(parseByteLength).default(2 ** 31, '2G'),
    );
}
