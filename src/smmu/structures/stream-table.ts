/**
 * The stream table as the hardware looks it up (IHI 0070, "Stream table" and the STRTAB_BASE registers). Pure: register
 * values and descriptors in, geometry and addresses out. What Linux makes of the same table is another room's matter.
 */

export const L1STD_BYTE_LENGTH = 8;
export const STE_BYTE_LENGTH = 64;
const STE_WORDS = STE_BYTE_LENGTH / 4;

export type StreamTableFormat = '2lvl' | 'linear';
export type TableFormatField = StreamTableFormat | 'reserved';

/** What STRTAB_BASE_CFG.FMT says; 2 and 3 are reserved. */
export function tableFormatOf(fmt: number): TableFormatField {
  return fmt === 1 ? '2lvl' : fmt === 0 ? 'linear' : 'reserved';
}

/**
 * STRTAB_BASE.ADDR and L1STD.L2Ptr are bits 55:6 where the hardware puts out 56 address bits (IDR5.OAS 7), and 51:6 else,
 * with RES0 above. Linux masks to 51:6 on any hardware.
 */
export type TableAddressBits = 52 | 56;

/** From the bits of IDR5.OAS. */
export function tableAddressBits(oasBits: number | null): TableAddressBits {
  return oasBits === 56 ? 56 : 52;
}

export interface StreamTableGeometry {
  /** The format hardware uses: reserved FMT values behave as linear. */
  readonly format: StreamTableFormat;
  /** log2 of the StreamIDs that the table covers: LOG2SIZE, capped by IDR1.SIDSIZE and by the 32 bits of a StreamID. */
  readonly log2Size: number;
  /** StreamID bits resolved by one L2 table: SPLIT, with reserved values behaving as 6. Linear tables have none. */
  readonly split: number;
  /** Address bits of the table's own pointers. */
  readonly addressBits: TableAddressBits;
  /** Address of the table, low bits taken as zero as the hardware does. */
  readonly base: number;
  /** L1 descriptors of a two-level table, STEs of a linear one. */
  readonly entries: number;
}

/**
 * Geometry from the values of STRTAB_BASE.ADDR (an address), of the STRTAB_BASE_CFG fields, and of IDR1.SIDSIZE.
 * The base is aligned by LOG2SIZE as programmed, before the cap.
 */
export function streamTableGeometry(
  addr: bigint,
  cfg: { readonly fmt: number; readonly split: number; readonly log2Size: number },
  sidSize: number,
  addressBits: TableAddressBits,
): StreamTableGeometry {
  const log2Size = Math.min(cfg.log2Size, sidSize, 32);
  if (cfg.fmt !== 1) {
    const base = alignDown(addr, cfg.log2Size + 6, addressBits);
    return { format: 'linear', log2Size, split: 0, addressBits, base, entries: 2 ** log2Size };
  }
  const split = cfg.split === 8 || cfg.split === 10 ? cfg.split : 6;
  const base = alignDown(addr, Math.max(6, cfg.log2Size - split + 3), addressBits);
  return { format: '2lvl', log2Size, split, addressBits, base, entries: 2 ** Math.max(0, log2Size - split) };
}

/** The address with the lowest `bits` cleared. What is left of 56 bits is exact as a number. */
function alignDown(addr: bigint, bits: number, addressBits: TableAddressBits): number {
  return Number(BigInt.asUintN(addressBits, addr) & ~((1n << BigInt(bits)) - 1n));
}

/** What hardware makes of one level 1 descriptor. */
export interface L1Lookup {
  readonly span: number;
  /** STEs that the L2 array holds for this descriptor: 0 when the descriptor is invalid (C_BAD_STREAMID). */
  readonly stes: number;
  /** The L2 array, aligned to its size where the span is valid. */
  readonly l2: number;
}

/** `low` and `high` are the 32-bit halves of the descriptor. */
export function l1Lookup(
  low: number,
  high: number,
  { split, addressBits }: Pick<StreamTableGeometry, 'split' | 'addressBits'>,
): L1Lookup {
  const span = low & 0x1f;
  const valid = span >= 1 && span <= 11 && span <= split + 1;
  const pointer = (addressBits === 56 ? (high & 0xf00000) * 2 ** 32 : 0) + l1Pointer(low, high);
  const arrayByteLength = 2 ** (span + 5);
  return {
    span,
    stes: valid ? 2 ** (span - 1) : 0,
    l2: valid ? pointer - (pointer % arrayByteLength) : pointer,
  };
}

/** L2Ptr as a number, address bits 51:6, which are all that Linux keeps. */
export function l1Pointer(low: number, high: number): number {
  return (high & 0xfffff) * 2 ** 32 + ((low & ~0x3f) >>> 0);
}

/** STE.Config by name. Values 1 to 3 are reserved and behave as abort. */
export type SteConfig = 'abort' | 'bypass' | 's1' | 's2' | 'nested' | 'reserved';

const CONFIG_BY_VALUE: readonly SteConfig[] = [
  'abort',
  'reserved',
  'reserved',
  'reserved',
  'bypass',
  's1',
  's2',
  'nested',
];

/** The low four bits, Config and V=1, of a valid STE with a reserved Config. */
const RESERVED_LOW_BITS = CONFIG_BY_VALUE.flatMap((config, value) => (config === 'reserved' ? [value * 2 + 1] : []));

/** V and Config from the low half of STE word 0. */
export function steConfig(low: number): { readonly valid: boolean; readonly config: SteConfig } {
  return { valid: (low & 1) === 1, config: CONFIG_BY_VALUE[(low >>> 1) & 7] as SteConfig };
}

/** Valid, and not abort. `low` has at least the low four bits of the STE. */
export function isActiveSte(low: number): boolean {
  return (low & 1) === 1 && (low & 0xe) !== 0;
}

/**
 * The low four bits that the STEs `from` up to, not including, `to` have in common, or null where they differ. Nearly all
 * are like the ones around them, and this loop meets every STE of the dump.
 */
export function commonLowBits(words: Uint32Array, from: number, to: number): number | null {
  // Said here, it is known to be a number while the loops run.
  const step = STE_WORDS;
  const end = to * step;
  const first = words[from * step] as number;
  let differing = 0;
  let at = from * step;
  // Four at a time: a third less time for a table of 2^24 STEs.
  for (; at + 3 * step < end; at += 4 * step) {
    differing |= (words[at] as number) ^ first;
    differing |= (words[at + step] as number) ^ first;
    differing |= (words[at + 2 * step] as number) ^ first;
    differing |= (words[at + 3 * step] as number) ^ first;
  }
  for (; at < end; at += step) differing |= (words[at] as number) ^ first;
  return (differing & 0xf) === 0 ? first & 0xf : null;
}

/** Counts of STEs by what the hardware does with them. */
export class SteCounts {
  /** Indexed by the low four bits of an STE: V, then Config. */
  readonly #byLowBits: number[] = new Array(16).fill(0);

  /** Adds the STEs `from` up to, not including, `to`, of which `words` holds the 32-bit words. */
  add(words: Uint32Array, from: number, to: number): void {
    const tally = this.#byLowBits;
    for (let at = from * STE_WORDS; at < to * STE_WORDS; at += STE_WORDS) {
      const low = (words[at] as number) & 0xf;
      tally[low] = (tally[low] as number) + 1;
    }
  }

  /** Adds `count` STEs that all have these low bits. */
  addAlike(low: number, count: number): void {
    this.#byLowBits[low] = this.#at(low) + count;
  }

  clear(): void {
    this.#byLowBits.fill(0);
  }

  merge(other: SteCounts): void {
    const tally = this.#byLowBits;
    for (let low = 0; low < 16; low++) tally[low] = (tally[low] as number) + other.#at(low);
  }

  /** Valid STEs with a reserved Config. */
  get reserved(): number {
    return RESERVED_LOW_BITS.reduce((sum, low) => sum + this.#at(low), 0);
  }

  get valid(): number {
    return this.#at(1) + this.active;
  }

  /** Valid STEs whose Config is not abort: those with V=1, bit 0, and anything above it. */
  get active(): number {
    let sum = 0;
    for (let low = 3; low < 16; low += 2) sum += this.#at(low);
    return sum;
  }

  /** Valid STEs by Config. */
  byConfig(): Record<SteConfig, number> {
    const counts = { abort: 0, bypass: 0, s1: 0, s2: 0, nested: 0, reserved: 0 };
    for (const [value, config] of CONFIG_BY_VALUE.entries()) counts[config] += this.#at(value * 2 + 1);
    return counts;
  }

  #at(low: number): number {
    return this.#byLowBits[low] as number;
  }
}

/**
 * The SID read as a PCI requester ID, bus:device.function. Only the low 16 bits can be one; what the bits above mean
 * (usually the host bridge) is the platform's choice.
 */
export function bdfOf(sid: number): string {
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return `${hex((sid >>> 8) & 0xff)}:${hex((sid >>> 3) & 0x1f)}.${sid & 7}`;
}
