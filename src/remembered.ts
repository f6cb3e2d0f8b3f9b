/** What is made once: texts, as of what stands in a million rows nearly all is alike, and what goes with an object. */

/** More values than real rows take turns with. */
const MAX_REMEMBERED = 1 << 10;

/**
 * The same function, with the texts of the last values at hand; for texts that take as long to make as ten numbers do.
 * Where most values are new, remembering them takes longer than to make their texts, so that it ends.
 */
export function remembered<T extends bigint | string>(make: (value: T) => string): (value: T) => string {
  let known: Map<T, string> | null = new Map<T, string>();
  let hits = 0;
  let last: T | null = null;
  let said = '';
  return (value) => {
    if (value === last) return said;
    last = value;
    const before = known?.get(value);
    if (before !== undefined) {
      hits += 1;
      said = before;
      return said;
    }
    said = make(value);
    if (known?.size === MAX_REMEMBERED) {
      known = hits < MAX_REMEMBERED ? null : new Map();
      hits = 0;
    }
    known?.set(value, said);
    return said;
  };
}

/** The same function, which makes what goes with an object once, and keeps it as long as there is the object. */
export function onceFor<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly made: V }>();
  return (key) => {
    let one = known.get(key);
    if (one === undefined) {
      one = { made: make(key) };
      known.set(key, one);
    }
    return one.made;
  };
}
