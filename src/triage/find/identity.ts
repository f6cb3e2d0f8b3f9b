/** Would the same row come out again? By size, time and first bytes of the files, and by what was asked of them. */

import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { parseDumpName } from '../../dump/load-map.ts';
import { openFileSource } from '../../dump/sources/source.ts';
import { isInputError } from '../../errors.ts';
import { TOOL } from '../../version.ts';
import { COMPANIONS, type Crash } from '../crash.ts';
import { memoryFilesOf } from './memory-files.ts';
import { statOf } from './stat.ts';

/** The header of every container, with the time at which the dump was made. */
const HEAD_BYTE_LENGTH = 4096;

/**
 * `asked` is whatever else the row depends on: options, and limits where one of them ended it. Another version of the
 * program may say something else, so it is part of it.
 */
export async function identityOf(crash: Crash, asked: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([TOOL.version, ...asked]));
  for (const name of crash.dump) addFile(hash, name, parseDumpName(join(crash.folder, name)).file, true);
  for (const companion of COMPANIONS) {
    const name = crash[companion];
    hash.update(`\n${companion}`);
    if (name !== null) addFile(hash, name, join(crash.folder, name), false);
  }
  for (const { name, path } of await memoryFilesOf(crash)) addFile(hash, name, path, true);
  return hash.digest('hex').slice(0, 32);
}

function addFile(hash: Hash, name: string, path: string, withHead: boolean): void {
  const stat = statOf(path);
  hash.update(JSON.stringify([name, String(stat?.size), String(stat?.mtimeNs)]));
  if (!withHead || stat?.isFile() !== true) return;
  try {
    const source = openFileSource(path);
    try {
      const head = Buffer.alloc(Math.min(HEAD_BYTE_LENGTH, source.byteLength));
      hash.update(head.subarray(0, source.read(0, head)));
    } finally {
      source.close();
    }
  } catch (error) {
    // Whoever analyses it says why; once it can be read it is another one.
    if (!isInputError(error)) throw error;
  }
}
