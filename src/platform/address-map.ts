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
  /** Where ranges begin and end, ascending: a server lists hundreds, and a table of tables asks a hundred thousand times. */
  readonly #edges: readonly number[];
  /** What is known of the stretch below each edge, once it was asked for. */
  readonly #listed = new Map<number, 'kdump' | 'ram' | 'device' | null>();
  /** Whether /proc/iomem tells holes from devices and from memory that the dump lacks. */
  readonly complete: boolean;

  /** `kdumpRam` beside what `iomem` says: the snapshot may give it as well. */
  constructor(dump: Pick<PhysicalMemory, 'runs'>, iomem: Iomem | null, kdumpRam: readonly AddressRange[]) {
    this.#dump = dump;
    this.complete = iomem !== null;
    this.#ram = outward(iomem?.systemRam ?? []);
    this.#kdump = outward(kdumpRamOf(kdumpRam, iomem));
    this.#devices = outward(iomem?.devices ?? []);
    const edges = [...this.#kdump, ...this.#ram, ...this.#devices].flatMap(({ start, end }) => [start, end]);
    this.#edges = [...new Set(edges)].sort((a, b) => a - b);
  }

  /** The kinds of a range, in order and without gaps. Boundaries inside the range are aligned to 64 bytes. */
  runs(paddr: number, byteLength: number): KindRun[] {
    const end = paddr + byteLength;
    const runs: KindRun[] = [];
    const add = (start: number, after: number, kind: AddressKind) => {
      if (after <= start) return;
      const last = runs.at(-1);
      if (last?.kind === kind) runs[runs.length - 1] = { ...last, byteLength: last.byteLength + after - start };
      else runs.push({ offset: start - paddr, byteLength: after - start, kind });
    };
    for (let start = paddr, edge = this.#firstEdgeAbove(paddr); start < end; edge++) {
      const after = Math.min(end, this.#edges[edge] ?? end);
      const listed = this.#listedBelow(edge, start);
      if (listed === 'kdump' || listed === 'ram') add(start, after, listed);
      else {
        const other = this.complete ? (listed ?? 'hole') : 'unknown';
        // What the dump holds bytes for is memory, whoever forgot to list it.
        for (const run of this.#dump.runs(start, after - start)) {
          const from = start + run.offset;
          const to = from + run.byteLength;
          const first = Math.max(start, floor(from));
          const isRam = run.state !== 'hole' && run.uncharted !== true;
          add(first, to === after ? after : floor(to), isRam ? 'ram' : other);
        }
      }
      start = after;
    }
    return runs;
  }

  #firstEdgeAbove(paddr: number): number {
    let [low, high] = [0, this.#edges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#edges[middle] as number) > paddr) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** What is listed for the stretch between two edges in which `paddr` is. */
  #listedBelow(edge: number, paddr: number): 'kdump' | 'ram' | 'device' | null {
    const known = this.#listed.get(edge);
    if (known !== undefined) return known;
    const inside = ({ start, end }: AddressRange) => start <= paddr && paddr < end;
    const listed = this.#kdump.some(inside)
      ? 'kdump'
      : this.#ram.some(inside)
        ? 'ram'
        : this.#devices.some(inside)
          ? 'device'
          : null;
    this.#listed.set(edge, listed);
    return listed;
  }

  /** The name of the device at an address, or null. */
  deviceAt(paddr: number): string | null {
    return this.#devices.find(({ start, end }) => start <= paddr && paddr < end)?.name ?? null;
  }
}

function floor(paddr: number): number {
  return paddr - (paddr % GRAIN);
}

/** The same ranges with boundaries moved outward to the grain. */
function outward<T extends AddressRange>(ranges: readonly T[]): T[] {
  return ranges.map((range) => ({ ...range, start: floor(range.start), end: floor(range.end + GRAIN - 1) }));
}
