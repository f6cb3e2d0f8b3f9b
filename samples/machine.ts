/** What samples are made of: one small machine, healthy or in use, to change. Values are those of an emulated arm64 server. */

import { Image } from './image.ts';

export interface Sample {
  readonly name: string;
  readonly description: string;
  /** Arguments behind `inspect dump.* --regs regs.json`. */
  readonly args?: readonly string[];
  /** The container of the dump. Raw dumps get a `memory` list in the snapshot. */
  readonly format?: 'raw' | 'elf';
  /** PAGESIZE in the VMCOREINFO note of an ELF dump. */
  readonly pageSize?: number;
  /** Ends the dump file after this many bytes of memory content. */
  readonly cutAfter?: number;
  readonly memory: Image;
  readonly later?: Image;
  /** Further files, by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly smmus: readonly SampleSmmu[];
}

export interface SampleSmmu {
  readonly name?: string;
  readonly base?: string;
  readonly firmware?: { readonly coherent: boolean };
  readonly registers: Readonly<Record<string, string>>;
}

export const L1 = 0x8800_2000;
export const L2_BUS0 = 0x8801_0000;
export const L2_BUS1 = 0x8801_4000;
export const CD = 0x8802_0000;
/** Tables that map nothing. */
export const TTB = 0x8820_0000;

export const REGISTERS = {
  IDR0: '0x0d44101b',
  IDR1: '0x02730510',
  IDR3: '0x1404',
  IDR5: '0x74',
  CR0: '0xd',
  CR0ACK: '0xd',
  CR1: '0xd75',
  CR2: '0x2',
  GBPA: '0x1000',
  GERROR: '0x0',
  GERRORN: '0x0',
  STRTAB_BASE: '0x4000000088002000',
  // FMT two-level, SPLIT 8, LOG2SIZE 12: 16 L1 descriptors.
  STRTAB_BASE_CFG: '0x1020c',
};

type QueueRegister = `${'CMDQ' | 'EVENTQ' | 'PRIQ'}_${'BASE' | 'PROD' | 'CONS'}`;
type Registers = Partial<Record<keyof typeof REGISTERS | QueueRegister, string>>;

export function smmu(changes: Registers = {}, rest: Omit<SampleSmmu, 'registers'> = {}): SampleSmmu {
  return { name: 'arm-smmu-v3.0.auto', base: '0x9050000', ...rest, registers: { ...REGISTERS, ...changes } };
}

export const stage1 = (index: number) => ({ V: 1, Config: 5, S1ContextPtr: CD + index * 64, STRW: 2, SHCFG: 1 });

/** Bus 0 with two bridges and one device in bypass, bus 1 with an NVMe drive; CDs exist but are empty. */
export function healthy(): Image {
  return new Image()
    .l1(L1, 0, 9, L2_BUS0)
    .l1(L1, 1, 9, L2_BUS1)
    .abortTable(L2_BUS0, 256)
    .abortTable(L2_BUS1, 256)
    .ste(L2_BUS0, 0x08, stage1(0))
    .ste(L2_BUS0, 0x10, stage1(1))
    .ste(L2_BUS0, 0x30, { V: 1, Config: 4, SHCFG: 1 })
    .ste(L2_BUS1, 0x00, stage1(2))
    .reserve(CD, 4096);
}

/** A context descriptor as Linux makes it. */
export const cd = (asid: number) => ({
  V: 1,
  ASID: asid,
  TTB0: TTB,
  T0SZ: 16,
  EPD1: 1,
  IPS: 4,
  AA64: 1,
  A: 1,
  R: 1,
  ASET: 1,
  MAIR0: 0xf404_ff44,
});

/** The same with a context descriptor behind each stage 1 stream. */
export function translating(): Image {
  return healthy().cd(CD, 0, cd(1)).cd(CD, 1, cd(2)).cd(CD, 2, cd(3)).reserve(TTB, 4096);
}

/** A descriptor that leads to the next table, and one that maps a page: read/write, accessed, inner shareable. */
export const nextTable = (paddr: number) => BigInt(paddr) | 3n;
export const page = (paddr: number, readOnly = false) => BigInt(paddr) | (readOnly ? 0x7c7n : 0x747n);

/** Tables for a 39-bit input range at `table`: one page of each level, whose last level maps `pages`. */
export function pageTables(image: Image, table: number, pages: readonly bigint[]): Image {
  return image
    .write(table, [nextTable(table + 0x1000)])
    .write(table + 0x1000, [nextTable(table + 0x2000)])
    .write(table + 0x2000, pages);
}

/** A CD for such tables. */
export const cdFor = (asid: number, table: number) => ({ ...cd(asid), T0SZ: 25, TTB0: table });

/** The memory map of a small machine whose RAM ends at 0x8fffffff, with the crashkernel reservation near the end. */
export const IOMEM = `09050000-0906ffff : arm-smmu-v3.0.auto
10000000-3efeffff : PCI Bus 0000:00
80000000-8fffffff : System RAM
  80210000-8154ffff : Kernel code
  8c000000-8dffffff : Crash kernel
4010000000-401fffffff : PCI ECAM
`;

/** The two words of a command: its number, a StreamID, and the second word. */
export function command(code: bigint, sid = 0n, second = 0n): [bigint, bigint] {
  return [code | (sid << 32n), second];
}

/** A linear table for 64 SIDs with one stage 1, one stage 2 and one nested stream. */
export function linear(table = 0x8810_0000): Image {
  const stage2 = { S2VMID: 3, S2TTB: TTB, S2T0SZ: 24, S2SL0: 1, S2PS: 5, S2AA64: 1, S2R: 1, SHCFG: 1 };
  return new Image()
    .abortTable(table, 64)
    .reserve(TTB, 8192)
    .ste(table, 0x08, stage1(0))
    .ste(table, 0x10, { V: 1, Config: 6, ...stage2 })
    .ste(table, 0x18, { V: 1, Config: 7, S1ContextPtr: 0x4000_1000, S1CDMax: 5, S1Fmt: 2, EATS: 1, ...stage2 });
}
