/**
 * Where in physical memory does a kernel describe itself, when the dump has no note of it? The text stands in RAM twice:
 * at the start of a page, and behind the header of the note that is made of it (kernel/vmcore_info.c).
 */

import type { Dump } from '../../dump/dump.ts';
import { parseVmcoreinfo } from '../../dump/formats/notes.ts';
import type { AddressRange, PhysicalMemory } from '../../dump/memory.ts';
import { findAlone, PART_BYTE_LENGTH } from '../../dump/part-search.ts';
import { noProgress } from '../../progress.ts';
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
  { memory, progress = noProgress, findIn = findAlone(progress) }: Pick<Dump, 'memory' | 'progress' | 'findIn'>,
  accept: (layout: KernelLayout) => boolean,
): VmcoreinfoSearch {
  const seen = new Set<string>();
  const found: KernelLayout[] = [];
  const search = { name: 'vmcoreinfo', what: 'searching for VMCOREINFO', in: textFinder(memory) } as const;
  const windows = searchOrder(memory.ranges).map(partsOf);
  const beginnings = new Set(windows.map(([first]) => first));
  const all = windows.flat();
  const parts = withinBudget(all);
  let searchedBytes = 0;
  for (const [at, part] of parts.entries()) {
    // Once it is found, the windows that are left would hold a copy at best.
    const isEnough = found.length > 0 && beginnings.has(part);
    if (isEnough || seen.size >= MAX_CANDIDATES) return { found, searchedBytes, isWhole: false };
    searchedBytes += part.end - part.start;
    for (const text of findIn(search, parts, at)) {
      if (seen.has(text)) continue;
      seen.add(text);
      const layout = kernelLayout(parseVmcoreinfo(text));
      // A kernel that has crashed has its text twice, once with the time of the crash.
      const isNew = isLayout(layout) && !found.some((one) => isSameKernel(one, layout));
      if (isNew && accept(layout)) found.push(layout);
    }
  }
  return { found, searchedBytes, isWhole: parts.length === all.length };
}

function withinBudget(parts: readonly AddressRange[]): readonly AddressRange[] {
  let before = 0;
  const end = parts.findIndex(({ start, end }) => {
    const isBeyond = before >= MAX_SEARCHED_BYTES;
    before += end - start;
    return isBeyond;
  });
  return end < 0 ? parts : parts.slice(0, end);
}

function isSameKernel(a: KernelLayout, b: KernelLayout): boolean {
  return a.release === b.release && a.buildId === b.buildId && a.swapperPgDir === b.swapperPgDir && a.stext === b.stext;
}

/** Finds the texts in a part of memory, each once, and no more than are looked at. */
export function textFinder(memory: PhysicalMemory): (part: AddressRange) => readonly string[] {
  const chunk = Buffer.alloc(CHUNK_BYTE_LENGTH);
  return ({ start, end }) => {
    const texts = new Set<string>();
    for (let paddr = start; paddr < end && texts.size < MAX_CANDIDATES; paddr += CHUNK_BYTE_LENGTH) {
      const bytes = chunk.subarray(0, Math.min(CHUNK_BYTE_LENGTH, end - paddr));
      if (!memory.read(paddr, bytes).some(({ state }) => state === 'present')) continue;
      for (const text of textsIn(bytes)) texts.add(text);
    }
    return [...texts];
  };
}

function partsOf({ start, end }: AddressRange): AddressRange[] {
  const parts: AddressRange[] = [];
  for (let at = start; at < end; at += PART_BYTE_LENGTH) {
    parts.push({ start: at, end: Math.min(end, at + PART_BYTE_LENGTH) });
  }
  return parts;
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
