/** Builds what the command is started by: a small bundle in front of the program, which knows which program it is for. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

export function buildEntry(entryPoint, programFile, outfile) {
  const digest = createHash('sha256').update(readFileSync(programFile)).digest('hex');
  return build({
    entryPoints: [entryPoint],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    metafile: true,
    logLevel: 'warning',
    define: { PROGRAM_DIGEST: JSON.stringify(digest.slice(0, 16)) },
  });
}
