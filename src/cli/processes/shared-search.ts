/**
 * Searches through a whole dump, shared out to processes that have the same dump open: one part after the other goes to
 * whichever is free. What they find is what one alone would find; a part that none of them has searched is searched here.
 */

import { availableParallelism } from 'node:os';
import { type FindIn, findAlone, type PartSearch } from '../../dump/part-search.ts';
import { NotFetchedYet } from '../../dump/sources/until-fetched.ts';
import type { Progress } from '../../progress.ts';
import type { DumpOpening } from './search-worker.ts';
import type { Searcher } from './searcher.ts';

/** To start a process takes about as long as to search one part. What is looked for is often near the beginning. */
const ALONE_PARTS = 2;
const MIN_PARTS = 8;
/** For each process before anybody looks at what was found: whoever is done waits for the others. */
const PARTS_EACH = 8;

export interface SearchedBy {
  /** How the program starts itself; null where it cannot. */
  readonly command: () => Promise<readonly string[] | null>;
  /** How many processes; null for one on each processor. */
  readonly jobs: number | null;
  readonly progress: Progress;
}

/** Those who search one dump. They start with the first part for which that pays, and end when they are closed. */
export class SharedSearch {
  readonly #opening: DumpOpening;
  readonly #by: SearchedBy;
  readonly #jobs: number;
  /** By the name of the search and the index of the part. */
  readonly #found = new Map<string, unknown>();
  /** None where they cannot be started; null until they are wanted. */
  #searchers: readonly Searcher[] | null = null;

  constructor(opening: DumpOpening, by: SearchedBy) {
    this.#opening = opening;
    this.#by = by;
    this.#jobs = by.jobs ?? availableParallelism();
  }

  readonly findIn: FindIn = <Part, Found>(search: PartSearch<Part, Found>, parts: readonly Part[], at: number) => {
    const key = keyOf(search, at);
    if (!this.#found.has(key)) {
      const isShared =
        this.#jobs > 1 && at >= ALONE_PARTS && parts.length >= MIN_PARTS && this.#searchers?.length !== 0;
      if (isShared) throw new NotFetchedYet(search.name, () => this.#share(search, parts, at));
      this.#searchHere(search, parts, at);
    }
    return this.#found.get(key) as Found;
  };

  /** Has `parts[from]` searched, and as many behind it as keep all busy; later as many as before, as all is run again then. */
  async #share<Part, Found>(search: PartSearch<Part, Found>, parts: readonly Part[], from: number): Promise<void> {
    this.#searchers ??= await this.#start();
    const end = Math.min(parts.length, from + Math.max(from, this.#jobs * PARTS_EACH));
    let [next, done] = [from, from];
    const shareOut = async (searcher: Searcher) => {
      for (let at = next++; at < end; at = next++) {
        const answer = await searcher.ask({ name: search.name, part: parts[at] });
        if (answer === null) return;
        this.#found.set(keyOf(search, at), answer.found);
        this.#by.progress(search.what, ++done, parts.length);
      }
    };
    await Promise.all(this.#searchers.map(shareOut));
    for (let at = from; at < end; at++) {
      if (!this.#found.has(keyOf(search, at))) this.#searchHere(search, parts, at);
    }
  }

  #searchHere<Part>(search: PartSearch<Part, unknown>, parts: readonly Part[], at: number): void {
    this.#found.set(keyOf(search, at), findAlone(this.#by.progress)(search, parts, at));
  }

  async #start(): Promise<readonly Searcher[]> {
    const command = await this.#by.command();
    if (command === null) return [];
    const { Searcher: Started } = await import('./searcher.ts');
    const start = () => new Started([...command, 'info', '--search-worker'], this.#opening);
    return Array.from({ length: this.#jobs }, start);
  }

  close(): void {
    for (const searcher of this.#searchers ?? []) searcher.close();
  }
}

function keyOf({ name }: PartSearch<never, unknown>, at: number): string {
  return `${name} ${at}`;
}
