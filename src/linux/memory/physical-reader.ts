/**
 * Which bytes stand at a physical address, as evidence? Null where the dump does not have all of them. Every page is
 * read from the dump once: the search for the kernel's structures passes over the same pages more than once, and a dump
 * whose bytes come asynchronously is worked on again from the start whenever something had to be fetched.
 */

import { PADDR_LIMIT } from '../../dump/dump.ts';
import { type PageState, worstState } from '../../dump/memory.ts';
import { MemoryView, type ViewedDump } from '../../dump/view.ts';

/** The unit of reading, whatever the kernel's page size: larger units would read more than is asked for. */
const UNIT_BYTE_LENGTH = 4096;
/** Of a range that is longer than a unit: a call of the system for each would take longer than what it reads. */
const READ_AT_ONCE = 16 * UNIT_BYTE_LENGTH;
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

  /** The bytes of a range, or null when the dump does not have every one of them. They are not to be changed. */
  bytes(paddr: number, byteLength: number): Buffer | null {
    const read = this.#read(paddr, byteLength, isEvidence);
    return read === null ? null : read.bytes;
  }

  /** The same, with pages that the capture tool left out as zeros where its dump level says that it filtered those. */
  bytesOrZeros(paddr: number, byteLength: number): AssumedBytes | null {
    return this.#read(paddr, byteLength, (state) => this.#view.isKnown(state));
  }

  /** One little-endian 64-bit word, or null. */
  u64(paddr: number): bigint | null {
    const from = paddr % UNIT_BYTE_LENGTH;
    // The walks through page tables read nothing else, and need no bytes of their own.
    if (!(paddr >= 0 && paddr < PADDR_LIMIT && from <= UNIT_BYTE_LENGTH - 8)) {
      return this.bytes(paddr, 8)?.readBigUInt64LE(0) ?? null;
    }
    const { bytes, state } = this.#unit(paddr - from);
    return isEvidence(state) ? bytes.readBigUInt64LE(from) : null;
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
    const first = paddr % UNIT_BYTE_LENGTH;
    if (byteLength > 0 && first + byteLength <= UNIT_BYTE_LENGTH) {
      const unit = this.#unit(paddr - first);
      if (!accept(unit.state)) return null;
      return { bytes: unit.bytes.subarray(first, first + byteLength), assumed: this.#view.isAssumed(unit.state) };
    }
    this.#fillMissing(paddr - first, end);
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
    return this.#keep(paddr, { bytes, state: runs.map((run) => run.state).reduce(worstState, 'present') });
  }

  /** Reads the units from `start` up to `end` that are not there yet, as many at once as lie in a row. */
  #fillMissing(start: number, end: number): void {
    for (let at = start; at < end; ) {
      let to = at;
      while (to < end && to - at < READ_AT_ONCE && !this.#units.has(to)) to += UNIT_BYTE_LENGTH;
      if (to - at > UNIT_BYTE_LENGTH) this.#fillRow(at, to - at);
      at = Math.max(to, at + UNIT_BYTE_LENGTH);
    }
  }

  #fillRow(paddr: number, byteLength: number): void {
    const row = Buffer.alloc(byteLength);
    const states: PageState[] = Array.from({ length: byteLength / UNIT_BYTE_LENGTH }, () => 'present');
    for (const { offset, byteLength: length, state } of this.#dump.memory.read(paddr, row)) {
      for (let i = Math.floor(offset / UNIT_BYTE_LENGTH); i * UNIT_BYTE_LENGTH < offset + length; i++) {
        states[i] = worstState(states[i] as PageState, state);
      }
    }
    for (const [i, state] of states.entries()) {
      const from = i * UNIT_BYTE_LENGTH;
      this.#keep(paddr + from, { bytes: row.subarray(from, from + UNIT_BYTE_LENGTH), state });
    }
  }

  #keep(paddr: number, unit: Unit): Unit {
    // All at once: to know which one was used last costs more than to read some again.
    if (this.#units.size >= CACHED_UNITS) this.#units.clear();
    this.#units.set(paddr, unit);
    return unit;
  }
}

function isEvidence(state: PageState): boolean {
  return state === 'present' || state === 'zero';
}
