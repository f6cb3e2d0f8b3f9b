/** `smmu-adopt regs`: makes, checks and captures the register snapshot that the other commands read. */

import { type Command, Option } from 'commander';
import { InputError } from '../../errors.ts';
import { escapeText, jsonText } from '../../report/escape.ts';
import { FORMATS } from '../../snapshot/import/formats.ts';
import type { Content } from '../../snapshot/import/reading.ts';
import { CAPTURE_MOMENTS, type CaptureMoment } from '../../snapshot/snapshot.ts';
import { parseAddress } from '../options/arguments.ts';
import { addDumpOptions, DUMP_ARGUMENT, type DumpFlags, Dumps } from '../options/dump-options.ts';
import { addTextOrJson, type TextOrJsonFlags } from '../options/text-or-json.ts';
import { writeToFile } from '../output/output.ts';
import { printReport } from '../output/print-report.ts';
import { type Session, STDIN, STDIN_NAME } from '../session.ts';

const IMPORT_EXAMPLES = `
Formats, each recognised by its content:
  binary  the register pages as they are, little-endian, 4 KiB to 128 KiB from the base on
  json    names, addresses or offsets with values, in objects or in rows, under any keys
  devmem, xp, md, list
          text, whatever printed it: memory displays of shells, boot loaders and
          debuggers, commands with their answers, names with values, CSV, YAML;
          quoted, with stamps and prompts. The name goes into "source"; xp knows
          that QEMU answers block reads with zero

Examples:
  smmu-adopt regs import devmem.log --base 0x9050000 > regs.json
  smmu-adopt regs import smmu.bin --base 0x9050000 --name arm-smmu-v3.0.auto --coherent -o regs.json
  smmu-adopt regs import uboot.log --base 0x9050000 --base 0x9090000 --captured running
  smmu-adopt regs import a.bin@0x9050000 b.bin@0x9090000 --base 0x9050000 --base 0x9090000

Exit status:
  0  a snapshot was made; stderr says what is missing and what was passed over
  2  no usable snapshot can be made of this`;

const VALIDATE_EXAMPLES = `
Examples:
  smmu-adopt regs validate regs.json
  smmu-adopt regs validate regs.json --format json

Exit status:
  0  the snapshot can be used
  2  it cannot`;

const EXTRACT_EXAMPLES = `
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

const CAPTURE_EXAMPLES = `
Examples:
  smmu-adopt regs capture --base 0x9050000 > capture.sh
  smmu-adopt regs capture --base 0x9050000 --base 0x9090000 --devmem 'busybox devmem' > capture.sh
  smmu-adopt regs capture > capture.sh

On the machine:
  sh capture.sh before-kdump-probe > regs.json
  sh capture.sh before-kdump-probe 0x9050000=arm-smmu-v3.0.auto > regs.json`;

const GROUP_EXAMPLES = `
Examples:
  smmu-adopt regs capture --base 0x9050000 > capture.sh
  smmu-adopt regs extract vmcore > regs.json
  smmu-adopt regs import devmem.log --base 0x9050000 > regs.json
  smmu-adopt regs validate regs.json`;

interface TargetFlags {
  readonly base?: readonly number[];
  readonly name?: readonly string[];
}

interface ImportFlags extends TargetFlags {
  readonly format?: string;
  readonly coherent?: true;
  readonly nonCoherent?: true;
  readonly captured: CaptureMoment;
  readonly output?: string;
}

interface CaptureFlags extends TargetFlags {
  readonly devmem: string;
}

/** Adds the command and those below it to the program, to run in `session`. */
export function addRegsCommand(program: Command, session: Session): void {
  const regs = program
    .command('regs')
    .summary('make, check and capture register snapshots')
    .description('Makes, checks and captures the register snapshot that the other commands read.')
    .addHelpText('after', GROUP_EXAMPLES);
  addTargetOptions(regs.command('import'), { needed: true })
    .summary('make a snapshot of register values in another format')
    .description('Makes a snapshot of what a debugger, a monitor, a boot loader or a shell printed of the registers.')
    .argument('<file...>', 'register values, - for stdin; FILE@BASE says whose they are when they have no addresses')
    .addOption(new Option('--format <name>', 'read every file as this').choices(FORMATS.map(({ name }) => name)))
    .addOption(
      new Option('--coherent', 'firmware says that the SMMU is coherent (dma-coherent, COHACC)').conflicts(
        'nonCoherent',
      ),
    )
    .option('--non-coherent', 'firmware says that it is not')
    .addOption(
      new Option('--captured <moment>', 'when the registers were read')
        .choices([...CAPTURE_MOMENTS])
        .default('unknown'),
    )
    .option('-o, --output <file>', 'write the snapshot to a file, readable by its owner only')
    .addHelpText('after', IMPORT_EXAMPLES)
    .action((files: string[], flags: ImportFlags) => runImport(files, flags, session));
  addDumpOptions(
    regs
      .command('extract')
      .summary("make a snapshot of the crashed kernel's own state")
      .description("Prints a snapshot of what the crashed kernel's driver knew of each SMMU, from the dump alone.")
      .argument('<dump...>', DUMP_ARGUMENT)
      .option('-o, --output <file>', 'write the snapshot to a file, readable by its owner only'),
  )
    .addHelpText('after', EXTRACT_EXAMPLES)
    .action((names: string[], flags: ExtractFlags) => runExtract(names, flags, session));
  addTextOrJson(regs.command('validate'))
    .summary('check and explain a snapshot')
    .description(
      'Decodes every register of a snapshot, and says what is missing, what that costs, what is striking, and what ' +
        'follows for a kdump: the StreamIDs that the table covers, whether an adoption is attempted, and how much ' +
        'memory the queues take.',
    )
    .argument('<file>', 'register snapshot (JSON)')
    .addHelpText('after', VALIDATE_EXAMPLES)
    .action((file: string, flags: TextOrJsonFlags) => runValidate(file, flags, session));
  addTargetOptions(regs.command('capture'), { needed: false })
    .summary('print a shell script that reads the registers')
    .description(
      'Prints a POSIX shell script that reads the registers with devmem and prints a snapshot. Without --base, the ' +
        'script is told where they are when it runs.',
    )
    .option('--devmem <command>', 'how devmem is called there', 'devmem')
    .addHelpText('after', CAPTURE_EXAMPLES)
    .action((flags: CaptureFlags) => runCapture(flags, session));
}

function addTargetOptions(command: Command, { needed }: { readonly needed: boolean }): Command {
  return command
    .addOption(
      new Option('--base <address>', 'physical address of register page 0; once for each SMMU')
        .argParser((text: string, before: readonly number[] = []) => [...before, parseAddress(text)])
        .makeOptionMandatory(needed),
    )
    .option(
      '--name <name>',
      'its name in the kernel log; the first name is of the first base',
      (text: string, before: readonly string[] = []) => [...before, text],
    );
}

/** Each base with the name in the same position. */
function targetsOf({ base: bases = [], name: names = [] }: TargetFlags): { base: number; name: string | undefined }[] {
  if (names.length > bases.length) {
    throw new InputError('usage', `${names.length} times --name, but --base only ${bases.length} times`);
  }
  if (names.includes('')) throw new InputError('usage', '--name is empty');
  const [twice] = names.filter((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new InputError('usage', `--name ${JSON.stringify(twice)} is given twice`);
  return bases.map((base, i) => ({ base, name: names[i] }));
}

async function runImport(files: string[], flags: ImportFlags, session: Session): Promise<void> {
  const [{ importRegisters }, { importNotes }, { contentOf, readContent }, { parseDumpName }] = await Promise.all([
    import('../../snapshot/import/import.ts'),
    import('../../report/text/import-notes.ts'),
    import('../../snapshot/import/content.ts'),
    import('../../dump/load-map.ts'),
  ]);
  const named = files.map(parseDumpName);
  const contents: Content[] = [];
  for (const { file } of named) {
    contents.push(file === STDIN ? contentOf(await session.readStdin(), STDIN_NAME) : readContent(file));
  }
  const { snapshot, ...about } = importRegisters(
    contents.map((content, i) => ({ content, base: named[i]?.paddr })),
    {
      targets: targetsOf(flags),
      captured: flags.captured,
      coherent: flags.coherent ?? (flags.nonCoherent === true ? false : undefined),
      format: flags.format,
    },
  );
  const inputs = named.map(({ file }) => file);
  await printSnapshot(snapshot, importNotes(about), flags.output, inputs, session);
}

interface ExtractFlags extends DumpFlags {
  readonly output?: string;
}

async function runExtract(names: string[], flags: ExtractFlags, session: Session): Promise<void> {
  const [{ extractSnapshot }, { snapshotJson }, words] = await Promise.all([
    import('../../linux/crashed-kernel.ts'),
    import('../../snapshot/write.ts'),
    import('../../report/crashed-kernel.ts'),
  ]);
  const dumps = new Dumps(flags, [], session);
  try {
    const dump = await dumps.open(names);
    const state = extractSnapshot(dump);
    if (state.outcome === 'not-found') {
      throw new InputError('format', words.noState(state.reason), { file: dump.files[0] ?? 'dump' });
    }
    const snapshot = snapshotJson(state.snapshot, words.sourceOf(state));
    await printSnapshot(snapshot, words.stateNotes(state), flags.output, dump.paths, session);
  } finally {
    dumps.close();
  }
}

/** The snapshot to stdout or a file, and what is to be said of it to stderr. */
async function printSnapshot(
  snapshot: object,
  notes: readonly string[],
  output: string | undefined,
  inputs: readonly string[],
  session: Session,
): Promise<void> {
  const json = [jsonText(snapshot)];
  if (output === undefined) await session.print(json);
  else await writeToFile(output, json, inputs);
  const written = output === undefined ? [] : [`snapshot written to ${output}`];
  for (const line of [...notes, ...written]) session.note(`${escapeText(line)}\n`);
}

async function runValidate(file: string, flags: TextOrJsonFlags, session: Session): Promise<void> {
  const [{ snapshotAt }, { validateRegisters }] = await Promise.all([
    import('../options/snapshot-argument.ts'),
    import('../../inspect/emulation/register-outlook.ts'),
  ]);
  // No file of its memory list is opened here, so it does not matter where they are.
  const report = validateRegisters(await snapshotAt(file, session, { allowOutside: true }));
  await printReport(report, flags, session);
  if (!report.usable) throw new InputError('snapshot', 'these registers cannot be used', { file });
}

async function runCapture(flags: CaptureFlags, session: Session): Promise<void> {
  const [{ captureScript }, { checkBases }] = await Promise.all([
    import('../../snapshot/capture-script.ts'),
    import('../../snapshot/import/import.ts'),
  ]);
  const targets = targetsOf(flags);
  checkBases(targets.map(({ base }) => base));
  const devmem = flags.devmem.trim();
  if (devmem === '' || /\p{Cc}/u.test(devmem)) {
    throw new InputError('usage', `--devmem ${JSON.stringify(flags.devmem)} is not a command`);
  }
  await session.print([captureScript(targets, devmem)]);
}
