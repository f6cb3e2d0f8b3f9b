/** What is at a physical address of the machine: memory, the kdump kernel's own memory, a device, or nothing. */

import type { AddressRange, PhysicalMemory } from '../dump/memory.ts';
import { type Claim, firstClaims, pieceAt, pieceIndex } from './claims.ts';
import { type Iomem, kdumpRamOf } from './iomem.ts';

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

/** What /proc/iomem and the snapshot list for an address: what kind it is, and of a device the name. */
interface Listed {
  readonly kind: 'kdump' | 'ram' | 'device';
  readonly name: string;
}

export class AddressMap {
  readonly #dump: Pick<PhysicalMemory, 'runs'>;
  /** Ascending and disjoint, each with what has precedence there: a table of tables asks a hundred thousand times. */
  readonly #listed: readonly Claim<Listed>[];
  /** Devices alone, as far as they are covered by memory too. */
  readonly #devices: readonly Claim<Listed>[];
  readonly #kdump: readonly AddressRange[];
  /** Whether /proc/iomem tells holes from devices and from memory that the dump lacks. */
  readonly complete: boolean;

  /** `kdumpRam` beside what `iomem` says: the snapshot may give it as well. */
  constructor(dump: Pick<PhysicalMemory, 'runs'>, iomem: Iomem | null, kdumpRam: readonly AddressRange[]) {
    this.#dump = dump;
    this.complete = iomem !== null;
    this.#kdump = kdumpRamOf(kdumpRam, iomem);
    const devices = (iomem?.devices ?? []).map((range) => listed(range, { kind: 'device', name: range.name }));
    this.#devices = firstClaims(devices);
    this.#listed = firstClaims([
      ...this.#kdump.map((range) => listed(range, KDUMP)),
      ...(iomem?.systemRam ?? []).map((range) => listed(range, RAM)),
      ...devices,
    ]);
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
    for (let start = paddr, at = pieceIndex(this.#listed, paddr); start < end; ) {
      const piece = this.#listed[at];
      const inside = piece !== undefined && piece.first <= start;
      const after = Math.min(end, piece === undefined ? end : inside ? piece.last + 1 : piece.first);
      const kind = inside ? piece.owner.kind : null;
      if (inside) at += 1;
      if (kind === 'kdump' || kind === 'ram') add(start, after, kind);
      else {
        const other = this.complete ? (kind ?? 'hole') : 'unknown';
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

  /** Whether anything is known of the kdump kernel's memory. */
  get knowsKdump(): boolean {
    return this.#kdump.length > 0;
  }

  /** Bytes of it; null where nothing is known of it. */
  get kdumpByteLength(): number | null {
    return this.knowsKdump ? this.#kdump.reduce((sum, { start, end }) => sum + end - start, 0) : null;
  }

  /** Whether any of these addresses is the kdump kernel's memory, as far as that is known. */
  touchesKdump(paddr: number, byteLength: number): boolean {
    return this.#kdump.some(({ start, end }) => start < paddr + byteLength && paddr < end);
  }

  /** The name of the device at an address, or null. */
  deviceAt(paddr: number): string | null {
    return pieceAt(this.#devices, paddr)?.owner.name ?? null;
  }
}

const KDUMP: Listed = { kind: 'kdump', name: '' };
const RAM: Listed = { kind: 'ram', name: '' };

/** With boundaries moved outward to the grain. */
function listed({ start, end }: AddressRange, owner: Listed): Claim<Listed> {
  return { first: floor(start), last: floor(end + GRAIN - 1) - 1, owner };
}

function floor(paddr: number): number {
  return paddr - (paddr % GRAIN);
}
