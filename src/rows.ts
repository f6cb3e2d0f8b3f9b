/** Rows that are made when they are read, so that a table of millions is never in memory at once. */

/** Whether a value, of any shape, is to be gone through as rows. */
export function isRows(value: unknown): value is Rows<unknown> {
  return value instanceof Rows;
}

/**
 * A list that can be gone through any number of times while its dump is open, each time read from the dump anew.
 * JSON.stringify sees a plain array; `[...rows]` makes one.
 */
export class Rows<T> implements Iterable<T> {
  /** How many they are, where that is known without going through them. */
  readonly count: number | null;
  readonly #make: () => Iterable<T>;

  constructor(make: () => Iterable<T>, count: number | null = null) {
    this.#make = make;
    this.count = count;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#make()[Symbol.iterator]();
  }

  toJSON(): T[] {
    return [...this];
  }
}
