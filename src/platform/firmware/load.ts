/** Loads firmware's tables. Few runs of the command need them, so that all of their parsers are behind this file. */

import { readFile } from '../../dump/sources/source.ts';
import { InputError } from '../../errors.ts';
import { deviceTreeFirmware } from './device-tree-firmware.ts';
import type { Firmware } from './firmware.ts';
import { iortFirmware } from './iort-firmware.ts';

export { findFirmware, firmwareFinder } from './firmware-in-dump.ts';

/** Some hundreds of kilobytes for the tree of a large server; megabytes for all of its tables of ACPI as text. */
const MAX_TREE_BYTES = 1 << 24;
const MAX_IORT_BYTES = 1 << 25;

/** A compiled device tree, as /sys/firmware/fdt is. Throws InputError (`file` or `format`) naming the file. */
export async function loadDeviceTree(path: string): Promise<Firmware> {
  return deviceTreeFirmware(readFile(path, MAX_TREE_BYTES, tooLong(path, 'a device tree')), {
    kind: 'file',
    file: path,
  });
}

/** A copy of /sys/firmware/acpi/tables/IORT, or what acpidump prints. Throws InputError (`file` or `format`) naming the file. */
export async function loadIort(path: string): Promise<Firmware> {
  return iortFirmware(readFile(path, MAX_IORT_BYTES, tooLong(path, 'an IORT')), { kind: 'file', file: path });
}

function tooLong(file: string, what: string): (byteLength: number) => InputError {
  return (byteLength) => new InputError('format', `is ${byteLength} bytes long, too long for ${what}`, { file });
}
