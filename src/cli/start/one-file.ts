/** The executable that is one file with Node in it: the program is one of its assets, perhaps with code caches. */

import { getRawAsset } from 'node:sea';
import { start } from './start.ts';

/** Told by the build. */
declare const PROGRAM_DIGEST: string;

const assetOf = (name: string) => Buffer.from(getRawAsset(name) as ArrayBuffer);

void start(() => ({
  filename: 'program.js',
  text: assetOf('program.js').toString('latin1'),
  stamp: [PROGRAM_DIGEST],
  cacheOf: (kind) => {
    try {
      return assetOf(`code-cache/${kind}`);
    } catch {
      return undefined;
    }
  },
}));
