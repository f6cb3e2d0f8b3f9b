/** Files that are either what they were or what they are to be, whatever happens in between. */

import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { onDisk, realPath } from '../byte-names.ts';
import { InputError, isInputError } from '../errors.ts';
import { liesBelow } from '../folder.ts';

export interface Replacing {
  /** Of the file, whatever is there; else it keeps that of the one it replaces. */
  readonly mode?: number;
  /** The folder that the file must not have left, by a link that somebody put on the way to it since that was looked at. */
  readonly within?: string | undefined;
}

/** Where descriptors have names that lead to what was opened, whatever has its name by now: on Linux. */
const DESCRIPTORS = '/proc/self/fd';

/**
 * Writes a file beside it and puts that in its place, so that a link there is replaced and not followed. Throws InputError:
 * `usage` where its folder lies elsewhere by now, `file` where it cannot be written.
 */
export function replaceFile(path: string, content: string, { mode, within }: Replacing = {}): void {
  let folder: number | null = null;
  let beside: string | null = null;
  try {
    folder = existsSync(DESCRIPTORS)
      ? openSync(onDisk(dirname(path)), constants.O_RDONLY | constants.O_DIRECTORY)
      : null;
    // Node has no openat(): the open folder is reached by its descriptor's name. Elsewhere it may change in between.
    const held = folder === null ? dirname(path) : join(DESCRIPTORS, String(folder));
    if (within !== undefined && !isIn(realPath(within), realPath(held))) {
      throw new InputError('usage', 'has left the folder of the sample since it was looked at', { file: path });
    }
    const place = join(held, basename(path));
    const before = lstatSync(onDisk(place), { throwIfNoEntry: false });
    const own = before?.isFile() ? before.mode & 0o777 : 0o666;
    const name = join(held, `.${basename(path)}.${process.pid}.new`);
    const descriptor = openSync(onDisk(name), 'wx', mode ?? own);
    beside = name;
    try {
      const bytes = Buffer.from(content);
      for (let done = 0; done < bytes.byteLength; ) done += writeSync(descriptor, bytes, done);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(onDisk(beside), onDisk(place));
  } catch (cause) {
    if (beside !== null) rmSync(onDisk(beside), { force: true });
    if (isInputError(cause)) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new InputError('file', `cannot be written (${code})`, { file: path, cause });
  } finally {
    if (folder !== null) closeSync(folder);
  }
}

function isIn(folder: string, path: string): boolean {
  return path === folder || liesBelow(folder, path);
}
