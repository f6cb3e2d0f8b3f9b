/** The options by which a dump is found and read, shared by every command that opens one. */

import { type Command, Option } from 'commander';
import { INPUT_FORMATS, type InputFormat } from '../dump/containers.ts';
import { parseDumpName } from '../dump/load-map.ts';
import { type OpenedDump, openDump } from '../dump/open.ts';
import { InputError } from '../errors.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { parseAddress, parsePageSize } from './arguments.ts';
import { progressLine } from './output.ts';

export interface DumpFlags {
  readonly base?: number;
  readonly pageSize?: number;
  readonly inputFormat?: InputFormat;
}

export function addDumpOptions(command: Command): Command {
  return command
    .option('--base <address>', 'physical address of a single raw file', parseAddress)
    .option('--page-size <size>', 'page size of a dump that does not say: 4k, 16k or 64k', parsePageSize)
    .addOption(new Option('--input-format <name>', 'read the dump as this').choices([...INPUT_FORMATS]));
}

/** Opens dumps and closes all of them in the end. */
export class Dumps {
  readonly #opened: OpenedDump[] = [];
  readonly #flags: DumpFlags;
  readonly #loadMap: Snapshot['memory'];

  constructor(flags: DumpFlags, loadMap: Snapshot['memory']) {
    this.#flags = flags;
    this.#loadMap = loadMap;
  }

  async open(names: readonly string[]): Promise<OpenedDump> {
    const { inputFormat, base, pageSize } = this.#flags;
    const dump = await openDump(names, { inputFormat, base, pageSize, loadMap: this.#loadMap, progress: progressLine });
    this.#opened.push(dump);
    return dump;
  }

  /** The same memory at a later moment: other files, so a load map that names the files of the first cannot place it. */
  async openLater(names: readonly string[]): Promise<OpenedDump> {
    const [unplaced] = names.filter((name) => parseDumpName(name).paddr === undefined);
    if (unplaced !== undefined && this.#loadMap.some(({ file }) => file !== undefined)) {
      const message = 'needs an @address: the memory list of the snapshot names the files of the first dump';
      throw new InputError('usage', message, { file: unplaced });
    }
    return this.open(names);
  }

  /** Every file that was read. */
  get paths(): string[] {
    return this.#opened.flatMap(({ paths }) => paths);
  }

  close(): void {
    for (const dump of this.#opened) dump.close();
  }
}
