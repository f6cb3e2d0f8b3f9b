/** Where do the crashes of a triage come from? From the places that were named, one after the other. */

import { isInputError } from '../errors.ts';
import type { Crash, Failed, NotSearched } from './crash.ts';
import type { NameOptions } from './find/crashes-in-folder.ts';
import { CrashFinder } from './find/find.ts';
import type { CrashSource } from './triage.ts';

export class NamedPlaces implements CrashSource {
  readonly #finder: CrashFinder;
  readonly #places: readonly string[];
  #at = 0;

  constructor(places: readonly string[], names: NameOptions) {
    this.#finder = new CrashFinder(names);
    this.#places = places;
  }

  get waiting(): number {
    return this.#finder.waiting + this.#places.length - this.#at;
  }

  get notSearched(): readonly NotSearched[] {
    return this.#finder.notSearched;
  }

  /**
   * Throws InputError for a place that cannot be used, as CrashFinder does, where it is the only one; among several it is
   * a crash that cannot be read, and costs the others nothing.
   */
  async *crashes(): AsyncGenerator<Crash> {
    const several = this.#places.length > 1;
    for (const place of this.#places) {
      this.#at += 1;
      try {
        yield* this.#finder.find(place, several);
      } catch (error) {
        if (!several || !isInputError(error)) throw error;
        const { tag: failure, message: why, reason } = error;
        yield* this.#finder.once([unusable(place, { failure, why, reason })]);
      }
    }
  }
}

function unusable(path: string, problem: Failed): Crash {
  const companions = { regs: null, dmesg: null, log: null, iomem: null, iort: null, dtb: null };
  const about = { when: null, host: null, placedBySnapshot: false, passedOver: [] };
  return { name: path, path, folder: path, dump: [], ...companions, ...about, problem };
}
