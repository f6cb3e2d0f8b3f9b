/** An open dump: its memory, and what is known about the container around it. */

import type { Progress } from '../progress.ts';
import type { PageCounts, PhysicalMemory } from './memory.ts';
import type { FindIn } from './part-search.ts';
import type { DumpProblem } from './problem.ts';

/** Something the dump does not say and that was taken for granted to read it. */
export type DumpAssumption =
  | { readonly kind: 'page-size'; readonly byteLength: number; readonly unsaidBy: PageSizeUnsaid }
  /** A raw dump without a load map or an address. */
  | { readonly kind: 'load-address'; readonly paddr: number }
  /** The utsname of a kdump is shifted, and is read where it is. */
  | { readonly kind: 'machine'; readonly machine: string }
  /** The server says nothing by which a changed file would be noticed. */
  | { readonly kind: 'unchanged-on-server' };

/** What does not say how large its pages are: a container, or an ELF or a kdump of QEMU without VMCOREINFO. */
export type PageSizeUnsaid = 'raw' | 'lime' | 'avml' | 'elf' | 'qemu';

/** What a container says about the system that crashed and about its own making. */
export interface DumpDetails {
  /** VMCOREINFO by key, values as written; empty when the dump has none. */
  readonly vmcoreinfo: ReadonlyMap<string, string>;
  /** Kernel release, as in `6.12.107+deb13-arm64`. */
  readonly kernelRelease: string | null;
  /** The machine, as in `aarch64`. */
  readonly machine: string | null;
  /** makedumpfile's dump level: 1 zero pages, 2 cache, 4 private cache, 8 user, 16 free pages were left out. */
  readonly dumpLevel: number | null;
}

/** How the pages of a dump are kept. Holes are not counted: they are everything else. */
export interface PageCensus {
  readonly pages: Omit<PageCounts, 'hole'>;
  /** Stored pages by how they are stored: `plain`, or the name of a codec. */
  readonly codecs: Readonly<Record<string, number>>;
}

export interface Dump {
  /** The files, named as the user named them. */
  readonly files: readonly string[];
  readonly format: string;
  /** A container around the container, such as `flattened`; null for none. */
  readonly wrapper: string | null;
  /** The crashed kernel's page size in bytes: 4096, 16384 or 65536. */
  readonly pageSize: number;
  /**
   * Whether all is there that should be. False when the file ends, or says it ends, too early, or is damaged; null when
   * it cannot be told, since the format has no mark at its end.
   */
  readonly complete: boolean | null;
  /** Whether the memory map has all RAM there is. If it may lack some, what is in no range of it is lost, not a hole. */
  readonly mapComplete: boolean;
  readonly memory: PhysicalMemory;
  /** Whether the capture tool left out pages because they held only zeros; null when the dump does not say. */
  readonly zeroPagesFiltered: boolean | null;
  readonly details: DumpDetails;
  readonly assumptions: readonly DumpAssumption[];
  readonly problems: readonly DumpProblem[];
  /** Hears of searches through it that take long. */
  readonly progress?: Progress | undefined;
  /** Finds what others have searched for in it; absent where nobody does. */
  readonly findIn?: FindIn | undefined;
  /** Counts all pages. Reads no page, but may read what describes them. */
  census(progress?: Progress): PageCensus;
  close(): void;
}

/** A dump before the files around it are known: what a container's reader answers. */
export type DumpContents = Omit<Dump, 'files' | 'close' | 'problems'> & {
  /** Grows while the dump is read: some damage shows only then. */
  readonly problems: DumpProblem[];
};

export const PAGE_SIZES: readonly number[] = [4096, 16384, 65536];

/** Highest physical address, exclusive, that this program handles: addresses are exact up to 2^53 as a number. */
export const PADDR_LIMIT = 2 ** 52;

/** The details of a container that has none. */
export const NO_DETAILS: DumpDetails = {
  vmcoreinfo: new Map(),
  kernelRelease: null,
  machine: null,
  dumpLevel: null,
};
