/**
 * What every input is made into before registers come of it: single readings, each with its place in its file. The
 * formats know nothing of what is done with readings.
 */

import type { RegisterPart } from './names.ts';
import { SMMU_BYTES } from './register-map.ts';

/** A file as it was read: `text` is its content as text, or null when it is not text at all. */
export interface Content {
  /** As the user named it. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly text: string | null;
}

/**
 * A register by its name, an offset from the SMMU's base, or a physical address. An address so small that it lies in
 * the first 128 KiB is an offset that did not say so, unless an SMMU is there.
 */
export type Where = { readonly part: RegisterPart } | { readonly offset: number } | { readonly address: number };

export interface Reading {
  readonly where: Where;
  /** The register that the input names beside the address; the two have to agree. */
  readonly named?: RegisterPart;
  readonly value: bigint;
  readonly byteLength: number;
  /** In the file: `line 3`, a JSON path, an offset. */
  readonly place: string;
  /** Base of the SMMU it belongs to, where the input itself says so. */
  readonly base?: number;
  /**
   * Read together with others that fill eight aligned bytes, in QEMU's monitor: whether all of them are zero, which then
   * says nothing of 32-bit registers, or any is not.
   */
  readonly block?: 'zero' | 'data';
  /** A 64-bit register's value by name, in so few digits that it may be its lower half alone. */
  readonly short?: boolean;
}

export interface Target {
  /** Physical address of register page 0. */
  readonly base: number;
  /** As the kernel log calls it. */
  readonly name?: string | undefined;
}

/** The base of the SMMU in whose 128 KiB an address lies; undefined where it is none's. */
export function baseAt(targets: readonly Target[], address: number): number | undefined {
  return targets.find(({ base }) => base <= address && address < base + SMMU_BYTES)?.base;
}

/** What a format's reader may ask about. */
export interface Scope {
  readonly file: string;
  /** The SMMUs that are imported. */
  readonly targets: readonly Target[];
  /** Whether words of one row may have been read in blocks that answer with zero for 32-bit registers: QEMU's `xp`. */
  readonly blocks?: boolean;
}

/** Whether a value fits in so many bytes. */
export function fits(value: bigint, byteLength: number): boolean {
  return BigInt.asUintN(8 * byteLength, value) === value;
}
