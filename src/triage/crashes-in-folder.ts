/**
 * Which crashes lie in one folder, and which of its files belong to each? Every dump is a crash; the parts of a split one
 * are one. A file whose name begins as a dump's does is that dump's, every other file all of theirs.
 */

import { basename, join } from 'node:path';
import { readKdumpHeader } from '../dump/kdump-header.ts';
import { openFileSource } from '../dump/source.ts';
import { isInputError } from '../errors.ts';
import { loadSnapshot } from '../snapshot/load.ts';
import { COMPANIONS, type Companion, type Crash, type Failure, type PassedOver } from './crash.ts';
import { type FileKind, isDumpName, isRawName, kindOfFile, RANK_BY_STEM } from './file-kinds.ts';
import type { Listing } from './folder-listing.ts';
import { type Told, toldByFolder } from './layouts.ts';

/** Names that files have to have to be taken for it. */
export interface NameOptions {
  readonly dumpName?: RegExp | undefined;
  readonly regsName?: RegExp | undefined;
}

interface SeenFile {
  readonly name: string;
  readonly kind: FileKind;
}

/** One dump, before its companions are known. */
interface Found {
  readonly dump: readonly string[];
  readonly host: string | null;
  readonly placedBySnapshot?: boolean;
  readonly problem?: Crash['problem'];
}

/** `only`: the one dump of it that was named. `label`: what the folder is called. */
export interface Folder {
  readonly path: string;
  readonly label: string;
  readonly only?: string;
}

/** Those of one folder, in the order of their dumps' names. Nothing of a dump is read but its first bytes. */
export async function crashesIn(folder: Folder, listing: Listing, names: NameOptions): Promise<Crash[]> {
  const passedOver: PassedOver[] = listing.linksOut.map((file) => ({ file, why: 'link-out' }));
  const seen = [...seenFiles(folder.path, listing.files, names, passedOver)];
  const companions = seen.flatMap(({ name, kind }) => (kind.kind === 'companion' ? [{ name, ...kind }] : []));
  const found = await dumpsAmong(folder, seen, companions, listing, names);
  const chosen = folder.only === undefined ? found : found.filter(({ dump }) => dump.includes(folder.only as string));
  const owners = new Owners(found);
  return chosen.map((one) => {
    const own = companions.filter(({ name }) => [null, one].includes(owners.of(name)));
    const several = found.length > 1 || folder.only !== undefined;
    return crashOf(one, { ...folder, several }, own, passedOver, owners);
  });
}

function* seenFiles(
  folder: string,
  files: readonly string[],
  { dumpName, regsName }: NameOptions,
  passedOver: PassedOver[],
): Generator<SeenFile> {
  for (const name of files) {
    let kind: FileKind;
    try {
      kind = kindOfFile(name, join(folder, name), regsName ?? null);
    } catch (error) {
      if (!isInputError(error)) throw error;
      passedOver.push({ file: name, why: 'unreadable' });
      continue;
    }
    if (kind.kind === 'other' && dumpName?.test(name) !== true) {
      passedOver.push({ file: name, why: 'no-use', title: kind.title });
    }
    yield { name, kind };
  }
}

type CompanionFile = SeenFile['kind'] & { readonly kind: 'companion'; readonly name: string };

async function dumpsAmong(
  folder: Folder,
  seen: readonly SeenFile[],
  companions: readonly CompanionFile[],
  listing: Listing,
  { dumpName }: NameOptions,
): Promise<Found[]> {
  const asked = (name: string) => name === folder.only || dumpName?.test(name) === true;
  const limited = dumpName !== undefined && folder.only === undefined;
  const wanted = (name: string) => !limited || asked(name);
  const info = seen.find(({ name, kind }) => kind.kind === 'dump-info' && wanted(name));
  if (info !== undefined) return [{ dump: [info.name], host: null }];
  const containers = seen.filter(({ name, kind }) => kind.kind === 'dump' && wanted(name));
  const whole = withPartsJoined(folder.path, containers);
  const others = seen.filter(({ name, kind }) => kind.kind !== 'dump' && asked(name));
  const named = others.map(({ name }): Found => ({ dump: [name], host: null }));
  if (whole.length + named.length > 0) return [...whole, ...named];
  return (
    (await rawMemory(
      folder.path,
      seen.filter(({ name }) => wanted(name)),
      companions,
    )) ?? broken(seen, listing)
  );
}

/** The parts of a split dump say so, and what of: the same machine in the same moment. */
function withPartsJoined(folder: string, containers: readonly SeenFile[]): Found[] {
  const sets = new Map<string, { dump: string[]; host: string | null }>();
  for (const { name, kind } of containers) {
    const header = kind.kind === 'dump' && kind.format === 'kdump' ? headerOf(name, join(folder, name)) : null;
    const isPart = header?.split != null;
    const key = isPart ? JSON.stringify([...header.identity]) : `/${name}`;
    const set = sets.get(key) ?? { dump: [], host: hostOf(header?.identity.get('nodename')) };
    set.dump.push(name);
    sets.set(key, set);
  }
  return [...sets.values()];
}

/** `uname -n`; what a machine has before anybody names it is no name. */
function hostOf(nodename: string | undefined): string | null {
  return nodename === undefined || ['', '(none)', 'localhost'].includes(nodename) ? null : nodename;
}

/** Null for one that is damaged, as whoever opens it will say. */
function headerOf(name: string, path: string): ReturnType<typeof readKdumpHeader> | null {
  try {
    const source = openFileSource(name, path);
    try {
      return readKdumpHeader(source);
    } finally {
      source.close();
    }
  } catch (error) {
    if (isInputError(error)) return null;
    throw error;
  }
}

/** Memory without a container: what the snapshot names as such, or what is called so. Null where there is none. */
async function rawMemory(
  folder: string,
  seen: readonly SeenFile[],
  companions: readonly CompanionFile[],
): Promise<Found[] | null> {
  const raw = seen.filter(({ kind }) => kind.kind === 'raw').map(({ name }) => name);
  const { chosen } = choose('regs', companions, (name) => raw.some((one) => name.startsWith(`${stemOf(one)}.`)));
  const placed = chosen === null ? [] : await filesOfSnapshot(join(folder, chosen));
  if (placed.length > 0) return [{ dump: placed, host: null, placedBySnapshot: true }];
  const called = raw.filter(isRawName);
  // One file that nobody can name, beside registers: what else would it be?
  const dumps = called.length > 0 ? called : raw.length === 1 && chosen !== null ? raw : [];
  return dumps.length === 0 ? null : dumps.map((name) => ({ dump: [name], host: null }));
}

async function filesOfSnapshot(path: string): Promise<string[]> {
  try {
    const { memory } = await loadSnapshot(path);
    return [...new Set(memory.flatMap(({ file }) => file?.name ?? []))];
  } catch (error) {
    if (isInputError(error)) return [];
    throw error;
  }
}

/** What has a dump's name and cannot be one. */
function broken(seen: readonly SeenFile[], { linksOut, specials, files }: Listing): Found[] {
  const problem = (name: string, failure: Failure, why: string): Found[] =>
    isDumpName(name) ? [{ dump: [name], host: null, problem: { failure, why: `${name}: ${why}`, reason: why } }] : [];
  const known = new Set(seen.map(({ name }) => name));
  return [
    // Whoever opens these says best what they are.
    ...files
      .filter((name) => isDumpName(name) && (!known.has(name) || isOther(seen, name)))
      .map((name): Found => ({ dump: [name], host: null })),
    ...specials.flatMap((name) => problem(name, 'file', 'is not a regular file; a file is needed')),
    ...linksOut.flatMap((name) => problem(name, 'link', 'is a link out of the folder that was named')),
  ];
}

function isOther(seen: readonly SeenFile[], wanted: string): boolean {
  return seen.some(({ name, kind }) => name === wanted && kind.kind === 'other');
}

/** More than there are ranks. */
const OWN_BEFORE_SHARED = 100;

/** The surest file; null where there is none, and where several are as sure. */
function choose(
  companion: Companion,
  files: readonly CompanionFile[],
  isOwn: (name: string) => boolean = () => false,
): { readonly chosen: string | null; readonly ambiguous: readonly string[] } {
  const fitting = files.filter(
    (file) => file.companion === companion && (file.rank < RANK_BY_STEM || isOwn(file.name)),
  );
  const rankOf = ({ name, rank }: CompanionFile) => (isOwn(name) ? rank - OWN_BEFORE_SHARED : rank);
  const best = Math.min(...fitting.map(rankOf));
  const surest = fitting.filter((file) => rankOf(file) === best).map(({ name }) => name);
  return surest.length === 1 ? { chosen: surest[0] as string, ambiguous: [] } : { chosen: null, ambiguous: surest };
}

function crashOf(
  { dump, host, placedBySnapshot = false, problem = null }: Found,
  { path: folder, label, several }: Folder & { readonly several: boolean },
  files: readonly CompanionFile[],
  passedOver: readonly PassedOver[],
  owners: Owners,
): Crash {
  const doubtful: PassedOver[] = [];
  const companions = Object.fromEntries(
    COMPANIONS.map((companion) => {
      const { chosen, ambiguous } = choose(companion, files, (name) => owners.of(name) !== null);
      doubtful.push(...ambiguous.map((file) => ({ file, why: 'ambiguous', companion }) as const));
      return [companion, chosen];
    }),
  ) as Record<Companion, string | null>;
  const [first = ''] = dump;
  const told: Told = several ? firstTold(stemOf(first), first, basename(label)) : firstTold(basename(label), first);
  return {
    name: several ? (label === '' ? first : `${label}/${first}`) : label,
    path: several ? join(folder, first) : folder,
    folder,
    dump,
    placedBySnapshot,
    ...companions,
    when: told.when,
    host: host ?? told.host,
    problem,
    passedOver: [...passedOver, ...doubtful],
  };
}

/** `dump.202611020304` says itself when it was, whatever its folder is called. */
function firstTold(...names: readonly string[]): Told {
  return names.map(toldByFolder).find(({ when }) => when !== null) ?? { when: null, host: null };
}

/** Whose is a file, by how its name begins? */
class Owners {
  readonly #byStem = new Map<string, Found>();

  constructor(found: readonly Found[]) {
    for (const one of found) for (const name of one.dump) this.#byStem.set(stemOf(name), one);
  }

  /** Null for a file that is everybody's. */
  of(name: string): Found | null {
    for (let end = name.length; end > 0; end--) {
      if (end < name.length && !/[._-]/.test(name[end] as string)) continue;
      const owner = this.#byStem.get(name.slice(0, end));
      if (owner !== undefined) return owner;
    }
    return null;
  }
}

/** `node7.kdump` is `node7`. */
function stemOf(name: string): string {
  return name.replace(/(?<=.)\.[^.]*$/, '');
}
