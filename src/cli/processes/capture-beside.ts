/**
 * Registers that lie beside a dump as a tool printed them, made into a snapshot. Whose they are nobody was asked, so that the
 * dump or a table of firmware has to say where the SMMUs are.
 */

import { untilFetched } from '../../dump/sources/until-fetched.ts';
import { InputError, isInputError } from '../../errors.ts';
import { readContent } from '../../snapshot/import/content.ts';
import type { Target } from '../../snapshot/import/reading.ts';
import { parseSnapshot } from '../../snapshot/load.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { Dumps } from '../options/dump-options.ts';
import type { GivenFlags } from '../options/given.ts';
import { loadTables } from '../options/platform-options.ts';
import type { Session } from '../session.ts';

/** The snapshot that a capture makes; null for a file of JSON. Throws InputError naming `regs` for one that makes none. */
export async function captureBeside(
  regs: string,
  names: readonly string[],
  flags: GivenFlags,
  session: Session,
): Promise<Snapshot | null> {
  const content = readContent(regs);
  if (content.text?.trimStart().startsWith('{')) return null;
  const targets = [...(await smmusOfFirmware(flags)), ...(await smmusOfDump(names, flags, session))];
  const known = targets.filter(({ base }, i) => targets.findIndex((other) => other.base === base) === i);
  if (known.length === 0) {
    const message =
      'is a capture of registers, and nothing beside it says where the SMMU is: regs import makes a snapshot';
    throw new InputError('snapshot', message, { file: regs });
  }
  const { importRegisters } = await import('../../snapshot/import/import.ts');
  try {
    return parseSnapshot(importRegisters([{ content }], { targets: known }).snapshot, regs);
  } catch (error) {
    if (!isInputError(error)) throw error;
    throw new InputError('snapshot', error.reason, { file: regs, cause: error });
  }
}

async function smmusOfFirmware(flags: GivenFlags): Promise<Target[]> {
  const tables = await loadTables(flags);
  return tables.flatMap(({ smmus }) => smmus.flatMap(({ base }) => (base === null ? [] : [{ base }])));
}

async function smmusOfDump(names: readonly string[], flags: GivenFlags, session: Session): Promise<Target[]> {
  const dumps = new Dumps(flags, [], session);
  try {
    const { extractSnapshot } = await import('../../linux/crashed-kernel.ts');
    const dump = await dumps.open(names);
    const state = await untilFetched(() => extractSnapshot(dump));
    if (state.outcome === 'not-found') return [];
    return state.snapshot.smmus.flatMap(({ base, name }) => (base === null ? [] : [{ base, name }]));
  } finally {
    dumps.close();
  }
}
