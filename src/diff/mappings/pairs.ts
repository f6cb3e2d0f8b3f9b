/** Stretches of both moments in step, cut where either of them begins or ends. */

import type { PageState } from '../../dump/memory.ts';
import type { Stretch } from '../../smmu/translation/table-map.ts';

/** Input addresses that are treated alike at each moment; null where nothing is mapped. */
export interface StretchPair {
  readonly start: number;
  readonly byteLength: number;
  readonly before: Stretch<PageState> | null;
  readonly after: Stretch<PageState> | null;
}

/** What neither has is left out. Returns whether both were gone through: false where the budget ended in one. */
export function* stretchPairs(
  before: Generator<Stretch<PageState>>,
  after: Generator<Stretch<PageState>>,
): Generator<StretchPair, boolean> {
  const [left, right] = [new Cursor(before), new Cursor(after)];
  try {
    for (let at = 0; ; ) {
      const start = Math.min(left.nextStart(at), right.nextStart(at));
      const cut = Math.min(left.cutAt, right.cutAt);
      // What one side has behind the place where the other ended has nothing to be compared with.
      if (start >= cut) return cut === Number.POSITIVE_INFINITY;
      const end = Math.min(left.nextEdge(start), right.nextEdge(start), cut);
      yield { start, byteLength: end - start, before: left.at(start), after: right.at(start) };
      at = end;
    }
  } finally {
    // Each holds buffers until it ends.
    before.return(undefined);
    after.return(undefined);
  }
}

class Cursor {
  cutAt = Number.POSITIVE_INFINITY;
  readonly #stretches: Generator<Stretch<PageState>>;
  #current: Stretch<PageState> | null = null;
  #ended = false;

  constructor(stretches: Generator<Stretch<PageState>>) {
    this.#stretches = stretches;
  }

  /** The first address at or behind `at` that a stretch has. */
  nextStart(at: number): number {
    while (!this.#ended && (this.#current === null || this.#current.start + this.#current.byteLength <= at)) {
      const { value, done } = this.#stretches.next();
      this.#current = done === true ? null : value;
      if (this.#current?.kind === 'cut') {
        this.cutAt = this.#current.start;
        this.#current = null;
      }
      this.#ended = this.#current === null;
    }
    return this.#current === null ? Number.POSITIVE_INFINITY : Math.max(at, this.#current.start);
  }

  /** Where what is true at `start` ceases to be. */
  nextEdge(start: number): number {
    if (this.#current === null) return Number.POSITIVE_INFINITY;
    return this.#current.start > start ? this.#current.start : this.#current.start + this.#current.byteLength;
  }

  at(start: number): Stretch<PageState> | null {
    return this.#current !== null && this.#current.start <= start ? this.#current : null;
  }
}
