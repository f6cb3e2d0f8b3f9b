/** What does the system say of a path, where it says anything? */

import { type BigIntStats, statSync } from 'node:fs';

/** Undefined for what cannot be reached, as a link to itself: whoever analyses it says why. */
export function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
