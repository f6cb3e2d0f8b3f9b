/** Where a command finds its register snapshot: in a file, or on standard input. */

import { loadSnapshot, parseSnapshotBytes, type SnapshotOptions } from '../snapshot/load.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type Session, STDIN, STDIN_NAME } from './session.ts';

/** What the help says of the option. */
export const REGS_OPTION = 'register snapshot (JSON), - for stdin';

/** Throws InputError as loadSnapshot does. */
export async function snapshotAt(path: string, session: Session, options: SnapshotOptions): Promise<Snapshot> {
  if (path !== STDIN) return loadSnapshot(path, options);
  return parseSnapshotBytes(await session.readStdin(), STDIN_NAME, options);
}
