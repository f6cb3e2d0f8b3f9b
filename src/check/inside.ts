/**
 * Does a file of a sample lie in its folder? Samples may come from anybody, so what they name is followed through every
 * link, also where the file itself, or a folder on the way to it, is not there yet.
 */

import { lstatSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { onDisk, realPath } from '../byte-names.ts';
import { InputError } from '../errors.ts';
import { liesBelow } from '../folder.ts';

/**
 * The place of `file`, links resolved, to be read or replaced. Throws InputError (`usage`) where it is outside of
 * `folder`, behind a link that leads nowhere, or no regular file.
 */
export function placeInside(folder: string, file: string): string {
  const path = resolve(folder, file);
  if (!liesBelow(folder, path)) throw outside(file);
  const real = join(realFolder(dirname(path), file), basename(path));
  if (!liesBelow(realPath(folder), real)) throw outside(file);
  const stat = lstatSync(onDisk(real), { throwIfNoEntry: false });
  if (stat === undefined || stat.isFile()) return real;
  if (!stat.isSymbolicLink()) throw noFile(stat, file);
  return targetOf(real, folder, file);
}

/** A link to a file that is there, inside the folder; one that leads nowhere would be filled by writing through it. */
function targetOf(link: string, folder: string, file: string): string {
  let target: string;
  try {
    target = realPath(link);
  } catch (cause) {
    throw new InputError('usage', 'is a symbolic link to a file that is not there; a sample needs the file itself', {
      file,
      cause,
    });
  }
  if (!liesBelow(realPath(folder), target)) throw outside(file);
  const stat = lstatSync(onDisk(target));
  if (!stat.isFile()) throw noFile(stat, file);
  return target;
}

/** The folder of a file, with all links in it resolved. */
function realFolder(folder: string, file: string): string {
  try {
    return realPath(folder);
  } catch (cause) {
    throw new InputError('usage', `is in a folder that is not there (${(cause as NodeJS.ErrnoException).code})`, {
      file,
      cause,
    });
  }
}

function noFile(stat: Stats, file: string): InputError {
  return new InputError('file', `is ${stat.isDirectory() ? 'a directory' : 'not a regular file'}; a file is needed`, {
    file,
  });
}

function outside(file: string): InputError {
  return new InputError('usage', 'leaves the folder of the sample; --allow-outside permits that', { file });
}
