/** Files of crashes are not overwritten, whatever an output was named: a dump is there once. */

import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { onDisk } from '../../byte-names.ts';
import { InputError } from '../../errors.ts';
import { isDumpName, kindOfFile } from '../../triage/find/file-kinds.ts';

/**
 * Throws InputError (`usage`) where `file` is there and is, by what it holds or is called, what a crash is made of. It may
 * be of a crash that the run did not come to, so that what it found says too little.
 */
export function refuseCrashFile(file: string): void {
  const stat = statSync(onDisk(file), { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size === 0) return;
  const name = basename(file);
  if (!isDumpName(name) && kindOfFile(name, file, null).kind === 'other') return;
  throw new InputError('usage', 'is an input, as a crash has such files; --output would overwrite it', { file });
}
