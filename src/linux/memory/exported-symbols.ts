/**
 * Where is a variable that the kernel exports to modules? Its entry in `__ksymtab` is three 32-bit numbers (value, name,
 * namespace), each relative to its own place (include/linux/export-internal.h), which holds whatever kallsyms has.
 */

import { chunksBackwards, findBackwards, type SearchRange } from './image-search.ts';
import type { PhysicalReader } from './physical-reader.ts';

/** From the name of the last symbol to the entry of the first: some 20,000 symbols at most. */
const MAX_TABLE_BYTE_LENGTH = 4 << 20;
const MAX_OCCURRENCES = 8;
const MAX_ENTRIES = 64;

/**
 * The physical addresses that entries of this name give, best first, made while they are asked for: text that merely
 * looks like an entry is possible, so the caller looks at what is there. `range` is the image up to its BTF.
 */
export function* exportedSymbol(reader: PhysicalReader, range: SearchRange, name: string): Generator<number> {
  let occurrences = 0;
  let entries = 0;
  for (const found of findBackwards(reader, range, Buffer.from(`\0${name}\0`, 'latin1'))) {
    if (++occurrences > MAX_OCCURRENCES) return;
    const text = found + 1;
    const table = { start: Math.max(range.start, text - MAX_TABLE_BYTE_LENGTH), end: text };
    for (const { paddr, ownByteLength, bytes } of chunksBackwards(reader, table, 3)) {
      const aligned = Math.ceil(paddr / 4) * 4 - paddr;
      const count = Math.ceil((Math.min(ownByteLength, bytes.byteLength - 3) - aligned) / 4);
      for (let i = nextTo(bytes, aligned, count, text - paddr, 0); i < count; ) {
        const place = paddr + aligned + 4 * i;
        const value = reader.bytes(place - 4, 4)?.readInt32LE(0);
        if (value !== undefined) {
          if (++entries > MAX_ENTRIES) return;
          yield place - 4 + value;
        }
        i = nextTo(bytes, aligned, count, text - paddr, i + 1);
      }
    }
  }
}

/**
 * The first of the `count` words behind `aligned`, from the one with the index `from` on, that is the way from its own place
 * to `text`; `count` where none is. Millions are looked at, so that nothing else is done here.
 */
function nextTo(bytes: Buffer, aligned: number, count: number, text: number, from: number): number {
  for (let i = from, at = aligned + 4 * from; i < count; i++, at += 4) {
    const wanted = text - at;
    // By bytes at first: nearly every place is ruled out by its lowest one, and checked reads take five times as long.
    if (bytes[at] === (wanted & 0xff) && bytes.readInt32LE(at) === wanted) return i;
  }
  return count;
}
