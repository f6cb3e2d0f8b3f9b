/** `smmu-adopt inspect`: arguments in, report out, exit status back. */

import type { Command } from 'commander';
import type { AddressRange } from '../../dump/memory.ts';
import type { OpenedDump } from '../../dump/open.ts';
import type { ExcludedPolicy } from '../../dump/view.ts';
import type { Severity } from '../../findings/rules.ts';
import { logOfCrash } from '../../inspect/crashed-kernel.ts';
import { inspect } from '../../inspect/inspect.ts';
import type { Inspection } from '../../inspect/inspection.ts';
import type { LogReport } from '../../inspect/log/log-report.ts';
import type { AskedStream } from '../../platform/asked-streams.ts';
import { kdumpRamOf } from '../../platform/iomem.ts';
import { chooseSmmus } from '../../snapshot/choose.ts';
import { commandLine } from '../command-line.ts';
import { parseStreams } from '../options/arguments.ts';
import { addPlacedDumpOptions, collectDumps, dumpArgument, excludedOption } from '../options/dump-options.ts';
import { type Given, type GivenFlags, withGiven } from '../options/given.ts';
import {
  addKernelOptions,
  collect,
  type KernelFlags,
  kernelOptionFiles,
  kernelOptions,
} from '../options/kernel-options.ts';
import { addPlatformOptions, platformOptionFiles } from '../options/platform-options.ts';
import {
  addOutputOptions,
  type OutputFlags,
  planOutputs,
  type TextFlags,
  writeReports,
} from '../options/report-outputs.ts';
import { REGS_OPTION } from '../options/snapshot-argument.ts';
import { kernelStreams, readStreams } from '../options/stream-options.ts';
import { colorOption, failOnOption } from '../options/text-or-json.ts';
import type { Session } from '../session.ts';
import { keepHeapSmall } from '../start/v8-flags.ts';

export interface InspectFlags extends GivenFlags, KernelFlags, OutputFlags, TextFlags {
  readonly smmu?: string[];
  readonly sid?: AskedStream[];
  readonly all?: boolean;
  readonly later?: string[];
  readonly deep?: boolean;
  readonly gate: boolean;
  readonly excluded?: ExcludedPolicy;
  readonly failOn: Severity | 'never';
  /** A file with what the crashed kernel logged, for a dump that does not hold it. */
  readonly log?: string;
}

const EXAMPLES = `
Examples:
  smmu-adopt inspect vmcore --regs regs.json
  smmu-adopt inspect https://dumps.example/crash/vmcore --regs regs.json
  smmu-adopt inspect ddr0.bin@0x80000000 ddr1.bin@0x880000000 --regs regs.json
  smmu-adopt inspect vmcore --regs regs.json --insert all --format json --output report.json
  smmu-adopt inspect vmcore --regs regs.json --format text --format sarif --output report.sarif
  smmu-adopt inspect before.bin --regs regs.json --insert 0x100,01:00.0 --later after.bin
  smmu-adopt inspect vmcore --regs regs.json --revision all
  smmu-adopt inspect vmcore --redact --full --output for-the-list.txt
  smmu-adopt inspect vmcore --regs regs.json --iomem iomem.txt --deep
  smmu-adopt inspect vmcore --regs regs.json --iomem iomem.txt --insert all --dmesg kdump-dmesg.txt

Exit status:
  0  analysed; nothing found at or above --fail-on
  1  analysed; at least one such finding (a fall-back is an error)
  2  could not analyse: bad arguments, unreadable or invalid input
  3  analysed, but the dump lacks evidence that the verdict depends on`;

/** Adds the command to the program, to run in `session`. */
export function addInspectCommand(program: Command, session: Session): void {
  const command = program
    .command('inspect')
    .summary("what the kdump kernel would do with the crashed kernel's stream table")
    .description(
      "Does offline what the kdump kernel's arm-smmu-v3 driver would do with the stream tables in a memory dump: " +
        'verdict, checks, kernel log, mappings, L1 descriptors, STEs, and every reason to fall back or to refuse a device.',
    )
    .addArgument(dumpArgument())
    .option('--regs <file>', REGS_OPTION)
    .option('--smmu <name>', 'only this SMMU; may be repeated', collect<string>)
    .option('--sid <list>', 'show these STEs, whatever they hold: 0x100,256-263,01:00.0', parseStreams)
    .option('--all', 'list unused L1 descriptors and abort STEs too')
    .option('--deep', 'walk the translation tables of every stream: what devices can reach, and damage')
    .option('--later <dump>', 'the memory when the devices are inserted; may be repeated', collectDumps)
    .option('--no-gate', 'attempt the adoption whatever the probe gate says')
    .addOption(excludedOption());
  addKernelOptions(command);
  addPlatformOptions(command);
  addPlacedDumpOptions(command);
  addOutputOptions(command)
    .addOption(failOnOption())
    .addOption(colorOption())
    .option('--full', 'text: every section, not only those that most readers look for')
    .option('-q, --quiet', 'text: only the verdict of each SMMU')
    .option('--no-pager', 'text: print to the terminal what is longer than it, without a pager')
    .addHelpText('after', EXAMPLES)
    .action(async (dumps: string[], flags: InspectFlags) => {
      session.status = await runInspect(dumps, flags, session, commandLine(command));
    });
}

async function runInspect(names: string[], flags: InspectFlags, session: Session, command: string): Promise<number> {
  const outputs = planOutputs(flags);
  return withInspection(names, flags, session, async (inspection, { files, kdumpRam }) => {
    const given = { files: namedFiles(flags), command };
    await writeReports(inspection, outputs, { ...flags, kdumpRam, given }, files, session);
    return inspection.summary.exitCode;
  });
}

/** The files that were given beside the dumps, as they were named. */
export function namedFiles(flags: InspectFlags): string[] {
  return [
    ...(flags.regs === undefined ? [] : [flags.regs]),
    ...kernelOptionFiles(flags),
    ...platformOptionFiles(flags),
  ];
}

/** What an inspection was made from. */
export interface InspectionInput {
  readonly files: readonly string[];
  /** The kdump kernel's own memory, as far as snapshot and /proc/iomem tell. */
  readonly kdumpRam: readonly AddressRange[];
  readonly dump: OpenedDump;
}

/** `use` gets the inspection while its dumps are open. */
export async function withInspection<T>(
  names: readonly string[],
  flags: InspectFlags,
  session: Session,
  use: (inspection: Inspection, input: InspectionInput) => Promise<T>,
): Promise<T> {
  const kernel = await kernelOptions(flags);
  // Each stream of the table becomes a device, and each device a life of its own in the kernel.
  if (flags.insert === 'all') await keepHeapSmall();
  const options = { iomem: kernel.iomem, saysOrigin: true };
  return withGiven(
    names,
    flags,
    session,
    options,
    async ({ snapshot, iomem, crashedKernel, dump, dumps, platform }) => {
      const streams = readStreams(session, platform, chooseSmmus(flags.smmu, snapshot), (asked) => ({
        sids: flags.sid && asked.read(flags.sid),
        ...kernelStreams(flags, asked),
      }));
      const { all, deep, gate, excluded, failOn } = flags;
      const inspection = await inspect(dump, snapshot, {
        crashedKernel,
        platform,
        all,
        deep,
        gate,
        excluded,
        failOn,
        crashedLog: await crashedLog(flags.log, { dump, snapshot, crashedKernel, platform }, session),
        smmus: flags.smmu,
        later: flags.later && (await dumps.openLater(flags.later)),
        progress: session.progress,
        ...streams,
        ...kernel,
        iomem,
      });
      return use(inspection, {
        files: [...namedFiles(flags), ...dumps.paths],
        kdumpRam: kdumpRamOf(snapshot.kdump.systemRam, iomem),
        dump,
      });
    },
  );
}

async function crashedLog(
  file: string | undefined,
  { dump, snapshot, crashedKernel, platform }: Pick<Given, 'dump' | 'snapshot' | 'crashedKernel' | 'platform'>,
  session: Session,
): Promise<LogReport | null> {
  const own = crashedKernel?.state.outcome === 'found' ? await logOfCrash(dump, snapshot) : null;
  if (own !== null || file === undefined) return own;
  const [{ piecesOf }, { readLog }] = await Promise.all([
    import('../options/log-input.ts'),
    import('../../inspect/log/read-log.ts'),
  ]);
  return readLog(piecesOf([file], session.stdin()), { dump, snapshot, platform, files: [file] });
}
