/** The options that say which kdump kernel is meant, on which machine, with which devices, and what goes wrong in it. */

import { type Command, createCommand, Option } from 'commander';
import { type KernelVersion, NEWEST_KERNEL } from '../../adopt/devices/registration.ts';
import type { MemremapModel } from '../../adopt/kernel-memory.ts';
import { REVISIONS } from '../../adopt/revisions/revisions.ts';
import type { RegisterPage } from '../../adopt/stream-table/cleanup.ts';
import { readUnpackedText } from '../../dump/unpacked.ts';
import { InputError } from '../../errors.ts';
import type { InspectOptions } from '../../inspect/inspect.ts';
import type { AskedStream } from '../../platform/asked-streams.ts';
import { loadIomem } from '../../platform/iomem.ts';
import {
  type AskedDevice,
  type FailureName,
  parseDevice,
  parseFailure,
  parseKernel,
  parsePaBits,
  parseStreams,
} from './arguments.ts';
import { repeatable } from './repeatable.ts';

export interface KernelFlags {
  readonly revision?: string;
  readonly kernel?: KernelVersion;
  readonly insert?: AskedStream[] | 'all';
  readonly device?: AskedDevice[];
  readonly hotplug?: AskedStream[];
  readonly rmr?: AskedStream[];
  readonly iomem?: string;
  readonly memremap?: MemremapModel;
  readonly paBits?: number;
  readonly poweredDown?: Exclude<RegisterPage, 'live'>;
  readonly fail?: FailureName[];
  readonly dmesg?: string;
}

/** A log of hundreds of thousands of lines; anything longer is no log of a kdump kernel. */
const MAX_DMESG_BYTES = 1 << 26;

/** Of an option that may be repeated: its value behind those before. */
export const collect = repeatable(<T>(value: T, before: T[] | undefined): T[] => [...(before ?? []), value]);

/** What stands above them in the help. */
export const KERNEL_OPTIONS = 'The kdump kernel, its machine and its devices:';

/** Adds the options of {@link KernelFlags}. */
export function addKernelOptions(command: Command): Command {
  const newest = `${NEWEST_KERNEL.major}.${NEWEST_KERNEL.minor}`;
  return command
    .optionsGroup(KERNEL_OPTIONS)
    .addOption(
      new Option('--revision <name>', 'revision of the patch series to emulate, or "all" side by side').choices([
        ...REVISIONS.keys(),
        'all',
      ]),
    )
    .option(
      '--kernel <version>',
      `the kernel that the series is applied to (newest known: ${newest}; default: the one in the dump)`,
      parseKernel,
    )
    .option(
      '--insert <list>',
      'devices there at registration, by SID in this order, "all" active ones, or "none" (default: those of the crashed kernel)',
      (text) => (text === 'all' ? 'all' : text === 'none' ? [] : parseStreams(text)),
    )
    .option(
      '--device <name=sids>',
      'a device with several SIDs, there at registration; may be repeated',
      repeatable((text: string, before: KernelFlags['device']) => collect(parseDevice(text), before)),
    )
    .option('--hotplug <list>', 'devices plugged in later, by SID', parseStreams)
    .option('--rmr <list>', "SIDs of firmware's reserved memory regions: what becomes of their STEs", parseStreams)
    .option('--iomem <file>', "the crashed kernel's /proc/iomem, read as root")
    .addOption(
      new Option(
        '--memremap <how>',
        'what maps: RAM of the dump, or as the kernel does (default with --iomem)',
      ).choices(['dump', 'kernel']),
    )
    .option('--pa-bits <bits>', 'physical address bits that the CPU can map (default 48)', parsePaBits)
    .addOption(
      new Option('--powered-down <reads>', 'unbind with the register page reading as this').choices(['zeros', 'ones']),
    )
    .option(
      '--fail <what>',
      'make this fail: kcalloc, devm-action, memremap:N (the N-th mapping); may be repeated',
      repeatable((text: string, before: KernelFlags['fail']) => collect(parseFailure(text), before)),
    )
    .option('--dmesg <file>', 'compare the predicted kernel log with this log of the kdump kernel');
}

/** Those of them that matter to a command, by the names of their flags. */
export function addSomeKernelOptions(command: Command, flags: readonly (keyof KernelFlags)[]): void {
  const wanted: readonly string[] = flags;
  for (const option of addKernelOptions(createCommand()).options) {
    if (wanted.includes(option.attributeName())) command.addOption(option);
  }
}

/** The options of {@link KernelFlags} as `inspect` takes them, all but streams; reads the files that they name. */
export async function kernelOptions(flags: KernelFlags): Promise<InspectOptions> {
  const { revision, kernel, device, memremap, paBits, poweredDown, fail = [] } = flags;
  const twice = device?.find(({ name }, i) => device.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) throw new InputError('usage', `--device ${JSON.stringify(twice.name)} is given twice`);
  const memremaps = new Set(fail.flatMap((one) => (typeof one === 'number' ? [one] : [])));
  return {
    revision,
    kernel,
    memremap,
    paBits,
    poweredDown,
    iomem: flags.iomem === undefined ? undefined : await loadIomem(flags.iomem),
    fail: { kcalloc: fail.includes('kcalloc'), devmAction: fail.includes('devm-action'), memremaps },
    dmesg:
      flags.dmesg === undefined
        ? undefined
        : { file: flags.dmesg, text: readUnpackedText(flags.dmesg, MAX_DMESG_BYTES, tooLong(flags.dmesg)) },
  };
}

function tooLong(file: string): (byteLength: number) => InputError {
  return (byteLength) => new InputError('format', `is ${byteLength} bytes long, too long for a kernel log`, { file });
}

/** The files that these options read, which no report may overwrite. */
export function kernelOptionFiles({ iomem, dmesg }: KernelFlags): string[] {
  return [iomem, dmesg].filter((file) => file !== undefined);
}
