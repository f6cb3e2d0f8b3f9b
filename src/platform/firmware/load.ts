/** Loads firmware's tables. Few runs of the command need them, so that all of their parsers are behind this file. */

import { readUnpacked } from '../../dump/unpacked.ts';
import { InputError } from '../../errors.ts';
import { deviceTreeFirmware } from './device-tree-firmware.ts';
import type { Firmware } from './firmware.ts';
import { iortFirmware } from './iort-firmware.ts';

export { findFirmware, firmwareFinder } from './firmware-in-dump.ts';

/** Some hundreds of kilobytes for the tree of a large server; megabytes for all of its tables of ACPI as text. */
const MAX_TREE_BYTES = 1 << 24;
const MAX_IORT_BYTES = 1 << 25;

/** A compiled device tree, as /sys/firmware/fdt is, or a hex dump of it. Throws InputError (`file` or `format`) naming the file. */
export async function loadDeviceTree(path: string): Promise<Firmware> {
  return deviceTreeFirmware(bytesOf(path, MAX_TREE_BYTES, 'a device tree'), { kind: 'file', file: path });
}

/**
 * A copy of /sys/firmware/acpi/tables/IORT, alone or among other tables, what acpidump or iasl prints, or a hex dump.
 * Throws InputError (`file` or `format`) naming the file.
 */
export async function loadIort(path: string): Promise<Firmware> {
  return iortFirmware(bytesOf(path, MAX_IORT_BYTES, 'an IORT'), { kind: 'file', file: path });
}

function bytesOf(file: string, maxByteLength: number, what: string): Buffer {
  return readUnpacked(
    file,
    maxByteLength,
    (byteLength) => new InputError('format', `is ${byteLength} bytes long, too long for ${what}`, { file }),
  );
}
