/** One of the processes that search a dump for another: it opens the same dump, and looks through one part after the other. */

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type OpenedDump, type OpenOptions, openDump } from '../../dump/open.ts';
import type { PartSearchName } from '../../dump/part-search.ts';
import { tablePageFinder, textFinder } from '../../linux/crashed-kernel.ts';
import { firmwareFinder } from '../../platform/firmware/load.ts';
import type { Session } from '../session.ts';

/** How another process opens the same dump. */
export interface DumpOpening {
  readonly names: readonly string[];
  readonly how: Pick<OpenOptions, 'inputFormat' | 'base' | 'pageSize' | 'loadMap'>;
}

/** A part, as another process hears of it. */
export interface AskedPart {
  readonly name: PartSearchName;
  readonly part: unknown;
}

/** What it answers. */
export interface FoundInPart {
  readonly found: unknown;
}

type Finder = (part: never) => unknown;

const FINDERS: { readonly [name in PartSearchName]: (dump: OpenedDump) => Finder } = {
  tables: tablePageFinder,
  vmcoreinfo: ({ memory }) => textFinder(memory),
  firmware: ({ memory }) => firmwareFinder(memory),
};

/**
 * Answers each line of stdin, a part, with a line of what is in it; the first line says how the dump is opened. It ends with
 * its input, which ends with whoever started it.
 */
export async function serveSearches(session: Session): Promise<void> {
  const input = session.io.stdin as unknown as Readable;
  const finders = new Map<PartSearchName, Finder>();
  let dump: OpenedDump | null = null;
  try {
    for await (const line of createInterface({ input })) {
      if (dump === null) {
        const { names, how } = JSON.parse(line) as DumpOpening;
        dump = await openDump(names, how);
        continue;
      }
      const { name, part } = JSON.parse(line) as AskedPart;
      const find = finders.get(name) ?? FINDERS[name](dump);
      finders.set(name, find);
      const answer: FoundInPart = { found: find(part as never) };
      await session.print([`${JSON.stringify(answer)}\n`]);
    }
  } finally {
    dump?.close();
    // Open, it would keep a process alive that cannot open the dump.
    input.destroy();
  }
}
