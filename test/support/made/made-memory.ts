/** Physical memory that a test makes: pages that were written, and RAM around them that the capture tool left out. */

import type { Dump } from '../../../src/dump/dump.ts';
import type { AddressRange, PageState, PhysicalMemory, StateRun } from '../../../src/dump/memory.ts';

const PAGE = 4096;

export class MadeMemory implements PhysicalMemory {
  readonly ranges: readonly AddressRange[];
  readonly pages = new Map<number, Buffer>();
  /** Pages that read as something else than they are. */
  readonly states = new Map<number, PageState>();
  /** What was read, in bytes. */
  readByteLength = 0;

  constructor(...ranges: AddressRange[]) {
    this.ranges = ranges;
  }

  write(paddr: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.byteLength; ) {
      const at = paddr + done;
      const from = at % PAGE;
      const count = Math.min(PAGE - from, bytes.byteLength - done);
      this.page(at).set(bytes.subarray(done, done + count), from);
      done += count;
    }
  }

  u32(paddr: number, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value >>> 0);
    this.write(paddr, bytes);
  }

  u64(paddr: number, value: bigint): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    this.write(paddr, bytes);
  }

  page(paddr: number): Buffer {
    const start = paddr - (paddr % PAGE);
    let page = this.pages.get(start);
    if (page === undefined) {
      page = Buffer.alloc(PAGE);
      this.pages.set(start, page);
    }
    return page;
  }

  runs(paddr: number, byteLength: number): StateRun[] {
    return this.#runs(paddr, byteLength, null);
  }

  read(paddr: number, into: Uint8Array): StateRun[] {
    this.readByteLength += into.byteLength;
    into.fill(0);
    return this.#runs(paddr, into.byteLength, into);
  }

  #runs(paddr: number, byteLength: number, into: Uint8Array | null): StateRun[] {
    const runs: { offset: number; byteLength: number; state: PageState }[] = [];
    for (let done = 0; done < byteLength; ) {
      const at = paddr + done;
      const from = at % PAGE;
      const count = Math.min(PAGE - from, byteLength - done);
      const page = this.pages.get(at - from);
      const inRam = this.ranges.some(({ start, end }) => at >= start && at < end);
      const state = this.states.get(at - from) ?? (page !== undefined ? 'present' : inRam ? 'excluded' : 'hole');
      if (state === 'present' && page !== undefined) into?.set(page.subarray(from, from + count), done);
      const last = runs.at(-1);
      if (last?.state === state) last.byteLength += count;
      else runs.push({ offset: done, byteLength: count, state });
      done += count;
    }
    return runs;
  }
}

/** A dump of it: filtered as makedumpfile does, with this VMCOREINFO in its note, or without one. */
export function madeDump(memory: PhysicalMemory, vmcoreinfo: ReadonlyMap<string, string> = new Map()): Dump {
  return {
    files: ['made'],
    format: 'kdump',
    wrapper: null,
    pageSize: PAGE,
    complete: true,
    memory,
    mapComplete: true,
    zeroPagesFiltered: true,
    details: { vmcoreinfo, kernelRelease: vmcoreinfo.get('OSRELEASE') ?? null, machine: 'aarch64', dumpLevel: 31 },
    assumptions: [],
    problems: [],
    census: () => ({ pages: { present: 0, zero: 0, excluded: 0, lost: 0 }, codecs: {} }),
    close: () => {},
  };
}
