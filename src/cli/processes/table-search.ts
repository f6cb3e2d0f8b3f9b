/**
 * `info --find-tables`: alone, or by all processors where that pays. Plain memory is searched as fast as it is read, by one
 * as by many; compressed pages are not, and most of the time goes into unpacking them.
 */

import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { AddressRange } from '../../dump/memory.ts';
import type { OpenedDump } from '../../dump/open.ts';
import { stretchesOf } from '../../dump/search-stretches.ts';
import {
  findTables,
  TABLE_SEARCH,
  type TableCandidate,
  tablePageFinder,
  tablesOfPages,
} from '../../linux/crashed-kernel.ts';
import type { Progress } from '../../progress.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { type DumpFlags, Dumps } from '../options/dump-options.ts';
import type { Session } from '../session.ts';
import { selfCommand } from '../start/start-again.ts';
import { searchShared } from './shared-search.ts';

/** How another process opens the same dump. */
export interface DumpOpening {
  readonly names: readonly string[];
  readonly flags: DumpFlags;
  readonly loadMap: Snapshot['memory'];
}

/** What may be compressed page by page. */
const COMPRESSED: ReadonlySet<string> = new Set(['kdump', 'avml']);
/** An eighth of a second to half a second, by codec. */
const STRETCH_BYTE_LENGTH = 32 << 20;
/** To start a process takes as long as one stretch or less: with fewer than this there is little to be won. */
const MIN_STRETCHES = 8;
const MIN_STRETCHES_EACH = 2;

/** Tables of a dump that was opened as `opening` says, the same ones whoever searches. */
export async function findTablesByAll(
  dump: OpenedDump,
  opening: DumpOpening,
  { io, progress }: Session,
): Promise<readonly TableCandidate[]> {
  const self = dump.fetched !== true && COMPRESSED.has(dump.format) ? await selfCommand(io) : null;
  const stretches = self === null ? [] : stretchesOf(dump.memory, STRETCH_BYTE_LENGTH);
  const jobs = Math.min(availableParallelism(), Math.floor(stretches.length / MIN_STRETCHES_EACH));
  if (self === null || stretches.length < MIN_STRETCHES || jobs < 2) return findTables(dump, progress);
  return findTablesIn(stretches, dump, { command: [...self, 'info', '--search-worker'], opening, jobs, progress });
}

/** The same in processes that `command` starts. */
export async function findTablesIn(
  stretches: readonly AddressRange[],
  dump: OpenedDump,
  by: {
    readonly command: readonly string[];
    readonly opening: DumpOpening;
    readonly jobs: number;
    readonly progress: Progress;
  },
): Promise<readonly TableCandidate[]> {
  const find = tablePageFinder(dump);
  const pages = await searchShared<readonly TableCandidate[]>({
    ...by,
    stretches,
    searchHere: (stretch) => find(stretch),
    progress: (done) => by.progress(TABLE_SEARCH, done, stretches.length),
  });
  return tablesOfPages(pages.flat());
}

/** One of those processes. It ends with its input, which ends with whoever started it. */
export async function serveTableSearch(session: Session): Promise<void> {
  const input = session.io.stdin as unknown as Readable;
  const lines = createInterface({ input });
  let dumps: Dumps | null = null;
  let find: ReturnType<typeof tablePageFinder> | null = null;
  try {
    for await (const line of lines) {
      if (find === null) {
        const { names, flags, loadMap } = JSON.parse(line) as DumpOpening;
        dumps = new Dumps(flags, loadMap, session);
        find = tablePageFinder(await dumps.open(names));
      } else await session.print([`${JSON.stringify(find(JSON.parse(line) as AddressRange))}\n`]);
    }
  } finally {
    dumps?.close();
    // Open, it would keep a process alive that cannot open the dump.
    input.destroy();
  }
}
