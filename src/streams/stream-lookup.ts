/**
 * The way from a StreamID to its entry, step by step with what was read where. Linux goes the same way but for three
 * things: it takes base and pointers as they stand, knows no other split than 8, and no other span than 9.
 */

import { maskedAddress, STRTAB_NUM_L2_STES, STRTAB_SPLIT } from '../adopt/device.ts';
import type { PageState } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import { hex } from '../hex.ts';
import { type FieldValue, fieldOf, meaningOf } from '../smmu/fields.ts';
import { hardwareFeatures, oasBits } from '../smmu/hardware-features.ts';
import { STE } from '../smmu/ste.ts';
import {
  L1STD_BYTE_LENGTH,
  l1Lookup,
  l1Pointer,
  STE_BYTE_LENGTH,
  type StreamTableGeometry,
  streamTableGeometry,
  type TableAddressBits,
  tableAddressBits,
  tableFormatOf,
} from '../smmu/stream-table.ts';
import type { RegisterFile } from '../snapshot/register-file.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';

export interface LookupStep {
  readonly what: 'STRTAB_BASE' | 'L1 descriptor' | 'STE';
  readonly index: number | null;
  /** Of what is read; for the register, of the table that it names. */
  readonly address: number;
  /** The first word; null when its bytes are not known. */
  readonly value: bigint | null;
  readonly meaning: string;
  readonly pageState: PageState | null;
}

export interface Lookup {
  readonly outcome: 'found' | 'no-entry' | 'not-in-dump';
  /** Of the entry; null where the way ends before. */
  readonly address: number | null;
  /** What ends it. */
  readonly why: string | null;
  readonly steps: readonly LookupStep[];
}

/** What STRTAB_BASE and STRTAB_BASE_CFG say, which every snapshot has, and IDR1.SIDSIZE. */
export interface TableRegisters {
  readonly fmt: number;
  readonly split: number;
  readonly log2Size: number;
  /** STRTAB_BASE.ADDR */
  readonly addr: bigint;
  /** STRTAB_BASE as it was captured. */
  readonly value: bigint;
  readonly sidBits: number;
  readonly addressBits: TableAddressBits;
}

/** From a snapshot; a missing IDR1 is assumed and noted in `registers`, which reads the same snapshot. */
export function tableRegisters(smmu: SmmuSnapshot, registers: RegisterFile): TableRegisters {
  const cfg = (field: string) => registers.field('STRTAB_BASE_CFG', field);
  return {
    fmt: cfg('FMT'),
    split: cfg('SPLIT'),
    log2Size: cfg('LOG2SIZE'),
    addr: registers.bits('STRTAB_BASE', 'ADDR'),
    value: smmu.registers.get('STRTAB_BASE') ?? 0n,
    sidBits: registers.field('IDR1', 'SIDSIZE'),
    addressBits: tableAddressBits(oasBits(hardwareFeatures(smmu.registers, smmu.partial))),
  };
}

/** What a report has of the registers. */
export interface ReportedRegisters {
  readonly registers: Readonly<
    Record<string, { readonly value: bigint; readonly fields: Readonly<Record<string, FieldValue>> }>
  >;
  readonly features: { readonly sidBits: number; readonly oasBits: number };
}

/** From a report. */
export function reportedTableRegisters({ registers, features }: ReportedRegisters): TableRegisters {
  const cfg = (field: string) => Number(registers['STRTAB_BASE_CFG']?.fields[field] ?? 0);
  const base = registers['STRTAB_BASE'];
  return {
    fmt: cfg('FMT'),
    split: cfg('SPLIT'),
    log2Size: cfg('LOG2SIZE'),
    addr: BigInt(base?.fields['ADDR'] ?? 0),
    value: BigInt(base?.value ?? 0),
    sidBits: features.sidBits,
    addressBits: tableAddressBits(features.oasBits),
  };
}

/** IHI 0070, "Stream table lookup". What it refuses is C_BAD_STREAMID. */
export function lookUpByHardware(
  { addr, value, sidBits, addressBits, ...cfg }: TableRegisters,
  view: MemoryView,
  sid: number,
): Lookup {
  const geometry = streamTableGeometry(addr, cfg, sidBits, addressBits);
  const { format, base, split, log2Size } = geometry;
  const walk = new Walk(view, base, value, tableInWords(geometry));
  if (sid >= 2 ** log2Size) return walk.end(`the table covers 2^${log2Size} StreamIDs`);
  if (format === 'linear') return walk.ste(base, sid);
  const index = Math.floor(sid / 2 ** split);
  const inTable = sid % 2 ** split;
  const halves = walk.l1(base, index, (low, high) => {
    const { span, stes, l2 } = l1Lookup(low, high, geometry);
    return stes === 0 ? `span ${span}: no table` : `span ${span}: ${count(stes, 'STE')} at ${hex(l2)}`;
  });
  if (halves === null) return walk.end();
  const { span, stes, l2 } = l1Lookup(...halves, geometry);
  if (stes === 0) return walk.end(`L1[${index}] has span ${span}`);
  if (inTable >= stes) return walk.end(`L1[${index}] has span ${span}, which holds ${count(stes, 'STE')}`);
  return walk.ste(l2, inTable);
}

/** arm_smmu_get_step_for_sid() on an adopted table; whether it is adopted is another question. */
export function lookUpByLinux(registers: TableRegisters, view: MemoryView, sid: number): Lookup {
  const { addr, value, fmt, split, log2Size } = registers;
  const base = maskedAddress(addr);
  const format = tableFormatOf(fmt);
  const walk = new Walk(view, base, value, `FMT ${fmt}, SPLIT ${split}, LOG2SIZE ${log2Size}`);
  if (format === 'reserved') return walk.end(`FMT ${fmt} is no format that Linux knows`);
  if (format === '2lvl' && split !== STRTAB_SPLIT) return walk.end(`Linux knows no other SPLIT than ${STRTAB_SPLIT}`);
  if (sid >= 2 ** log2Size) return walk.end(`the table covers 2^${log2Size} StreamIDs`);
  if (format === 'linear') return walk.ste(base, sid);
  const index = Math.floor(sid / STRTAB_NUM_L2_STES);
  const halves = walk.l1(base, index, (low, high) => `span ${low & 0x1f}, pointer ${hex(l1Pointer(low, high))}`);
  if (halves === null) return walk.end();
  const span = halves[0] & 0x1f;
  const pointer = l1Pointer(...halves);
  if (span === 0) return walk.end(`L1[${index}] is unused: a device gets a new table of abort entries`);
  if (pointer === 0) return walk.end(`L1[${index}] has a null pointer: unused through v7, rejected from v8 on`);
  if (span !== STRTAB_SPLIT + 1) return walk.end(`Linux knows no other span than ${STRTAB_SPLIT + 1}`);
  return walk.ste(pointer, sid % STRTAB_NUM_L2_STES);
}

function tableInWords({ format, split, log2Size, base, entries }: StreamTableGeometry): string {
  const levels = format === '2lvl' ? `${count(entries, 'descriptor')}, split ${split}` : 'linear';
  return `2^${log2Size} StreamIDs, ${levels}, at ${hex(base)}`;
}

function count(number: number, one: string): string {
  return `${number} ${one}${number === 1 ? '' : 's'}`;
}

/** Collects the steps, the first of which is the register that says where the table is. */
class Walk {
  readonly #view: MemoryView;
  readonly #steps: LookupStep[];

  constructor(view: MemoryView, base: number, value: bigint, meaning: string) {
    this.#view = view;
    const about = { what: 'STRTAB_BASE', index: null, address: base, value } as const;
    this.#steps = [{ ...about, meaning, pageState: null }];
  }

  /** The halves of an L1 descriptor, or null when it is not known. */
  l1(base: number, index: number, says: (low: number, high: number) => string): [low: number, high: number] | null {
    const value = this.#read('L1 descriptor', index, base + index * L1STD_BYTE_LENGTH, L1STD_BYTE_LENGTH, (first) =>
      says(...halvesOf(first)),
    );
    return value === null ? null : halvesOf(value);
  }

  ste(table: number, index: number): Lookup {
    const paddr = table + index * STE_BYTE_LENGTH;
    const value = this.#read('STE', index, paddr, STE_BYTE_LENGTH, (first) => {
      const config = Number((first >> 1n) & 7n);
      return `V ${first & 1n}, Config ${config}: ${meaningOf(fieldOf(STE, 'Config'), config)}`;
    });
    if (value === null) return { ...this.end(), address: paddr };
    return { outcome: 'found', address: paddr, why: null, steps: this.#steps };
  }

  /** Without a reason of its own, the last step is not in the dump. */
  end(why?: string): Lookup {
    const { what, address, pageState } = this.#steps.at(-1) as LookupStep;
    return {
      outcome: why === undefined ? 'not-in-dump' : 'no-entry',
      address: null,
      why: why ?? `the ${what} at ${hex(address)} is not in the dump (${pageState})`,
      steps: this.#steps,
    };
  }

  #read(
    what: LookupStep['what'],
    index: number,
    paddr: number,
    byteLength: number,
    says: (first: bigint) => string,
  ): bigint | null {
    const [first = null] = this.#view.readWords(paddr, byteLength) ?? [];
    this.#steps.push({
      what,
      index,
      address: paddr,
      value: first,
      meaning: first === null ? 'not in the dump' : says(first),
      pageState: this.#view.stateOf(paddr, byteLength),
    });
    return first;
  }
}

function halvesOf(value: bigint): [low: number, high: number] {
  return [Number(value & 0xffff_ffffn), Number(value >> 32n)];
}
