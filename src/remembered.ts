/** Texts made once: of the words in a million rows nearly all are alike. */

/** More values than real rows take turns with. */
const MAX_REMEMBERED = 1 << 10;

/** The same function, with the texts of the last values at hand. */
export function remembered<T extends bigint | string>(make: (value: T) => string): (value: T) => string {
  const known = new Map<T, string>();
  let last: T | null = null;
  let said = '';
  return (value) => {
    if (value === last) return said;
    last = value;
    said = known.get(value) ?? make(value);
    if (known.size === MAX_REMEMBERED) known.clear();
    known.set(value, said);
    return said;
  };
}
