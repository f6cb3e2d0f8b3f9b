/**
 * Translation table descriptors of the VMSAv8-64 format (Arm DDI 0487, "VMSAv8-64 translation table format
 * descriptors"), as the SMMU reads them. Which bits carry the address depends on the granule and on 52-bit addressing,
 * so the address is worked out by {@link tableAddress} and {@link leafAddress}; the tables hold everything else.
 */

import { NO_YES, SHAREABILITY } from '../encodings.ts';
import { type Field, fieldOf, type Layout } from '../fields.ts';
import { bits } from '../rows.ts';

const HEAD: readonly Field[] = [
  bits('Valid', 0, 0, 1, 'Entry valid', NO_YES),
  bits('Type', 0, 1, 1, 'Kind: table or page when set, block when clear', { 0: 'block', 1: 'table or page' }),
];

/** Bits that a block or page has in either stage, above the memory attributes. */
const LEAF_TAIL: readonly Field[] = [
  bits('DBM', 0, 51, 1, 'Dirty bit modifier: hardware may make the entry writable', NO_YES),
  bits('Contiguous', 0, 52, 1, 'Member of a run of entries that is cached as one', NO_YES),
];

const ACCESS_FLAG = bits('AF', 0, 10, 1, 'Access flag', { 0: 'F_ACCESS unless AFFD or HA', 1: 'accessed' });
// With 52-bit addresses in 4 KiB and 16 KiB granules, these two bits are address bits instead.
const LEAF_SHAREABILITY = bits('SH', 0, 8, 2, 'Shareability; address bits [51:50] with DS', SHAREABILITY);

export const STAGE1_LEAF: Layout = {
  name: 'stage 1 block or page descriptor',
  byteLength: 8,
  meaning: 'Stage 1 descriptor that maps a block or a page',
  fields: [
    ...HEAD,
    bits('AttrIndx', 0, 2, 3, 'Byte of MAIR0 and MAIR1'),
    bits('NS', 0, 5, 1, 'Non-secure output (Secure and Realm streams)', NO_YES),
    bits('AP', 0, 6, 2, 'Access permissions', {
      0: 'privileged read/write',
      1: 'read/write',
      2: 'privileged read-only',
      3: 'read-only',
    }),
    LEAF_SHAREABILITY,
    ACCESS_FLAG,
    bits('nG', 0, 11, 1, 'Not global: tagged with the ASID', NO_YES),
    bits('GP', 0, 50, 1, 'Guarded page, without effect on devices', NO_YES),
    ...LEAF_TAIL,
    bits('PXN', 0, 53, 1, 'Privileged execute-never', NO_YES),
    bits('UXN', 0, 54, 1, 'Unprivileged execute-never (XN in EL2 and EL3 worlds)', NO_YES),
    bits('SW', 0, 55, 4, 'Free for software'),
    bits('PBHA', 0, 59, 4, 'Page-based hardware attributes, or free for software'),
  ],
};

export const STAGE2_LEAF: Layout = {
  name: 'stage 2 block or page descriptor',
  byteLength: 8,
  meaning: 'Stage 2 descriptor that maps a block or a page',
  fields: [
    ...HEAD,
    bits('MemAttr', 0, 2, 4, 'Memory type'),
    bits('S2AP', 0, 6, 2, 'Access permissions', { 0: 'none', 1: 'read-only', 2: 'write-only', 3: 'read/write' }),
    LEAF_SHAREABILITY,
    ACCESS_FLAG,
    bits('FnXS', 0, 11, 1, 'XS attribute override', NO_YES),
    ...LEAF_TAIL,
    bits('XN', 0, 53, 2, 'Execute-never; without IDR3.XNX only the upper bit counts', {
      0: 'executable',
      1: 'executable unprivileged',
      2: 'not executable',
      3: 'executable privileged',
    }),
    bits('NS', 0, 55, 1, 'Non-secure output (Secure streams)', NO_YES),
    bits('SW', 0, 56, 2, 'Free for software'),
    bits('AssuredOnly', 0, 58, 1, 'AssuredOnly attribute (translation hardening)', NO_YES),
    bits('PBHA', 0, 59, 4, 'Page-based hardware attributes, or free for software'),
  ],
};

/** Bit `index` of a field, as a mask of the half of the descriptor that holds it. */
function maskOf(layout: Layout, name: string, index = 0): number {
  return 1 << ((fieldOf(layout, name).lsb + index) % 32);
}

/** In the low half of a block or page, of either stage. */
export const AF = maskOf(STAGE1_LEAF, 'AF');
/** In the high half. */
export const DBM = maskOf(STAGE1_LEAF, 'DBM');
export const CONTIGUOUS = maskOf(STAGE1_LEAF, 'Contiguous');
/** Of stage 1: AP[1] and AP[2] in the low half, PXN and UXN in the high one. */
export const AP_UNPRIVILEGED = maskOf(STAGE1_LEAF, 'AP', 0);
export const AP_READ_ONLY = maskOf(STAGE1_LEAF, 'AP', 1);
export const PXN = maskOf(STAGE1_LEAF, 'PXN');
export const UXN = maskOf(STAGE1_LEAF, 'UXN');
/** Of stage 2, in the low half. */
export const S2AP_READ = maskOf(STAGE2_LEAF, 'S2AP', 0);
export const S2AP_WRITE = maskOf(STAGE2_LEAF, 'S2AP', 1);

/** How addresses stand in descriptors. */
export interface AddressFormat {
  /** 12, 14 or 16. */
  readonly granuleLog2: number;
  /** 52-bit addresses with a 4 KiB or 16 KiB granule (CD.DS, STE.S2DS). */
  readonly ds: boolean;
}

/**
 * The lowest bit of the index into a table of that level, which is the log2 of the bytes that one of its entries covers.
 * A table of granule g resolves g - 3 bits.
 */
export function indexLsb(granuleLog2: number, level: number): number {
  return granuleLog2 + (3 - level) * (granuleLog2 - 3);
}

/** What a descriptor is at its level; `none` gives F_TRANSLATION. */
export type DescriptorKind = 'none' | 'table' | 'leaf';

/** `minBlockLevel` is the lowest level at which blocks exist. */
export function descriptorKind(low: number, level: number, minBlockLevel: number): DescriptorKind {
  if ((low & 1) === 0) return 'none';
  if ((low & 2) !== 0) return level === 3 ? 'leaf' : 'table';
  return level < 3 && level >= minBlockLevel ? 'leaf' : 'none';
}

/** Where blocks begin to exist: 4 KiB from level 1, the others from level 2, all of them one lower with 52-bit addresses. */
export function minBlockLevelOf({ granuleLog2, ds }: AddressFormat, outputBits52: boolean): number {
  const usual = granuleLog2 === 12 ? 1 : 2;
  return (granuleLog2 === 16 ? outputBits52 : ds) ? usual - 1 : usual;
}

/** The next table that a table descriptor names. May carry bits above the output size, which the caller judges. */
export function tableAddress(format: AddressFormat, low: number, high: number): number {
  return leafAddress(format, low, high, format.granuleLog2);
}

/**
 * The output address of a block or page of 2^`lsb` bytes. Where a descriptor carries only 48 address bits, bits [49:48]
 * are RES0: address bits above them are zero whatever they hold, and out of no range (IHI 0070, CD.IPS and STE.S2PS).
 */
export function leafAddress({ granuleLog2, ds }: AddressFormat, low: number, high: number, lsb: number): number {
  const middle = (high & 0xffff) * 2 ** 32 + (low >>> 0);
  const upTo47 = middle - (middle % 2 ** lsb);
  if (granuleLog2 === 16) return upTo47 + ((low >>> 12) & 0xf) * 2 ** 48;
  return ds ? upTo47 + ((high >>> 16) & 3) * 2 ** 48 + ((low >>> 8) & 3) * 2 ** 50 : upTo47;
}

/** Entries of a run that the Contiguous bit marks, or 1 where the level has no such runs. */
export function contiguousEntries(granuleLog2: number, level: number): number {
  if (granuleLog2 === 12) return level >= 1 ? 16 : 1;
  if (granuleLog2 === 14) return level === 3 ? 128 : level === 2 ? 32 : 1;
  return level >= 2 ? 32 : 1;
}

/**
 * Stage 2 Device memory, which S2PTW keeps CD fetches and stage 1 walks off. With S2FWB MemAttr[3] is RES0, and MemAttr[2]
 * alone tells (DDI 0487, "Stage 2 memory types when FWB is 1").
 */
export function isStage2Device(low: number, fwb: boolean): boolean {
  return ((low >>> 2) & (fwb ? 4 : 0xc)) === 0;
}
