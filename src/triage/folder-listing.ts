/** What lies in a folder, in the same order on every machine, and never more than there is room for. */

import { type Dirent, opendirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { liesBelow } from '../folder.ts';

/** A folder of more entries is no folder of crashes: what comes after these is left out, and that is said. */
const MAX_ENTRIES = 1 << 16;

export interface Listing {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Files that are links out of what was named. */
  readonly linksOut: readonly string[];
  /** Pipes, sockets and devices, which nobody opens. */
  readonly specials: readonly string[];
  readonly whole: boolean;
}

/**
 * Links to files are followed as long as they stay below `root`, links to folders never: what they lead to is found where
 * it is. Hidden folders and those of packages hold nobody's crashes. Throws the system's error for what cannot be read.
 */
export function listFolder(folder: string, root: string): Listing {
  const { entries, whole } = entriesOf(folder);
  const [files, folders, linksOut, specials]: [string[], string[], string[], string[]] = [[], [], [], []];
  for (const entry of entries) {
    const { name } = entry;
    if (entry.isFile()) files.push(name);
    else if (entry.isDirectory()) {
      if (!name.startsWith('.') && name !== 'node_modules') folders.push(name);
    } else if (!entry.isSymbolicLink()) specials.push(name);
    else {
      const path = join(folder, name);
      const target = targetOf(path);
      if (target === 'file') (liesBelow(root, path) ? files : linksOut).push(name);
    }
  }
  return { files, folders, linksOut, specials, whole };
}

function targetOf(link: string): 'file' | 'other' {
  try {
    return statSync(link).isFile() ? 'file' : 'other';
  } catch {
    return 'other';
  }
}

/** By code unit, which no locale changes. */
function entriesOf(folder: string): { readonly entries: Dirent[]; readonly whole: boolean } {
  const directory = opendirSync(folder);
  try {
    const entries: Dirent[] = [];
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      if (entries.length === MAX_ENTRIES) return { entries: sorted(entries), whole: false };
      entries.push(entry);
    }
    return { entries: sorted(entries), whole: true };
  } finally {
    directory.closeSync();
  }
}

function sorted(entries: Dirent[]): Dirent[] {
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
