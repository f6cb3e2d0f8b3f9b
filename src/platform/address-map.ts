/** What is at a physical address of the machine: memory, the kdump kernel's own memory, a device, or nothing. */

import type { AddressRange, PhysicalMemory } from '../dump/memory.ts';
import { type Iomem, type IomemRange, kdumpRamOf } from './iomem.ts';

/**
 * - `ram`: memory outside the kdump kernel's own
 * - `kdump`: the crashkernel reservation, which the kdump kernel runs in
 * - `device`: registers of some device
 * - `hole`: nothing answers there, according to /proc/iomem
 * - `unknown`: the dump has nothing there, and without /proc/iomem nobody can say what that means
 */
export type AddressKind = 'ram' | 'kdump' | 'device' | 'hole' | 'unknown';

export interface KindRun {
  readonly offset: number;
  readonly byteLength: number;
  readonly kind: AddressKind;
}

/** Tables are aligned to 64 bytes at least; with boundaries aligned the same way no entry lies on both sides of one. */
const GRAIN = 64;

export class AddressMap {
  readonly #ram: readonly AddressRange[];
  readonly #kdump: readonly AddressRange[];
  readonly #devices: readonly IomemRange[];
  readonly #dump: Pick<PhysicalMemory, 'runs'>;
  /** Whether /proc/iomem tells holes from devices and from memory that the dump lacks. */
  readonly complete: boolean;

  /** `kdumpRam` beside what `iomem` says: the snapshot may give it as well. */
  constructor(dump: Pick<PhysicalMemory, 'runs'>, iomem: Iomem | null, kdumpRam: readonly AddressRange[]) {
    this.#dump = dump;
    this.complete = iomem !== null;
    this.#ram = outward(iomem?.systemRam ?? []);
    this.#kdump = outward(kdumpRamOf(kdumpRam, iomem));
    this.#devices = outward(iomem?.devices ?? []);
  }

  /** The kinds of a range, in order and without gaps. Boundaries inside the range are aligned to 64 bytes. */
  runs(paddr: number, byteLength: number): KindRun[] {
    const end = paddr + byteLength;
    const edges = [...this.#kdump, ...this.#ram, ...this.#devices].flatMap(({ start, end: after }) => [start, after]);
    const runs: KindRun[] = [];
    const add = (start: number, after: number, kind: AddressKind) => {
      if (after <= start) return;
      const last = runs.at(-1);
      if (last?.kind === kind) runs[runs.length - 1] = { ...last, byteLength: last.byteLength + after - start };
      else runs.push({ offset: start - paddr, byteLength: after - start, kind });
    };
    for (const [start, after] of stretches(paddr, end, edges)) {
      const inside = (range: AddressRange) => range.start <= start && start < range.end;
      if (this.#kdump.some(inside)) add(start, after, 'kdump');
      else if (this.#ram.some(inside)) add(start, after, 'ram');
      else {
        const other = this.complete ? (this.#devices.some(inside) ? 'device' : 'hole') : 'unknown';
        // What the dump holds bytes for is memory, whoever forgot to list it.
        for (const run of this.#dump.runs(start, after - start)) {
          const from = start + run.offset;
          const to = from + run.byteLength;
          const first = Math.max(start, floor(from));
          add(first, to === after ? after : floor(to), run.state === 'hole' ? other : 'ram');
        }
      }
    }
    return runs;
  }

  /** The name of the device at an address, or null. */
  deviceAt(paddr: number): string | null {
    return this.#devices.find(({ start, end }) => start <= paddr && paddr < end)?.name ?? null;
  }
}

/** A range cut at every edge that lies inside it. */
function stretches(start: number, end: number, edges: readonly number[]): [start: number, end: number][] {
  const cuts = [...new Set(edges.filter((edge) => start < edge && edge < end))].sort((a, b) => a - b);
  return [start, ...cuts].map((from, i) => [from, cuts[i] ?? end]);
}

function floor(paddr: number): number {
  return paddr - (paddr % GRAIN);
}

/** The same ranges with boundaries moved outward to the grain. */
function outward<T extends AddressRange>(ranges: readonly T[]): T[] {
  return ranges.map((range) => ({ ...range, start: floor(range.start), end: floor(range.end + GRAIN - 1) }));
}
