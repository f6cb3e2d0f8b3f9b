/** Which of a folder's files belong to which dump, and which of several that could be the same thing is it? */

import type { Companion } from '../crash.ts';
import { type FileKind, RANK_BY_STEM } from './file-kinds.ts';

/** A file, and what it is. */
export interface SeenFile {
  readonly name: string;
  readonly kind: FileKind;
}

/** One that goes with a dump. */
export type CompanionFile = SeenFile['kind'] & { readonly kind: 'companion'; readonly name: string };

/** More than there are ranks. */
const OWN_BEFORE_SHARED = 100;

/** The surest file; null where there is none, and where several are as sure. */
export function choose(
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

/** Whose a file is: one dump's, everybody's, or that of a dump which is not there. */
export type Owner<T> = T | 'everybody' | 'nobody';

/** Files by whose they are; `others` are those of dumps that are not there. */
export interface Divided<T, F> {
  readonly own: ReadonlyMap<T, readonly F[]>;
  readonly shared: readonly F[];
  readonly others: readonly F[];
}

/** What tells dumps apart that are otherwise called the same: `1` of `vmcore.1`, the time of `dump.202611020304`. */
const NUMBER = /^[0-9]+$/;
/** So long a number is a time, wherever it stands; a shorter one may be that of a log which was rotated. */
const STAMP = /(?<![0-9])20[0-9]{10}(?:[0-9]{2})?(?![0-9])/;
/** Endings that say what a dump is, and not which. */
const FORMAT_ENDING = /^(?:vmcore|kdump|elf|core|dump|dmp|raw|v?mem|img|bin|lime|avml|flat|gz|xz|zst|lz4|bz2)$/i;

/**
 * Whose is a file, by its name? By how it begins (`node7.regs.json` of `node7.kdump`): the whole name of a dump before
 * the part in front of its ending, which owns nothing where several dumps share it. Else by how it ends
 * (`dmesg.202611020304` of `dump.202611020304`).
 */
export class Owners<T extends { readonly dump: readonly string[] }> {
  readonly #byName = new Map<string, T>();
  /** Null where several dumps share it. */
  readonly #byStem = new Map<string, T | null>();
  readonly #byTag = new Map<string, T | null>();
  /** Stems whose dumps have a number behind it, all of them. */
  readonly #numbered = new Map<string, boolean>();
  #anyStamp = false;

  constructor(found: readonly T[]) {
    for (const one of found) {
      for (const name of one.dump) {
        this.#byName.set(name, one);
        const stem = stemOf(name);
        const ending = name.slice(stem.length + 1);
        addUnshared(this.#byStem, stem, one);
        this.#numbered.set(stem, this.#numbered.get(stem) !== false && NUMBER.test(ending));
        for (const tag of new Set([name, stem, ending])) {
          if (tag !== '' && !FORMAT_ENDING.test(tag)) addUnshared(this.#byTag, tag, one);
        }
        this.#anyStamp ||= STAMP.test(name);
      }
    }
  }

  of(name: string): Owner<T> {
    return this.#byBeginning(name) ?? this.#byEnding(name) ?? (this.#isOfAnotherTime(name) ? 'nobody' : 'everybody');
  }

  /** Each one's own, and what is everybody's. */
  divide<F>(files: readonly F[], nameOf: (file: F) => string): Divided<T, F> {
    const own = new Map<T, F[]>();
    const shared: F[] = [];
    const others: F[] = [];
    for (const file of files) {
      const owner = this.of(nameOf(file));
      if (owner === 'everybody') shared.push(file);
      else if (owner === 'nobody') others.push(file);
      else {
        const files = own.get(owner);
        if (files === undefined) own.set(owner, [file]);
        else files.push(file);
      }
    }
    return { own, shared, others };
  }

  #byBeginning(name: string): T | 'nobody' | null {
    for (let end = name.length; end > 0; end--) {
      if (end < name.length && !isSeparator(name[end])) continue;
      const beginning = name.slice(0, end);
      const named = this.#byName.get(beginning);
      if (named !== undefined) return named;
      const owner = this.#byStem.get(beginning);
      if (owner === undefined) continue;
      if (this.#isOfAnotherNumber(beginning, name)) return 'nobody';
      if (owner !== null) return owner;
    }
    return null;
  }

  /** `vmcore.2.regs.json` is not of `vmcore.1`. */
  #isOfAnotherNumber(stem: string, name: string): boolean {
    const [next = ''] = name.slice(stem.length + 1).split(/[._-]/);
    return NUMBER.test(next) && this.#numbered.get(stem) === true;
  }

  /** One word, the part that tells the dumps apart, and what kind of file it is: `regs-node7.json`. */
  #byEnding(name: string): T | null {
    const { separator = '', rest = '' } = /^[a-z]+(?<separator>[._-])(?<rest>.+)$/i.exec(name)?.groups ?? {};
    for (let tag = rest; tag !== ''; tag = tag === stemOf(tag) ? '' : stemOf(tag)) {
      // `regs-1.json` may be the first of several attempts, `dmesg.1` beside `vmcore.1` hardly.
      if (NUMBER.test(tag) && !STAMP.test(tag) && separator !== '.') continue;
      const owner = this.#byTag.get(tag);
      if (owner != null) return owner;
    }
    return null;
  }

  #isOfAnotherTime(name: string): boolean {
    return this.#anyStamp && STAMP.test(name);
  }
}

function addUnshared<T>(owners: Map<string, T | null>, key: string, one: T): void {
  owners.set(key, owners.has(key) && owners.get(key) !== one ? null : one);
}

function isSeparator(character: string | undefined): boolean {
  return character !== undefined && /[._-]/.test(character);
}

/** `node7.kdump` is `node7`. */
export function stemOf(name: string): string {
  return name.replace(/(?<=.)\.[^.]*$/, '');
}
