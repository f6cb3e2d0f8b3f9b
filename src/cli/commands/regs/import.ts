/** `smmu-adopt regs import`: a snapshot of what other tools printed. */

import { type Command, Option } from 'commander';
import { FORMATS } from '../../../snapshot/import/formats.ts';
import type { Content } from '../../../snapshot/import/reading.ts';
import { CAPTURE_MOMENTS, type CaptureMoment } from '../../../snapshot/snapshot.ts';
import { type Session, STDIN, STDIN_NAME } from '../../session.ts';
import { printSnapshot } from './print-snapshot.ts';
import { addTargetOptions, type TargetFlags, targetsOf } from './targets.ts';

const EXAMPLES = `
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

interface ImportFlags extends TargetFlags {
  readonly format?: string;
  readonly coherent?: true;
  readonly nonCoherent?: true;
  readonly captured: CaptureMoment;
  readonly output?: string;
}

/** Adds the command to those of `regs`, to run in `session`. */
export function addImportCommand(regs: Command, session: Session): void {
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
    .addHelpText('after', EXAMPLES)
    .action((files: string[], flags: ImportFlags) => runImport(files, flags, session));
}

async function runImport(files: string[], flags: ImportFlags, session: Session): Promise<void> {
  const [{ importRegisters }, { importNotes }, { contentOf, readContent }, { parseDumpName }] = await Promise.all([
    import('../../../snapshot/import/import.ts'),
    import('../../../report/text/import-notes.ts'),
    import('../../../snapshot/import/content.ts'),
    import('../../../dump/load-map.ts'),
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
