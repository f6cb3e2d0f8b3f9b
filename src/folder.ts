/** Which files a text that came with a dump may name. */

import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { onDisk, realPath } from './byte-names.ts';

/**
 * Whether `path` lies below `folder`, links followed. A dump and its snapshot may come from anywhere, so they may name
 * files beside themselves and below, and no others.
 */
export function liesBelow(folder: string, path: string): boolean {
  const at = resolve(folder);
  return isBelow(at, path) && (!existsSync(onDisk(path)) || isBelow(realPath(at), realPath(path)));
}

function isBelow(folder: string, path: string): boolean {
  const steps = relative(folder, path);
  return steps !== '' && steps !== '..' && !steps.startsWith('../') && !steps.startsWith('..\\') && !isAbsolute(steps);
}
