/**
 * Where does a virtual address of an arm64 kernel lie in physical memory, according to its page tables? Stage 1 tables
 * of VMSAv8-64 as Arm DDI 0487 chapter D8 has them: three granules, up to five levels, LPA2, 52-bit addresses.
 */

/** One set of tables, as far as a walk depends on it. */
export interface Regime {
  /** Physical address of the table of the first level. */
  readonly root: number;
  /** log2 of the granule: 12, 14 or 16. */
  readonly log2PageSize: number;
  /** Bits of a virtual address that the tables translate. */
  readonly vaBits: number;
  /** Whether descriptors have address bits 51:50 in their bits 9:8 (4 and 16 KiB granules, more than 48 bits). */
  readonly lpa2: boolean;
}

/** Blocks of level 1 are the largest there are: 512 GiB with LPA2, 64 GiB, 4 TiB. */
const MAX_LOG2_BLOCK: Readonly<Record<number, number>> = { 12: 39, 14: 36, 16: 42 };

const field = (descriptor: bigint, lsb: number, width: number): bigint =>
  BigInt.asUintN(width, descriptor >> BigInt(lsb));

/**
 * The physical address, or null when the address is not mapped, a table is not in the dump, or a descriptor is none.
 * `u64` reads one word of physical memory. At most five of them are read, whatever the tables point at.
 */
export function walkPageTables(regime: Regime, va: bigint, u64: (paddr: number) => bigint | null): number | null {
  const { log2PageSize, vaBits } = regime;
  const bitsPerLevel = log2PageSize - 3;
  const levels = Math.ceil((vaBits - log2PageSize) / bitsPerLevel);
  let table = regime.root;
  for (let left = levels - 1; left >= 0; left--) {
    const shift = log2PageSize + left * bitsPerLevel;
    const index = field(va, shift, Math.min(bitsPerLevel, vaBits - shift));
    const descriptor = u64(table + 8 * Number(index));
    if (descriptor === null || (descriptor & 1n) === 0n) return null;
    const isTableOrPage = (descriptor & 2n) !== 0n;
    if (left === 0 && !isTableOrPage) return null;
    const output = outputAddress(regime, descriptor, left === 0 || isTableOrPage ? log2PageSize : shift);
    if (left === 0) return output + Number(field(va, 0, log2PageSize));
    if (!isTableOrPage) {
      return shift <= (MAX_LOG2_BLOCK[log2PageSize] as number) ? output + Number(field(va, 0, shift)) : null;
    }
    table = output;
  }
  return null;
}

/** Everything but the address is masked: attributes stand in bits 63:50, and in a table descriptor below the address. */
function outputAddress({ log2PageSize, lpa2 }: Regime, descriptor: bigint, lsb: number): number {
  const top = lpa2 ? 49 : 47;
  const low = field(descriptor, lsb, top - lsb + 1) << BigInt(lsb);
  if (lpa2) return Number(low | (field(descriptor, 8, 2) << 50n));
  if (log2PageSize === 16) return Number(low | (field(descriptor, 12, 4) << 48n));
  return Number(low);
}
