/** The options by which a dump is found and read, shared by every command that opens one. */

import { Argument, type Command, Option } from 'commander';
import { INPUT_FORMATS, type InputFormat } from '../../dump/containers.ts';
import { dumpNamesIn, parseDumpName } from '../../dump/load-map.ts';
import { type OpenedDump, openDump } from '../../dump/open.ts';
import { type FindIn, PACKED_FORMATS } from '../../dump/part-search.ts';
import type { Transfer } from '../../dump/sources/range-request.ts';
import { InputError } from '../../errors.ts';
import { escapeText } from '../../report/escape.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { DumpOpening } from '../processes/search-worker.ts';
import type { SharedSearch } from '../processes/shared-search.ts';
import type { Session } from '../session.ts';
import { selfCommand } from '../start/start-again.ts';
import { parseAddress, parsePageSize } from './arguments.ts';
import { repeatable } from './repeatable.ts';

export interface DumpFlags {
  readonly base?: number;
  readonly pageSize?: number;
  readonly inputFormat?: InputFormat;
  readonly verbose?: boolean;
}

/** The dump of a command, in any number of files. It may be left out where a snapshot may name it. */
export function dumpArgument(name: '[dump...]' | '<dump...>' = '[dump...]'): Argument {
  const description =
    'a vmcore of any kind, or raw memory, as FILE, URL, or either with @ADDRESS; several are one dump';
  return new Argument(name, description).argParser(collectDumps);
}

/** What an argument, or an option that may be repeated, adds to the dumps that were named before it. */
export const collectDumps = repeatable((text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...dumpNamesIn(text),
]);

/** Adds the options of {@link DumpFlags}. */
export function addDumpOptions(command: Command): Command {
  return command
    .optionsGroup('How the dump is read:')
    .option('--base <address>', 'physical address of a single raw file', parseAddress)
    .option('--page-size <size>', 'page size of a dump that does not say: 4k, 16k or 64k', parsePageSize)
    .addOption(new Option('--input-format <name>', 'read the dump as this').choices([...INPUT_FORMATS]))
    .option('-v, --verbose', 'say on stderr what was fetched of each URL');
}

/** The same for commands with a snapshot, whose memory list can name files. */
export function addPlacedDumpOptions(command: Command): Command {
  return addDumpOptions(command).option(
    '--allow-outside',
    "let the snapshot's memory list name files outside its folder",
  );
}

/** Of the commands that read tables; `info` counts such pages as what they are. */
export function excludedOption(): Option {
  return new Option('--excluded <how>', 'pages that the capture tool left out: zeros, or unknown').choices([
    'zero',
    'error',
  ]);
}

/** Opens dumps and closes all of them in the end. */
export class Dumps {
  readonly #opened: OpenedDump[] = [];
  readonly #searches: SharedSearch[] = [];
  readonly #flags: DumpFlags;
  readonly #session: Session;
  readonly #loadMap: Snapshot['memory'];
  /** Requests and bytes by URL. */
  readonly #fetched = new Map<string, { requests: number; byteLength: number }>();

  constructor(flags: DumpFlags, loadMap: Snapshot['memory'], session: Session) {
    this.#flags = flags;
    this.#session = session;
    this.#loadMap = loadMap;
  }

  async open(names: readonly string[]): Promise<OpenedDump> {
    const { inputFormat, base, pageSize } = this.#flags;
    if (names.length === 0 && this.#loadMap.length === 0) {
      throw new InputError('usage', 'no dump was named; give its file or its URL');
    }
    const http = { onTransfer: (transfer: Transfer) => this.#count(transfer) };
    const how = { inputFormat, base, pageSize, loadMap: this.#loadMap };
    const { progress } = this.#session;
    const dump = await openDump(names, {
      ...how,
      http,
      progress,
      findIn: (format) => this.#shared({ names, how }, format),
    });
    this.#opened.push(dump);
    return dump;
  }

  /** Plain memory is searched about as fast as processes start. */
  async #shared(opening: DumpOpening, format: string): Promise<FindIn | undefined> {
    const { io, jobs, progress } = this.#session;
    if (jobs === 1 || !PACKED_FORMATS.has(format)) return undefined;
    const { SharedSearch: Shared } = await import('../processes/shared-search.ts');
    const search = new Shared(opening, { command: () => selfCommand(io), jobs, progress });
    this.#searches.push(search);
    return search.findIn;
  }

  #count({ name, byteLength }: Transfer): void {
    const sum = this.#fetched.get(name) ?? { requests: 0, byteLength: 0 };
    this.#fetched.set(name, { requests: sum.requests + 1, byteLength: sum.byteLength + byteLength });
  }

  /** The same memory at a later moment: other files, so a load map that names the files of the first cannot place it. */
  async openLater(names: readonly string[]): Promise<OpenedDump> {
    const [unplaced] = names.map(parseDumpName).filter(({ paddr }) => paddr === undefined);
    if (unplaced !== undefined && this.#loadMap.some(({ file }) => file !== undefined)) {
      const message = 'needs an @address: the memory list of the snapshot names the files of the first dump';
      throw new InputError('usage', message, { file: unplaced.given });
    }
    return this.open(names);
  }

  /** Every file that was read. */
  get paths(): string[] {
    return this.#opened.flatMap(({ paths }) => paths);
  }

  close(): void {
    for (const search of this.#searches) search.close();
    for (const dump of this.#opened) dump.close();
    if (this.#flags.verbose !== true) return;
    for (const [name, { requests, byteLength }] of this.#fetched) {
      const count = requests === 1 ? '1 request' : `${requests} requests`;
      this.#session.note(`${escapeText(name)}: ${count}, ${byteLength} bytes\n`);
    }
  }
}
