/** The executable of the package: the program lies beside this file. */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { start } from './start.ts';

/** Told by the build. */
declare const PROGRAM_DIGEST: string;

void start(() => {
  const filename = join(__dirname, 'program.js');
  return {
    filename,
    // The build makes it ASCII, which is soonest read as such.
    text: readFileSync(filename, 'latin1'),
    stamp: [PROGRAM_DIGEST, String(statSync(filename).mtimeMs)],
    cacheOf: () => undefined,
  };
});
