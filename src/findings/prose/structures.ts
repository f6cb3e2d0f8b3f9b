/** The structures of an SMMU in memory, and how they are called. */

import { hex } from '../../hex.ts';
import type { ReservedBits } from '../../smmu/structures/reserved-bits.ts';

/** What it is, and the L1 index or the StreamID that leads to it. */
export interface StructureId {
  readonly kind: StructureKind;
  /** 0 for what there is one of. */
  readonly of: number;
}

export type StructureKind = keyof typeof STRUCTURES;

export type QueueKind = 'command-queue' | 'event-queue' | 'pri-queue';

const STRUCTURES = {
  'l1-table': { name: 'L1 table', reachedBy: null },
  'stream-table': { name: 'stream table', reachedBy: null },
  'l2-table': { name: 'L2 table', reachedBy: 'l1' },
  'cd-table': { name: 'CD table', reachedBy: 'sid' },
  'cd-leaf': { name: 'CD leaf', reachedBy: 'sid' },
  'command-queue': { name: 'command queue', reachedBy: null },
  'event-queue': { name: 'event queue', reachedBy: null },
  'pri-queue': { name: 'PRI queue', reachedBy: null },
} as const;

/** `L2 table of L1[5]`. */
export function structureInWords({ kind, of }: StructureId): string {
  const { name, reachedBy } = STRUCTURES[kind];
  if (reachedBy === null) return name;
  return `${name} of ${reachedBy === 'l1' ? `L1[${of}]` : `SID ${hex(of)}`}`;
}

/** `L2 table`, whichever it is. */
export function structureKindInWords(kind: StructureKind): string {
  return STRUCTURES[kind].name;
}

/** `the L2 table of L1[5]`. */
export function theStructureInWords(structure: StructureId): string {
  return `the ${structureInWords(structure)}`;
}

/** Fields of a CD or an STE that lead to the first translation table. */
export type TableField = 'TTB0' | 'TTB1' | 'S2TTB';

/** What points to memory: a descriptor or an STE, or the field that leads to translation tables. */
export type Pointer =
  | { readonly kind: 'to-structure'; readonly structure: StructureId }
  | { readonly kind: 'first-table'; readonly table: TableField; readonly sid: number };

/** A pointer by the structure that it leads to. */
export function pointerInWords(pointer: Pointer): string {
  return pointer.kind === 'first-table'
    ? `${pointer.table} of SID ${hex(pointer.sid)}`
    : `the pointer to ${theStructureInWords(pointer.structure)}`;
}

/** What has an address in it: STRTAB_BASE, or an L1 descriptor. */
export type AddressHolder =
  | { readonly kind: 'strtab-base' }
  | { readonly kind: 'l1-descriptor'; readonly index: number };

/** `L1[5]`. */
export function addressHolderInWords(what: AddressHolder): string {
  return what.kind === 'strtab-base' ? 'STRTAB_BASE.ADDR' : `L1[${what.index}]`;
}

/** What a scan of the entries finds fault with. */
export type ScannedEntry =
  | { readonly kind: 'l2-table' | 'ste' }
  | { readonly kind: 'cd' | 'cd-l1'; readonly index: number };

/** The entry by what is known of it: the CD or the L1 descriptor of CDs, or else whether there is an STE. */
export function scannedEntry(
  cd: { readonly level: 'cd' | 'l1'; readonly index: number } | null,
  ste: number | null,
): ScannedEntry {
  if (cd === null) return { kind: ste === null ? 'l2-table' : 'ste' };
  return { kind: cd.level === 'cd' ? 'cd' : 'cd-l1', index: cd.index };
}

/** `CD[3]`. */
export function scannedEntryInWords(entry: ScannedEntry): string {
  switch (entry.kind) {
    case 'l2-table':
      return 'L2 table';
    case 'ste':
      return 'STE';
    case 'cd':
      return `CD[${entry.index}]`;
    case 'cd-l1':
      return `CD L1[${entry.index}]`;
  }
}

/** `STE`, or with a SubstreamID `CD[3]`. */
export function entryInWords(ssid: number | null): string {
  return scannedEntryInWords(ssid === null ? { kind: 'ste' } : { kind: 'cd', index: ssid });
}

/** The device in whose registers something lies; null where its name is not known. */
export function ownerOfRegistersInWords(device: string | null): string {
  return device ?? 'a device';
}

/** Where a structure lies that the kernel does not read. */
export type Outside = { readonly kind: 'hole' } | { readonly kind: 'registers'; readonly device: string | null };

/** `a hole of the physical map`. */
export function outsideInWords(where: Outside): string {
  return where.kind === 'hole'
    ? 'a hole of the physical map'
    : `the registers of ${ownerOfRegistersInWords(where.device)}`;
}

/** `word 3 0x100000000000000`. */
export function reservedBitsInWords(set: readonly ReservedBits[]): string {
  return set.map(({ word, bits }) => `word ${word} ${hex(bits)}`).join(', ');
}
