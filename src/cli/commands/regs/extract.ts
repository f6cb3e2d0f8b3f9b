/** `smmu-adopt regs extract`: a snapshot of what the crashed kernel knew, out of the dump. */

import type { Command } from 'commander';
import { untilFetched } from '../../../dump/sources/until-fetched.ts';
import { InputError } from '../../../errors.ts';
import { addDumpOptions, type DumpFlags, Dumps, dumpArgument } from '../../options/dump-options.ts';
import type { Session } from '../../session.ts';
import { printSnapshot } from './print-snapshot.ts';

const EXAMPLES = `
The kernel is any of 5.10 and newer, its arm-smmu-v3 driver built in or a
module. Neither its vmlinux nor debug information is needed; without BTF its
layout is found by fixed offsets and signatures. Registers are what the driver
wrote or found; the snapshot says of each how it is known, and leaves out what
nothing tells.

Examples:
  smmu-adopt regs extract vmcore > regs.json
  smmu-adopt regs extract vmcore -o regs.json

Exit status:
  0  a snapshot was made; stderr says what is doubtful about it
  2  no state of the crashed kernel's SMMUs was found, and why`;

interface ExtractFlags extends DumpFlags {
  readonly output?: string;
}

/** Adds the command to those of `regs`, to run in `session`. */
export function addExtractCommand(regs: Command, session: Session): void {
  addDumpOptions(
    regs
      .command('extract')
      .summary("make a snapshot of the crashed kernel's own state")
      .description("Prints a snapshot of what the crashed kernel's driver knew of each SMMU, from the dump alone.")
      .addArgument(dumpArgument('<dump...>'))
      .option('-o, --output <file>', 'write the snapshot to a file, readable by its owner only'),
  )
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: ExtractFlags) => runExtract(names, flags, session));
}

async function runExtract(names: string[], flags: ExtractFlags, session: Session): Promise<void> {
  const [{ extractSnapshot }, { snapshotJson }, words] = await Promise.all([
    import('../../../linux/crashed-kernel.ts'),
    import('../../../snapshot/write.ts'),
    import('../../../report/crashed-kernel.ts'),
  ]);
  const dumps = new Dumps(flags, [], session);
  try {
    const dump = await dumps.open(names);
    const state = await untilFetched(() => extractSnapshot(dump));
    if (state.outcome === 'not-found') {
      throw new InputError('format', words.noState(state.reason), { file: dump.files[0] ?? 'dump' });
    }
    const snapshot = snapshotJson(state.snapshot, words.sourceOf(state));
    await printSnapshot(snapshot, words.stateNotes(state), flags.output, dump.paths, session);
  } finally {
    dumps.close();
  }
}
