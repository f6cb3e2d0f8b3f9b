/**
 * Where a command finds its registers: in a file, on standard input, or, where none are given, in what the crashed kernel
 * itself knew. With them comes what else the dump tells of that kernel.
 */

import type { OpenedDump } from '../../dump/open.ts';
import { InputError } from '../../errors.ts';
import { completedFromDump, type GivenEvidence, type KernelEvidence } from '../../inspect/crashed-kernel.ts';
import { escapeText } from '../../report/escape.ts';
import { loadSnapshot, parseSnapshotBytes, type SnapshotOptions } from '../../snapshot/load.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { type Session, STDIN, STDIN_NAME } from '../session.ts';
import { keepHeapSmallFor } from '../start/v8-flags.ts';

/** What the help says of the option. */
export const REGS_OPTION = "register snapshot (JSON), - for stdin; without it the crashed kernel's own state is used";

export interface SnapshotFlags extends SnapshotOptions {
  readonly regs?: string | undefined;
  readonly snapshot?: Snapshot | undefined;
}

/** Throws InputError as loadSnapshot does. */
export async function snapshotAt(path: string, session: Session, options: SnapshotOptions): Promise<Snapshot> {
  if (path !== STDIN) return loadSnapshot(path, options);
  return parseSnapshotBytes(await session.readStdin(), STDIN_NAME, options);
}

/** The snapshot that the option names, or null without it. */
export async function givenSnapshot(
  { regs, snapshot: read, allowOutside }: SnapshotFlags,
  session: Session,
): Promise<Snapshot | null> {
  if (read !== undefined) return read;
  if (regs === undefined) return null;
  const snapshot = await snapshotAt(regs, session, { allowOutside });
  await keepHeapSmallFor(snapshot.smmus.length);
  return snapshot;
}

type Found = Extract<KernelEvidence, { outcome: 'found' }>;

/** What was given, made whole from the dump. Throws InputError (`format`) where it has no registers either. */
export async function completed(dump: OpenedDump, given: GivenEvidence): Promise<Found> {
  const evidence = await completedFromDump(dump, given);
  if (evidence.outcome === 'found') return evidence;
  const { noState } = await import('../../report/crashed-kernel.ts');
  throw new InputError('format', noState(evidence.reason), { file: dump.files[0] ?? 'dump' });
}

/** For commands whose report does not say it: where the registers are from, and what is doubtful about them. */
export async function noteOrigin({ crashedKernel }: Found, session: Session): Promise<void> {
  if (crashedKernel?.givesRegisters !== true || crashedKernel.state.outcome !== 'found') return;
  const { originOf, stateNotes } = await import('../../report/crashed-kernel.ts');
  const { state } = crashedKernel;
  for (const line of [originOf(state), ...stateNotes(state)]) session.note(`${escapeText(line)}\n`);
}
