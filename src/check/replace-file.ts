/** Files that are either what they were or what they are to be, whatever happens in between. */

import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../errors.ts';

/**
 * Writes a file beside it and puts that in its place, so that a link there is replaced and not followed. `mode`: of the
 * file, whatever is there; else it keeps that of the one it replaces. Throws InputError (`file`).
 */
export function replaceFile(path: string, content: string, mode?: number): void {
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  try {
    const before = lstatSync(path, { throwIfNoEntry: false });
    const own = before?.isFile() ? before.mode & 0o777 : 0o666;
    const descriptor = openSync(beside, 'wx', mode ?? own);
    try {
      const bytes = Buffer.from(content);
      for (let done = 0; done < bytes.byteLength; ) done += writeSync(descriptor, bytes, done);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new InputError('file', `cannot be written (${code})`, { file: path, cause });
  }
}
