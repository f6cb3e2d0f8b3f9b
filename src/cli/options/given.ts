/**
 * Opens what a command was given: the registers, the dump, and the tables of firmware that name its devices; what was not
 * given, and the crashed kernel knew, comes from the dump.
 */

import type { OpenedDump } from '../../dump/open.ts';
import type { CrashedKernel } from '../../linux/kernel-state.ts';
import type { Iomem } from '../../platform/iomem.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Session } from '../session.ts';
import { type DumpFlags, Dumps } from './dump-options.ts';
import { loadPlatform, type PlatformFlags } from './platform-options.ts';
import { completed, givenSnapshot, noteOrigin } from './snapshot-argument.ts';

export interface GivenFlags extends DumpFlags, PlatformFlags {
  readonly regs?: string;
  /** What `regs` holds, where somebody has read it already. */
  readonly snapshot?: Snapshot;
  readonly allowOutside?: boolean;
}

export interface Given {
  readonly snapshot: Snapshot;
  /** Undefined where it was not given, and the dump does not tell either. */
  readonly iomem: Iomem | undefined;
  /** The crashed kernel as the dump has it; null where it has nothing of it. */
  readonly crashedKernel: CrashedKernel | null;
  readonly dump: OpenedDump;
  /** Those that were opened, for more of them. */
  readonly dumps: Dumps;
  readonly platform: Platform | undefined;
}

export interface GivenOptions {
  /** The memory map that was given. */
  readonly iomem?: Iomem | undefined;
  /** Whether the report itself says where the registers are from; else a note does. */
  readonly saysOrigin?: boolean;
}

/**
 * `use` gets what `names`, `flags` and `options` say while it is open. Throws InputError for what cannot be opened or read,
 * and where there are no registers; all dumps are closed in the end.
 */
export async function withGiven<T>(
  names: readonly string[],
  flags: GivenFlags,
  session: Session,
  { iomem, saysOrigin = false }: GivenOptions,
  use: (given: Given) => Promise<T>,
): Promise<T> {
  const given = await givenSnapshot(flags, session);
  const dumps = new Dumps(flags, given?.memory ?? [], session);
  try {
    const dump = await dumps.open(names);
    const evidence = await completed(dump, { snapshot: given, iomem });
    if (!saysOrigin) await noteOrigin(evidence, session);
    const { snapshot, crashedKernel } = evidence;
    const platform = await loadPlatform(flags, dump, snapshot, session.progress);
    return await use({ snapshot, iomem: evidence.iomem, crashedKernel, dump, dumps, platform });
  } finally {
    dumps.close();
  }
}
