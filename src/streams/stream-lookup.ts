/**
 * The way from a StreamID to its entry, step by step with what was read where. Linux goes the same way but for three
 * things: it takes base and pointers as they stand, knows no other split than 8, and no other span than 9.
 */

import { maskedAddress, STRTAB_NUM_L2_STES, STRTAB_SPLIT } from '../adopt/device.ts';
import type { PageState } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import {
  L1STD_BYTE_LENGTH,
  l1Lookup,
  l1Pointer,
  STE_BYTE_LENGTH,
  type StreamTableGeometry,
  tableFormatOf,
} from '../smmu/structures/stream-table.ts';
import { hardwareLookup } from '../tables/hardware-lookup.ts';
import type { LookupEnd } from '../tables/lookup-end.ts';
import { geometryOf, type TableRegisters } from '../tables/table-registers.ts';

/** The register that says where the table is, or what is read in memory. */
export type TableStructure = { readonly kind: 'STRTAB_BASE' | 'L1STD' | 'STE' };

/** What it says to the hardware, or to Linux where that reads it in another way. */
export type TableSays =
  | ({ readonly kind: 'geometry' } & Pick<StreamTableGeometry, 'format' | 'split' | 'log2Size' | 'base' | 'entries'>)
  | { readonly kind: 'cfg'; readonly fmt: number; readonly split: number; readonly log2Size: number }
  /** `stes` 0: no table. */
  | { readonly kind: 'l1std'; readonly span: number; readonly stes: number; readonly l2: number }
  | { readonly kind: 'linux-l1std'; readonly span: number; readonly l2: number }
  | { readonly kind: 'ste'; readonly valid: boolean; readonly config: number };

/** What ends Linux's way where the hardware's would go on. */
export type LinuxLookupEnd =
  | { readonly kind: 'linux-format'; readonly fmt: number }
  | { readonly kind: 'linux-split' | 'linux-span' }
  | { readonly kind: 'linux-unused' | 'linux-null-pointer'; readonly l1Index: number };

export interface LookupStep {
  readonly what: TableStructure;
  readonly index: number | null;
  /** Of what is read; for the register, of the table that it names. */
  readonly address: number;
  /** The first word, and what it says; null when its bytes are not known. */
  readonly value: bigint | null;
  readonly says: TableSays | null;
  readonly pageState: PageState | null;
}

export interface Lookup<End = LookupEnd | LinuxLookupEnd> {
  readonly outcome: 'found' | 'no-entry' | 'not-in-dump';
  /** Of the entry; null where the way ends before. */
  readonly address: number | null;
  /** What ends it. */
  readonly why: End | null;
  readonly steps: readonly LookupStep[];
}

/** As the hardware looks it up, step by step. What it refuses is C_BAD_STREAMID. */
export function lookUpByHardware(registers: TableRegisters, view: MemoryView, sid: number): Lookup<LookupEnd> {
  const geometry = geometryOf(registers);
  const { format, base, split, log2Size, entries } = geometry;
  const says = { kind: 'geometry', format, split, log2Size, base, entries } as const;
  const walk = new Walk<LookupEnd>(view, base, registers.value, says);
  const place = hardwareLookup(geometry, sid, (_, l1Index) =>
    walk.l1(base, l1Index, (low, high) => ({ kind: 'l1std', ...l1Lookup(low, high, geometry) })),
  );
  if (place === null) return walk.end();
  return 'why' in place ? walk.end(place.why) : walk.ste(place.table, place.index);
}

/** arm_smmu_get_step_for_sid() on an adopted table; whether it is adopted is another question. */
export function lookUpByLinux(registers: TableRegisters, view: MemoryView, sid: number): Lookup {
  const { addr, value, fmt, split, log2Size } = registers;
  const base = maskedAddress(addr);
  const format = tableFormatOf(fmt);
  const walk = new Walk<LookupEnd | LinuxLookupEnd>(view, base, value, { kind: 'cfg', fmt, split, log2Size });
  if (format === 'reserved') return walk.end({ kind: 'linux-format', fmt });
  if (format === '2lvl' && split !== STRTAB_SPLIT) return walk.end({ kind: 'linux-split' });
  if (sid >= 2 ** log2Size) return walk.end({ kind: 'beyond-table', log2Size });
  if (format === 'linear') return walk.ste(base, sid);
  const index = Math.floor(sid / STRTAB_NUM_L2_STES);
  const halves = walk.l1(base, index, (low, high) => {
    return { kind: 'linux-l1std', span: low & 0x1f, l2: l1Pointer(low, high) };
  });
  if (halves === null) return walk.end();
  const span = halves[0] & 0x1f;
  const pointer = l1Pointer(...halves);
  if (span === 0) return walk.end({ kind: 'linux-unused', l1Index: index });
  if (pointer === 0) return walk.end({ kind: 'linux-null-pointer', l1Index: index });
  if (span !== STRTAB_SPLIT + 1) return walk.end({ kind: 'linux-span' });
  return walk.ste(pointer, sid % STRTAB_NUM_L2_STES);
}

/** Collects the steps, the first of which is the register that says where the table is. */
class Walk<End> {
  readonly #view: MemoryView;
  readonly #steps: LookupStep[];

  constructor(view: MemoryView, base: number, value: bigint, says: TableSays) {
    this.#view = view;
    const about = { what: { kind: 'STRTAB_BASE' }, index: null, address: base, value } as const;
    this.#steps = [{ ...about, says, pageState: null }];
  }

  /** The halves of an L1 descriptor, or null when it is not known. */
  l1(
    base: number,
    index: number,
    reading: (low: number, high: number) => TableSays,
  ): [low: number, high: number] | null {
    const paddr = base + index * L1STD_BYTE_LENGTH;
    const value = this.#read({ kind: 'L1STD' }, index, paddr, L1STD_BYTE_LENGTH, (first) =>
      reading(...halvesOf(first)),
    );
    return value === null ? null : halvesOf(value);
  }

  ste(table: number, index: number): Lookup<End | LookupEnd> {
    const paddr = table + index * STE_BYTE_LENGTH;
    const value = this.#read({ kind: 'STE' }, index, paddr, STE_BYTE_LENGTH, (first) => ({
      kind: 'ste',
      valid: (first & 1n) === 1n,
      config: Number((first >> 1n) & 7n),
    }));
    if (value === null) return { ...this.end(), address: paddr };
    return { outcome: 'found', address: paddr, why: null, steps: this.#steps };
  }

  /** Without a reason of its own, the last step is not in the dump. */
  end(why?: End): Lookup<End | LookupEnd> {
    const outcome = why === undefined ? 'not-in-dump' : 'no-entry';
    return { outcome, address: null, why: why ?? this.#missing(), steps: this.#steps };
  }

  #missing(): LookupEnd {
    const { what, index, address, pageState } = this.#steps.at(-1) as LookupStep;
    const l1Index = what.kind === 'STE' ? null : index;
    return { kind: 'entry-not-in-dump', l1Index, paddr: address, state: pageState as PageState };
  }

  #read(
    what: TableStructure,
    index: number,
    paddr: number,
    byteLength: number,
    reading: (first: bigint) => TableSays,
  ): bigint | null {
    const [first = null] = this.#view.readWords(paddr, byteLength) ?? [];
    this.#steps.push({
      what,
      index,
      address: paddr,
      value: first,
      says: first === null ? null : reading(first),
      pageState: this.#view.stateOf(paddr, byteLength),
    });
    return first;
  }
}

function halvesOf(value: bigint): [low: number, high: number] {
  return [Number(value & 0xffff_ffffn), Number(value >> 32n)];
}
