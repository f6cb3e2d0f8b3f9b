/**
 * Can the segments of an ELF core all be where their headers say? What no writer makes shows which of them are damaged:
 * - Bytes of the file belong to one address. QEMU has several segments of the same memory, which share its bytes; two of
 *   different memory do not, nor does one begin among the headers.
 * - Kernels map memory by pages, so that p_vaddr and p_paddr are the same within a page.
 * Of two that share bytes either may be the damaged one.
 */

/** A segment with bytes in the file. */
export interface PlacedSegment {
  /** Which program header. */
  readonly index: number;
  readonly vaddr: bigint;
  readonly paddr: number;
  readonly fileOffset: number;
  readonly fileByteLength: number;
}

/** Why the bytes of a segment are not relied on. `other` is the program header that claims them, too. */
export type Misplaced =
  | { readonly why: 'shared'; readonly other: number }
  | { readonly why: 'among-headers' }
  | { readonly why: 'addresses-part' };

/** No kernel has smaller pages. */
const PAGE_BYTE_LENGTH = 4096;
const PAGE_MASK = BigInt(PAGE_BYTE_LENGTH - 1);

/** By program header. `headers` are the stretches of the file that hold headers. */
export function misplacedSegments(
  segments: readonly PlacedSegment[],
  headers: readonly { readonly start: number; readonly end: number }[],
): ReadonlyMap<number, Misplaced> {
  const found = new Map<number, Misplaced>();
  for (const { index, vaddr, paddr, fileOffset, fileByteLength } of segments) {
    if (headers.some(({ start, end }) => fileOffset < end && start < fileOffset + fileByteLength)) {
      found.set(index, { why: 'among-headers' });
    } else if (vaddr !== 0n && ((vaddr ^ BigInt(paddr)) & PAGE_MASK) !== 0n) {
      found.set(index, { why: 'addresses-part' });
    }
  }
  const inOrder = segments
    .filter(({ index }) => !found.has(index))
    .sort((a, b) => a.fileOffset - b.fileOffset || a.index - b.index);
  let last: PlacedSegment | undefined;
  for (const one of inOrder) {
    if (last !== undefined && one.fileOffset < endOf(last) && !isSameMemory(one, last)) {
      found.set(one.index, { why: 'shared', other: last.index });
      found.set(last.index, found.get(last.index) ?? { why: 'shared', other: one.index });
    }
    if (last === undefined || endOf(one) > endOf(last)) last = one;
  }
  return found;
}

function endOf({ fileOffset, fileByteLength }: PlacedSegment): number {
  return fileOffset + fileByteLength;
}

function isSameMemory(a: PlacedSegment, b: PlacedSegment): boolean {
  return a.paddr - a.fileOffset === b.paddr - b.fileOffset;
}
