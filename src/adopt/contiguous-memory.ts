/**
 * How much contiguous memory may a kdump kernel have in one piece? The page allocator of arm64 has blocks of so many pages
 * and no larger ones (MAX_PAGE_ORDER); for memory of a device CMA may give more.
 */

/** By page size: MAX_PAGE_ORDER as arm64 is configured by default, and SECTION_SIZE_BITS, which no block exceeds. */
const PAGE_ALLOCATORS: readonly [pageSize: number, maxPageOrder: number, sectionSizeBits: number][] = [
  [0x1000, 10, 27],
  [0x4000, 11, 27],
  [0x10000, 13, 29],
];

/** Bytes of the largest block by default, by page size. */
export const LARGEST_BLOCKS: readonly [pageSize: number, byteLength: number][] = PAGE_ALLOCATORS.map(
  ([pageSize, maxPageOrder]) => [pageSize, pageSize * 2 ** maxPageOrder],
);

/** `granted` stands for whatever a kernel can have at all: nobody knows how much of it is free. */
export type Granted = 'granted' | 'refused' | 'cannot-be-told';

/** The kernel that asks for memory. */
export interface AskingKernel {
  readonly pageSize: number;
  /** All of its memory; null where that is not known. */
  readonly ramByteLength: number | null;
}

/**
 * Whether an allocation of `byteLength` in one piece is granted. `cma`: it is one of dma_alloc_coherent(), of which nobody
 * knows whether the kernel has CONFIG_DMA_CMA, and how large its area is; any other comes from the page allocator.
 */
export function contiguous(byteLength: number, { pageSize, ramByteLength }: AskingKernel, cma: boolean): Granted {
  if (ramByteLength !== null && byteLength > ramByteLength) return 'refused';
  const [, maxPageOrder, sectionSizeBits] =
    PAGE_ALLOCATORS.find(([size]) => size === pageSize) ?? (PAGE_ALLOCATORS[0] as (typeof PAGE_ALLOCATORS)[number]);
  if (byteLength <= pageSize * 2 ** maxPageOrder) return 'granted';
  return !cma && byteLength > 2 ** sectionSizeBits ? 'refused' : 'cannot-be-told';
}
