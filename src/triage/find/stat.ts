/** What does the system say of a path, where it says anything? */

import { type BigIntStats, statSync } from 'node:fs';
import { onDisk } from '../../byte-names.ts';

/** Undefined for what cannot be reached, as a link to itself: whoever analyses it says why. */
export function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(onDisk(path), { bigint: true });
  } catch {
    return undefined;
  }
}
