/** Where do the crashes of a triage come from? Folders and dumps, one after the other, and manifests among them. */

import type { Crash, NotSearched } from './crash.ts';
import type { NameOptions } from './crashes-in-folder.ts';
import { CrashFinder } from './find.ts';
import { crashesOfManifest, isManifest } from './manifest.ts';
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

  /** Throws InputError (`file`) for a place that is not there, and (`format`) for a manifest that cannot be used. */
  async *crashes(): AsyncGenerator<Crash> {
    for (const place of this.#places) {
      this.#at += 1;
      if (isManifest(place)) yield* this.#finder.once(crashesOfManifest(place));
      else yield* this.#finder.find(place, this.#places.length > 1);
    }
  }
}
