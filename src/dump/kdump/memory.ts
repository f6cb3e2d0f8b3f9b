/** Physical memory out of kdump-compressed files: two bitmaps, a descriptor for each stored page, compressed pages. */

import type { Progress } from '../../progress.ts';
import type { Codec, CodecName } from '../codecs/codec.ts';
import type { PageCensus } from '../dump.ts';
import { appendRun } from '../formats/segments.ts';
import type { AddressRange, PageState, PhysicalMemory, StateRun } from '../memory.ts';
import type { PageFlaw } from '../problem.ts';
import { LruCache } from '../sources/page-cache.ts';
import { type DescriptorTable, isStored, noDescriptors, STORED_AS } from './descriptors.ts';
import type { Bitmap, RankIndex } from './rank-index.ts';

/** Unpacked pages that are kept: 4 MiB of the largest. */
const CACHED_PAGES = 64;
/** A list of more ranges than this tells nobody anything; only a damaged bitmap has them. */
const MAX_RANGES = 1 << 16;
/** Pages whose damage showed only when they were read, so that their state stays what was found. */
const MAX_DAMAGED = 1 << 16;
/** Pages without a proper descriptor that a census tells of: more than anybody lists. */
const MAX_TOLD = 64;

/** Pages that one file answers for. All numbers of pages count blocks of the file. */
export interface KdumpWindow {
  readonly startPfn: number;
  readonly endPfn: number;
  /** Null where nothing is known of any page, not even that it is none: all are lost. */
  readonly ram: Bitmap | null;
  readonly stored: RankIndex;
  /** Null where no stored page can be found, as those in a part of a split dump that is not there. */
  readonly descriptors: DescriptorTable | null;
}

/** A page that is lost, and the place in the file that makes it so. */
export interface Damage {
  readonly paddr: number;
  readonly descriptors: DescriptorTable;
  readonly fileOffset: number;
  readonly why: PageFlaw;
}

/** A visit to pages in one state. Stored ones have descriptors, one after the other from `index` on. */
type Visit = (start: number, end: number, state: PageState, descriptors: DescriptorTable | null, index: number) => void;

export interface KdumpMemoryOptions {
  readonly blockSize: number;
  readonly codecs: Readonly<Record<CodecName, Codec>>;
  /** Told of a lost page as often as somebody comes across it. */
  readonly onDamage: (damage: Damage) => void;
  /** Called when the list of ranges had to end early. */
  readonly onTooManyRanges: (limit: number) => void;
}

/** Often enough to be seen to move, rarely enough to cost nothing. */
const PAGES_PER_PROGRESS = 1 << 16;

export class KdumpMemory implements PhysicalMemory {
  readonly #windows: readonly KdumpWindow[];
  readonly #blockSize: number;
  readonly #codecs: Readonly<Record<CodecName, Codec>>;
  readonly #onDamage: (damage: Damage) => void;
  readonly #onTooManyRanges: (limit: number) => void;
  readonly #pages = new LruCache<Uint8Array>(CACHED_PAGES);
  readonly #damaged = new Set<number>();
  #ranges: readonly AddressRange[] | undefined;

  /** `windows` cover all pages from 0 to max_mapnr, in order and without gaps. */
  constructor(windows: readonly KdumpWindow[], options: KdumpMemoryOptions) {
    this.#windows = windows;
    this.#blockSize = options.blockSize;
    this.#codecs = options.codecs;
    this.#onDamage = options.onDamage;
    this.#onTooManyRanges = options.onTooManyRanges;
  }

  /** Made when first asked for: it takes a pass over the whole bitmap of RAM. */
  get ranges(): readonly AddressRange[] {
    this.#ranges ??= this.#listRanges();
    return this.#ranges;
  }

  runs(paddr: number, byteLength: number): StateRun[] {
    return this.#answer(paddr, byteLength, null);
  }

  read(paddr: number, into: Uint8Array): StateRun[] {
    return this.#answer(paddr, into.byteLength, into);
  }

  /** Pages of `pageSize` bytes, unless the blocks of the file are larger than pages: then these are counted. */
  census(pageSize: number, progress: Progress): PageCensus {
    const pagesPerBlock = Math.max(1, this.#blockSize / pageSize);
    const counts = noDescriptors();
    const pages = { present: 0, zero: 0, excluded: 0, lost: 0 };
    // Neighbours among the descriptors are read together, also where the pages between them were left out.
    let pending: { table: DescriptorTable; first: number; end: number } | null = null;
    let reported = 0;
    let faults = 0;
    const flush = () => pending?.table.countKinds(pending.first, pending.end - pending.first, counts);
    const endPfn = this.#windows.at(-1)?.endPfn ?? 0;
    this.#walk(0, endPfn, (start, end, state, descriptors, index) => {
      if (start - reported >= PAGES_PER_PROGRESS) {
        reported = start;
        progress('counting pages', start, endPfn);
      }
      if (descriptors === null) {
        if (state !== 'hole') pages[state] += (end - start) * pagesPerBlock;
      } else if (pending?.table === descriptors && pending.end === index) {
        pending.end += end - start;
      } else {
        flush();
        pending = { table: descriptors, first: index, end: index + end - start };
      }
    });
    flush();
    const codecs: Record<string, number> = {};
    for (const [kind, count] of Object.entries(counts) as [keyof typeof counts, number][]) {
      pages[isStored(kind) ? 'present' : 'lost'] += count * pagesPerBlock;
      if (!isStored(kind)) faults += count;
    }
    for (const kind of STORED_AS) if (counts[kind] > 0) codecs[kind] = counts[kind] * pagesPerBlock;
    if (faults > 0) this.#reportDamage(endPfn);
    return { pages, codecs };
  }

  /** Tells of the first pages that are lost by their descriptors: they were counted without looking whose they are. */
  #reportDamage(endPfn: number): void {
    let left = MAX_TOLD;
    this.#walk(0, endPfn, (start, end, _state, descriptors, index) => {
      if (descriptors === null) return;
      const held = Math.min(end, start + descriptors.heldCount - index);
      for (let pfn = start; pfn < held && left > 0; pfn++) {
        if (!this.#isThere(pfn, descriptors, index + pfn - start)) left -= 1;
      }
    });
  }

  /** The runs of a range; its bytes too when there is an `into`. */
  #answer(paddr: number, byteLength: number, into: Uint8Array | null): StateRun[] {
    const runs: StateRun[] = [];
    if (byteLength === 0) return runs;
    const size = this.#blockSize;
    const end = paddr + byteLength;
    const add = (startPfn: number, endPfn: number, state: PageState) => {
      const from = Math.max(paddr, startPfn * size) - paddr;
      const to = Math.min(end, endPfn * size) - paddr;
      if (into !== null && state !== 'present') into.fill(0, from, to);
      appendRun(runs, from, to - from, state);
    };
    this.#walk(Math.floor(paddr / size), Math.ceil(end / size), (startPfn, endPfn, state, descriptors, index) => {
      if (descriptors === null) return add(startPfn, endPfn, state);
      for (let pfn = startPfn; pfn < endPfn; pfn++) {
        const at = index + pfn - startPfn;
        // Beyond the end of the file there is nothing to look at, however many pages the bitmap promises.
        if (at >= descriptors.heldCount) {
          this.#isThere(pfn, descriptors, at);
          return add(pfn, endPfn, 'lost');
        }
        let there = this.#isThere(pfn, descriptors, at);
        if (there && into !== null) {
          const start = Math.max(paddr, pfn * size);
          const target = into.subarray(start - paddr, Math.min(end, (pfn + 1) * size) - paddr);
          there = this.#readPage(pfn, start - pfn * size, target, descriptors, at);
        }
        add(pfn, pfn + 1, there ? 'present' : 'lost');
      }
    });
    return runs;
  }

  #isThere(pfn: number, descriptors: DescriptorTable, index: number): boolean {
    const kind = descriptors.kindOf(index);
    if (isStored(kind)) return !this.#damaged.has(pfn);
    this.#onDamage({
      paddr: pfn * this.#blockSize,
      descriptors,
      fileOffset: descriptors.offsetOf(index),
      why: descriptors.flawOf(index, kind),
    });
    return false;
  }

  /** Fills `target` with the bytes of a page from `from` on; false when they turn out to be damaged. */
  #readPage(pfn: number, from: number, target: Uint8Array, descriptors: DescriptorTable, index: number): boolean {
    const kind = descriptors.kindOf(index);
    const page = descriptors.read(index);
    const { fileOffset, byteLength } = page;
    const damage = (why: PageFlaw) => {
      if (this.#damaged.size < MAX_DAMAGED) this.#damaged.add(pfn);
      this.#onDamage({ paddr: pfn * this.#blockSize, descriptors, fileOffset, why });
      return false;
    };
    if (!descriptors.isInPlace(index, page)) return damage({ kind: 'displaced' });
    if (kind === 'plain') {
      return (
        descriptors.source.read(fileOffset + from, target) === target.byteLength || damage({ kind: 'bytes-missing' })
      );
    }
    let unpacked = this.#pages.get(pfn);
    if (unpacked === undefined) {
      const input = descriptors.pages.read(fileOffset, byteLength);
      if (input.byteLength < byteLength) return damage({ kind: 'bytes-missing' });
      unpacked = this.#pages.makeRoom() ?? new Uint8Array(this.#blockSize);
      const codec = kind as CodecName;
      if (!this.#codecs[codec](input, unpacked)) {
        return damage({ kind: 'compressed-data', byteLength, codec, pageByteLength: this.#blockSize });
      }
      this.#pages.set(pfn, unpacked);
    }
    target.set(unpacked.subarray(from, from + target.byteLength));
    return true;
  }

  /** Visits all pages from `first` up to, not including, `end`, in stretches as long as the bitmaps allow. */
  #walk(first: number, end: number, visit: Visit): void {
    let at = first;
    for (let i = this.#windowAt(first); at < end; i++) {
      const window = this.#windows[i];
      if (window === undefined) {
        visit(at, end, 'hole', null, 0);
        return;
      }
      const windowEnd = Math.min(end, window.endPfn);
      if (at < windowEnd) this.#walkWindow(window, at, windowEnd, visit);
      at = Math.max(at, windowEnd);
    }
  }

  #walkWindow({ ram, stored, descriptors }: KdumpWindow, first: number, end: number, visit: Visit): void {
    if (ram === null) {
      visit(first, end, 'lost', null, 0);
      return;
    }
    const { bitmap } = stored;
    let ramEnd = first;
    /** Of the next stored page, where it can be known without counting. */
    let index: number | null = null;
    for (let at = first; at < end; ) {
      if (at >= ramEnd) {
        ramEnd = ram.endOfRun(at, end);
        if (!ram.has(at)) {
          visit(at, ramEnd, 'hole', null, 0);
          at = ramEnd;
          index = null;
          continue;
        }
      }
      const next = bitmap.endOfRun(at, ramEnd);
      if (!bitmap.has(at)) visit(at, next, 'excluded', null, 0);
      else if (descriptors === null) visit(at, next, 'lost', null, 0);
      else {
        index ??= stored.before(at);
        visit(at, next, 'present', descriptors, index);
        index += next - at;
      }
      at = next;
    }
  }

  #windowAt(pfn: number): number {
    const index = this.#windows.findIndex(({ endPfn }) => endPfn > pfn);
    return index < 0 ? this.#windows.length : index;
  }

  #listRanges(): AddressRange[] {
    const ranges: { start: number; end: number }[] = [];
    for (const { startPfn, endPfn, ram } of this.#windows) {
      if (ram === null) continue;
      for (let at = startPfn; at < endPfn; ) {
        const next = ram.endOfRun(at, endPfn);
        if (ram.has(at)) {
          const last = ranges.at(-1);
          const start = at * this.#blockSize;
          if (last?.end === start) last.end = next * this.#blockSize;
          else if (ranges.length < MAX_RANGES) ranges.push({ start, end: next * this.#blockSize });
          else {
            this.#onTooManyRanges(MAX_RANGES);
            return ranges;
          }
        }
        at = next;
      }
    }
    return ranges;
  }
}
