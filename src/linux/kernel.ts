/**
 * Can the crashed kernel's own structures be read in this dump? VMCOREINFO leads to its page tables, these to its image,
 * the image to its types (BTF) and to the variables that it exports. Nothing here knows what is then looked for.
 */

import { type Dump, PADDR_LIMIT } from '../dump/dump.ts';
import { onceFor } from '../remembered.ts';
import { exportedSymbol } from './memory/exported-symbols.ts';
import type { SearchRange } from './memory/image-search.ts';
import { fittingStart } from './memory/load-address.ts';
import { PhysicalReader } from './memory/physical-reader.ts';
import { VirtualMemory } from './memory/virtual-memory.ts';
import { isLayout, kernelLayout } from './memory/vmcoreinfo.ts';
import { findVmcoreinfos } from './memory/vmcoreinfo-search.ts';
import type { Btf } from './types/btf.ts';
import { findBtf, readOnlyData } from './types/btf-search.ts';
import { FixedTypes } from './types/fixed-offsets.ts';
import { KernelObject } from './types/kernel-object.ts';
import type { Types } from './types/types.ts';

/** Why the kernel's structures cannot be read. */
export type NoKernel =
  /** Neither a note nor memory has VMCOREINFO. `searchedBytes` is 0 where a note was there. */
  | { readonly why: 'no-vmcoreinfo'; readonly searchedBytes: number; readonly isWhole: boolean }
  /** Raw memory is taken to begin at `start`, and the kernel in it has it begin at another address. */
  | {
      readonly why: 'memory-elsewhere';
      readonly release: string;
      readonly start: number;
      readonly fittingStart: number;
    }
  /** VMCOREINFO lacks a key, or holds nothing usable for it. */
  | { readonly why: 'vmcoreinfo-incomplete'; readonly key: string }
  /** No note says which kernel it is of, and the one that memory has is a kdump kernel: it is not the one that crashed. */
  | { readonly why: 'kdump-kernel' }
  /** One of the page tables that VMCOREINFO names is not in the dump. */
  | { readonly why: 'tables-missing' }
  /** They do not map the kernel where it says. */
  | { readonly why: 'translation-differs' };

export interface Kernel {
  readonly release: string;
  readonly buildId: string | null;
  readonly memory: VirtualMemory;
  readonly types: Types;
  /** The base of what modules bring; null without BTF. */
  readonly btf: Btf | null;
  /** How many other kernels' VMCOREINFO is in memory, with page tables that are in order. */
  readonly otherKernels: number;
  /** Virtual addresses of an exported variable, to be tried in order. */
  exported(name: string): Iterable<bigint>;
  /** The object at an address; null when its type is not known. */
  object(struct: string, va: bigint, having?: string): KernelObject | null;
}

/** The kernel whose memory the dump holds, found once for each dump. */
export const kernelOf = onceFor(openKernel);

/** Whether a kernel was found. */
export function isKernel(kernel: Kernel | NoKernel): kernel is Kernel {
  return !('why' in kernel);
}

/** One reader for each dump. It keeps the pages that were read also where a read has to wait for others to be fetched. */
export const readerOf = onceFor((dump: Dump) => new PhysicalReader(dump));

function openKernel(dump: Dump): Kernel | NoKernel {
  const reader = readerOf(dump);
  const { vmcoreinfo } = dump.details;
  if (vmcoreinfo.size > 0) {
    const layout = kernelLayout(vmcoreinfo);
    if (!isLayout(layout)) return { why: 'vmcoreinfo-incomplete', key: layout.key };
    const memory = new VirtualMemory(layout, reader);
    if (memory.isConsistent()) return typedKernel(memory, 0);
    return { why: memory.lacksTables() ? 'tables-missing' : 'translation-differs' };
  }
  let hasKdumpKernel = false;
  let misplaced: VirtualMemory | undefined;
  const { found, searchedBytes, isWhole } = findVmcoreinfos(dump, (layout) => {
    const memory = new VirtualMemory(layout, reader);
    if (!memory.isConsistent()) {
      misplaced ??= memory;
      return false;
    }
    const isKdump = isKdumpKernel(typedKernel(memory, 0));
    hasKdumpKernel ||= isKdump;
    return !isKdump;
  });
  const [first, ...others] = found;
  if (first === undefined) {
    if (hasKdumpKernel) return { why: 'kdump-kernel' };
    return elsewhere(dump, misplaced) ?? { why: 'no-vmcoreinfo', searchedBytes, isWhole };
  }
  return typedKernel(new VirtualMemory(first, reader), others.length);
}

/** Of raw memory somebody has to say where it begins. In one piece, so that there is one address to be wrong about. */
function elsewhere({ format, memory }: Dump, misplaced: VirtualMemory | undefined): NoKernel | null {
  const [range, ...others] = memory.ranges;
  if (misplaced === undefined || format !== 'raw' || range === undefined || others.length > 0) return null;
  const fits = fittingStart(misplaced, range);
  if (fits === null) return null;
  return { why: 'memory-elsewhere', release: misplaced.layout.release, start: range.start, fittingStart: fits };
}

/** ELFCORE_ADDR_MAX (include/linux/crash_dump.h): no core header was given. */
const NO_CORE_HEADER = 2n ** 64n - 1n;

/**
 * Whether it was given the core header of a kernel that crashed before it, as is_kdump_kernel asks; false where that
 * cannot be told.
 */
function isKdumpKernel(kernel: Kernel): boolean {
  for (const va of kernel.exported('elfcorehdr_addr')) {
    const paddr = kernel.memory.u64(va);
    // A page of its own; anything else is no such variable.
    if (paddr === NO_CORE_HEADER) return false;
    if (paddr !== null && paddr !== 0n && paddr < BigInt(PADDR_LIMIT) && paddr % 4096n === 0n) return true;
  }
  return false;
}

function typedKernel(memory: VirtualMemory, otherKernels: number): Kernel {
  const { physical, layout } = memory;
  const range = readOnlyData(memory);
  const found = range === null ? null : findBtf(physical, range);
  const types = found?.types ?? new FixedTypes();
  const exports: SearchRange | null = range === null || found === null ? range : { ...range, end: found.paddr };
  return {
    release: layout.release,
    buildId: layout.buildId,
    memory,
    types,
    btf: found?.types.btf ?? null,
    otherKernels,
    *exported(name) {
      if (exports === null) return;
      for (const paddr of exportedSymbol(physical, exports, name)) yield memory.imageVa(paddr);
    },
    object(struct, va, having) {
      const type = types.struct(struct, having);
      return type === null ? null : new KernelObject(memory, type, va);
    },
  };
}
