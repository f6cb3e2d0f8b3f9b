/** Why is a folder not entered, and what can be done? */

import { onDisk } from '../../byte-names.ts';

/** Node enters no folder whose name is not UTF-8, and does not say so. */
export function notEntered(folder: string, cause: unknown): string {
  const why = `cannot be entered (${(cause as NodeJS.ErrnoException).code})`;
  return typeof onDisk(folder) === 'string' ? why : `${why}: its name is not UTF-8; rename it, or name a link to it`;
}
