/**
 * Where in physical memory does a kernel describe itself, when the dump has no note of it? The text stands in RAM twice:
 * at the start of a page, and behind the header of the note that is made of it (kernel/vmcore_info.c).
 */

import { parseVmcoreinfo } from '../../dump/formats/notes.ts';
import type { AddressRange, PhysicalMemory } from '../../dump/memory.ts';
import { noProgress, type Progress } from '../../progress.ts';
import { isLayout, type KernelLayout, kernelLayout } from './vmcoreinfo.ts';

/** ELF note header and the name `VMCOREINFO`, padded. */
const NOTE_OFFSET = 24;
const PAGE_BYTE_LENGTH = 4096;
const CHUNK_BYTE_LENGTH = 1 << 20;
/** The kernel is near the start of RAM or, where firmware put it there, near the end. */
const WINDOW_BYTE_LENGTH = 1 << 29;
/** Some seconds of reading: what a machine of up to this much memory has is searched wholly. */
const MAX_SEARCHED_BYTES = 2 ** 32;
const MAX_CANDIDATES = 64;
const BEGINNING = Buffer.from('OSRELEASE=');

export interface VmcoreinfoSearch {
  /** Those that are whole and accepted, in the order in which they were found, each kernel once. */
  readonly found: readonly KernelLayout[];
  readonly searchedBytes: number;
  /** False when memory was left unsearched. */
  readonly isWhole: boolean;
}

/** Several can be in memory: one of an earlier kernel, of a guest. `accept` tells those that fit the memory around. */
export function findVmcoreinfos(
  memory: PhysicalMemory,
  accept: (layout: KernelLayout) => boolean,
  progress: Progress = noProgress,
): VmcoreinfoSearch {
  const seen = new Set<string>();
  const found: KernelLayout[] = [];
  const chunk = Buffer.alloc(CHUNK_BYTE_LENGTH);
  const ramByteLength = memory.ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const total = Math.min(ramByteLength, MAX_SEARCHED_BYTES);
  let searchedBytes = 0;
  for (const window of searchOrder(memory.ranges)) {
    // Once it is found, the windows that are left would hold a copy at best.
    if (found.length > 0) return { found, searchedBytes, isWhole: false };
    for (let paddr = window.start; paddr < window.end; paddr += CHUNK_BYTE_LENGTH) {
      if (searchedBytes >= MAX_SEARCHED_BYTES || seen.size >= MAX_CANDIDATES) {
        return { found, searchedBytes, isWhole: false };
      }
      const bytes = chunk.subarray(0, Math.min(CHUNK_BYTE_LENGTH, window.end - paddr));
      searchedBytes += bytes.byteLength;
      progress('searching for VMCOREINFO', searchedBytes, total);
      if (!memory.read(paddr, bytes).some(({ state }) => state === 'present')) continue;
      for (const text of textsIn(bytes)) {
        if (seen.has(text)) continue;
        seen.add(text);
        const layout = kernelLayout(parseVmcoreinfo(text));
        // A kernel that has crashed has its text twice, once with the time of the crash.
        const isNew = isLayout(layout) && !found.some((one) => isSameKernel(one, layout));
        if (isNew && accept(layout)) found.push(layout);
      }
    }
  }
  return { found, searchedBytes, isWhole: true };
}

function isSameKernel(a: KernelLayout, b: KernelLayout): boolean {
  return a.release === b.release && a.buildId === b.buildId && a.swapperPgDir === b.swapperPgDir && a.stext === b.stext;
}

/** Where RAM begins, where its ranges end, the highest first, then what is between. */
function searchOrder(ranges: readonly AddressRange[]): AddressRange[] {
  const byRange = ranges.map(windowsOf).filter((windows) => windows.length > 0);
  const first = byRange.flatMap((windows) => windows.slice(0, 1)).slice(0, 1);
  const ends = byRange.flatMap((windows) => windows.slice(-1)).reverse();
  return [...new Set([...first, ...ends, ...byRange.flat()])];
}

/** A range in windows of whole pages; of a large one, as many from its start as can be searched, and the last. */
function windowsOf({ start, end }: AddressRange): AddressRange[] {
  const windows: AddressRange[] = [];
  const most = MAX_SEARCHED_BYTES / WINDOW_BYTE_LENGTH;
  for (let at = Math.ceil(start / PAGE_BYTE_LENGTH) * PAGE_BYTE_LENGTH; at < end; at += WINDOW_BYTE_LENGTH) {
    if (windows.length === most) {
      const last = Math.floor((end - WINDOW_BYTE_LENGTH) / PAGE_BYTE_LENGTH) * PAGE_BYTE_LENGTH;
      return [...windows, { start: Math.max(at, last), end }];
    }
    windows.push({ start: at, end: Math.min(end, at + WINDOW_BYTE_LENGTH) });
  }
  return windows;
}

function* textsIn(bytes: Buffer): Generator<string> {
  for (let page = 0; page + PAGE_BYTE_LENGTH <= bytes.byteLength; page += PAGE_BYTE_LENGTH) {
    for (const at of [page, page + NOTE_OFFSET]) {
      if (
        bytes[at] !== BEGINNING[0] ||
        bytes.compare(BEGINNING, 0, BEGINNING.byteLength, at, at + BEGINNING.byteLength)
      ) {
        continue;
      }
      const end = bytes.indexOf(0, at);
      yield bytes.toString('latin1', at, end < 0 || end > page + PAGE_BYTE_LENGTH ? page + PAGE_BYTE_LENGTH : end);
    }
  }
}
