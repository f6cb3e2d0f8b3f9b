/** Writes stage 1 page tables of an arm64 kernel, the way the hardware walks them. */

export interface TableOptions {
  readonly log2PageSize: number;
  /** Bits by which the tables are indexed. */
  readonly vaBits: number;
  readonly root: number;
  /** Physical address of a zeroed page of `2 ** log2PageSize` bytes. */
  readonly newTable: () => number;
  readonly readU64: (paddr: number) => bigint;
  readonly writeU64: (paddr: number, value: bigint) => void;
}

/** Attributes that stand around the address in real tables: UXNTable and PXNTable, AF; and UXN, PXN, DBM, AF. */
const TABLE_ATTRIBUTES = (3n << 59n) | (1n << 10n) | 3n;
const LEAF_ATTRIBUTES = (3n << 53n) | (1n << 51n) | (1n << 10n) | (1n << 2n);
const SHAREABLE = 3n << 8n;

export class PageTableWriter {
  readonly #options: TableOptions;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** Maps one page, or with `levelsAbove` one block of that many levels above the last. */
  map(va: bigint, paddr: number, levelsAbove = 0): void {
    const { log2PageSize, vaBits, root, newTable, readU64, writeU64 } = this.#options;
    const perLevel = log2PageSize - 3;
    const levels = Math.ceil((vaBits - log2PageSize) / perLevel);
    const translated = va & ((1n << BigInt(vaBits)) - 1n);
    let table = root;
    for (let left = levels - 1; left > levelsAbove; left--) {
      const entry = table + 8 * Number((translated >> BigInt(log2PageSize + left * perLevel)) & mask(perLevel));
      const descriptor = readU64(entry);
      if (descriptor === 0n) {
        const next = newTable();
        writeU64(entry, this.#withAddress(BigInt(next)) | TABLE_ATTRIBUTES);
        table = next;
      } else table = Number(this.#addressIn(descriptor));
    }
    const entry = table + 8 * Number((translated >> BigInt(log2PageSize + levelsAbove * perLevel)) & mask(perLevel));
    const isLpa2 = this.#isLpa2();
    const leaf = this.#withAddress(BigInt(paddr)) | LEAF_ATTRIBUTES | (isLpa2 ? 0n : SHAREABLE);
    writeU64(entry, leaf | (levelsAbove === 0 ? 3n : 1n));
  }

  #isLpa2(): boolean {
    return this.#options.log2PageSize < 16 && this.#options.vaBits > 48;
  }

  #withAddress(paddr: bigint): bigint {
    if (this.#isLpa2()) return (paddr & mask(50)) | ((paddr >> 50n) << 8n);
    if (this.#options.log2PageSize === 16) return (paddr & mask(48)) | ((paddr >> 48n) << 12n);
    return paddr;
  }

  #addressIn(descriptor: bigint): bigint {
    const low = BigInt(this.#options.log2PageSize);
    if (this.#isLpa2()) return (((descriptor & mask(50)) >> low) << low) | (((descriptor >> 8n) & 3n) << 50n);
    const address = ((descriptor & mask(48)) >> low) << low;
    return low === 16n ? address | (((descriptor >> 12n) & 15n) << 48n) : address;
  }
}

const mask = (bits: number) => (1n << BigInt(bits)) - 1n;
