/** Files of memory that no crash names itself: those of a dump_info.txt, and of the memory list of a snapshot. */

import { join } from 'node:path';
import { isDumpInfo, loadDumpInfo } from '../../dump/formats/qualcomm.ts';
import type { LoadMapEntry } from '../../dump/load-map.ts';
import { isInputError } from '../../errors.ts';
import { loadMemoryFiles } from '../../snapshot/load.ts';
import type { Crash } from '../crash.ts';

/** A file as a map names it, and as it can be opened. */
export type MemoryFile = NonNullable<LoadMapEntry['file']>;

/** Each once. None of a map that cannot be read: whoever analyses the crash says why. */
export async function memoryFilesOf({ folder, dump, regs, placedBySnapshot }: Crash): Promise<MemoryFile[]> {
  const maps = dump.filter(isDumpInfo).map((name) => () => loadDumpInfo(join(folder, name)));
  if (regs !== null && !placedBySnapshot) {
    // Where it may not leave its folder nothing is read, and this is the same one.
    maps.push(async () => [...(await loadMemoryFiles(join(folder, regs), { allowOutside: true }))]);
  }
  const files = new Map<string, MemoryFile>();
  for (const entries of maps) {
    for (const { file } of await readable(entries)) if (file !== undefined) files.set(file.path, file);
  }
  return [...files.values()];
}

async function readable(entries: () => Promise<LoadMapEntry[]>): Promise<readonly LoadMapEntry[]> {
  try {
    return await entries();
  } catch (error) {
    if (isInputError(error)) return [];
    throw error;
  }
}
