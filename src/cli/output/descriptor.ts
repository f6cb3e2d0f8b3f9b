/**
 * Is a file that was named one that this process has open: /dev/stdout, /dev/fd/3, a link to either? To open it by that
 * name would begin at its beginning, and not where whoever opened it for us is: a shell appends (`>> file`), or has written
 * something before.
 */

import { lstatSync, readlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { nameOfBytes, onDisk, realPath } from '../../byte-names.ts';

/** As Linux has them, with all links before the last resolved, and elsewhere. */
const DESCRIPTOR = /^(?:\/proc\/(\d+)(?:\/task\/\d+)?|\/dev)\/fd\/(\d{1,9})$/;
/** What Linux follows. */
const MAX_LINKS = 40;

export const STDOUT_DESCRIPTOR = 1;

/** The number of the open descriptor that `path` names; null for a file of its own. */
export function descriptorNamed(path: string): number | null {
  try {
    let at = path;
    for (let links = 0; links < MAX_LINKS; links++) {
      // The last part may be a link to what is open, which has to be seen as such.
      at = join(realPath(dirname(resolve(at))), basename(at));
      const [, owner, number] = DESCRIPTOR.exec(at) ?? [];
      if (number !== undefined && (owner === undefined || Number(owner) === process.pid)) return Number(number);
      if (lstatSync(onDisk(at), { throwIfNoEntry: false })?.isSymbolicLink() !== true) return null;
      at = resolve(dirname(at), nameOfBytes(readlinkSync(onDisk(at), 'buffer')));
    }
  } catch {
    // Whatever is wrong with it shows when it is opened.
  }
  return null;
}

/** Whether the name means stdout, as `-` does. */
export function isStdout(path: string): boolean {
  return path === '-' || descriptorNamed(path) === STDOUT_DESCRIPTOR;
}
