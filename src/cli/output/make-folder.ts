/** The folder that reports go to. */

import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { onDisk } from '../../byte-names.ts';
import { InputError } from '../../errors.ts';

/** Makes the folder, and those above it. Throws InputError (`file`) where that cannot be. */
export function makeFolder(path: string): void {
  try {
    makeWithParents(path);
  } catch (cause) {
    throw new InputError('file', `cannot be made (${(cause as NodeJS.ErrnoException).code})`, { file: path, cause });
  }
}

/** Step by step: Node's own way to do it never ends where a file system has no room for folders, as in /proc. */
function makeWithParents(path: string): void {
  if (statSync(onDisk(path), { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeWithParents(parent);
  mkdirSync(onDisk(path));
}
