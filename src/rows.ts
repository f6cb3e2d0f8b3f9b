/** Rows that are made when they are read, so that a table of millions is never in memory at once. */

/** The same in every copy of this module: parts of the command are bundled with copies of their own. */
const BRAND: unique symbol = Symbol.for('smmu-adopt.rows') as never;

/** Whether a value is rows, of this copy of the module or of another. */
export function isRows(value: unknown): value is Rows<unknown> {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/**
 * A list that can be gone through any number of times while its dump is open, each time read from the dump anew.
 * JSON.stringify sees a plain array; `[...rows]` makes one.
 */
export class Rows<T> implements Iterable<T> {
  /** What {@link isRows} goes by. */
  readonly [BRAND] = true;
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
