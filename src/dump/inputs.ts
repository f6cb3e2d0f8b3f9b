/** What a dump can be given as: a path, a URL, or an object that reads it. */

import { existsSync } from 'node:fs';
import { onDisk } from '../byte-names.ts';
import { InputError } from '../errors.ts';
import { isDumpInfo } from './formats/qualcomm.ts';
import { type DumpName, parseDumpName } from './load-map.ts';
import { type DumpSource, ObjectSource } from './sources/object-source.ts';
import type { UrlOptions } from './sources/range-request.ts';
import { type ByteSource, openFileSource } from './sources/source.ts';
import { isUrl, shownUrl } from './sources/url.ts';

export type DumpInput = string | DumpSource;

/** One file of a dump before it is opened, and how that is done. */
export interface Input extends DumpName {
  /** Null for what is no file of this machine. */
  readonly path: string | null;
  /** Whether its bytes come asynchronously, as far as reading it has shown. */
  answersLater(): boolean;
  open(): ByteSource;
}

/** Throws InputError (`usage`) for what cannot be a dump. */
export async function inputOf(given: DumpInput, index: number, options: UrlOptions): Promise<Input> {
  if (typeof given === 'object' && given !== null) {
    const name = given.name ?? `source ${index + 1}`;
    const source = new ObjectSource(given, name);
    const { paddr } = given;
    if (paddr !== undefined && !(Number.isSafeInteger(paddr) && paddr >= 0)) {
      throw new InputError('usage', `has a paddr of ${String(paddr)}`, { file: name });
    }
    return {
      given: name,
      file: name,
      paddr: given.paddr,
      path: null,
      answersLater: () => source.answersLater,
      open: () => source,
    };
  }
  const parsed = parseDumpName(given);
  const { file } = parsed;
  const [scheme] = /^[a-z][a-z\d+.-]*(?=:\/\/)/i.exec(file) ?? [];
  if (scheme !== undefined && !isUrl(file) && !existsSync(onDisk(file))) {
    const message = `has the scheme ${scheme}; http and https are read: give a copy of it on this machine`;
    throw new InputError('usage', message, { file: shownUrl(parsed.given) });
  }
  if (!isUrl(file))
    return { ...parsed, path: file, answersLater: never, open: () => openFileSource(file, file, OF_FOLDER) };
  if (URL.canParse(file) && isDumpInfo(new URL(file).pathname)) {
    const message = 'names files beside it, which is followed on disk only; give their URLs, each with its @address';
    throw new InputError('usage', message, { file: parsed.given });
  }
  // Loaded for those who need it: HTTP is not free at start-up.
  const { openUrlSource } = await import('./sources/url-source.ts');
  return { ...parsed, path: null, answersLater: never, open: () => openUrlSource(file, options) };
}

const OF_FOLDER = 'a file is needed; smmu-adopt triage finds the crashes in it';

const never = () => false;
