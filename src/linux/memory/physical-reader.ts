/**
 * Which bytes stand at a physical address, as evidence? Null where the dump does not have all of them. Every page is
 * read from the dump once: the search for the kernel's structures passes over the same pages more than once, and a dump
 * whose bytes come asynchronously is worked on again from the start whenever something had to be fetched.
 */

import { PADDR_LIMIT } from '../../dump/dump.ts';
import { type PageState, worstState } from '../../dump/memory.ts';
import { MemoryView, type ViewedDump } from '../../dump/view.ts';

/** The unit of reading, whatever the kernel's page size: larger units would read more than is asked for. */
export const UNIT_BYTE_LENGTH = 4096;
/** 16 MiB: the types of a large kernel (7 MiB) and all that is looked at around them. */
const CACHED_UNITS = 4096;

interface Unit {
  readonly bytes: Buffer;
  readonly state: PageState;
}

/** Bytes, and whether some of them are zeros that the dump does not vouch for. */
export interface AssumedBytes {
  readonly bytes: Buffer;
  readonly assumed: boolean;
}

export class PhysicalReader {
  readonly #dump: ViewedDump;
  readonly #view: MemoryView;
  readonly #units = new Map<number, Unit>();
  #latest: { readonly paddr: number; readonly unit: Unit } | undefined;

  constructor(dump: ViewedDump) {
    this.#dump = dump;
    this.#view = new MemoryView(dump);
  }

  /** The bytes of a range, or null when the dump does not have every one of them. */
  bytes(paddr: number, byteLength: number): Buffer | null {
    const read = this.#read(paddr, byteLength, (state) => state === 'present' || state === 'zero');
    return read === null ? null : read.bytes;
  }

  /** The same, with pages that the capture tool left out as zeros where its dump level says that it filtered those. */
  bytesOrZeros(paddr: number, byteLength: number): AssumedBytes | null {
    return this.#read(paddr, byteLength, (state) => this.#view.isKnown(state));
  }

  /** One little-endian 64-bit word, or null. */
  u64(paddr: number): bigint | null {
    return this.bytes(paddr, 8)?.readBigUInt64LE(0) ?? null;
  }

  /** The bytes of a range for a search, with zeros in place of what the dump lacks; null when it has none of them. */
  forSearch(paddr: number, byteLength: number): Buffer | null {
    let anything = false;
    const read = this.#read(paddr, byteLength, (state) => {
      anything ||= state === 'present';
      return true;
    });
    return anything ? (read as AssumedBytes).bytes : null;
  }

  #read(paddr: number, byteLength: number, accept: (state: PageState) => boolean): AssumedBytes | null {
    const end = paddr + byteLength;
    if (!(paddr >= 0 && end <= PADDR_LIMIT)) return null;
    const bytes = Buffer.allocUnsafe(byteLength);
    let assumed = false;
    for (let at = paddr; at < end; ) {
      const from = at % UNIT_BYTE_LENGTH;
      const count = Math.min(UNIT_BYTE_LENGTH - from, end - at);
      const unit = this.#unit(at - from);
      if (!accept(unit.state)) return null;
      assumed ||= this.#view.isAssumed(unit.state);
      unit.bytes.copy(bytes, at - paddr, from, from + count);
      at += count;
    }
    return { bytes, assumed };
  }

  #unit(paddr: number): Unit {
    // The members of an object are read one after the other.
    if (this.#latest?.paddr === paddr) return this.#latest.unit;
    const unit = this.#units.get(paddr) ?? this.#fill(paddr);
    this.#latest = { paddr, unit };
    return unit;
  }

  #fill(paddr: number): Unit {
    const bytes = Buffer.alloc(UNIT_BYTE_LENGTH);
    const runs = this.#dump.memory.read(paddr, bytes);
    const unit: Unit = { bytes, state: runs.map((run) => run.state).reduce(worstState, 'present') };
    // All at once: to know which one was used last costs more than to read some again.
    if (this.#units.size >= CACHED_UNITS) this.#units.clear();
    this.#units.set(paddr, unit);
    return unit;
  }
}
