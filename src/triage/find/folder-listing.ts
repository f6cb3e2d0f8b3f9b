/** What lies in a folder of crashes or samples, in the same order on every machine, and never more than there is room for. */

import { type Dirent, opendirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mayLackBytes, nameOfBytes, onDisk } from '../../byte-names.ts';
import { liesBelow } from '../../folder.ts';
import { compareText } from '../../lists.ts';

/** A folder of more entries is no folder of crashes: what comes after these is left out, and that is said. */
const MAX_ENTRIES = 1 << 16;

export interface Listing {
  readonly files: readonly string[];
  /** Links to files below what was named. */
  readonly links: readonly string[];
  readonly folders: readonly string[];
  /** Files that are links out of what was named. */
  readonly linksOut: readonly string[];
  /** Links to nothing that is there. */
  readonly linksNowhere: readonly string[];
  readonly linksToFolders: readonly string[];
  /** Pipes, sockets and devices, and links to such, which nobody opens. */
  readonly specials: readonly string[];
  readonly whole: boolean;
}

/**
 * Links to folders are not followed: what they lead to is found where it is, if it lies below `root` at all. Hidden folders
 * and those of packages hold nobody's crashes or samples. Throws the system's error for what cannot be read.
 */
export function listFolder(folder: string, root: string): Listing {
  const { entries, whole } = entriesOf(folder);
  const listing: Record<Kind, string[]> = {
    files: [],
    links: [],
    folders: [],
    linksOut: [],
    linksNowhere: [],
    linksToFolders: [],
    specials: [],
  };
  for (const entry of entries) {
    const kind = kindOf(entry, join(folder, entry.name), root);
    if (kind !== null) listing[kind].push(entry.name);
  }
  return { ...listing, whole };
}

type Kind = Exclude<keyof Listing, 'whole'>;

function kindOf(entry: Dirent, path: string, root: string): Kind | null {
  const { name } = entry;
  if (entry.isFile()) return 'files';
  if (entry.isDirectory()) return name.startsWith('.') || name === 'node_modules' ? null : 'folders';
  if (!entry.isSymbolicLink()) return 'specials';
  const target = targetOf(path);
  if (target !== 'file') return target;
  return liesBelow(root, path) ? 'links' : 'linksOut';
}

function targetOf(link: string): 'file' | 'linksToFolders' | 'linksNowhere' | 'specials' {
  try {
    const stat = statSync(onDisk(link));
    return stat.isFile() ? 'file' : stat.isDirectory() ? 'linksToFolders' : 'specials';
  } catch {
    return 'linksNowhere';
  }
}

function entriesOf(folder: string): { readonly entries: Dirent[]; readonly whole: boolean } {
  const entries: Dirent[] = [];
  const whole = eachEntry(folder, 'utf8', (entry) => entries.push(entry));
  if (!entries.some(({ name }) => mayLackBytes(name))) return { entries: sorted(entries), whole };
  // Reading all names as bytes takes longer.
  const exact: Dirent[] = [];
  eachEntry(folder, 'buffer', (entry) => {
    const name = nameOfBytes(entry.name as unknown as Buffer);
    exact.push(Object.assign(entry, { name }));
  });
  return { entries: sorted(exact), whole };
}

/** False where there are more. */
function eachEntry(folder: string, encoding: 'utf8' | 'buffer', meet: (entry: Dirent) => void): boolean {
  // The types of Node do not know that names may be bytes.
  const directory = opendirSync(onDisk(folder) as string, { encoding: encoding as 'utf8' });
  try {
    let count = 0;
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      if (count === MAX_ENTRIES) return false;
      meet(entry);
      count += 1;
    }
    return true;
  } finally {
    directory.closeSync();
  }
}

function sorted(entries: Dirent[]): Dirent[] {
  return entries.sort((a, b) => compareText(a.name, b.name));
}
