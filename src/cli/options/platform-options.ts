/** The options that say what firmware told the crashed kernel of its SMMUs, shared by every command that names devices. */

import { type Command, Option } from 'commander';
import type { OpenedDump } from '../../dump/open.ts';
import { untilFetched } from '../../dump/sources/until-fetched.ts';
import type { Firmware } from '../../platform/firmware/firmware.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Progress } from '../../progress.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';

interface TableFiles {
  readonly dtb?: string | undefined;
  readonly iort?: string | undefined;
}

export interface PlatformFlags extends TableFiles {
  readonly firmware?: 'dump';
}

/** Adds the options of {@link PlatformFlags}. */
export function addPlatformOptions(command: Command): Command {
  return command
    .optionsGroup("Names for StreamIDs, from firmware's tables:")
    .option('--dtb <file>', "the machine's device tree, compiled: /sys/firmware/fdt, or a FIT image with it")
    .option('--iort <file>', "the machine's IORT: /sys/firmware/acpi/tables/IORT")
    .addOption(
      new Option('--firmware <where>', 'look for either of them in the dump, which reads much of it').choices(['dump']),
    );
}

/**
 * What the options ask for, or undefined for nothing; `progress` hears how far a search has come.
 * Throws InputError for a file that cannot be used.
 */
export async function loadPlatform(
  { dtb, iort, firmware }: PlatformFlags,
  dump: OpenedDump,
  { smmus }: Snapshot,
  progress: Progress,
): Promise<Platform | undefined> {
  if (dtb === undefined && iort === undefined && firmware === undefined) return undefined;
  const tables = await loadTables({ dtb, iort });
  if (firmware === undefined) return { tables, search: null };
  const { findFirmware } = await import('../../platform/firmware/load.ts');
  const bases = smmus.flatMap(({ base }) => (base === null ? [] : [base]));
  const search = await untilFetched(() => findFirmware(dump.memory, bases, progress, dump.findIn));
  return { tables: search.found === null ? tables : [...tables, search.found], search };
}

/** The tables in files. Throws InputError for one that cannot be used. */
export async function loadTables({ dtb, iort }: TableFiles): Promise<readonly Firmware[]> {
  if (dtb === undefined && iort === undefined) return [];
  const { loadDeviceTree, loadIort } = await import('../../platform/firmware/load.ts');
  return [
    ...(dtb === undefined ? [] : [await loadDeviceTree(dtb)]),
    ...(iort === undefined ? [] : [await loadIort(iort)]),
  ];
}

/** The files that these options read, which no report may overwrite. */
export function platformOptionFiles({ dtb, iort }: PlatformFlags): string[] {
  return [dtb, iort].filter((file) => file !== undefined);
}
