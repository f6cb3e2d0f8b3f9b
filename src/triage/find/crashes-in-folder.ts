/**
 * Which crashes lie in one folder, and which of its files belong to each? Every dump is a crash; the parts of a split one
 * are one. A file whose name says whose it is is that dump's, every other file all of theirs.
 */

import { basename, join } from 'node:path';
import { isInputError } from '../../errors.ts';
import { COMPANIONS, type Companion, type Crash, type PassedOver } from '../crash.ts';
import { type CompanionFile, choose, Owners, type SeenFile, stemOf } from './companions.ts';
import { dumpsIn, type Found } from './dumps-in-folder.ts';
import { type FileKind, kindOfFile, meantAs } from './file-kinds.ts';
import type { Listing } from './folder-listing.ts';
import { type Told, toldByFolder } from './layouts.ts';
import { statOf } from './stat.ts';

/** Names that files have to have to be taken for it. */
export interface NameOptions {
  readonly dumpName?: RegExp | undefined;
  readonly regsName?: RegExp | undefined;
  /** Hears of a folder that has files and no crash. */
  readonly onNoCrash?: ((folder: string, passedOver: readonly PassedOver[]) => void) | undefined;
}

/** `only`: the one dump of it that was named. `label`: what the folder is called. */
export interface Folder {
  readonly path: string;
  readonly label: string;
  readonly only?: string;
}

/** Crashes, in the order of their dumps' names, and all files that are no crash's. */
export interface InFolder {
  readonly crashes: readonly Crash[];
  readonly passedOver: readonly PassedOver[];
}

/** What is in one folder. Nothing of a dump is read but its first bytes. */
export async function crashesIn(folder: Folder, listing: Listing, names: NameOptions): Promise<InFolder> {
  const passedOver = notOpened(listing, names);
  const files = [...listing.files, ...listing.links].sort();
  const seen = [...seenFiles(folder.path, files, names, passedOver)];
  const companions = seen.flatMap(({ name, kind }) => (kind.kind === 'companion' ? [{ name, ...kind }] : []));
  const { path, only } = folder;
  const found = await dumpsIn({ folder: path, only, dumpName: names.dumpName, seen, companions, listing });
  const chosen = only === undefined ? found : found.filter(({ dump }) => dump.includes(only));
  const owners = new Owners(found);
  const { own, shared, others } = owners.divide(companions, ({ name }) => name);
  passedOver.push(...others.map(({ name: file, companion }) => ({ file, why: 'of-another', companion }) as const));
  passedOver.push(...memoryOfNobody(seen, found, names));
  const dumps = new Set(found.flatMap(({ dump }) => dump));
  const unused = passedOver.filter(({ file }) => !dumps.has(file));
  const left = owners.divide(unused, ({ file }) => file);
  // One list for all of them: a folder may have as many dumps as files that are none.
  const common = [...left.shared, ...left.others];
  const crashes = chosen.map((one) => {
    const several = found.length > 1 || only !== undefined;
    const files = { own: own.get(one) ?? [], shared };
    const ownLeft = left.own.get(one);
    return crashOf(one, { ...folder, several }, files, ownLeft === undefined ? common : [...ownLeft, ...common]);
  });
  return { crashes, passedOver: unused };
}

function notOpened(
  { linksOut, linksNowhere, linksToFolders, specials }: Listing,
  { regsName }: NameOptions,
): PassedOver[] {
  const all = (files: readonly string[], why: Exclude<PassedOver['why'], 'no-use' | 'ambiguous' | 'of-another'>) =>
    files.map((file) => ({ file, why, companion: meantAs(file, regsName ?? null) }));
  return [
    ...all(linksOut, 'link-out'),
    ...all(linksNowhere, 'link-nowhere'),
    ...all(linksToFolders, 'link-to-folder'),
    ...all(specials, 'special'),
  ];
}

/** What could be memory, and is no dump's: but for what a list of its own names beside it. */
function memoryOfNobody(seen: readonly SeenFile[], found: readonly Found[], { regsName }: NameOptions): PassedOver[] {
  if (seen.some(({ kind }) => kind.kind === 'dump-info')) return [];
  const dumps = new Set(found.flatMap(({ dump }) => dump));
  return seen
    .filter(({ name, kind }) => kind.kind === 'raw' && !dumps.has(name))
    .map(({ name: file }) => ({
      file,
      why: 'no-use',
      title: 'bytes of no known kind',
      companion: meantAs(file, regsName ?? null),
    }));
}

function* seenFiles(
  folder: string,
  files: readonly string[],
  { dumpName, regsName }: NameOptions,
  passedOver: PassedOver[],
): Generator<SeenFile> {
  for (const name of files) {
    const companion = meantAs(name, regsName ?? null);
    let kind: FileKind;
    try {
      kind = kindOfFile(name, join(folder, name), regsName ?? null);
    } catch (error) {
      if (!isInputError(error)) throw error;
      const isEmpty = statOf(join(folder, name))?.size === 0n;
      passedOver.push(
        isEmpty
          ? { file: name, why: 'no-use', title: 'an empty file', companion }
          : { file: name, why: 'unreadable', companion },
      );
      continue;
    }
    if (kind.kind === 'other' && dumpName?.test(name) !== true) {
      passedOver.push({ file: name, why: 'no-use', title: kind.title, companion });
    }
    yield { name, kind };
  }
}

function crashOf(
  { dump, host, placedBySnapshot = false, isLost = false, problem = null, missing = [] }: Found,
  { path: folder, label, several }: Folder & { readonly several: boolean },
  { own, shared }: { readonly own: readonly CompanionFile[]; readonly shared: readonly CompanionFile[] },
  passedOver: readonly PassedOver[],
): Crash {
  const isOwn = new Set(own.map(({ name }) => name));
  const doubtful: PassedOver[] = [];
  const companions = Object.fromEntries(
    COMPANIONS.map((companion) => {
      const { chosen, ambiguous } = choose(companion, [...own, ...shared], (name) => isOwn.has(name));
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
    dump: isLost ? [] : dump,
    placedBySnapshot,
    ...companions,
    when: told.when,
    host: host ?? told.host,
    problem,
    passedOver: doubtful.length === 0 ? passedOver : [...passedOver, ...doubtful],
    ...(missing.length > 0 ? { missing } : {}),
  };
}

/** `dump.202611020304` says itself when it was, whatever its folder is called. */
function firstTold(...names: readonly string[]): Told {
  return names.map(toldByFolder).find(({ when }) => when !== null) ?? { when: null, host: null };
}
