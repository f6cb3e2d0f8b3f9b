/**
 * Physical memory out of a list of segments: the shape that raw dumps, ELF cores and most other containers share.
 *
 * Segments may overlap, and on arm64 they normally do: the kernel image appears once with its text mapping and once
 * inside its RAM bank, with the same content. They are flattened once, when the dump is opened.
 */

import type { AddressRange, PageState, PhysicalMemory, StateRun } from '../memory.ts';
import type { ByteSource } from '../sources/source.ts';

/** `byteLength` bytes of RAM at `paddr`, of which the first `fileByteLength` should lie in `source` at `fileOffset`. */
export interface Segment {
  readonly paddr: number;
  readonly byteLength: number;
  readonly source: ByteSource;
  readonly fileOffset: number;
  readonly fileByteLength: number;
}

/** A stretch of memory in one state. `fileOffset` is where its first byte lies; it means nothing unless `present`. */
interface Piece extends AddressRange {
  readonly state: PageState;
  readonly source: ByteSource;
  readonly fileOffset: number;
}

export class SegmentMemory implements PhysicalMemory {
  readonly ranges: readonly AddressRange[];
  readonly #pieces: readonly Piece[];

  constructor(segments: readonly Segment[]) {
    const layers: Record<'present' | 'lost' | 'excluded', Piece[]> = { present: [], lost: [], excluded: [] };
    for (const { paddr, byteLength, source, fileOffset, fileByteLength } of segments) {
      const claimed = Math.min(fileByteLength, byteLength);
      const held = Math.max(0, Math.min(claimed, source.byteLength - fileOffset));
      const add = (state: keyof typeof layers, start: number, end: number) => {
        if (end > start) layers[state].push({ start, end, state, source, fileOffset });
      };
      add('present', paddr, paddr + held);
      add('lost', paddr + held, paddr + claimed);
      add('excluded', paddr + claimed, paddr + byteLength);
    }
    this.#pieces = fillGaps(
      fillGaps(withoutOverlap(layers.present), withoutOverlap(layers.lost)),
      withoutOverlap(layers.excluded),
    );
    this.ranges = joinTouching(this.#pieces);
  }

  runs(paddr: number, byteLength: number): StateRun[] {
    const runs: StateRun[] = [];
    this.#walk(paddr, byteLength, (offset, length, state) => appendRun(runs, offset, length, state));
    return runs;
  }

  read(paddr: number, into: Uint8Array): StateRun[] {
    const runs: StateRun[] = [];
    this.#walk(paddr, into.byteLength, (offset, length, state, piece) => {
      const target = into.subarray(offset, offset + length);
      let got = 0;
      if (state === 'present' && piece !== undefined) {
        got = piece.source.read(piece.fileOffset + (paddr + offset - piece.start), target);
        appendRun(runs, offset, got, 'present');
      }
      if (got === length) return;
      target.fill(0, got);
      // A file that has become shorter since it was opened.
      appendRun(runs, offset + got, length - got, state === 'present' ? 'lost' : state);
    });
    return runs;
  }

  /** Visits the range piece by piece, the holes between the pieces included. */
  #walk(
    paddr: number,
    byteLength: number,
    visit: (offset: number, byteLength: number, state: PageState, piece?: Piece) => void,
  ): void {
    const end = paddr + byteLength;
    let at = paddr;
    for (let i = firstEndingAfter(this.#pieces, paddr); at < end; i++) {
      const piece = this.#pieces[i];
      const holeEnd = Math.min(end, piece?.start ?? end);
      if (holeEnd > at) visit(at - paddr, holeEnd - at, 'hole');
      at = Math.max(at, holeEnd);
      if (piece === undefined || at >= end) break;
      const pieceEnd = Math.min(end, piece.end);
      visit(at - paddr, pieceEnd - at, piece.state, piece);
      at = pieceEnd;
    }
  }
}

/** Adds a run to a list in order, joining it to the one before if they touch and agree. */
export function appendRun(runs: StateRun[], offset: number, byteLength: number, state: PageState): void {
  if (byteLength === 0) return;
  const last = runs.at(-1);
  if (last?.state === state && last.offset + last.byteLength === offset) {
    runs[runs.length - 1] = { offset: last.offset, byteLength: last.byteLength + byteLength, state };
  } else {
    runs.push({ offset, byteLength, state });
  }
}

function from(piece: Piece, start: number, end: number = piece.end): Piece {
  return { ...piece, start, end, fileOffset: piece.fileOffset + (start - piece.start) };
}

/** Sorts, and where pieces overlap keeps the one that reaches further, so that a request meets as few as possible. */
function withoutOverlap(pieces: Piece[]): Piece[] {
  const sorted = [...pieces].sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: Piece[] = [];
  let coveredTo = Number.NEGATIVE_INFINITY;
  for (const piece of sorted) {
    if (piece.end <= coveredTo) continue;
    kept.push(piece.start < coveredTo ? from(piece, coveredTo) : piece);
    coveredTo = piece.end;
  }
  return kept;
}

/** `upper` and those parts of `lower` that it leaves free. Both sorted and free of overlap, as is the result. */
function fillGaps(upper: readonly Piece[], lower: readonly Piece[]): Piece[] {
  const merged: Piece[] = [...upper];
  let next = 0;
  for (const piece of lower) {
    while ((upper[next]?.end ?? Number.POSITIVE_INFINITY) <= piece.start) next += 1;
    let at = piece.start;
    for (let i = next; at < piece.end; i++) {
      const cover = upper[i];
      const freeTo = Math.min(piece.end, cover?.start ?? piece.end);
      if (freeTo > at) merged.push(from(piece, at, freeTo));
      if (cover === undefined) break;
      at = Math.max(at, cover.end);
    }
  }
  return merged.sort((a, b) => a.start - b.start);
}

function joinTouching(pieces: readonly Piece[]): AddressRange[] {
  const ranges: { start: number; end: number }[] = [];
  for (const { start, end } of pieces) {
    const last = ranges.at(-1);
    if (last?.end === start) last.end = end;
    else ranges.push({ start, end });
  }
  return ranges;
}

function firstEndingAfter(pieces: readonly Piece[], paddr: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pieces[middle] as Piece).end > paddr) high = middle;
    else low = middle + 1;
  }
  return low;
}
