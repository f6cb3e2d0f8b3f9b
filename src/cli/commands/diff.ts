/** `smmu-adopt diff`: what changed in the tables between two dumps of one machine. */

import { type Command, Option } from 'commander';
import { REVISIONS } from '../../adopt/revisions/revisions.ts';
import { dumpNamesIn } from '../../dump/load-map.ts';
import type { ExcludedPolicy } from '../../dump/view.ts';
import type { AskedStream } from '../../platform/asked-streams.ts';
import { parseStreams } from '../options/arguments.ts';
import { addPlacedDumpOptions, type DumpFlags, Dumps, excludedOption } from '../options/dump-options.ts';
import { addSomeKernelOptions, type KernelFlags, kernelOptions } from '../options/kernel-options.ts';
import { addPlatformOptions, loadPlatform, type PlatformFlags } from '../options/platform-options.ts';
import { completed, givenSnapshot, noteOrigin, REGS_OPTION } from '../options/snapshot-argument.ts';
import { readStreams } from '../options/stream-options.ts';
import { addTextOrJson, redactOption, type TextOrJsonFlags } from '../options/text-or-json.ts';
import { printReport } from '../output/print-report.ts';
import type { Session } from '../session.ts';

/** The options about the kernel that change what a changed entry comes to. */
const KERNEL_OPTIONS = ['kernel', 'iomem', 'memremap', 'paBits'] as const satisfies (keyof KernelFlags)[];

interface DiffFlags
  extends DumpFlags,
    Pick<KernelFlags, (typeof KERNEL_OPTIONS)[number] | 'revision'>,
    PlatformFlags,
    TextOrJsonFlags {
  readonly regs?: string;
  readonly regsAfter?: string;
  readonly smmu?: string;
  readonly sid?: readonly AskedStream[];
  readonly deep?: boolean;
  readonly all?: boolean;
  readonly excluded?: ExcludedPolicy;
  readonly allowOutside?: boolean;
}

const EXAMPLES = `
Examples:
  smmu-adopt diff vmcore vmcore-later --regs regs.json
  smmu-adopt diff vmcore vmcore-later --regs regs.json --regs-after regs-later.json --iomem iomem.txt
  smmu-adopt diff ddr.bin@0x80000000 later.bin@0x80000000 --regs regs.json --sid 0x100-0x1ff,02:00.0
  smmu-adopt diff vmcore vmcore-later --regs regs.json --deep
  smmu-adopt diff vmcore vmcore-later --regs regs.json --format json

Exit status:
  0  nothing changed
  1  something changed
  2  could not be compared: bad arguments, unreadable or invalid input
  3  compared, but parts of the tables are missing from a dump`;

/** Adds the command to the program, to run in `session`. */
export function addDiffCommand(program: Command, session: Session): void {
  const command = program
    .command('diff')
    .summary('what changed in the tables between two dumps of one machine, and what that does to the kdump kernel')
    .description(
      'Compares the L1 descriptors, stream table entries and context descriptors of two dumps of the same machine, field ' +
        'by field, and says which changes make a device fail in the kdump kernel, or an entry illegal.',
    )
    .argument(
      '<before>',
      'the earlier dump: a vmcore of any kind, or raw memory, as FILE, URL, or either with @ADDRESS',
    )
    .argument('<after>', 'the later dump of the same machine')
    .option('--regs <file>', REGS_OPTION)
    .option('--regs-after <file>', 'the registers at the later moment: compared, and used for the later dump')
    .option('--smmu <name>', 'only this SMMU of the snapshot')
    .option('--sid <list>', 'only these StreamIDs: 0x100,0x108, 256-263, 01:00.0', parseStreams)
    .option('--deep', 'compare what every stream reaches too: go through the translation tables of both')
    .option('--all', 'thousands of changes instead of hundreds, and fields without effect too')
    .addOption(excludedOption())
    .addOption(
      new Option('--revision <name>', 'revision of the patch series to emulate').choices([...REVISIONS.keys()]),
    );
  addSomeKernelOptions(command, KERNEL_OPTIONS);
  addPlatformOptions(command);
  addPlacedDumpOptions(command);
  addTextOrJson(command.optionsGroup('The report:'))
    .addOption(redactOption())
    .addHelpText('after', EXAMPLES)
    .action(async (before: string, after: string, flags: DiffFlags) => {
      session.status = await runDiff(before, after, flags, session);
    });
}

async function runDiff(before: string, after: string, flags: DiffFlags, session: Session): Promise<number> {
  const { allowOutside, smmu, deep, all, excluded } = flags;
  const given = await givenSnapshot(flags, session);
  const givenAfter = await givenSnapshot({ regs: flags.regsAfter, allowOutside }, session);
  const dumps = new Dumps(flags, given?.memory ?? [], session);
  // A snapshot that says where the later memory is says it better than the first one.
  const ownMap = givenAfter !== null && givenAfter.memory.length > 0;
  const laterDumps = ownMap ? new Dumps(flags, givenAfter.memory, session) : dumps;
  try {
    const first = await dumps.open(dumpNamesIn(before));
    const second = ownMap ? await laterDumps.open(dumpNamesIn(after)) : await dumps.openLater(dumpNamesIn(after));
    const { kernel, memremap, paBits, ...options } = await kernelOptions(flags);
    const evidence = await completed(first, { snapshot: given, iomem: options.iomem });
    const { snapshot, iomem } = evidence;
    // Registers that were given hold for both moments; a kernel in a dump tells its own.
    const later =
      given !== null && givenAfter === null ? null : await completed(second, { snapshot: givenAfter, iomem });
    for (const one of later === null ? [evidence] : [evidence, later]) await noteOrigin(one, session);
    const platform = await loadPlatform(flags, first, snapshot, session.progress);
    const { diff } = await import('../../diff/diff.ts');
    const report = await diff(first, second, snapshot, {
      snapshotAfter: later?.snapshot,
      smmus: smmu === undefined ? undefined : [smmu],
      sids: flags.sid && readStreams(session, platform, snapshot.smmus, (asked) => asked.read(flags.sid ?? [])),
      ...{ revision: flags.revision, kernel, iomem, memremap, paBits, excluded, deep, all, platform },
      progress: session.progress,
    });
    await printReport(report, flags, session, { all });
    return report.summary.exitCode;
  } finally {
    dumps.close();
    if (ownMap) laterDumps.close();
  }
}
