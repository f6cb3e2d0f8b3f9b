/**
 * Which objects are on a list or in a tree of the kernel? Lists may be torn where the kernel died, or lead anywhere in a
 * damaged dump: every walk is bounded, meets nothing twice, and says whether it came to its end.
 */

import type { VirtualMemory } from '../memory/virtual-memory.ts';

const MAX_ENTRIES = 200_000;
/** struct list_head. */
const LIST_NEXT = 0n;
const LIST_PREV = 8n;
/** struct rb_node: parent and colour, right, left. The same since before arm64. */
const RB_RIGHT = 8n;
const RB_LEFT = 16n;

/**
 * Entries of a circular `struct list_head` list, without its head. Returns true when it came back to the head, false
 * when it ended elsewhere: at a bad pointer, in a loop, at the bound. What lies behind a tear is then reached from the
 * other end, as far as that goes, in the order in which it is come to.
 */
export function* listEntries(memory: VirtualMemory, head: bigint): Generator<bigint, boolean> {
  const seen = new Set<bigint>();
  for (const link of [LIST_NEXT, LIST_PREV]) {
    let at = memory.u64(head + link);
    while (at !== null && at !== 0n && at !== head && !seen.has(at) && seen.size < MAX_ENTRIES) {
      seen.add(at);
      yield at;
      at = memory.u64(at + link);
    }
    if (link === LIST_NEXT && at === head) return true;
  }
  return false;
}

/** Nodes of a red-black tree below `root` in their order. Returns whether every one of them could be reached. */
export function* treeNodes(memory: VirtualMemory, root: bigint): Generator<bigint, boolean> {
  const seen = new Set<bigint>();
  const above: bigint[] = [];
  let isWhole = true;
  let node = root;
  for (;;) {
    while (node !== 0n) {
      if (seen.has(node) || seen.size >= MAX_ENTRIES) return false;
      seen.add(node);
      const left = memory.u64(node + RB_LEFT);
      if (left === null) {
        isWhole = false;
        break;
      }
      above.push(node);
      node = left;
    }
    const next = above.pop();
    if (next === undefined) return isWhole;
    yield next;
    const right = memory.u64(next + RB_RIGHT);
    isWhole &&= right !== null;
    node = right ?? 0n;
  }
}

/** Everything that a walk gives, and whether it came to its end. */
export function collected<T>(walk: Generator<T, boolean>): { readonly entries: T[]; readonly isWhole: boolean } {
  const entries: T[] = [];
  for (;;) {
    const step = walk.next();
    if (step.done === true) return { entries, isWhole: step.value };
    entries.push(step.value);
  }
}
