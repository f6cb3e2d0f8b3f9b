/** What the model of the walk takes and gives, and what it knows of formats: memory, levels, descriptors. */

/** Memory as sparse 8-byte words; what was never written is not known. */
export class Words {
  readonly at = new Map<bigint, bigint>();

  write(address: bigint, ...words: readonly bigint[]): void {
    words.forEach((word, i) => {
      this.at.set(address + 8n * BigInt(i), word);
    });
  }
}

export interface Legality {
  ste(ste: readonly bigint[]): boolean;
  cd(cd: readonly bigint[], ste: readonly bigint[]): boolean;
}

export interface ModelHardware {
  readonly OAS: number;
  readonly TTF: number;
  readonly SSIDSIZE: number;
  readonly XNX: number;
  readonly HAD: number;
  readonly DS: number;
  readonly Hyp: number;
  readonly E2H: number;
  readonly E0PD: number;
  readonly EPAN: number;
  readonly FWB: number;
  readonly ATTR_PERMS_OVR: number;
  readonly ArchMinorRev: number;
}

export interface ModelAccess {
  readonly iova: bigint;
  readonly ssid: number | null;
  readonly kind: 'read' | 'write' | 'exec';
  readonly privileged: boolean;
}

export type ModelEnd =
  | { readonly outcome: 'translated'; readonly pa: bigint; readonly size: bigint; readonly rights: string }
  | { readonly outcome: 'bypass'; readonly pa: bigint }
  | { readonly outcome: 'abort' }
  | {
      readonly outcome: 'fault';
      readonly event: string;
      readonly stage: 1 | 2 | null;
      readonly class: string | null;
      readonly ipa: bigint | null;
    }
  | { readonly outcome: 'unknown'; readonly address: bigint }
  /** A table format that is left out here and there. */
  | { readonly outcome: 'undecoded' };

export const SIZES = [32n, 36n, 40n, 42n, 44n, 48n, 52n, 52n];
export const bit = (word: bigint, lsb: number, width = 1) => (word >> BigInt(lsb)) & ((1n << BigInt(width)) - 1n);
export const num = (word: bigint, lsb: number, width = 1) => Number(bit(word, lsb, width));
export const min = (...values: bigint[]) => values.reduce((a, b) => (a < b ? a : b));
export const down = (address: bigint, alignment: bigint) => address - (address % alignment);

/** Notes, section 7: first and last TxSZ of each start level. */
export const STAGE1_START: Readonly<
  Record<number, readonly (readonly [level: number, first: number, last: number])[]>
> = {
  12: [
    [-1, 12, 15],
    [0, 16, 24],
    [1, 25, 33],
    [2, 34, 42],
    [3, 43, 48],
  ],
  14: [
    [0, 12, 16],
    [1, 17, 27],
    [2, 28, 38],
    [3, 39, 48],
  ],
  16: [
    [1, 12, 21],
    [2, 22, 34],
    [3, 35, 47],
  ],
};
/** Section 8: the start level of each S2SL0. */
export const STAGE2_START: Readonly<Record<number, readonly number[]>> = {
  12: [2, 1, 0, 3],
  14: [3, 2, 1, 0],
  16: [3, 2, 1],
};
/** Index of each level: its lowest bit, by granule, level -1 first. */
export const LSB: Readonly<Record<number, readonly number[]>> = {
  12: [48, 39, 30, 21, 12],
  14: [0, 47, 36, 25, 14],
  16: [0, 0, 42, 29, 16],
};
export const TG0 = [12, 16, 14];
export const TG1 = [0, 14, 12, 16];

export function reversed(word: bigint): bigint {
  return Array.from({ length: 8 }, (_, i) => bit(word, 8 * i, 8) << BigInt(56 - 8 * i)).reduce((a, b) => a | b);
}

export function index(offset: bigint, granule: number, level: number, inputBits: bigint): bigint {
  const lsb = (LSB[granule] as number[])[level + 1] as number;
  const width = min(BigInt(granule - 3), inputBits > BigInt(lsb) ? inputBits - BigInt(lsb) : 0n);
  return bit(offset, lsb, Number(width));
}

export function firstTable(base: bigint, inputBits: bigint, granule: number, level: number, out: bigint): bigint {
  const lsb = BigInt((LSB[granule] as number[])[level + 1] as number);
  const size = 8n << (inputBits > lsb ? inputBits - lsb : 0n);
  return down(base, out === 52n && size < 64n ? 64n : size);
}

export function kindOf(
  word: bigint,
  granule: number,
  level: number,
  ds: boolean,
  oas: number,
): 'bad' | 'table' | 'leaf' {
  const low = num(word, 0, 2);
  if (low === 3) return level === 3 ? 'leaf' : 'table';
  if (low !== 1 || level === 3) return 'bad';
  const blocks = granule === 12 ? (ds ? [0, 1, 2] : [1, 2]) : (granule === 14 ? ds : oas >= 6) ? [1, 2] : [2];
  return blocks.includes(level) ? 'leaf' : 'bad';
}

/** Where 48 bits are carried, bits 49:48 are RES0. */
export function addressIn(word: bigint, granule: number, lsb: number, ds: boolean): bigint {
  const low = down(bit(word, 0, 48), 1n << BigInt(lsb));
  if (granule === 16) return low | (bit(word, 12, 4) << 48n);
  return ds ? low | (bit(word, 48, 2) << 48n) | (bit(word, 8, 2) << 50n) : low;
}
