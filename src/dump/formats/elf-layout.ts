/**
 * Can the segments of an ELF core all be where their headers say? What no writer makes shows which of them are damaged:
 * - Bytes of the file belong to one address. QEMU has several segments of the same memory, which share its bytes; two of
 *   different memory do not, nor does one begin among the headers.
 * - Kernels map memory by pages, so that p_vaddr and p_paddr are the same within a page.
 * Of two that share bytes either may be the damaged one.
 */

/** Memory, and where its bytes are in a file, which may be cut. */
interface FilePlace {
  readonly paddr: number;
  readonly source: { readonly byteLength: number };
  readonly fileOffset: number;
  readonly fileByteLength: number;
}

/** What a program header says of memory. */
export interface PlacedSegment<S extends FilePlace = FilePlace> {
  /** Which program header. */
  readonly index: number;
  readonly vaddr: bigint;
  readonly segment: S;
}

/** Why the bytes of a segment are not relied on. `other` is the program header that claims them, too. */
export type Misplaced =
  | { readonly why: 'shared'; readonly other: number }
  | { readonly why: 'among-headers' }
  | { readonly why: 'addresses-part' };

/** No kernel has smaller pages. */
const PAGE_BYTE_LENGTH = 4096;
const PAGE_MASK = BigInt(PAGE_BYTE_LENGTH - 1);

/** By program header. `headers` are the stretches of the file that hold headers. Segments without bytes are nowhere. */
export function misplacedSegments(
  placed: readonly PlacedSegment[],
  headers: readonly { readonly start: number; readonly end: number }[],
): ReadonlyMap<number, Misplaced> {
  const found = new Map<number, Misplaced>();
  const held = placed.filter(({ segment }) => endOf(segment) > segment.fileOffset);
  for (const { index, vaddr, segment } of held) {
    if (headers.some(({ start, end }) => segment.fileOffset < end && start < endOf(segment))) {
      found.set(index, { why: 'among-headers' });
    } else if (vaddr !== 0n && ((vaddr ^ BigInt(segment.paddr)) & PAGE_MASK) !== 0n) {
      found.set(index, { why: 'addresses-part' });
    }
  }
  const inOrder = held
    .filter(({ index }) => !found.has(index))
    .sort((a, b) => a.segment.fileOffset - b.segment.fileOffset || a.index - b.index);
  let last: PlacedSegment | undefined;
  for (const one of inOrder) {
    const { fileOffset } = one.segment;
    if (last !== undefined && fileOffset < endOf(last.segment) && !isSameMemory(one.segment, last.segment)) {
      found.set(one.index, { why: 'shared', other: last.index });
      found.set(last.index, found.get(last.index) ?? { why: 'shared', other: one.index });
    }
    if (last === undefined || endOf(one.segment) > endOf(last.segment)) last = one;
  }
  return found;
}

function endOf({ source, fileOffset, fileByteLength }: FilePlace): number {
  return Math.min(fileOffset + fileByteLength, source.byteLength);
}

function isSameMemory(a: FilePlace, b: FilePlace): boolean {
  return a.paddr - a.fileOffset === b.paddr - b.fileOffset;
}
