/**
 * Memory as the kdump kernel's driver meets it: whether memremap() of a range succeeds, and what a read through the
 * mapping finds. Two models:
 *
 * - `dump`: a range that is wholly RAM according to the dump maps, any other fails. Nothing is known of the machine, and
 *   where the memory map of the dump may be short, not whether it maps.
 * - `kernel`: as Linux on arm64 does it. Nearly everything maps; what a read then meets depends on what is there.
 */

import type { PageState } from '../dump/memory.ts';
import { type MemoryView, NO_WORDS, type TableSlice } from '../dump/view.ts';
import type { AddressKind, AddressMap, KindRun } from '../platform/address-map.ts';
import type { SteReader, SteSlice } from '../smmu/ste-reader.ts';
import { STE_BYTE_LENGTH } from '../smmu/stream-table.ts';
import { KernelPanic } from './panic.ts';

export type MemremapModel = 'dump' | 'kernel';

/**
 * How a mapping reaches memory: `dump` in the model of that name; else the kernel's direct map, or a new mapping.
 * `unknown`: it cannot be told whether it does.
 */
export type MappedThrough = 'dump' | 'direct-map' | 'ioremap' | 'unknown';

/** What memremap(…, MEMREMAP_WB) of a range does. */
export interface Remap {
  readonly paddr: number;
  readonly byteLength: number;
  /** Null: it fails. */
  readonly through: MappedThrough | null;
  /** Why it fails, or where it leads when that is not to the crashed kernel's memory; null when all is well. */
  readonly why: string | null;
  /** The range mixes System RAM of the kdump kernel with another resource, which Linux refuses with a WARN. */
  readonly mixed: boolean;
}

export interface KernelMemoryOptions {
  readonly model: MemremapModel;
  /** Address bits of the CPU: what lies above cannot be mapped. */
  readonly paBits: number;
}

/** Who reads: the kernel function that dies when the read does, or null for an onlooker, who never does. */
export type Reader = () => string | null;

const KIND_IN_WORDS: Readonly<Record<AddressKind, string>> = {
  ram: 'RAM',
  kdump: "the kdump kernel's own memory",
  device: 'device registers',
  hole: 'a hole of the physical map',
  unknown: 'nothing that the dump knows of',
};

const UNCHARTED = 'in no range of this dump, whose memory map may be short';

export class KernelMemory {
  readonly view: MemoryView;
  readonly #stes: SteReader<PageState>;
  readonly #map: AddressMap;
  readonly #options: KernelMemoryOptions;

  constructor(view: MemoryView, stes: SteReader<PageState>, map: AddressMap, options: KernelMemoryOptions) {
    this.view = view;
    this.#stes = stes;
    this.#map = map;
    this.#options = options;
  }

  get model(): MemremapModel {
    return this.#options.model;
  }

  /** memremap(paddr, byteLength, MEMREMAP_WB), and devm_memremap(), which differs in its errno only. */
  remap(paddr: number, byteLength: number): Remap {
    const range = { paddr, byteLength };
    if (this.#options.model === 'dump') {
      const isRam = this.view.isWhollyRam(paddr, byteLength);
      if (isRam === null) return { ...range, through: 'unknown', why: UNCHARTED, mixed: false };
      return { ...range, through: isRam ? 'dump' : null, why: isRam ? null : 'not RAM in this dump', mixed: false };
    }
    const { paBits } = this.#options;
    if (paddr + byteLength > 2 ** paBits) {
      const why = `the CPU has ${paBits} address bits; what lies above cannot be mapped`;
      return { ...range, through: null, why, mixed: false };
    }
    const kinds = this.#map.runs(paddr, byteLength).map(({ kind }) => kind);
    // region_intersects(): memory outside the reservation is no resource of the kdump kernel, so only a device mixes.
    if (kinds.includes('kdump') && kinds.includes('device')) {
      return { ...range, through: null, why: "memory of the kdump kernel and a device's in one range", mixed: true };
    }
    // try_ram_remap() looks at the first page only.
    const through = kinds[0] === 'kdump' ? 'direct-map' : 'ioremap';
    const odd = kinds.find((kind) => kind !== 'ram' && kind !== 'unknown');
    return { ...range, through, why: odd === undefined ? null : `maps ${KIND_IN_WORDS[odd]}`, mixed: false };
  }

  /** Entries `first` to `first + count - 1` of a mapped table, in ascending order. Throws KernelPanic for a reader. */
  *slices(
    mapped: Remap,
    entryByteLength: number,
    { first, count }: { readonly first: number; readonly count: number },
    reader: Reader,
  ): Generator<TableSlice> {
    const from = mapped.paddr + first * entryByteLength;
    for (const part of this.#parts(mapped, from, count * entryByteLength, reader)) {
      const before = first + part.offset / entryByteLength;
      const entries = part.byteLength / entryByteLength;
      if (part.kind !== 'ram') {
        yield { first: before, count: entries, state: 'hole', known: false, words: NO_WORDS };
        continue;
      }
      for (const slice of this.view.slices(from + part.offset, entryByteLength, entries)) {
        yield { ...slice, first: before + slice.first };
      }
    }
  }

  /** The same for an array of STEs, with their counts; what is known to hold nothing active comes without words. */
  *steSlices(mapped: Remap, count: number, reader: Reader): Generator<SteSlice<PageState>> {
    for (const part of this.#parts(mapped, mapped.paddr, count * STE_BYTE_LENGTH, reader)) {
      const before = part.offset / STE_BYTE_LENGTH;
      const entries = part.byteLength / STE_BYTE_LENGTH;
      if (part.kind !== 'ram') {
        yield { first: before, count: entries, state: 'hole', known: false, words: NO_WORDS, counts: null };
        continue;
      }
      for (const slice of this.#stes.slices(mapped.paddr + part.offset, entries)) {
        yield { ...slice, first: before + slice.first };
      }
    }
  }

  /** The words of one entry at `paddr`, inside a mapped range; null when they are not known. */
  words(mapped: Remap, paddr: number, byteLength: number, reader: Reader): bigint[] | null {
    const parts = [...this.#parts(mapped, paddr, byteLength, reader)];
    return parts.every(({ kind }) => kind === 'ram') ? this.view.readWords(paddr, byteLength) : null;
  }

  /** What a range is, for a sentence: the first kind in it that is not plain memory, or null. */
  oddityOf(paddr: number, byteLength: number): string | null {
    if (this.#options.model === 'dump') return null;
    const odd = this.#map.runs(paddr, byteLength).find(({ kind }) => kind !== 'ram');
    if (odd === undefined) return null;
    const device = odd.kind === 'device' ? this.#map.deviceAt(paddr + odd.offset) : null;
    return device === null ? KIND_IN_WORDS[odd.kind] : `${KIND_IN_WORDS.device} (${device})`;
  }

  /** Parts of a mapped range by kind; a part that no CPU survives ends a reader's life when it comes to it. */
  *#parts(mapped: Remap, paddr: number, byteLength: number, reader: Reader): Generator<KindRun> {
    if (this.#options.model === 'dump') {
      yield { offset: 0, byteLength, kind: 'ram' };
      return;
    }
    for (const run of this.#map.runs(paddr, byteLength)) {
      const at = paddr + run.offset;
      const where = reader();
      if (where !== null && mapped.through === 'direct-map' && run.kind !== 'kdump') {
        const why = "beyond the end of the kdump kernel's memory in the direct map: the first read is an oops";
        throw new KernelPanic({ where, paddr: at, why });
      }
      if (where !== null && run.kind === 'hole') {
        const why = 'nothing answers at this address: the first read ends in an external abort';
        throw new KernelPanic({ where, paddr: at, why });
      }
      yield run;
    }
  }
}
