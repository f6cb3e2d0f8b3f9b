/**
 * Whether the bitmaps of a kdump-compressed file fit its page descriptors.
 *
 * A page is found by counting: its descriptor is the one of the n-th stored page. One wrong bit therefore shifts every
 * later page to its neighbour's bytes, and nothing about these bytes looks wrong. What shows it:
 * - Page data follows the descriptors, so the offset of the first page says how many descriptors there are. makedumpfile
 *   and QEMU both put a page of zeros first, to which some descriptor may point, or none.
 * - A stored page is RAM: no bit of the second bitmap is set without the one of the first.
 * - Dump level 0 leaves nothing out: both bitmaps are the same.
 *
 * What nothing shows: one bit too many and one too few that are both of RAM, in a dump that leaves pages out. The count
 * is right, descriptors hold no number of their page, and any content may be any page's: those between are shifted by one.
 */

import type { DumpFlaw } from '../problem.ts';
import type { DescriptorTable } from './descriptors.ts';
import type { Bitmap, RankIndex } from './rank-index.ts';

/**
 * Pages up to which the bitmaps are compared in any case: 256 GiB at 4 KiB. Those of larger systems only when the count
 * is wrong, because the first bitmap is not needed otherwise: what goes unseen then is wrong bits that cancel out.
 */
const MAX_COMPARED = 2 ** 26;

/** Pages of the cycles to come: a cycle of makedumpfile has thousands, a damaged bitmap few wrong bits. */
const MIN_UNFINISHED = 64;

/** What one file says of its pages from `startPfn` up to, not including, `endPfn`. */
export interface FitPart {
  readonly startPfn: number;
  readonly endPfn: number;
  readonly ram: Bitmap;
  readonly stored: RankIndex;
  /** As many as the second bitmap says, where somebody has counted. */
  readonly descriptors: DescriptorTable;
  readonly blockSize: number;
  readonly leavesNothingOut: boolean;
  /** Not one part of several, which may well have no page. */
  readonly isWhole: boolean;
  /** By its own word not written to its end. */
  readonly isIncomplete: boolean;
}

/**
 * - `unplaced`: nothing says where the damage is, so that no page can be relied on, nor that there is none
 * - `untold`: the same, and the descriptors that should say how many there are place page data where none of them ends
 * - `placed`: it begins at `fromPfn`; the bitmap of RAM is right, as far as can be seen
 * - `left out`: pages can be found; but `count` of RAM, first `fromPfn`, are not in a file that should have all
 * - `unfinished`: the writer was stopped before it came to the pages from `fromPfn` on. In makedumpfile's cyclic mode the
 *   second bitmap is written with the pages of each cycle: where it has no bit yet, no page was left out on purpose
 * - `empty`: there is no RAM at all, as where the bitmaps were never written
 * `described` is how many pages there should be by where page data begins.
 */
export type Misfit =
  | { readonly kind: 'empty' }
  | { readonly kind: 'unplaced'; readonly stored: number; readonly described: number | null }
  | { readonly kind: 'untold'; readonly stored: number }
  | { readonly kind: 'placed'; readonly stored: number; readonly described: number; readonly fromPfn: number }
  | {
      readonly kind: 'unfinished';
      readonly stored: number;
      readonly described: number | null;
      readonly fromPfn: number;
    }
  | { readonly kind: 'left out'; readonly count: number; readonly fromPfn: number };

/** Null when all fits, as far as it can be checked. Goes through the second bitmap, and mostly through the first. */
export function findMisfit(part: FitPart): Misfit | null {
  const { startPfn, endPfn, ram, leavesNothingOut } = part;
  const stored = part.descriptors.count;
  if (stored === null) return null;
  const { bitmap } = part.stored;
  if (stored === 0 && !ram.hasAny(startPfn, endPfn)) return part.isWhole ? { kind: 'empty' } : null;
  const possible = descriptorCounts(part.descriptors, part.blockSize);
  const described = possible?.[0] ?? null;
  const unfinished = possible?.length === 0 ? null : findUnfinished(part, stored, described);
  if (unfinished !== null) {
    return contradicts(part, unfinished.fromPfn) ? { kind: 'unplaced', stored, described } : unfinished;
  }
  const isCountRight = possible === null || possible.includes(stored);
  const isCompared = ram !== bitmap && (!isCountRight || endPfn - startPfn <= MAX_COMPARED);
  const none = { first: null, count: 0 };
  const notRam = isCompared ? bitmap.beyond(ram, startPfn, endPfn) : none;
  const leftOut = isCompared && leavesNothingOut ? ram.beyond(bitmap, startPfn, endPfn) : none;
  if (isCountRight && notRam.first === null) {
    return leftOut.first === null ? null : { kind: 'left out', count: leftOut.count, fromPfn: leftOut.first };
  }
  // Were exactly the bits that contradict each other the wrong ones, the count would be right.
  const repaired = stored - notRam.count + leftOut.count;
  const fromPfn = Math.min(notRam.first ?? endPfn, leftOut.first ?? endPfn);
  if (fromPfn < endPfn && possible?.includes(repaired)) return { kind: 'placed', stored, described: repaired, fromPfn };
  return possible?.length === 0 ? { kind: 'untold', stored } : { kind: 'unplaced', stored, described };
}

/**
 * The second bitmap ends early: behind its last page the descriptors that there is room for are empty, and there is RAM
 * enough for them. Where no descriptor was written, nothing tells how many there should be.
 */
function findUnfinished(
  part: FitPart,
  stored: number,
  described: number | null,
): Extract<Misfit, { kind: 'unfinished' }> | null {
  const { startPfn, endPfn, ram, stored: index, descriptors, isWhole, isIncomplete } = part;
  if (described === null) {
    const isUnwritten = stored === 0 ? isWhole || isIncomplete : descriptors.kindOf(0) === 'unwritten';
    if (!isUnwritten) return null;
  } else {
    if (stored >= described || descriptors.kindOf(stored) !== 'unwritten') return null;
    // Where the last page of the bitmap was written and the next was not, both agree; else a few bits may as well be wrong.
    const agrees = stored > 0 && descriptors.kindOf(stored - 1) !== 'unwritten';
    if (!agrees && described - stored < MIN_UNFINISHED) return null;
  }
  const fromPfn = behindLast(index, stored, startPfn, endPfn);
  if (ram === index.bitmap || ram.count(fromPfn, endPfn) < (described ?? stored + 1) - stored) return null;
  return { kind: 'unfinished', stored, described, fromPfn };
}

/**
 * Whether the bitmaps contradict each other in the pages before `endPfn`, which a writer that was stopped was done with. Where
 * a wrong count of blocks puts other bytes in the place of a bitmap, these have hardly ever descriptors behind them either.
 */
function contradicts({ startPfn, ram, stored, leavesNothingOut }: FitPart, endPfn: number): boolean {
  if (stored.bitmap.beyond(ram, startPfn, endPfn).first !== null) return true;
  return leavesNothingOut && ram.beyond(stored.bitmap, startPfn, endPfn).first !== null;
}

/** The page behind the last of `stored` ones. */
function behindLast(index: RankIndex, stored: number, startPfn: number, endPfn: number): number {
  let [low, high] = [startPfn, endPfn];
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (index.before(middle) >= stored) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What is wrong, and what is lost by it. */
export function misfitFlaw(misfit: Misfit, blockSize: number): DumpFlaw {
  switch (misfit.kind) {
    case 'empty':
      return { kind: 'bitmaps-empty' };
    case 'left out':
      return { kind: 'pages-left-out', count: misfit.count, paddr: misfit.fromPfn * blockSize };
    case 'unfinished': {
      const { stored, described, fromPfn } = misfit;
      return { kind: 'bitmap-unfinished', stored, described, lostFrom: fromPfn * blockSize };
    }
    case 'untold':
      return { kind: 'descriptors-untold', stored: misfit.stored };
    case 'placed':
    case 'unplaced': {
      const { stored, described } = misfit;
      const lostFrom = misfit.kind === 'placed' ? misfit.fromPfn * blockSize : null;
      return { kind: 'bitmap-damaged', stored, described, lostFrom };
    }
  }
}

/**
 * How many descriptors there may be by where page data begins; null where no descriptor tells, because the file ends before
 * or none was written, and empty where those that should place it where it cannot begin. The first descriptor should tell;
 * where that one itself is damaged, the lowest of the first ones does, or the second, before whose page the first one's
 * ends, unless the second's is the page of zeros with which page data begins. A page is no multiple of 24 bytes, so there is
 * no doubt whether a page of zeros was passed over.
 */
function descriptorCounts(descriptors: DescriptorTable, blockSize: number): number[] | null {
  const offsets = descriptors.firstOffsets();
  if (offsets.length === 0) return descriptors.count === 0 || descriptors.areMissing() ? null : [];
  const begins = [offsets[0] as number, Math.min(...offsets)];
  if ((descriptors.count ?? 0) > 1) {
    const second = descriptors.read(1).fileOffset;
    const before = second - descriptors.read(0).byteLength;
    if (!begins.includes(before) && !descriptors.isZeroPage(second)) begins.push(before);
  }
  const counts = begins.map((begin) => {
    const count = descriptors.countUpTo(begin);
    return Number.isInteger(count) ? count : descriptors.countUpTo(begin - blockSize);
  });
  return [...new Set(counts)].filter((count) => Number.isInteger(count) && count > 0);
}
