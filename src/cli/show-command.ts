/** `smmu-adopt show`: one stream in full. */

import type { Command } from 'commander';
import { type ExcludedPolicy, MemoryView } from '../dump/view.ts';
import { inspect } from '../inspect/inspect.ts';
import { AddressMap } from '../platform/address-map.ts';
import { type AskedStream, sidsFor } from '../platform/asked-streams.ts';
import { kdumpRamOf } from '../platform/iomem.ts';
import { jsonText } from '../report/escape.ts';
import { parseOneStream } from './arguments.ts';
import { addPlacedDumpOptions, DUMP_ARGUMENT, type DumpFlags, Dumps, excludedOption } from './dump-options.ts';
import { addSomeKernelOptions, type KernelFlags, kernelOptions } from './kernel-options.ts';
import { addPlatformOptions, loadPlatform, type PlatformFlags } from './platform-options.ts';
import type { Session } from './session.ts';
import { completed, givenSnapshot, noteOrigin, REGS_OPTION } from './snapshot-argument.ts';
import { kernelStreams, readStreams, smmuOfStream } from './stream-options.ts';
import { addTextOrJson, type TextOrJsonFlags } from './text-or-json.ts';

/** The options about the kernel that change what becomes of one stream. */
const KERNEL_OPTIONS = [
  'revision',
  'kernel',
  'device',
  'iomem',
  'memremap',
  'paBits',
] as const satisfies (keyof KernelFlags)[];

interface ShowFlags
  extends DumpFlags,
    Pick<KernelFlags, (typeof KERNEL_OPTIONS)[number]>,
    PlatformFlags,
    TextOrJsonFlags {
  readonly regs?: string;
  readonly sid: readonly AskedStream[];
  readonly smmu?: string;
  readonly all?: boolean;
  readonly gate: boolean;
  readonly excluded?: ExcludedPolicy;
  readonly allowOutside?: boolean;
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
    .argument('[dump...]', DUMP_ARGUMENT)
    .option('--regs <file>', REGS_OPTION)
    .requiredOption(
      '--sid <sid>',
      'the StreamID: 0x100, 256, 01:00.0, 0000:01:00.0, or a name of firmware',
      parseOneStream,
    )
    .option('--smmu <name>', 'the SMMU, where the snapshot has several')
    .option('--all', 'fields without effect too, and every CD in full')
    .option('--no-gate', 'attempt the adoption whatever the probe gate says')
    .addOption(excludedOption());
  addSomeKernelOptions(command, KERNEL_OPTIONS);
  addPlatformOptions(command);
  addPlacedDumpOptions(command);
  addTextOrJson(command.optionsGroup('The report:'))
    .addHelpText('after', EXAMPLES)
    .action(async (dumps: string[], flags: ShowFlags) => {
      session.status = await runShow(dumps, flags, session);
    });
}

async function runShow(names: string[], flags: ShowFlags, session: Session): Promise<number> {
  const { all = false, excluded, gate } = flags;
  const given = await givenSnapshot(flags, session);
  const dumps = new Dumps(flags, given?.memory ?? [], session);
  try {
    const dump = await dumps.open(names);
    const kernel = await kernelOptions({ revision: 'all', ...flags });
    const evidence = await completed(dump, { snapshot: given, iomem: kernel.iomem });
    const { snapshot, iomem, crashedKernel } = evidence;
    await noteOrigin(evidence, session);
    const platform = await loadPlatform(flags, dump, snapshot, session.progress);
    const smmu = smmuOfStream(snapshot, flags.smmu, flags.sid, platform);
    const { sid, devices } = readStreams(session, platform, [smmu], (asked) => ({
      sid: asked.readOne(flags.sid, smmu),
      devices: kernelStreams(flags, asked).devices ?? [],
    }));
    const inspection = await inspect(dump, snapshot, {
      ...kernel,
      devices,
      iomem,
      crashedKernel,
      platform,
      // A device that has the stream among others is inserted with all of them.
      insert: devices.some(({ sids }) => sidsFor(sids, smmu).includes(sid)) ? [] : [sid],
      smmus: [smmu.name],
      sids: [sid],
      gate,
      excluded,
      progress: session.progress,
    });
    const [report] = inspection.smmus;
    if (report === undefined) throw new Error('an SMMU was inspected, and none came back');
    const { lacksEvidence, streamReport } = await import('../inspect/stream.ts');
    const input = {
      snapshot: smmu,
      view: new MemoryView(dump, excluded),
      map: new AddressMap(dump.memory, iomem ?? null, snapshot.kdump.systemRam),
      kdumpRam: kdumpRamOf(snapshot.kdump.systemRam, iomem),
    };
    const stream = streamReport(inspection, report, input, sid);
    if (flags.format === 'json') {
      const { STREAM } = await import('../report/json/stream.ts');
      await session.print([jsonText(STREAM.toJson(stream))]);
    } else {
      const { streamText } = await import('../report/text/stream.ts');
      await session.print(streamText(stream, await session.style(flags.color), all));
    }
    return lacksEvidence(stream) ? 3 : 0;
  } finally {
    dumps.close();
  }
}
