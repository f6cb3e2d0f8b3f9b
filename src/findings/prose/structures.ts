/** The structures of an SMMU in memory, and how they are called. */

import { hex } from '../../hex.ts';
import type { ReservedBits } from '../../smmu/structures/legality.ts';

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

/** `word 3 0x100000000000000`. */
export function reservedBitsInWords(set: readonly ReservedBits[]): string {
  return set.map(({ word, bits }) => `word ${word} ${hex(bits)}`).join(', ');
}
