/**
 * Rows of tables as the page carries them: arrays instead of objects, words without what is zero, and nothing that the
 * browser can decode by itself. `pack.ts` writes them; the browser's part reads them with what is here.
 */

import { PAGE_STATES, type PageState } from '../../../dump/memory.ts';
import type { NamedStream } from '../../../platform/device-names.ts';
import type { IdRange } from '../../../platform/firmware/firmware.ts';
import type { CdTableFormat } from '../../../smmu/structures/cd-table.ts';
import type { TableAddressBits } from '../../../smmu/structures/stream-table.ts';

/** What the browser is told of one SMMU beside its rows. */
export interface PackedSmmu {
  readonly base: number;
  /** StreamID bits below an L1 index; 0 for a linear table. */
  readonly split: number;
  readonly addressBits: TableAddressBits;
  readonly entries: number;
  /** StreamIDs that the table covers. */
  readonly sids: number;
  /** Findings that name StreamIDs, gravest first. */
  readonly findings: readonly PackedFinding[];
  /** What is to be seen first, the gravest before the others. */
  readonly marks: readonly PackedMark[];
  /** L1 descriptors that are not in the dump, by index, inclusive. */
  readonly missing: readonly (readonly [first: number, last: number])[];
  /** Who firmware has behind the SMMU. */
  readonly ranges?: readonly IdRange[];
  /** What the crashed kernel calls the devices. */
  readonly devices?: readonly NamedStream[];
}

export type PackedMark = readonly [text: string, firstSid: number, lastSid: number];

export type PackedFinding = readonly [rule: string, firstSid: number, lastSid: number];

/** Everything else about a descriptor is in its bits and in the geometry of the table. */
export type PackedL1 = readonly [index: number, descriptor: string, status: number];

/**
 * `step` is what the address of the STE adds to the one that follows from the row before, in the same array: nearly
 * always 0. Without a CD table the last two are missing.
 */
export type PackedSte = readonly [
  sid: number,
  step: number,
  state: number,
  words: string,
  cdTable?: PackedCdTable,
  cds?: readonly PackedCd[],
];

/** 0: one CD, and nothing else to be said. */
export type PackedCdTable =
  | 0
  | readonly [
      format: CdTableFormat | 'guest',
      /** In words. */
      withoutSsid: string,
      unknown: number,
      notListed: number,
      notExamined: number,
    ];

/** `step` is what the address adds to the place of this SubstreamID in a linear table. */
export type PackedCd = readonly [ssid: number, step: number, state: number, words: string];

export const L1_STATUSES = ['unused', 'used', 'bad'] as const;
export type PackedL1Status = (typeof L1_STATUSES)[number];

/** Of an STE and of a CD. */
export const ENTRY_BYTE_LENGTH = 64;

/** Addresses of STEs, each told by how it differs from where the array of the one before would have it. */
export class Expected {
  #base = 0;

  /** From an address to its step. */
  step(sid: number, address: number): number {
    const base = address - sid * ENTRY_BYTE_LENGTH;
    const step = base - this.#base;
    this.#base = base;
    return step;
  }

  /** And back. */
  address(sid: number, step: number): number {
    this.#base += step;
    return this.#base + sid * ENTRY_BYTE_LENGTH;
  }
}

export function stateOf(index: number): PageState {
  return PAGE_STATES[index] as PageState;
}

/** All eight words, those left out as zeros. */
export function unpackWords(packed: string): bigint[] {
  const words = packed.split(' ').map((word) => BigInt(`0x${word}`));
  return Array.from({ length: ENTRY_BYTE_LENGTH / 8 }, (_, i) => words[i] ?? 0n);
}
