/** Finds the crashes below folders, the same ones in the same order on every machine, one after the other as they are asked for. */

import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { onDisk, realPath } from '../../byte-names.ts';
import { notOpened } from '../../dump/sources/url.ts';
import { InputError } from '../../errors.ts';
import { COMPANIONS, type Crash, type NotSearched } from '../crash.ts';
import { crashesIn, type NameOptions } from './crashes-in-folder.ts';
import { type Listing, listFolder } from './folder-listing.ts';
import { crashesOfManifest, isManifest } from './manifest.ts';

/** Crashes lie a step or two below; deeper than this is somebody's home directory. */
const MAX_DEPTH = 8;
/** A large fleet's crashes of a year. */
const MAX_FOLDERS = 1_000_000;
/** Each names a place; who has more of them has another problem. */
const MAX_NOT_SEARCHED = 100;

interface Waiting {
  readonly path: string;
  readonly label: string;
  readonly depth: number;
  readonly root: string;
}

export class CrashFinder {
  readonly notSearched: NotSearched[] = [];
  readonly #names: NameOptions;
  readonly #waiting: Waiting[] = [];
  readonly #seen = new Set<string>();
  #folders = 0;

  constructor(names: NameOptions = {}) {
    this.#names = names;
  }

  /** How many folders there are still to look at, as far as is known. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Crashes of what was named: a folder with crashes in it or anywhere below, a dump, or a manifest. `several`: it is one of
   * several places, and its crashes are called by the whole path. Throws InputError (`file`) for what is not there or cannot
   * be reached, and (`format`) for a manifest that cannot be used.
   */
  async *find(named: string, several = false): AsyncGenerator<Crash> {
    if (!isFolder(named)) {
      if (isManifest(named)) yield* this.once(crashesOfManifest(named));
      else yield* this.#dumpNamed(named);
      return;
    }
    this.#waiting.push({ path: named, label: several ? named : '', depth: 0, root: named });
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) yield* this.#below(next);
  }

  async *#dumpNamed(file: string): AsyncGenerator<Crash> {
    const folder = dirname(file);
    const listing = this.#list({ path: folder, label: '', depth: 0, root: folder });
    if (listing === null) throw new InputError('file', 'is in a folder that cannot be read', { file });
    const only = basename(file);
    // It was named, so that nothing is left out for where it leads, or for what it is.
    const links = [...listing.links, ...listing.linksOut.filter((link) => link === only)];
    const label = folder === '.' ? '' : folder;
    yield* this.once((await crashesIn({ path: folder, label, only }, { ...listing, links }, this.#names)).crashes);
  }

  async *#below(folder: Waiting): AsyncGenerator<Crash> {
    const { path, label, depth, root } = folder;
    this.#folders += 1;
    if (this.#folders > MAX_FOLDERS) {
      this.#leaveOut(path, 'too-many-folders');
      this.#waiting.length = 0;
      return;
    }
    const listing = this.#list(folder);
    if (listing === null) return;
    const own = label === '' ? basename(realPath(root)) : label;
    const { crashes, passedOver } = await crashesIn({ path, label: own }, listing, this.#names);
    if (crashes.length === 0 && passedOver.length > 0) this.#names.onNoCrash?.(path, passedOver);
    // Whatever it is called, it may be a dump.
    const unread = passedOver.filter(({ why, companion }) => why === 'unreadable' && companion === null);
    for (const { file } of unread) this.#leaveOut(join(path, file), 'unreadable');
    yield* this.once(crashes);
    if (depth === MAX_DEPTH && listing.folders.length > 0) {
      this.#leaveOut(path, 'too-deep');
      return;
    }
    // The last is taken first.
    for (const below of listing.folders.toReversed()) {
      const belowLabel = label === '' ? below : join(label, below);
      this.#waiting.push({ path: join(path, below), label: belowLabel, depth: depth + 1, root });
    }
  }

  /** Each once, whatever was named twice, and however: as the first to name it did. */
  *once(crashes: Iterable<Crash>): Generator<Crash> {
    for (const crash of crashes) {
      const keys = [crash.path, filesOf(crash)];
      if (keys.some((key) => this.#seen.has(key))) continue;
      for (const key of keys) this.#seen.add(key);
      yield crash;
    }
  }

  #list({ path, root }: Waiting): Listing | null {
    try {
      const listing = listFolder(path, root);
      if (!listing.whole) this.#leaveOut(path, 'too-many-files');
      return listing;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      this.#leaveOut(path, 'unreadable', code);
      return null;
    }
  }

  #leaveOut(path: string, why: NotSearched['why'], code: string | null = null): void {
    const known = this.notSearched.some((place) => place.why === why && resolve(place.path) === resolve(path));
    if (!known && this.notSearched.length < MAX_NOT_SEARCHED) this.notSearched.push({ path, why, code });
  }
}

/** The same for the same files, however the way to their folder is written. Links of the folder itself are not followed. */
function filesOf({ path, folder, dump, ...crash }: Crash): string {
  if (dump.length === 0) return `\0${resolve(path)}`;
  const at = realFolder(folder);
  const companions = COMPANIONS.map((one) => crash[one] && resolve(at, crash[one]));
  return `\0${JSON.stringify([dump.map((name) => resolve(at, name)), companions])}`;
}

/** Where it is not there any more, as it was written. */
function realFolder(folder: string): string {
  try {
    return realPath(folder);
  } catch {
    return resolve(folder);
  }
}

function isFolder(named: string): boolean {
  try {
    return statSync(onDisk(named)).isDirectory();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = code === 'ENOENT' ? 'is not there' : `cannot be reached (${code})`;
    throw notOpened(named, message, cause);
  }
}
