/** Opens what a command was given: the registers, the dump, and the tables of firmware that name its devices. */

import type { OpenedDump } from '../dump/open.ts';
import type { Platform } from '../platform/platform.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type DumpFlags, Dumps } from './dump-options.ts';
import { loadPlatform, type PlatformFlags } from './platform-options.ts';
import type { Session } from './session.ts';
import { snapshotAt } from './snapshot-argument.ts';

export interface GivenFlags extends DumpFlags, PlatformFlags {
  readonly regs: string;
  readonly allowOutside?: boolean;
}

export interface Given {
  readonly snapshot: Snapshot;
  readonly dump: OpenedDump;
  /** Those that were opened, for more of them. */
  readonly dumps: Dumps;
  readonly platform: Platform | undefined;
}

/**
 * `use` gets what `names` and `flags` say while it is open. Throws InputError for what cannot be opened or read; all dumps
 * are closed in the end.
 */
export async function withGiven<T>(
  names: readonly string[],
  flags: GivenFlags,
  session: Session,
  use: (given: Given) => Promise<T>,
): Promise<T> {
  const snapshot = await snapshotAt(flags.regs, session, { allowOutside: flags.allowOutside });
  const dumps = new Dumps(flags, snapshot.memory, session);
  try {
    const dump = await dumps.open(names);
    const platform = await loadPlatform(flags, dump, snapshot, session.progress);
    return await use({ snapshot, dump, dumps, platform });
  } finally {
    dumps.close();
  }
}
