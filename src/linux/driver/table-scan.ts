/**
 * Which memory looks like a level 1 stream table of Linux? For a dump in which nothing of the kernel can be found: every
 * descriptor that is used has span 9 and leads to 256 STEs, all of which Linux fills when it makes such a table
 * (arm_smmu_init_l2_strtab). Candidates come with their evidence; there may be several (of an earlier kernel, of a
 * guest), so that nobody but the user can choose. A linear table looks like any level 2 table and is not found.
 */

import type { Dump } from '../../dump/dump.ts';
import type { AddressRange } from '../../dump/memory.ts';
import { findAlone, PART_BYTE_LENGTH } from '../../dump/part-search.ts';
import { stretchesOf } from '../../dump/search-stretches.ts';
import { noProgress, type Progress } from '../../progress.ts';
import { readerOf } from '../kernel.ts';
import type { PhysicalReader } from '../memory/physical-reader.ts';

export interface TableCandidate {
  /** Physical address of the page that begins the table. */
  readonly paddr: number;
  /** Descriptors that are not zero. */
  readonly used: number;
  /** Those that lead to 256 STEs, all valid and of a configuration that Linux writes. */
  readonly good: number;
  /** Index of the last descriptor that is not zero: the table reaches that far at least. */
  readonly lastIndex: number;
}

const PAGE_BYTE_LENGTH = 4096;
const CHUNK_BYTE_LENGTH = 1 << 20;
const L2_BYTE_LENGTH = 256 * 64;
const SPAN = 9;
/** Of the high word: address bits 51:32. */
const HIGH_RESERVED = 0xfff0_0000;
/** STE.Config that Linux writes: abort, bypass, stage 1, stage 2, nested. */
const CONFIGS: ReadonlySet<number> = new Set([0, 4, 5, 6, 7]);
/** 2^17 descriptors of 8 bytes. */
const MAX_TABLE_PAGES = 256;
/** To compare with: most pages of a raw dump are like it, and to look through one word by word takes ten times as long. */
const ZERO_PAGE = Buffer.alloc(PAGE_BYTE_LENGTH);

/** Reads all memory that the dump has. The best candidates first: most descriptors that lead where they should. */
export function findTables(dump: Dump, progress: Progress = noProgress): readonly TableCandidate[] {
  const { findIn = findAlone(progress) } = dump;
  const search = { name: 'tables', what: 'searching for stream tables', in: tablePageFinder(dump) } as const;
  const parts = stretchesOf(dump.memory, PART_BYTE_LENGTH);
  return tablesOfPages(parts.flatMap((_, at) => findIn(search, parts, at)));
}

/**
 * Finds the pages within a range, of whole pages, that may be some of a table; each as if it were a table of its own. Found
 * range by range they are the same as found all at once.
 */
export function tablePageFinder(dump: Dump): (within: AddressRange) => TableCandidate[] {
  const isTable = memoizedL2Check(readerOf(dump));
  const chunk = new Uint32Array(CHUNK_BYTE_LENGTH / 4);
  const chunkBytes = Buffer.from(chunk.buffer);
  const isZero = (page: number) =>
    chunk[page / 4] === 0 && chunkBytes.compare(ZERO_PAGE, 0, PAGE_BYTE_LENGTH, page, page + PAGE_BYTE_LENGTH) === 0;
  const { memory } = dump;
  return (within) => {
    const pages: TableCandidate[] = [];
    const ranges = memory.ranges
      .map(({ start, end }) => ({ start: Math.max(start, within.start), end: Math.min(end, within.end) }))
      .filter(({ start, end }) => start < end);
    for (const { start, end } of ranges) {
      for (const run of memory.runs(start, end - start)) {
        const runEnd = start + run.offset + run.byteLength;
        // Whole pages only, and none of which the dump has nothing.
        const first = Math.ceil((start + run.offset) / PAGE_BYTE_LENGTH) * PAGE_BYTE_LENGTH;
        for (let at = first; run.state === 'present' && at + PAGE_BYTE_LENGTH <= runEnd; at += CHUNK_BYTE_LENGTH) {
          const left = Math.floor((runEnd - at) / PAGE_BYTE_LENGTH) * PAGE_BYTE_LENGTH;
          const byteLength = Math.min(CHUNK_BYTE_LENGTH, left);
          memory.read(at, chunkBytes.subarray(0, byteLength));
          for (let page = 0; page < byteLength; page += PAGE_BYTE_LENGTH) {
            const candidate = isZero(page) ? null : candidateAt(chunk, page / 4, at + page, isTable);
            if (candidate !== null) pages.push(candidate);
          }
        }
      }
    }
    return pages;
  };
}

/** The tables that pages in ascending order make, the best first. */
function tablesOfPages(pages: readonly TableCandidate[]): readonly TableCandidate[] {
  return joined(pages).sort((a, b) => b.good - a.good || a.paddr - b.paddr);
}

/** One page as the beginning of a level 1 table, or null. Nearly every page fails at its first word that is not zero. */
function candidateAt(
  words: Uint32Array,
  at: number,
  paddr: number,
  isTable: (paddr: number) => boolean,
): TableCandidate | null {
  let used = 0;
  let lastIndex = 0;
  for (let i = 0; i < PAGE_BYTE_LENGTH / 8; i++) {
    const low = words[at + 2 * i] as number;
    const high = words[at + 2 * i + 1] as number;
    if (low === 0 && high === 0) continue;
    if (low % L2_BYTE_LENGTH !== SPAN || (high & HIGH_RESERVED) !== 0) return null;
    used++;
    lastIndex = i;
  }
  if (used === 0) return null;
  let good = 0;
  for (let i = 0; i <= lastIndex; i++) {
    const low = words[at + 2 * i] as number;
    const high = words[at + 2 * i + 1] as number;
    if (low !== 0 && isTable(high * 2 ** 32 + low - SPAN)) good++;
  }
  return good * 2 >= used ? { paddr, used, good, lastIndex } : null;
}

/** Pages of one table, which follow each other, as one. */
function joined(pages: readonly TableCandidate[]): TableCandidate[] {
  const tables: TableCandidate[] = [];
  for (const page of pages) {
    const last = tables.at(-1);
    const pagesBefore = last === undefined ? 0 : (page.paddr - last.paddr) / PAGE_BYTE_LENGTH;
    const endsBefore = last === undefined ? -1 : Math.floor((last.lastIndex * 8) / PAGE_BYTE_LENGTH);
    if (last === undefined || endsBefore !== pagesBefore - 1 || pagesBefore >= MAX_TABLE_PAGES) tables.push(page);
    else {
      tables[tables.length - 1] = {
        paddr: last.paddr,
        used: last.used + page.used,
        good: last.good + page.good,
        lastIndex: page.lastIndex + (pagesBefore * PAGE_BYTE_LENGTH) / 8,
      };
    }
  }
  return tables;
}

/** Each target is read once, however many descriptors lead to it. */
function memoizedL2Check(reader: PhysicalReader): (paddr: number) => boolean {
  const known = new Map<number, boolean>();
  return (paddr) => {
    let answer = known.get(paddr);
    if (answer === undefined) {
      answer = isLevel2Table(reader, paddr);
      known.set(paddr, answer);
    }
    return answer;
  };
}

function isLevel2Table(reader: PhysicalReader, paddr: number): boolean {
  // The first page decides nearly always.
  for (let page = 0; page < L2_BYTE_LENGTH; page += PAGE_BYTE_LENGTH) {
    const bytes = reader.bytes(paddr + page, PAGE_BYTE_LENGTH);
    if (bytes === null) return false;
    for (let at = 0; at < PAGE_BYTE_LENGTH; at += 64) {
      const word = bytes[at] as number;
      if ((word & 1) === 0 || !CONFIGS.has((word >> 1) & 7)) return false;
    }
  }
  return true;
}
