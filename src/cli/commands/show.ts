/** `smmu-adopt show`: one stream in full. */

import type { Command } from 'commander';
import type { ExcludedPolicy } from '../../dump/view.ts';
import { show } from '../../inspect/show.ts';
import type { AskedStream } from '../../platform/asked-streams.ts';
import { addPlacedDumpOptions, dumpArgument, excludedOption } from '../options/dump-options.ts';
import { type GivenFlags, withGiven } from '../options/given.ts';
import { addSomeKernelOptions, type KernelFlags, kernelOptions } from '../options/kernel-options.ts';
import { addPlatformOptions } from '../options/platform-options.ts';
import { REGS_OPTION } from '../options/snapshot-argument.ts';
import { kernelStreams, oneStreamOption, readStreams, smmuOfStream } from '../options/stream-options.ts';
import { addTextOrJson, redactOption, type TextOrJsonFlags } from '../options/text-or-json.ts';
import { printReport } from '../output/print-report.ts';
import type { Session } from '../session.ts';

/** The options about the kernel that change what becomes of one stream. */
const KERNEL_OPTIONS = [
  'revision',
  'kernel',
  'device',
  'iomem',
  'memremap',
  'paBits',
] as const satisfies (keyof KernelFlags)[];

interface ShowFlags extends GivenFlags, Pick<KernelFlags, (typeof KERNEL_OPTIONS)[number]>, TextOrJsonFlags {
  readonly sid: readonly AskedStream[];
  readonly smmu?: string;
  readonly all?: boolean;
  readonly gate: boolean;
  readonly excluded?: ExcludedPolicy;
}

const EXAMPLES = `
Examples:
  smmu-adopt show vmcore --regs regs.json --sid 0x100
  smmu-adopt show vmcore --regs regs.json --sid 01:00.0 --all
  smmu-adopt show vmcore --regs regs.json --sid 0x100 --device nvme=0x100,0x101 --revision v6
  smmu-adopt show vmcore --regs regs.json --smmu arm-smmu-v3.0.auto --sid 0x100 --format json

Exit status:
  0  shown, even if there is no such entry
  2  could not be shown: bad arguments, unreadable or invalid input
  3  shown, but the dump lacks the entry, or what decides about it`;

/** Adds the command to the program, to run in `session`. */
export function addShowCommand(program: Command, session: Session): void {
  const command = program
    .command('show')
    .summary('one stream in full: its entry, its context descriptors, and what each revision does with it')
    .description(
      'Shows one stream in full: how the hardware and Linux find its entry, every field that matters with its meaning, ' +
        'the context descriptors behind it, and what each revision of the series does with it.',
    )
    .addArgument(dumpArgument())
    .option('--regs <file>', REGS_OPTION)
    .addOption(oneStreamOption())
    .option('--smmu <name>', 'the SMMU, where the snapshot has several')
    .option('--all', 'fields without effect too, and every CD in full')
    .option('--no-gate', 'attempt the adoption whatever the probe gate says')
    .addOption(excludedOption());
  addSomeKernelOptions(command, KERNEL_OPTIONS);
  addPlatformOptions(command);
  addPlacedDumpOptions(command);
  addTextOrJson(command.optionsGroup('The report:'))
    .addOption(redactOption())
    .addHelpText('after', EXAMPLES)
    .action(async (dumps: string[], flags: ShowFlags) => {
      session.status = await runShow(dumps, flags, session);
    });
}

async function runShow(names: string[], flags: ShowFlags, session: Session): Promise<number> {
  const { all = false, excluded, gate } = flags;
  const kernel = await kernelOptions(flags);
  const options = { iomem: kernel.iomem };
  return withGiven(names, flags, session, options, async ({ snapshot, iomem, crashedKernel, dump, platform }) => {
    const smmu = smmuOfStream(snapshot, flags.smmu, flags.sid, platform);
    const streams = readStreams(session, platform, [smmu], (asked) => ({
      sid: asked.readOne(flags.sid, smmu),
      devices: kernelStreams(flags, asked).devices,
    }));
    const stream = await show(dump, snapshot, {
      ...kernel,
      ...streams,
      ...{ smmu: smmu.name, iomem, crashedKernel, platform, gate, excluded, progress: session.progress },
    });
    await printReport(stream, flags, session, { all });
    const { lacksEvidence } = await import('../../inspect/stream.ts');
    return lacksEvidence(stream) ? 3 : 0;
  });
}
