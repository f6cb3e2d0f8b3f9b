/** Where in the kernel image does something stand? Backwards from an end that is known, in chunks, within bounds. */

import type { PhysicalReader } from './physical-reader.ts';

/** Physical addresses of the image that are to be searched: from `start` up to, not including, `end`. */
export interface SearchRange {
  readonly start: number;
  readonly end: number;
}

const CHUNK_BYTE_LENGTH = 1 << 20;

/** One piece of the range, with what an occurrence that begins in it may need of the bytes behind. */
interface Chunk {
  readonly paddr: number;
  /** Occurrences that begin at or behind this offset are those of the piece behind. */
  readonly ownByteLength: number;
  readonly bytes: Buffer;
}

/** The pieces of a range, from its end to its start; those without bytes in the dump are left out. */
export function* chunksBackwards(reader: PhysicalReader, range: SearchRange, overlap: number): Generator<Chunk> {
  for (let end = range.end; end > range.start; ) {
    const paddr = Math.max(range.start, Math.ceil(end / CHUNK_BYTE_LENGTH - 1) * CHUNK_BYTE_LENGTH);
    const bytes = reader.forSearch(paddr, Math.min(range.end, end + overlap) - paddr);
    if (bytes !== null) yield { paddr, ownByteLength: end - paddr, bytes };
    end = paddr;
  }
}

/** Physical addresses at which `wanted` begins, from the end of the range to its start. */
export function* findBackwards(reader: PhysicalReader, range: SearchRange, wanted: Buffer): Generator<number> {
  for (const { paddr, ownByteLength, bytes } of chunksBackwards(reader, range, wanted.byteLength - 1)) {
    // Forwards within a chunk: searching a buffer backwards, as Node does it, takes ten times as long.
    const found: number[] = [];
    for (let at = bytes.indexOf(wanted); at >= 0 && at < ownByteLength; at = bytes.indexOf(wanted, at + 1)) {
      found.push(paddr + at);
    }
    yield* found.reverse();
  }
}
