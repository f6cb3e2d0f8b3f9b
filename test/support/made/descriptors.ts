/** What this process holds open, to prove that nothing stays open behind a failure. */

import { existsSync, readdirSync, readlinkSync } from 'node:fs';

/** The paths below `folder` that this process has open. Always empty where the system has no /proc/self/fd. */
export function openDescriptors(folder: string): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc/self/fd')
    .flatMap((descriptor) => {
      try {
        return [readlinkSync(`/proc/self/fd/${descriptor}`)];
      } catch {
        // The descriptor with which the folder itself was listed.
        return [];
      }
    })
    .filter((path) => path.startsWith(`${folder}/`))
    .sort();
}
