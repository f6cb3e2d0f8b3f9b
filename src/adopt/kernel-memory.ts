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
import type { SteReader, SteSlice } from '../smmu/structures/ste-reader.ts';
import { STE_BYTE_LENGTH } from '../smmu/structures/stream-table.ts';
import type { AskingKernel } from './contiguous-memory.ts';
import { type KernelDeath, KernelPanic } from './panic.ts';
import type { OverlapTest } from './revisions/revision.ts';

export type MemremapModel = 'dump' | 'kernel';

/**
 * How a mapping reaches memory: `dump` in the model of that name; else the kernel's direct map, or a new mapping.
 * `unknown`: it cannot be told whether it does.
 */
export type MappedThrough = 'dump' | 'direct-map' | 'ioremap' | 'unknown';

/** What memremap(…, MEMREMAP_WB) of a range does. */
export type Remap = { readonly paddr: number; readonly byteLength: number } & (
  | { readonly through: null; readonly why: RemapReason }
  | { readonly through: MappedThrough; readonly why: RemapReason | null }
);

/** Why it fails, or where it leads when that is not to the crashed kernel's memory. */
export type RemapReason =
  /** `uncharted`: in no range of a dump whose memory map may be short. `mixed` makes Linux warn. */
  | { readonly kind: 'made-to-fail' | 'uncharted' | 'not-ram' | 'mixed' }
  | { readonly kind: 'beyond-cpu'; readonly paBits: number }
  | { readonly kind: 'leads-to'; readonly what: AddressKind };

/** What stands where plain memory should, and whose registers they are where that is known. */
export interface Oddity {
  readonly kind: AddressKind;
  readonly device: string | null;
}

export interface KernelMemoryOptions {
  readonly model: MemremapModel;
  /** Address bits of the CPU: what lies above cannot be mapped. */
  readonly paBits: number;
  /** Where the registers of the SMMU are, which its driver has claimed before it reads them; null: not known. */
  readonly registerBase?: number | null;
}

/** ARM_SMMU_REG_SZ: what the driver claims of the first page. Some have registers beyond it that are another driver's. */
const CLAIMED_BYTE_LENGTH = 0xe00;

/** Who reads: the kernel function that dies when the read does, or null for an onlooker, who never does. */
export type Reader = () => Pick<KernelDeath, 'where' | 'inferred'> | null;

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

  /** What its allocators can give. It has the pages of the crashed kernel, whose image it mostly is. */
  get kernel(): AskingKernel {
    return { pageSize: this.view.pageSize, ramByteLength: this.#map.kdumpByteLength };
  }

  get model(): MemremapModel {
    return this.#options.model;
  }

  /** memremap(paddr, byteLength, MEMREMAP_WB), and devm_memremap(), which differs in its errno only. */
  remap(paddr: number, byteLength: number): Remap {
    if (this.#options.model === 'dump') {
      const isRam = this.view.isWhollyRam(paddr, byteLength);
      if (isRam === null) return remapOf(paddr, byteLength, 'unknown', UNCHARTED);
      return isRam ? remapOf(paddr, byteLength, 'dump', null) : failed(paddr, byteLength, NOT_RAM);
    }
    const { paBits } = this.#options;
    if (paddr + byteLength > 2 ** paBits) return failed(paddr, byteLength, { kind: 'beyond-cpu', paBits });
    const kinds = this.#map.runs(paddr, byteLength).map(({ kind }) => kind);
    // region_intersects(): memory outside the reservation is no resource of the kdump kernel, so only a device mixes.
    if (kinds.includes('kdump') && kinds.includes('device')) return failed(paddr, byteLength, MIXED);
    // try_ram_remap() looks at the first page only.
    const through = kinds[0] === 'kdump' ? 'direct-map' : 'ioremap';
    const odd = kinds.find((kind) => kind !== 'ram' && kind !== 'unknown');
    return remapOf(paddr, byteLength, through, odd === undefined ? null : { kind: 'leads-to', what: odd });
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
      for (const { first: at, count: some, state, known, words } of this.view.slices(
        from + part.offset,
        entryByteLength,
        entries,
      )) {
        yield { first: before + at, count: some, state, known, words };
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
        const { state, known, words, counts } = slice;
        yield { first: before + slice.first, count: slice.count, state, known, words, counts };
      }
    }
  }

  /** The words of one entry at `paddr`, inside a mapped range; null when they are not known. */
  words(mapped: Remap, paddr: number, byteLength: number, reader: Reader): bigint[] | null {
    const parts = [...this.#parts(mapped, paddr, byteLength, reader)];
    return parts.every(({ kind }) => kind === 'ram') ? this.view.readWords(paddr, byteLength) : null;
  }

  /**
   * Whether region_intersects() finds such a resource of the kdump kernel in a range; null where that is not known. The
   * SMMU's own registers are one; what other devices have claimed by then only its own /proc/iomem could tell. A hole is
   * no resource of anybody.
   */
  overlaps(paddr: number, byteLength: number, test: OverlapTest): boolean | null {
    if (this.#map.touchesKdump(paddr, byteLength)) return true;
    if (test === 'MEM and BUSY' && this.#touchesOwnRegisters(paddr, byteLength)) return true;
    if (!this.#map.knowsKdump) return null;
    if (test === 'System RAM') return false;
    const open = this.#map.runs(paddr, byteLength).some(({ kind }) => kind === 'device' || kind === 'unknown');
    return open ? null : false;
  }

  #touchesOwnRegisters(paddr: number, byteLength: number): boolean {
    const { registerBase = null } = this.#options;
    return registerBase !== null && registerBase < paddr + byteLength && paddr < registerBase + CLAIMED_BYTE_LENGTH;
  }

  /** The first thing in a range that is not plain memory, or null. */
  oddityOf(paddr: number, byteLength: number): Oddity | null {
    if (this.#options.model === 'dump') return null;
    const odd = this.#map.runs(paddr, byteLength).find(({ kind }) => kind !== 'ram');
    if (odd === undefined) return null;
    return { kind: odd.kind, device: odd.kind === 'device' ? this.#map.deviceAt(paddr + odd.offset) : null };
  }

  /** Parts of a mapped range by kind; a part that no CPU survives ends a reader's life when it comes to it. */
  *#parts(mapped: Remap, paddr: number, byteLength: number, reader: Reader): Generator<KindRun> {
    // Where the mapping failed, there is an error code in place of an address.
    if (mapped.through === null) die(reader, paddr, 'error-pointer');
    if (this.#options.model === 'dump') {
      yield { offset: 0, byteLength, kind: 'ram' };
      return;
    }
    for (const run of this.#map.runs(paddr, byteLength)) {
      const at = paddr + run.offset;
      if (mapped.through === 'direct-map' && run.kind !== 'kdump') die(reader, at, 'beyond-direct-map');
      if (run.kind === 'hole') die(reader, at, 'nothing-answers');
      yield run;
    }
  }
}

const UNCHARTED: RemapReason = { kind: 'uncharted' };
const NOT_RAM: RemapReason = { kind: 'not-ram' };
const MIXED: RemapReason = { kind: 'mixed' };

/** Member by member: V8 gives each object that a spread begins a shape of its own, and there are hundreds of thousands. */
function remapOf(paddr: number, byteLength: number, through: MappedThrough, why: RemapReason | null): Remap {
  return { paddr, byteLength, through, why };
}

function failed(paddr: number, byteLength: number, why: RemapReason): Remap {
  return { paddr, byteLength, through: null, why };
}

/** Ends the life of whoever reads there; an onlooker lives on. Who it is is asked only now. */
function die(reader: Reader, paddr: number, why: KernelDeath['why']): void {
  const who = reader();
  if (who !== null) throw new KernelPanic({ ...who, paddr, why });
}
