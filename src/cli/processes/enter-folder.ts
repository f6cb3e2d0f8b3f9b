/** Crashes and samples are gone through in their own folders. */

import { closeSync, constants, openSync } from 'node:fs';
import { knowFolderByBytes, onDisk } from '../../byte-names.ts';
import type { CommandIo } from '../output/io.ts';

/**
 * Makes it the working folder. Node enters only what has a name in UTF-8: any other goes by its descriptor, which has one
 * where there are such names, on Linux. Throws the system's error.
 */
export function enterFolder(folder: string, io: CommandIo): void {
  const place = onDisk(folder);
  if (typeof place === 'string') {
    io.chdir(place);
    return;
  }
  knowFolderByBytes();
  const descriptor = openSync(place, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    io.chdir(`/proc/self/fd/${descriptor}`);
  } finally {
    closeSync(descriptor);
  }
}

/** Why that was not to be. */
export function notEntered(cause: unknown): string {
  return `cannot be entered (${(cause as NodeJS.ErrnoException).code})`;
}
