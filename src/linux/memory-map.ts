/**
 * What was where in the crashed machine's physical memory? The tree of resources that /proc/iomem prints (kernel/
 * resource.c): RAM, what was reserved, the crash kernel, and the registers of every device. `iomem_resource` is exported.
 */

import { type Dump, PADDR_LIMIT } from '../dump/dump.ts';
import { isKernel, type Kernel, kernelOf, type NoKernel } from './kernel.ts';
import { type KernelObject, nameIn } from './types/kernel-object.ts';

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
  /** False when a part of the tree could not be followed, cannot be true, or is memory of which nothing says what for. */
  readonly isWhole: boolean;
  /** How many have names that are not in the dump. */
  readonly unnamed: number;
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
/** IORESOURCE_SYSRAM (include/linux/ioport.h): memory that the kernel hands out. */
const SYSRAM = 0x0100_0000n;

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

/** A resource to be looked at, and what the tree holds it to: to lie in its parent, behind its elder sibling. */
interface Open {
  readonly va: bigint;
  readonly depth: number;
  readonly from: bigint;
  readonly parent: { readonly end: bigint; readonly isMemory: boolean };
}

function walk(kernel: Kernel, root: KernelObject): Omit<FoundMap, 'outcome'> {
  const entries: MemoryMapEntry[] = [];
  const seen = new Set<bigint>([root.va]);
  let isWhole = true;
  let unnamed = 0;
  // The next one last.
  const open: Open[] = [];
  const push = (va: bigint | null, place: Omit<Open, 'va'>) => {
    if (va === null) isWhole = false;
    else if (va !== 0n) open.push({ va, ...place });
  };
  push(root.bits('child'), { depth: 0, from: 0n, parent: { end: root.bits('end') ?? 0n, isMemory: false } });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { va, depth, from, parent } = next;
    const resource = kernel.object('resource', va);
    const start = resource?.bits('start') ?? null;
    const end = resource?.bits('end') ?? null;
    const isBad = resource === null || start === null || end === null || end < start || end >= BigInt(PADDR_LIMIT);
    if (isBad || seen.has(va) || seen.size > MAX_ENTRIES || depth > MAX_DEPTH) {
      isWhole = false;
      continue;
    }
    seen.add(va);
    if (start < from || end > parent.end) isWhole = false;
    const isMemory = parent.isMemory || ((resource.bits('flags') ?? 0n) & SYSRAM) !== 0n;
    const name = nameIn(resource, 'name');
    if (name === null && resource.bits('name') !== 0n) {
      unnamed++;
      // It may be the crash kernel, or what firmware keeps: nobody can tell who may read it, and who must not write it.
      if (isMemory) isWhole = false;
    }
    entries.push({
      start: Number(start),
      end: Number(end) + 1,
      name: name ?? NO_NAME,
      depth: Math.min(depth, MAX_SHOWN_DEPTH),
    });
    push(resource.bits('sibling'), { depth, from: end + 1n, parent });
    push(resource.bits('child'), { depth: depth + 1, from: start, parent: { end, isMemory } });
  }
  return { entries, isWhole, unnamed };
}
