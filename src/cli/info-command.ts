/** `smmu-adopt info`: what a dump is, before anything is made of it. */

import type { Command } from 'commander';
import { dumpInfo } from '../inspect/dump-info.ts';
import { addDumpOptions, DUMP_ARGUMENT, type DumpFlags, Dumps } from './dump-options.ts';
import { printReport } from './print-report.ts';
import type { Session } from './session.ts';
import { snapshotAt } from './snapshot-argument.ts';
import { addTextOrJson, type TextOrJsonFlags } from './text-or-json.ts';

interface InfoFlags extends DumpFlags, TextOrJsonFlags {
  readonly regs?: string;
  readonly allowOutside?: boolean;
}

const EXAMPLES = `
Examples:
  smmu-adopt info vmcore
  smmu-adopt info https://dumps.example/crash/vmcore --verbose
  smmu-adopt info ddr0.bin@0x80000000 ddr1.bin@0x880000000
  smmu-adopt info dump.bin --regs regs.json --format json

Exit status:
  0  the dump can be read, complete or not
  2  it cannot`;

export function addInfoCommand(program: Command, session: Session): void {
  const command = program
    .command('info')
    .summary('container, memory map, page states, and what the dump says of its kernel')
    .description('Prints what a dump is: container, kernel, page size, completeness, memory map, pages by state.')
    .argument('[dump...]', DUMP_ARGUMENT)
    .option('--regs <file>', 'register snapshot, for its memory list')
    .option('--allow-outside', "let the snapshot's memory list name files outside its folder");
  addTextOrJson(addDumpOptions(command).optionsGroup('The report:'))
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: InfoFlags) => runInfo(names, flags, session));
}

async function runInfo(names: string[], flags: InfoFlags, session: Session): Promise<void> {
  const snapshot = flags.regs && (await snapshotAt(flags.regs, session, { allowOutside: flags.allowOutside }));
  const dumps = new Dumps(flags, snapshot ? snapshot.memory : [], session);
  try {
    await printReport(dumpInfo(await dumps.open(names), session.progress), flags, session);
  } finally {
    dumps.close();
  }
}
