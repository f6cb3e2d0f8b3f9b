/** Finds the samples below a folder, the same ones in the same order on every machine. */

import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { onDisk, realPath } from '../byte-names.ts';
import { notOpened } from '../dump/sources/url.ts';
import { InputError } from '../errors.ts';
import { type Listing, listFolder } from '../triage/find/folder-listing.ts';
import { readManifest } from './manifest.ts';
import { type FoundSample, readSample } from './sample.ts';

const SAMPLE = 'sample.json';
const MANIFEST = 'manifest.json';

/** Samples lie a step or two below; deeper than this is somebody's home directory. */
const MAX_DEPTH = 8;
const MAX_FOLDERS = 20_000;

/**
 * The samples of a manifest, or those below a folder. Links are not followed, so that nothing outside is found.
 * Throws InputError (`file`) for a path that is neither or has none, and (`format`) for a manifest that cannot be used.
 */
export function findSamples(path: string): FoundSample[] {
  const stat = statSync(onDisk(path), { throwIfNoEntry: false });
  if (stat === undefined) throw notOpened(path, 'is not there');
  const samples = stat.isDirectory() ? [...samplesBelow(path)] : samplesOf(path, '');
  if (samples.length > 0) return samples;
  throw new InputError('file', `no samples: no ${SAMPLE} or ${MANIFEST} with any`, { file: path });
}

function samplesOf(manifest: string, prefix: string): FoundSample[] {
  return readManifest(manifest).map((sample) => {
    const name = `${prefix}${sample.name}`;
    return { name, file: manifest, read: () => ({ ...sample, name }) };
  });
}

function* samplesBelow(top: string): Generator<FoundSample> {
  let folders = 0;
  const waiting: { folder: string; name: string; depth: number }[] = [{ folder: top, name: '', depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { folder, name, depth } = next;
    folders += 1;
    if (folders > MAX_FOLDERS) throw new InputError('file', `has more than ${MAX_FOLDERS} folders`, { file: top });
    const entries = listed(folder, top);
    const has = (file: string) => entries.files.includes(file);
    if (has(SAMPLE)) {
      const own = name === '' ? basename(realPath(top)) : name;
      const file = join(folder, SAMPLE);
      yield { name: own, file, read: () => readSample(own, resolve(folder), file) };
    }
    if (has(MANIFEST)) yield* samplesOf(join(folder, MANIFEST), name === '' ? '' : `${name}/`);
    if (depth === MAX_DEPTH) continue;
    // The last is taken first.
    for (const below of entries.folders.toReversed()) {
      waiting.push({ folder: join(folder, below), name: name === '' ? below : `${name}/${below}`, depth: depth + 1 });
    }
  }
}

function listed(folder: string, top: string): Listing {
  try {
    return listFolder(folder, top);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new InputError('file', `cannot be searched (${code})`, { file: folder, cause });
  }
}
