/**
 * What was where in the crashed machine's physical memory? The tree of resources that /proc/iomem prints (kernel/
 * resource.c): RAM, what was reserved, the crash kernel, and the registers of every device. `iomem_resource` is exported.
 */

import { type Dump, PADDR_LIMIT } from '../dump/dump.ts';
import { isKernel, type Kernel, kernelOf, type NoKernel } from './kernel.ts';
import type { KernelObject } from './types/kernel-object.ts';

/** One resource. `end` is exclusive, the name untrusted text, the depth 0 at the top level. */
export interface MemoryMapEntry {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly depth: number;
}

export interface FoundMap {
  readonly outcome: 'found';
  /** In the order in which the kernel prints them. */
  readonly entries: readonly MemoryMapEntry[];
  /** False when a part of the tree could not be followed. */
  readonly isWhole: boolean;
}

export type MemoryMap =
  | FoundMap
  | { readonly outcome: 'not-found'; readonly reason: NoKernel | { readonly why: 'no-resource-tree' } };

const MAX_ENTRIES = 100_000;
const MAX_DEPTH = 64;
/** The kernel indents no deeper (MAX_IORES_LEVEL). */
const MAX_SHOWN_DEPTH = 5;
/** What is printed of a resource without a name. */
const NO_NAME = '<BAD>';

/** The tree as /proc/iomem would have shown it to root. */
export function memoryMap(dump: Dump): MemoryMap {
  const kernel = kernelOf(dump);
  if (!isKernel(kernel)) return { outcome: 'not-found', reason: kernel };
  for (const va of kernel.exported('iomem_resource')) {
    const root = kernel.object('resource', va);
    // The root is named after the bus whose addresses it has, and it begins at 0.
    if (root?.text('name') !== 'PCI mem' || root.bits('start') !== 0n) continue;
    return { outcome: 'found', ...walk(kernel, root) };
  }
  return { outcome: 'not-found', reason: { why: 'no-resource-tree' } };
}

function walk(kernel: Kernel, root: KernelObject): { entries: MemoryMapEntry[]; isWhole: boolean } {
  const entries: MemoryMapEntry[] = [];
  const seen = new Set<bigint>([root.va]);
  let isWhole = true;
  // What is still to be looked at, the next one last.
  const open: { va: bigint; depth: number }[] = [];
  const push = (va: bigint | null, depth: number) => {
    if (va === null) isWhole = false;
    else if (va !== 0n) open.push({ va, depth });
  };
  push(root.bits('child'), 0);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { va, depth } = next;
    const resource = kernel.object('resource', va);
    const start = resource?.bits('start') ?? null;
    const end = resource?.bits('end') ?? null;
    const isBad = resource === null || start === null || end === null || end < start || end >= BigInt(PADDR_LIMIT);
    if (isBad || seen.has(va) || seen.size > MAX_ENTRIES || depth > MAX_DEPTH) {
      isWhole = false;
      continue;
    }
    seen.add(va);
    entries.push({
      start: Number(start),
      end: Number(end) + 1,
      name: resource.text('name') ?? NO_NAME,
      depth: Math.min(depth, MAX_SHOWN_DEPTH),
    });
    push(resource.bits('sibling'), depth);
    push(resource.bits('child'), depth + 1);
  }
  return { entries, isWhole };
}
