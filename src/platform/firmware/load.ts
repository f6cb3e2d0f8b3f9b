/** Loads firmware's tables. Few runs of the command need them, so that all of their parsers are behind this file. */

import { openFileSource } from '../../dump/sources/source.ts';
import { readUnpacked } from '../../dump/unpacked.ts';
import { InputError } from '../../errors.ts';
import { FDT_MAGIC } from './device-tree.ts';
import { deviceTreeFirmware } from './device-tree-firmware.ts';
import type { Firmware } from './firmware.ts';
import { iortFirmware } from './iort-firmware.ts';

export { findFirmware, firmwareFinder } from './firmware-in-dump.ts';

/** Some hundreds of kilobytes for the tree of a large server; megabytes for all of its tables of ACPI as text. */
const MAX_TREE_BYTES = 1 << 24;
const MAX_IORT_BYTES = 1 << 25;
/** A FIT image has a kernel and more beside the tree. */
const MAX_FIT_BYTES = 1 << 28;

/**
 * A compiled device tree, as /sys/firmware/fdt is, one in a FIT image, or a hex dump of it. Throws InputError (`file` or
 * `format`) naming the file.
 */
export async function loadDeviceTree(path: string): Promise<Firmware> {
  const limit = isBlob(path) ? MAX_FIT_BYTES : MAX_TREE_BYTES;
  return deviceTreeFirmware(bytesOf(path, limit, 'a device tree'), { kind: 'file', file: path });
}

function isBlob(path: string): boolean {
  const source = openFileSource(path);
  try {
    const begin = Buffer.alloc(4);
    return source.read(0, begin) === begin.length && begin.readUInt32BE(0) === FDT_MAGIC;
  } finally {
    source.close();
  }
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
