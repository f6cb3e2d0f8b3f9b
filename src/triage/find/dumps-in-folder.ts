/** Which files of a folder are dumps? Containers by their content, memory without one by its name, and what cannot be one. */

import { join } from 'node:path';
import { flattenedHead } from '../../dump/formats/flattened.ts';
import { type KdumpHeader, readKdumpHeader } from '../../dump/kdump/header.ts';
import { openFileSource } from '../../dump/sources/source.ts';
import { isInputError } from '../../errors.ts';
import { compareText } from '../../lists.ts';
import { loadMemoryFiles } from '../../snapshot/load.ts';
import type { Crash, Failure, PaddrRange } from '../crash.ts';
import { type CompanionFile, choose, Owners, type SeenFile } from './companions.ts';
import { isDumpName, isRawName } from './file-kinds.ts';
import type { Listing } from './folder-listing.ts';

/** One dump, before its companions are known. */
export interface Found {
  readonly dump: readonly string[];
  readonly host: string | null;
  readonly placedBySnapshot?: boolean;
  /** Its name leads to no file at all. */
  readonly isLost?: boolean;
  readonly problem?: Crash['problem'];
  readonly missing?: readonly PaddrRange[];
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

/**
 * In the order of their names; a dump that was named is among them whatever it is, and so is what by its name is meant as
 * one and cannot be used: nothing is lost because another dump lies beside it.
 */
export async function dumpsIn(search: DumpSearch): Promise<Found[]> {
  const { folder, only, dumpName, seen, listing } = search;
  const isLimited = dumpName !== undefined && only === undefined;
  const asked = (name: string) => name === only || dumpName?.test(name) === true;
  const wanted = isLimited ? seen.filter(({ name }) => asked(name)) : seen;
  const info = wanted.find(({ name, kind }) => kind.kind === 'dump-info' && (only === undefined || only === name));
  const containers = withPartsJoined(
    folder,
    wanted.filter(({ kind }) => kind.kind === 'dump'),
  );
  const others = wanted
    .filter(({ name, kind }) => !['dump', 'dump-info'].includes(kind.kind) && asked(name))
    .map(({ name }) => single(name));
  const certain = [...containers, ...others];
  // The memory beside dump_info.txt is that dump's.
  const usable =
    info === undefined ? [...certain, ...(await rawMemory(search, wanted, certain))] : [single(info.name), ...certain];
  const known = new Set(usable.flatMap(({ dump }) => dump));
  // Beside registers, and without another dump, what is called like memory is that, however little is left of it.
  const isAwaited = usable.length === 0 && search.companions.some(({ companion }) => companion === 'regs');
  const meant = isLimited ? asked : (name: string) => isDumpName(name) || (isAwaited && isRawName(name));
  const unusable = broken(wanted, listing, (name) => meant(name) && !known.has(name) && !known.has(unpacked(name)));
  const found = [...usable, ...unusable];
  if (only !== undefined && !found.some(({ dump }) => dump.includes(only))) found.push(single(only));
  return found.toSorted(({ dump: [a = ''] }, { dump: [b = ''] }) => compareText(a, b));
}

function single(name: string): Found {
  return { dump: [name], host: null };
}

/** The name of what was packed into it, which may well lie beside it. */
function unpacked(name: string): string {
  return name.replace(/\.(?:gz|xz|zst|bz2|lz4|lzo|zip|7z)$/i, '');
}

/** The parts of a split dump say so, and what of: the same machine in the same moment. */
function withPartsJoined(folder: string, containers: readonly SeenFile[]): Found[] {
  const sets = new Map<string, { dump: string[]; host: string | null; parts: KdumpHeader[] }>();
  for (const { name, kind } of containers) {
    const header = kind.kind === 'dump' ? headerOf(name, join(folder, name), kind.format) : null;
    const isPart = header?.split != null;
    const key = isPart ? JSON.stringify([...header.identity]) : `/${name}`;
    const set = sets.get(key) ?? { dump: [], host: hostOf(header?.identity.get('nodename')), parts: [] };
    set.dump.push(name);
    if (isPart) set.parts.push(header);
    sets.set(key, set);
  }
  return [...sets.values()].map(({ parts, ...set }) => ({ ...set, missing: missingOf(parts) }));
}

/** What lies between the parts, and in front of and behind all of them. */
function missingOf(parts: readonly KdumpHeader[]): PaddrRange[] {
  const missing: PaddrRange[] = [];
  let covered = 0;
  const upTo = (pfn: number, blockSize: number) => {
    if (pfn > covered) missing.push({ from: covered * blockSize, to: pfn * blockSize });
  };
  const inOrder = parts.toSorted((a, b) => (a.split?.startPfn ?? 0) - (b.split?.startPfn ?? 0));
  for (const { split, blockSize } of inOrder) {
    upTo(split?.startPfn ?? 0, blockSize);
    covered = Math.max(covered, split?.endPfn ?? 0);
  }
  for (const { maxMapnr, blockSize } of inOrder.slice(-1)) upTo(maxMapnr, blockSize);
  return missing;
}

/** `uname -n`; what a machine has before anybody names it is no name. */
function hostOf(nodename: string | undefined): string | null {
  return nodename === undefined || ['', '(none)', 'localhost'].includes(nodename) ? null : nodename;
}

/** Null for any other dump, and for one that is damaged, as whoever opens it will say. */
function headerOf(name: string, path: string, format: string): KdumpHeader | null {
  if (format !== 'kdump' && format !== 'flattened') return null;
  try {
    const source = openFileSource(name, path);
    try {
      return readKdumpHeader(format === 'flattened' ? flattenedHead(source) : source);
    } finally {
      source.close();
    }
  } catch (error) {
    if (isInputError(error)) return null;
    throw error;
  }
}

/** Memory without a container: what snapshots name as such, and what is called so. */
async function rawMemory(
  { folder, companions }: DumpSearch,
  seen: readonly SeenFile[],
  certain: readonly Found[],
): Promise<Found[]> {
  const known = new Set(certain.flatMap(({ dump }) => dump));
  const dumps = seen.filter(({ name, kind }) => kind.kind === 'raw' && !known.has(name)).map(({ name }) => name);
  const owners = new Owners([...certain, ...dumps.map(single)]);
  const { own, shared } = owners.divide(companions, ({ name }) => name);
  const placed: Found[] = [];
  const taken = new Set<string>();
  const place = async (files: readonly CompanionFile[], isOwn: boolean): Promise<string | null> => {
    const { chosen } = choose('regs', files, () => isOwn);
    const dump = chosen === null ? [] : await filesOfSnapshot(join(folder, chosen));
    // Beside other dumps, a snapshot of all of them goes with each, and so does the memory that it names.
    if (dump.length > 0 && !dump.some((name) => taken.has(name)) && (isOwn || certain.length === 0)) {
      placed.push({ dump, host: null, placedBySnapshot: true });
    }
    for (const name of dump) taken.add(name);
    return chosen;
  };
  let regs: string | null = null;
  for (const [owner, files] of own) if (!certain.includes(owner)) regs = (await place(files, true)) ?? regs;
  regs = (await place(shared, false)) ?? regs;
  const called = dumps.filter((name) => isRawName(name) && !taken.has(name)).map(single);
  if (called.length + placed.length + certain.length > 0) return [...placed, ...called];
  // One file that nobody can name, beside registers: what else would it be?
  return dumps.length === 1 && regs !== null ? dumps.map(single) : [];
}

async function filesOfSnapshot(path: string): Promise<string[]> {
  try {
    const memory = await loadMemoryFiles(path);
    return [...new Set(memory.flatMap(({ file }) => file?.name ?? []))];
  } catch (error) {
    if (isInputError(error)) return [];
    throw error;
  }
}

/** What is `meant` as a dump and cannot be one. */
function broken(seen: readonly SeenFile[], listing: Listing, meant: (name: string) => boolean): Found[] {
  const { files, links, specials, linksOut, linksNowhere } = listing;
  const kinds = new Map(seen.map(({ name, kind }) => [name, kind.kind]));
  const unused = (name: string) => ['other', 'raw', undefined].includes(kinds.get(name));
  const failing = (names: readonly string[], failure: Failure, reason: string): Found[] =>
    names.filter(meant).map((name) => ({ ...single(name), problem: { failure, why: `${name}: ${reason}`, reason } }));
  return [
    // Whoever opens these says best what they are.
    ...[...files, ...links].filter((name) => unused(name) && meant(name)).map(single),
    ...failing(specials, 'file', 'is not a regular file; a file is needed'),
    ...failing(linksOut, 'link', 'is a link out of the folder that was named'),
    ...failing(linksNowhere, 'file', 'is a link to nothing').map((one) => ({ ...one, isLost: true })),
  ];
}
