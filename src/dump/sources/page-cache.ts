/** Bounded caches for what is read again and again: the least recently used entry makes room for a new one. */

export class LruCache<V> {
  readonly #entries = new Map<number, V>();
  readonly #capacity: number;
  /** What was asked for last is the most recently used already, and is asked for again more often than anything else. */
  #lastKey = Number.NaN;
  #last: V | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: number): V | undefined {
    if (key === this.#lastKey) return this.#last;
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    // A Map iterates in order of insertion, so an entry that is used moves to its end.
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#lastKey = key;
    this.#last = value;
    return value;
  }

  /** Makes room for an entry, and answers the value that had to leave so that its memory can be used again. */
  makeRoom(): V | undefined {
    if (this.#entries.size < this.#capacity) return undefined;
    for (const [key, value] of this.#entries) {
      this.#entries.delete(key);
      if (key === this.#lastKey) this.#lastKey = Number.NaN;
      return value;
    }
    return undefined;
  }

  /** Adds an entry that is not there yet. */
  set(key: number, value: V): void {
    this.makeRoom();
    this.#entries.set(key, value);
    this.#lastKey = key;
    this.#last = value;
  }
}
