/** The samples: each is a small machine with one story to tell. Values are those of an emulated arm64 server. */

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
  readonly smmus: readonly SampleSmmu[];
}

interface SampleSmmu {
  readonly name?: string;
  readonly base?: string;
  readonly firmware?: { readonly coherent: boolean };
  readonly registers: Readonly<Record<string, string>>;
}

const L1 = 0x8800_2000;
const L2_BUS0 = 0x8801_0000;
const L2_BUS1 = 0x8801_4000;
const CD = 0x8802_0000;

const REGISTERS = {
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

type Registers = Partial<Record<keyof typeof REGISTERS, string>>;

function smmu(changes: Registers = {}, rest: Omit<SampleSmmu, 'registers'> = {}): SampleSmmu {
  return { name: 'arm-smmu-v3.0.auto', base: '0x9050000', ...rest, registers: { ...REGISTERS, ...changes } };
}

const stage1 = (index: number) => ({ V: 1, Config: 5, S1ContextPtr: CD + index * 64, S1STALLD: 1, STRW: 2, SHCFG: 1 });

/** Bus 0 with two bridges and one device in bypass, bus 1 with an NVMe drive; CDs exist but are empty. */
function healthy(): Image {
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

/** A linear table for 64 SIDs with one stage 1, one stage 2 and one nested stream. */
function linear(): Image {
  const table = 0x8810_0000;
  const stage2 = { S2VMID: 3, S2TTB: 0x8820_0000, S2T0SZ: 24, S2SL0: 1, S2PS: 5, S2AA64: 1, S2R: 1, SHCFG: 1 };
  return new Image()
    .abortTable(table, 64)
    .ste(table, 0x08, stage1(0))
    .ste(table, 0x10, { V: 1, Config: 6, ...stage2 })
    .ste(table, 0x18, { V: 1, Config: 7, S1ContextPtr: 0x4000_1000, S1CDMax: 5, S1Fmt: 2, EATS: 1, ...stage2 });
}

export const SAMPLES: readonly Sample[] = [
  {
    name: 'healthy-two-level',
    description: 'a two-level table as Linux leaves it; every active device is inserted',
    args: ['--insert', 'all'],
    memory: healthy(),
    smmus: [smmu()],
  },
  {
    name: 'bad-span',
    description: 'one L1 descriptor was overwritten: span 3 instead of 9, and the whole table is rejected',
    memory: healthy().l1(L1, 5, 3, L2_BUS1),
    smmus: [smmu()],
  },
  {
    name: 'span-changed',
    description: 'DMA overwrites an L1 descriptor after the adoption; bus 1 can no longer be inserted',
    args: ['--insert', '0x8,0x100', '--later', 'later.raw'],
    memory: healthy(),
    later: healthy().l1(L1, 1, 3, L2_BUS1),
    smmus: [smmu()],
  },
  {
    name: 'linear-on-two-level',
    description: 'an older kernel left a linear table on two-level hardware: adopted, and the feature switched off',
    args: ['--insert', 'all'],
    memory: linear(),
    smmus: [smmu({ STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x6' })],
  },
  {
    name: 'linear-too-large',
    description: 'a linear table of 2^26 STEs, more than the kdump kernel would ever build itself',
    memory: linear(),
    smmus: [smmu({ STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x1a' })],
  },
  {
    name: 'l2-outside-dump',
    description: 'the L2 pointer of bus 1 leads out of memory: adopted, but no device of that bus can be inserted',
    args: ['--insert', '0x8,0x100'],
    memory: healthy().l1(L1, 1, 9, 0x1_7000_0000),
    smmus: [smmu()],
  },
  {
    name: 'null-l2-pointer',
    description: 'a span without a pointer: Linux takes the slot for unused, the hardware reads STEs from address 0',
    args: ['--insert', '0x300'],
    memory: healthy().l1(L1, 3, 9, 0),
    smmus: [smmu()],
  },
  {
    name: 'unaligned-l2',
    description: 'an L2 pointer that is not 16 KiB aligned: hardware and kernel read different tables',
    args: ['--insert', '0x100'],
    memory: healthy()
      .l1(L1, 1, 9, L2_BUS1 + 0x1000)
      .reserve(L2_BUS1 + 0x4000, 0x1000),
    smmus: [smmu()],
  },
  {
    name: 'non-coherent',
    description: 'firmware says that the SMMU is not coherent, whatever IDR0.COHACC says: nothing is attempted',
    memory: healthy(),
    smmus: [smmu({}, { firmware: { coherent: false } })],
  },
  {
    name: 'non-coherent-forced',
    description: 'the same without the probe gate: the adoption asserts coherency itself',
    args: ['--no-gate'],
    memory: healthy(),
    smmus: [smmu({}, { firmware: { coherent: false } })],
  },
  {
    name: 'service-failure',
    description: 'GERROR has Service Failure Mode active: the SMMU has to be reset',
    memory: healthy(),
    smmus: [smmu({ GERROR: '0x101', GERRORN: '0x1' })],
  },
  {
    name: 'wrong-split',
    description: 'a table built with SPLIT 6, as other systems do; Linux adopts only 8',
    memory: healthy(),
    smmus: [smmu({ STRTAB_BASE_CFG: '0x1018c' })],
  },
  {
    name: 'truncated',
    description: 'the dump ends inside the L1 table, so what the kernel would do cannot be told',
    format: 'elf',
    cutAfter: 64,
    memory: healthy(),
    smmus: [smmu()],
  },
  {
    name: 'page-64k',
    description: 'a 64 KiB kernel: tables share their pages; a SID beyond the table and one on an empty slot',
    format: 'elf',
    pageSize: 65536,
    args: ['--insert', '0x100,0x400,0x1000'],
    memory: healthy(),
    smmus: [smmu()],
  },
  {
    name: 'two-smmus',
    description: 'one SMMU in use and one that was off, with control characters in its name',
    memory: healthy(),
    smmus: [smmu(), smmu({ CR0: '0x0' }, { name: 'off\u001b[31m\nred', base: '0x9060000' })],
  },
  {
    name: 'thin-snapshot',
    description: 'nothing but the two registers that cannot be assumed; one SID is looked at closely',
    args: ['--sid', '0x8,0x9,0x500'],
    memory: healthy(),
    smmus: [{ registers: { STRTAB_BASE: REGISTERS.STRTAB_BASE, STRTAB_BASE_CFG: REGISTERS.STRTAB_BASE_CFG } }],
  },
];

/** Samples whose files are kept as they were captured; only their results are made here. */
export const CAPTURED: readonly {
  readonly name: string;
  readonly description: string;
  readonly args: readonly string[];
}[] = [
  {
    name: 'real-qemu',
    description:
      'a Debian 12 guest under QEMU with 21 active streams; trimmed to the pages of the stream table and CDs',
    args: ['dump.elf', '--regs', 'regs.json', '--insert', 'all'],
  },
];
