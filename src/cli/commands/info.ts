/** `smmu-adopt info`: what a dump is, before anything is made of it. */

import { type Command, Option } from 'commander';
import type { OpenedDump } from '../../dump/open.ts';
import { untilFetched } from '../../dump/sources/until-fetched.ts';
import { InputError } from '../../errors.ts';
import { dumpInfo } from '../../inspect/dump-info.ts';
import { addDumpOptions, type DumpFlags, Dumps, dumpArgument } from '../options/dump-options.ts';
import { snapshotAt } from '../options/snapshot-argument.ts';
import { addTextOrJson, redactOption, type TextOrJsonFlags } from '../options/text-or-json.ts';
import { printReport } from '../output/print-report.ts';
import type { Session } from '../session.ts';

interface InfoFlags extends DumpFlags, TextOrJsonFlags {
  readonly regs?: string;
  readonly allowOutside?: boolean;
  readonly iomem?: true;
  readonly log?: true;
  readonly findTables?: true;
  readonly searchWorker?: true;
}

const EXAMPLES = `
Examples:
  smmu-adopt info vmcore
  smmu-adopt info https://dumps.example/crash/vmcore --verbose
  smmu-adopt info ddr0.bin@0x80000000 ddr1.bin@0x880000000
  smmu-adopt info dump.bin --regs regs.json --format json
  smmu-adopt info vmcore --iomem > iomem.txt
  smmu-adopt info vmcore --log | less
  smmu-adopt info dump.raw --base 0x40000000 --find-tables

Exit status:
  0  the dump can be read, complete or not
  2  it cannot, or it does not have what was asked for`;

/** Adds the command to the program, to run in `session`. */
export function addInfoCommand(program: Command, session: Session): void {
  const command = program
    .command('info')
    .summary('container, memory map, page states, and what the dump says of its kernel')
    .description('Prints what a dump is: container, kernel, page size, completeness, memory map, pages by state.')
    .addArgument(dumpArgument())
    .option('--regs <file>', 'register snapshot, for its memory list')
    .addOption(
      new Option('--iomem', "print the crashed kernel's memory map alone, as its /proc/iomem was").conflicts([
        'log',
        'findTables',
      ]),
    )
    .addOption(new Option('--log', "print the crashed kernel's log alone, as dmesg does").conflicts('findTables'))
    .option('--find-tables', 'search all memory for what looks like a stream table of Linux, and print that alone')
    .option('--allow-outside', "let the snapshot's memory list name files outside its folder");
  addTextOrJson(addDumpOptions(command).optionsGroup('The report:'))
    .addOption(redactOption().conflicts(['iomem', 'log', 'findTables']))
    .addOption(new Option('--search-worker').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: InfoFlags) => runInfo(names, flags, session));
}

async function runInfo(names: string[], flags: InfoFlags, session: Session): Promise<void> {
  if (flags.searchWorker) {
    const { serveSearches } = await import('../processes/search-worker.ts');
    return serveSearches(session);
  }
  const snapshot = flags.regs && (await snapshotAt(flags.regs, session, { allowOutside: flags.allowOutside }));
  const loadMap = snapshot ? snapshot.memory : [];
  const dumps = new Dumps(flags, loadMap, session);
  try {
    const dump = await dumps.open(names);
    if (flags.iomem || flags.log) {
      await printOfKernel(dump, flags, session);
      return;
    }
    if (flags.findTables) {
      const { findTables } = await import('../../linux/crashed-kernel.ts');
      const tables = await untilFetched(() => findTables(dump, session.progress));
      await printReport({ tables }, flags, session);
      return;
    }
    await printReport(dumpInfo(dump, session.progress), flags, session);
  } finally {
    dumps.close();
  }
}

/** Of the crashed kernel's own: loaded for those who ask for it. */
async function printOfKernel(dump: OpenedDump, flags: InfoFlags, session: Session): Promise<void> {
  const [{ memoryMap, kernelLog }, words] = await Promise.all([
    import('../../linux/crashed-kernel.ts'),
    import('../../report/crashed-kernel.ts'),
  ]);
  const found = await untilFetched(() => (flags.iomem ? memoryMap(dump) : kernelLog(dump)));
  if (found.outcome === 'not-found') {
    const what = flags.iomem ? 'memory map' : 'log';
    const message = `${words.nothingFound(what, found.reason)}; ${words.SAVED_BESIDE[what]}`;
    throw new InputError('format', message, { file: dump.files[0] ?? 'dump' });
  }
  await printReport(found, flags, session);
  for (const note of words.foundNotes(found)) session.note(`${note}\n`);
}
