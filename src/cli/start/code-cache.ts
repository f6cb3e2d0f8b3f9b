/**
 * V8's code cache of the program, in the user's cache folder: half of what starting takes is compiling. Node's own cache
 * (module.enableCompileCache) has what is compiled at loading and no function that is called later; this one is made
 * after the run, of all that the run needed, so there is one for each kind of run.
 *
 * It is code that will run, so it is taken only from a file and folders that belong to this user, and that nobody else
 * may write to. Where anything is not as it should be, there is none, without a word: the program runs as well without.
 */

import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { TOOL } from '../../version.ts';

/** More than anybody has kinds of runs; each takes two megabytes. */
const MOST_FILES = 32;
/** No kind of run takes a tenth of it. */
const MOST_BYTES = 1 << 25;

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/** The place of a cache, by what it depends on besides V8, which looks at its own version itself. */
export function cacheFile(key: readonly string[], env: NodeJS.ProcessEnv): string | null {
  const { XDG_CACHE_HOME = '', HOME = '', NODE_OPTIONS = '', NODE_DISABLE_COMPILE_CACHE } = env;
  if (NODE_DISABLE_COMPILE_CACHE !== undefined || process.getuid === undefined) return null;
  // As the XDG base directories want it, what is not absolute is as good as not set.
  const home = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : isAbsolute(HOME) ? join(HOME, '.cache') : null;
  if (home === null) return null;
  const flags = [...process.execArgv, NODE_OPTIONS].join(' ');
  return join(home, TOOL.name, encodeURIComponent([...key, process.version, process.arch, flags].join('-')));
}

/** What was written there, if it is this user's and whole. */
export function readCache(file: string): Buffer | undefined {
  try {
    if (!inOwnFolder(file)) return undefined;
    const descriptor = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = fstatSync(descriptor);
      if (!stat.isFile() || !isOwn(stat) || stat.size > MOST_BYTES) return undefined;
      return readTwice(descriptor, stat.size / 2);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/** Writes what `make` returns, as a whole or not at all. */
export function writeCache(file: string, make: () => Buffer): void {
  const beside = `${file}.${process.pid}`;
  try {
    makeOwnFolder(dirname(file));
    if (!inOwnFolder(file)) return;
    // Opened before anything is made for it, so that where nothing can be written nothing is done.
    const descriptor = openSync(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      const data = make();
      writeFileSync(descriptor, Buffer.concat([data, data]));
      fdatasyncSync(descriptor);
      renameSync(beside, file);
    } catch {
      unlinkSync(beside);
    } finally {
      closeSync(descriptor);
    }
    dropOldest(dirname(file));
  } catch {
    // The next run tries again.
  }
}

/**
 * V8 drops the code of functions that have not run for a while, most of them in a run that takes long, and a cache made of
 * what is left would make every later run compile them again. Here it keeps them, until what this answers is called: code fits
 * only runs with the same flags.
 */
export async function remembersCode(): Promise<() => void> {
  const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''];
  if (given.some((flags) => flags.includes('flush-bytecode') || flags.includes('flush_bytecode'))) return () => {};
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--no-flush-bytecode');
  return () => setFlagsFromString('--flush-bytecode');
}

/** Of the second copy: small enough to stay in the processor's cache. */
const PIECE_BYTES = 1 << 16;

/**
 * The first of two copies, if they are the same. Data that is damaged would kill the process, as V8 does not look at it
 * closely; of all checks a comparison is the soonest done: Node's hashes take four milliseconds to load and to run.
 */
function readTwice(descriptor: number, byteLength: number): Buffer | undefined {
  if (byteLength === 0 || !Number.isInteger(byteLength)) return undefined;
  const data = Buffer.allocUnsafeSlow(byteLength);
  if (readSync(descriptor, data, 0, byteLength, 0) !== byteLength) return undefined;
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  for (let done = 0; done < byteLength; ) {
    const length = readSync(descriptor, piece, 0, Math.min(PIECE_BYTES, byteLength - done), byteLength + done);
    if (length === 0 || data.compare(piece, 0, length, done, done + length) !== 0) return undefined;
    done += length;
  }
  return data;
}

/** The folder may be no link; where the user's cache folder itself is one, it is the user's. */
function inOwnFolder(file: string): boolean {
  const folder = dirname(file);
  const stat = lstatSync(folder);
  return stat.isDirectory() && isOwn(stat) && isOwn(statSync(dirname(folder)));
}

function isOwn({ uid, mode }: Stats): boolean {
  return uid === process.getuid?.() && (mode & 0o022) === 0;
}

/** Below a folder of this user only: with another's HOME, as after sudo, it would be in the way of its owner. */
function makeOwnFolder(folder: string): void {
  const home = dirname(folder);
  for (const one of [home, folder]) {
    if (lstatSync(one, { throwIfNoEntry: false }) === undefined && isOwn(statSync(dirname(one)))) {
      mkdirSync(one, { mode: 0o700 });
    }
  }
}

/** Those of versions that are gone would stay for ever. */
function dropOldest(folder: string): void {
  const files = readdirSync(folder).map((name) => join(folder, name));
  if (files.length <= MOST_FILES) return;
  const byAge = files.map((file) => ({ file, time: lstatSync(file).mtimeMs })).sort((a, b) => a.time - b.time);
  for (const { file } of byAge.slice(0, files.length - MOST_FILES)) unlinkSync(file);
}
