/**
 * Does anything of an input come through in a redacted report? Gathers what was given without asking the program's own
 * redaction, and reads every number in a text in every way in which an address may be spelled.
 */

/** Below it, and at powers of two above 2^32, there are IDs, sizes and flags, which addresses are equal to by chance. */
const LOWEST_PAGE = 0x100n;

/** Pages by their numbers, to which an address or a range that was given belongs. */
export class GivenPages {
  readonly #pages = new Set<bigint>();

  add(...addresses: readonly (bigint | number)[]): void {
    for (const address of addresses) {
      const page = BigInt(address) >> 12n;
      const isSize = page >= 2n ** 20n && isPowerOfTwo(page);
      if (page >= LOWEST_PAGE && !isSize) this.#pages.add(page);
    }
  }

  /** The address in a word of a table, of up to 56 bits. */
  addPointer(word: bigint): void {
    this.add(word & 0x00ff_ffff_ffff_f000n);
  }

  has(page: bigint): boolean {
    return this.#pages.has(page);
  }

  get size(): number {
    return this.#pages.size;
  }
}

/** JSON as it was parsed. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Keys of hex text that is no address: registers, and where in a file something is. */
const NO_ADDRESS: ReadonlySet<string> = new Set([
  ...['cr0', 'before', 'kept', 'after', 'known', 'active', 'features', 'cons', 'prod', 'driverProd', 'fileOffset'],
]);
/** Registers with an address in them. */
const WITH_ADDRESS = /_BASE$|IRQ_CFG0$/;
/** Which words of an STE and of a CD have pointers, by the architecture: S1ContextPtr and S2TTB, TTB0 and TTB1. */
const POINTERS: Readonly<Record<string, readonly number[]>> = { stes: [0, 3], ste: [0, 3], cds: [1, 2] };

/** Every address in the JSON of a report that is not redacted. */
export function addGiven(json: Json, pages: GivenPages, key = '', table = ''): void {
  if (typeof json === 'string') {
    // What was read on the way is told by where it led.
    const isRead = key === 'value' && table === 'steps';
    if (!/^0x[0-9a-f]+$/.test(json) || NO_ADDRESS.has(key) || isRead) return;
    if (json.length === 18) pages.addPointer(BigInt(json));
    else pages.add(BigInt(json));
  } else if (Array.isArray(json)) {
    const pointers = key === 'words' ? (POINTERS[table] ?? []).map((index) => json[index]) : json;
    for (const one of pointers) addGiven(one as Json, pages, key, table);
  } else if (typeof json === 'object' && json !== null) {
    for (const [name, member] of Object.entries(json)) {
      if (key === 'registers' && !WITH_ADDRESS.test(name)) continue;
      addGiven(member, pages, name, name in POINTERS || name === 'steps' ? name : table);
    }
  }
}

/** The numbers in a text that a given address can be read from: in hex, in decimal, as a page number, inside of a word. */
export function numbersThatTell(text: string, given: GivenPages): string[] {
  const found = new Set<string>();
  for (const [digits] of text.matchAll(/(?<![0-9a-z])(?:0x)?[0-9a-f]{5,}(?![0-9a-z])/gi)) {
    const bare = digits.replace(/^0x/i, '');
    if (bare.length > 16) continue;
    const isDecimal = /^\d+$/.test(digits);
    // A size, which limits are.
    if (isDecimal && isPowerOfTwo(BigInt(digits))) continue;
    const readings = [BigInt(`0x${bare}`), ...(isDecimal ? [BigInt(digits)] : [])];
    if (readings.some((value) => readingsOf(value).some((page) => given.has(page)))) found.add(digits);
  }
  return [...found];
}

function isPowerOfTwo(value: bigint): boolean {
  return (value & (value - 1n)) === 0n;
}

/** The pages that a number may tell. */
function readingsOf(value: bigint): bigint[] {
  const inWord = [55n, 51n, 47n].map((top) => (value & ((1n << (top + 1n)) - 1n)) >> 12n);
  return [value, value >> 12n, ...inWord];
}
