/** Which of a folder's files belong to which dump, and which of several that could be the same thing is it? */

import type { Companion } from './crash.ts';
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

/** Whose is a file, by how its name begins? */
export class Owners<T extends { readonly dump: readonly string[] }> {
  readonly #byStem = new Map<string, T>();

  constructor(found: readonly T[]) {
    for (const one of found) for (const name of one.dump) this.#byStem.set(stemOf(name), one);
  }

  /** Null for a file that is everybody's. */
  of(name: string): T | null {
    for (let end = name.length; end > 0; end--) {
      if (end < name.length && !/[._-]/.test(name[end] as string)) continue;
      const owner = this.#byStem.get(name.slice(0, end));
      if (owner !== undefined) return owner;
    }
    return null;
  }
}

/** `node7.kdump` is `node7`. */
export function stemOf(name: string): string {
  return name.replace(/(?<=.)\.[^.]*$/, '');
}
