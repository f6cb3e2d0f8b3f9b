/**
 * Where in the kernel image is its BTF? It ends the read-only data, and the kernel's page tables lie close behind it
 * (arch/arm64/kernel/vmlinux.lds.S), so that a search backwards from these reads little else than what is wanted.
 */

import { findBackwards, type SearchRange } from '../memory/image-search.ts';
import type { PhysicalReader } from '../memory/physical-reader.ts';
import type { VirtualMemory } from '../memory/virtual-memory.ts';
import { symbolOf } from '../memory/vmcoreinfo.ts';
import { BTF_HEADER_BYTE_LENGTH, BTF_MAGIC, btfHeader } from './btf.ts';
import { BtfTypes } from './types.ts';

/** The largest BTF that was seen is 7 MB. Without kallsyms as the other end, no more than this is searched. */
const MAX_UNANCHORED_BYTE_LENGTH = 12 << 20;
const MAX_ANCHORED_BYTE_LENGTH = 32 << 20;
/** The magic number occurs by chance, or because somebody put it there. */
const MAX_CANDIDATES = 32;

export interface FoundBtf {
  readonly types: BtfTypes;
  /** Physical address of its header. */
  readonly paddr: number;
}

/** The part of the image with the read-only data that is no code: symbols, exported names, BTF. Null for none. */
export function readOnlyData(memory: VirtualMemory): SearchRange | null {
  const { info, swapperPgDir, stext } = memory.layout;
  const end = memory.imagePaddr(swapperPgDir);
  const text = memory.imagePaddr(stext);
  if (end === null || text === null || text >= end) return null;
  // Behind kallsyms, which read-only data begins with.
  const symbols = symbolOf(info, 'kallsyms_token_index');
  const anchor = symbols === null ? null : memory.imagePaddr(symbols);
  if (anchor !== null && anchor > text && anchor < end) {
    return { start: Math.max(anchor, end - MAX_ANCHORED_BYTE_LENGTH), end };
  }
  return { start: Math.max(text, end - MAX_UNANCHORED_BYTE_LENGTH), end };
}

/** The kernel's own BTF, or null when there is none that the dump has whole. */
export function findBtf(reader: PhysicalReader, range: SearchRange): FoundBtf | null {
  let candidates = 0;
  for (const paddr of findBackwards(reader, range, BTF_MAGIC)) {
    if (paddr % 4 !== 0) continue;
    const header = reader.bytes(paddr, Math.min(BTF_HEADER_BYTE_LENGTH, range.end - paddr));
    const described = header === null ? null : btfHeader(header);
    if (described === null || paddr + described.byteLength > range.end) continue;
    if (++candidates > MAX_CANDIDATES) return null;
    const bytes = reader.bytes(paddr, described.byteLength);
    const types = bytes === null ? null : BtfTypes.in(bytes);
    if (types !== null) return { types, paddr };
  }
  return null;
}
