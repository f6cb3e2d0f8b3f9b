/**
 * A search through a whole dump, shared out to processes that read the same dump: one stretch after the other goes to
 * whichever is free. What they find comes back in the order of the stretches, so that it is what one alone would find.
 */

import type { AddressRange } from '../../dump/memory.ts';
import { LineProcess } from '../../line-process.ts';

export interface SharedSearch<Found> {
  /** Starts one of the processes: a line of JSON for `opening`, one for each stretch, and one from it for what is there. */
  readonly command: readonly string[];
  readonly opening: unknown;
  /** How many processes. */
  readonly jobs: number;
  readonly stretches: readonly AddressRange[];
  /** The same within this process: for what a process that has ended, whatever ended it, did not do. */
  readonly searchHere: (stretch: AddressRange) => Found;
  /** Hears how many stretches are done. */
  readonly progress: (done: number) => void;
}

/**
 * What was found, by stretch. Processes that end early, or never start, only make it slower: it throws what `searchHere`
 * throws, and nothing else.
 */
export async function searchShared<Found>(search: SharedSearch<Found>): Promise<Found[]> {
  const { command, opening, jobs, stretches, searchHere, progress } = search;
  const found = new Map<number, Found>();
  let next = 0;
  const done = (i: number, what: Found) => {
    found.set(i, what);
    progress(found.size);
  };
  const shareOut = async () => {
    const searcher = new Searcher(command);
    try {
      searcher.tell(opening);
      for (let i = next++; i < stretches.length; i = next++) {
        const answer = await searcher.ask<Found>(stretches[i]);
        if (answer === null) return;
        done(i, answer);
      }
    } finally {
      searcher.close();
    }
  };
  await Promise.all(Array.from({ length: jobs }, shareOut));
  return stretches.map((stretch, i) => {
    if (!found.has(i)) done(i, searchHere(stretch));
    return found.get(i) as Found;
  });
}

class Searcher {
  readonly #process: LineProcess;
  #isGone = false;
  #answer: ((line: string | null) => void) | null = null;

  constructor(command: readonly string[]) {
    this.#process = new LineProcess(command, {
      line: (text) => this.#answer?.(text),
      gone: () => {
        this.#isGone = true;
        this.#answer?.(null);
      },
    });
  }

  tell(value: unknown): void {
    this.#process.tell(JSON.stringify(value));
  }

  /** What it answers; null when it has ended, or says what is no JSON. */
  async ask<T>(value: unknown): Promise<T | null> {
    if (this.#isGone) return null;
    const line = await new Promise<string | null>((resolve) => {
      this.#answer = resolve;
      this.tell(value);
    });
    this.#answer = null;
    try {
      return line === null ? null : (JSON.parse(line) as T);
    } catch {
      return null;
    }
  }

  close(): void {
    this.#process.kill();
  }
}
