/** An open dump: its memory, and what is known about the container around it. */

import type { PhysicalMemory } from './memory.ts';

/** Something the dump does not say and that was taken for granted to read it. */
export interface DumpAssumption {
  readonly what: string;
  readonly value: string;
  readonly why: string;
}

/** Damage: the dump stays readable, but not all of it. */
export interface DumpProblem {
  readonly file: string;
  readonly fileOffset: number;
  readonly what: string;
}

export interface Dump {
  /** The files, named as the user named them. */
  readonly files: readonly string[];
  readonly format: string;
  /** A container around the container, such as `flattened`; null for none. */
  readonly wrapper: string | null;
  /** The crashed kernel's page size in bytes: 4096, 16384 or 65536. */
  readonly pageSize: number;
  /** False when the file ends, or says it ends, before the memory it describes. */
  readonly complete: boolean;
  readonly memory: PhysicalMemory;
  /** Whether the capture tool left out pages because they held only zeros; null when the dump does not say. */
  readonly zeroPagesFiltered: boolean | null;
  readonly assumptions: readonly DumpAssumption[];
  readonly problems: readonly DumpProblem[];
  close(): void;
}

export const PAGE_SIZES: readonly number[] = [4096, 16384, 65536];

/** Highest physical address, exclusive, that this program handles: addresses are exact up to 2^53 as a number. */
export const PADDR_LIMIT = 2 ** 52;
