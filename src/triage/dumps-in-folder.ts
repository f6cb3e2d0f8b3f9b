/** Which files of a folder are dumps? Containers by their content, memory without one by its name, and what cannot be one. */

import { join } from 'node:path';
import { readKdumpHeader } from '../dump/kdump-header.ts';
import { openFileSource } from '../dump/source.ts';
import { isInputError } from '../errors.ts';
import { loadSnapshot } from '../snapshot/load.ts';
import { type CompanionFile, choose, type SeenFile, stemOf } from './companions.ts';
import type { Crash, Failure } from './crash.ts';
import { isDumpName, isRawName } from './file-kinds.ts';
import type { Listing } from './folder-listing.ts';

/** One dump, before its companions are known. */
export interface Found {
  readonly dump: readonly string[];
  readonly host: string | null;
  readonly placedBySnapshot?: boolean;
  readonly problem?: Crash['problem'];
}

/** Where dumps are looked for, and what is known of the files there. */
export interface DumpSearch {
  readonly folder: string;
  /** The one dump that was named; undefined where the folder was. */
  readonly only: string | undefined;
  readonly dumpName: RegExp | undefined;
  readonly seen: readonly SeenFile[];
  readonly companions: readonly CompanionFile[];
  readonly listing: Listing;
}

/** In the order of their names; a dump that was named is among them whatever it is. */
export async function dumpsIn(search: DumpSearch): Promise<Found[]> {
  const { folder, only, dumpName, seen, companions, listing } = search;
  const asked = (name: string) => name === only || dumpName?.test(name) === true;
  const isLimited = dumpName !== undefined && only === undefined;
  const wanted = isLimited ? seen.filter(({ name }) => asked(name)) : seen;
  const info = wanted.find(({ name, kind }) => kind.kind === 'dump-info' && (only === undefined || only === name));
  if (info !== undefined) return [{ dump: [info.name], host: null }];
  const containers = withPartsJoined(
    folder,
    wanted.filter(({ kind }) => kind.kind === 'dump'),
  );
  const others = wanted.filter(({ name, kind }) => kind.kind !== 'dump' && asked(name));
  const found = [...containers, ...others.map(({ name }): Found => ({ dump: [name], host: null }))];
  if (only !== undefined && !found.some(({ dump }) => dump.includes(only))) found.push({ dump: [only], host: null });
  if (found.length > 0) return found;
  return (await rawMemory(folder, wanted, companions)) ?? broken(wanted, listing);
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
function broken(seen: readonly SeenFile[], { linksOut, specials, files, links }: Listing): Found[] {
  const problem = (name: string, failure: Failure, why: string): Found[] =>
    isDumpName(name) ? [{ dump: [name], host: null, problem: { failure, why: `${name}: ${why}`, reason: why } }] : [];
  const known = new Set(seen.map(({ name }) => name));
  return [
    // Whoever opens these says best what they are.
    ...[...files, ...links]
      .filter((name) => isDumpName(name) && (!known.has(name) || isOther(seen, name)))
      .map((name): Found => ({ dump: [name], host: null })),
    ...specials.flatMap((name) => problem(name, 'file', 'is not a regular file; a file is needed')),
    ...linksOut.flatMap((name) => problem(name, 'link', 'is a link out of the folder that was named')),
  ];
}

function isOther(seen: readonly SeenFile[], wanted: string): boolean {
  return seen.some(({ name, kind }) => name === wanted && kind.kind === 'other');
}
