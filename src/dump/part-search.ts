/**
 * Searches that go through much of a dump, part by part. Others may search parts too, as long as a part, and what is found
 * in it, can be told to another process.
 */

import type { Progress } from '../progress.ts';

/** What is searched for, by names that all processes know. */
export type PartSearchName = 'tables' | 'vmcoreinfo' | 'firmware';

export interface PartSearch<Part, Found> {
  readonly name: PartSearchName;
  /** What it is called while it goes on. */
  readonly what: string;
  /** What is in one part. Both are plain JSON. */
  readonly in: (part: Part) => Found;
}

/**
 * What is in `parts[at]`, whoever has searched it. The parts behind it are those that are asked for next. Where others
 * search them, it throws NotFetchedYet until they have.
 */
export type FindIn = <Part, Found>(search: PartSearch<Part, Found>, parts: readonly Part[], at: number) => Found;

/** Nobody else searches; `progress` hears of each part. */
export function findAlone(progress: Progress): FindIn {
  return (search, parts, at) => {
    progress(search.what, at, parts.length);
    return search.in(parts[at] as (typeof parts)[number]);
  };
}

/** Formats whose pages may be compressed, so that to unpack them takes most of a search's time. */
export const PACKED_FORMATS: ReadonlySet<string> = new Set(['kdump', 'avml']);

/** Bytes in a part, an eighth of a second to half a second of unpacking by codec. */
export const PART_BYTE_LENGTH = 32 << 20;
