/** Lists that do not grow with a table: what is beyond their end is only counted. */

import type { MissingStretch } from './report.ts';

export class Listed<T> {
  readonly items: T[] = [];
  total = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** `make` is not called for an item that is only counted. */
  add(make: () => T): void {
    this.total += 1;
    if (this.items.length < this.#limit) this.items.push(make());
  }

  get notListed(): number {
    return this.total - this.items.length;
  }
}

/** Stretches that the dumps lack, neighbours joined. */
export class MissingList {
  readonly items: MissingStretch[] = [];
  entries = 0;
  notListed = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(stretch: MissingStretch): void {
    this.entries += stretch.entries;
    const last = this.items.at(-1);
    const joins =
      last !== undefined &&
      last.table === stretch.table &&
      last.lastSid + 1 === stretch.firstSid &&
      last.before === stretch.before &&
      last.after === stretch.after;
    if (joins && this.notListed === 0) {
      this.items[this.items.length - 1] = {
        ...last,
        lastSid: stretch.lastSid,
        entries: last.entries + stretch.entries,
      };
    } else if (this.items.length < this.#limit) this.items.push(stretch);
    else this.notListed += 1;
  }
}
