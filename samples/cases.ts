/** The samples: each is a small machine with one story to tell. Values are those of an emulated arm64 server. */

import { deviceTree } from '../test/support/device-tree-writer.ts';
import { iort } from '../test/support/iort-writer.ts';
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
/** Tables that map nothing. */
const TTB = 0x8820_0000;

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

type QueueRegister = `${'CMDQ' | 'EVENTQ' | 'PRIQ'}_${'BASE' | 'PROD' | 'CONS'}`;
type Registers = Partial<Record<keyof typeof REGISTERS | QueueRegister, string>>;

function smmu(changes: Registers = {}, rest: Omit<SampleSmmu, 'registers'> = {}): SampleSmmu {
  return { name: 'arm-smmu-v3.0.auto', base: '0x9050000', ...rest, registers: { ...REGISTERS, ...changes } };
}

const stage1 = (index: number) => ({ V: 1, Config: 5, S1ContextPtr: CD + index * 64, STRW: 2, SHCFG: 1 });

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

/** A context descriptor as Linux makes it. */
const cd = (asid: number) => ({
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
  MAIR0: 0xff44_0c04,
});

/** The same with a context descriptor behind each stage 1 stream. */
function translating(): Image {
  return healthy().cd(CD, 0, cd(1)).cd(CD, 1, cd(2)).cd(CD, 2, cd(3)).reserve(TTB, 4096);
}

/** A descriptor that leads to the next table, and one that maps a page: read/write, accessed, inner shareable. */
const nextTable = (paddr: number) => BigInt(paddr) | 3n;
const page = (paddr: number, readOnly = false) => BigInt(paddr) | (readOnly ? 0x7c7n : 0x747n);

/** Tables for a 39-bit input range at `table`: one page of each level, whose last level maps `pages`. */
function pageTables(image: Image, table: number, pages: readonly bigint[]): Image {
  return image
    .write(table, [nextTable(table + 0x1000)])
    .write(table + 0x1000, [nextTable(table + 0x2000)])
    .write(table + 0x2000, pages);
}

/** A CD for such tables. */
const cdFor = (asid: number, table: number) => ({ ...cd(asid), T0SZ: 25, TTB0: table });

/** The memory map of a small machine whose RAM ends at 0x8fffffff, with the crashkernel reservation near the end. */
const IOMEM = `09050000-0906ffff : arm-smmu-v3.0.auto
10000000-3efeffff : PCI Bus 0000:00
80000000-8fffffff : System RAM
  80210000-8154ffff : Kernel code
  8c000000-8dffffff : Crash kernel
4010000000-401fffffff : PCI ECAM
`;

/** The two words of a command: its number, a StreamID, and the second word. */
function command(code: bigint, sid = 0n, second = 0n): [bigint, bigint] {
  return [code | (sid << 32n), second];
}

/** A linear table for 64 SIDs with one stage 1, one stage 2 and one nested stream. */
function linear(): Image {
  const table = 0x8810_0000;
  const stage2 = { S2VMID: 3, S2TTB: TTB, S2T0SZ: 24, S2SL0: 1, S2PS: 5, S2AA64: 1, S2R: 1, SHCFG: 1 };
  return new Image()
    .abortTable(table, 64)
    .reserve(TTB, 8192)
    .ste(table, 0x08, stage1(0))
    .ste(table, 0x10, { V: 1, Config: 6, ...stage2 })
    .ste(table, 0x18, { V: 1, Config: 7, S1ContextPtr: 0x4000_1000, S1CDMax: 5, S1Fmt: 2, EATS: 1, ...stage2 });
}

/** Two host bridges, of which one shows its functions as one stream, and a USB controller. */
const MACHINE_DTB = deviceTree({
  '#address-cells': [2],
  '#size-cells': [2],
  compatible: 'sample,machine',
  'memory@80000000': { device_type: 'memory', reg: [0, 0x8000_0000, 0, 0x1000_0000] },
  soc: {
    '#address-cells': [1],
    '#size-cells': [1],
    compatible: 'simple-bus',
    ranges: [0, 0, 0x0900_0000, 0x0100_0000],
    'iommu@50000': {
      compatible: ['sample,smmu', 'arm,smmu-v3'],
      reg: [0x5_0000, 0x2_0000],
      '#iommu-cells': [1],
      'dma-coherent': true,
      phandle: [1],
    },
    'usb@80000': { compatible: 'generic-xhci', reg: [0x8_0000, 0x1_0000], iommus: [1, 0x1f8] },
  },
  'pcie@4010000000': {
    device_type: 'pci',
    'linux,pci-domain': [0],
    'iommu-map': [0, 1, 0, 0x1f0],
  },
  'pcie@4020000000': {
    device_type: 'pci',
    'linux,pci-domain': [1],
    'iommu-map-mask': [0xfff8],
    'iommu-map': [0, 1, 0xf00, 0x200],
  },
});

const MACHINE_IORT = iort([
  { type: 0 },
  { smmuV3: 0x905_0000, coherent: true },
  {
    segment: 0,
    mappings: [
      { count: 0x30, firstSid: 0, to: 1 },
      { firstId: 0x100, count: 0xf00, firstSid: 0x100, to: 1 },
    ],
  },
  { component: '\\_SB_.DISP', mappings: [{ firstSid: 0x30, to: 1, single: true }] },
  { rmr: [[0x8820_0000, 0x10_0000]], mappings: [{ firstSid: 0x30, to: 1, single: true }] },
]);

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
    args: ['--insert', '0x300', '--revision', 'all'],
    memory: healthy().l1(L1, 3, 9, 0),
    smmus: [smmu()],
  },
  {
    name: 'unaligned-l2',
    description: 'an L2 pointer that is not 16 KiB aligned: hardware and kernel read different tables',
    args: ['--insert', '0x100', '--revision', 'all'],
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
  {
    name: 'asids-in-use',
    description: 'live ASIDs: v10 keeps them from new domains, v6 and v7 hand them out again from 1',
    args: ['--insert', 'all', '--revision', 'all'],
    memory: translating(),
    smmus: [smmu()],
  },
  {
    name: 'reserved-config',
    description: 'a valid STE with a reserved Config on a bus that no device uses: v10 rejects the whole table for it',
    args: ['--insert', '0x100', '--revision', 'all'],
    memory: translating().ste(L2_BUS0, 0x80, { V: 1, Config: 2 }),
    smmus: [smmu()],
  },
  {
    name: 'bad-cd-tables',
    description: 'stage 1 STEs with a null CD pointer, a reserved S1Fmt and too many SubstreamIDs',
    args: ['--insert', '0x40,0x48,0x50', '--revision', 'all'],
    memory: translating()
      .ste(L2_BUS0, 0x40, { ...stage1(0), S1ContextPtr: 0 })
      .ste(L2_BUS0, 0x48, { ...stage1(0), S1Fmt: 3 })
      .ste(L2_BUS0, 0x50, { ...stage1(0), S1CDMax: 21 }),
    smmus: [smmu()],
  },
  {
    name: 'asid-out-of-range',
    description: 'ASID 0 in one valid CD, and one of more than 8 bits on hardware with 8; v10 emulated',
    args: ['--insert', 'all', '--revision', 'v10'],
    memory: translating().cd(CD, 1, cd(0)).cd(CD, 2, cd(256)),
    smmus: [smmu({ IDR0: '0x0d44001b' })],
  },
  {
    name: 'asid-zero',
    description: 'a valid CD with ASID 0, which the kernel never makes',
    args: ['--insert', 'all', '--revision', 'all'],
    memory: translating().cd(CD, 1, cd(0)),
    smmus: [smmu()],
  },
  {
    name: 'vmid-zero',
    description: 'a stage 2 STE with VMID 0, which is reserved for bypass',
    args: ['--revision', 'all'],
    memory: linear()
      .cd(CD, 0, cd(1))
      .ste(0x8810_0000, 0x20, { V: 1, Config: 6, S2TTB: TTB, S2T0SZ: 24, S2SL0: 1, S2PS: 4, S2AA64: 1 }),
    smmus: [smmu({ IDR0: '0x0d4c101b', STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x6' })],
  },
  {
    name: 'cd-table-unaligned',
    description: 'a table of eight CDs that is not aligned to its size: which CD the hardware reads is unpredictable',
    args: ['--insert', '0x40', '--revision', 'all'],
    memory: translating().ste(L2_BUS0, 0x40, { ...stage1(0), S1ContextPtr: CD + 0x40, S1CDMax: 3, S1DSS: 2 }),
    smmus: [smmu()],
  },
  {
    name: 'l1-unaligned',
    description: 'a base that is not aligned to the L1 table: the hardware rounds down, the kernel does not',
    args: ['--insert', '0x8', '--revision', 'all'],
    memory: translating().reserve(L1 - 0x1000, 0x1000),
    smmus: [smmu({ STRTAB_BASE: '0x4000000088001fc0' })],
  },
  {
    name: 'linear-unaligned',
    description: 'the same for a linear table',
    args: ['--insert', '0x8', '--revision', 'all'],
    memory: linear().cd(CD, 0, cd(1)).reserve(0x8810_1000, 4096),
    smmus: [smmu({ STRTAB_BASE: '0x88100100', STRTAB_BASE_CFG: '0x6' })],
  },
  {
    name: 'linear-beyond-sids',
    description: 'a linear table of 2^20 STEs on hardware with 16 SID bits, which revisions v4 to v8 accept',
    args: ['--insert', '0x8', '--memremap', 'kernel', '--revision', 'all'],
    memory: linear(),
    smmus: [smmu({ STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x14' })],
  },
  {
    name: 'ats-check',
    description: 'CR0.ATSCHK was off on hardware with ATS: v6 switches it on, later revisions leave it',
    args: ['--insert', 'all', '--revision', 'all'],
    memory: healthy(),
    smmus: [smmu({ IDR0: '0x0d44141b', GERROR: '0x1' })],
  },
  {
    name: 'l2-hole',
    description: 'an L2 pointer into a hole of the physical map: it maps, and the first read kills the kdump kernel',
    args: ['--iomem', 'iomem.txt', '--insert', '0x8,0x100,0x10'],
    memory: healthy().l1(L1, 1, 9, 0x1_7000_0000),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'l2-in-kdump-memory',
    description:
      "an L2 pointer into the kdump kernel's own memory: it maps without a word, and what is read is unknown",
    args: ['--iomem', 'iomem.txt', '--insert', '0x8,0x100'],
    memory: healthy().l1(L1, 1, 9, 0x8c10_0000),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'smmu-lost',
    description: 'an L2 pointer beyond what the CPU can address: one refused device takes the whole SMMU with it',
    args: ['--iomem', 'iomem.txt', '--insert', '0x8', '--device', 'nvme0=0x100,0x101', '--rmr', '0x30'],
    memory: healthy().l1(L1, 1, 9, 0x2_0000_0000_0000),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'fails-alone',
    description: 'the same before 6.15, where the device alone is lost; and one that is plugged in later',
    args: ['--iomem', 'iomem.txt', '--insert', '0x8,0x100', '--hotplug', '0x1000', '--kernel', '6.12'],
    memory: healthy().l1(L1, 1, 9, 0x2_0000_0000_0000),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'powered-down',
    description: 'v6 asks a register that reads as all ones for the format of what it has to clean up, and leaks',
    args: ['--powered-down', 'ones'],
    memory: healthy(),
    smmus: [smmu()],
  },
  {
    name: 'cleanup-action-fails',
    description:
      'the clean-up action cannot be registered after a linear adoption: v6 leaves the two-level feature off',
    args: ['--fail', 'devm-action', '--revision', 'all'],
    memory: linear(),
    smmus: [smmu({ STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x6' })],
  },
  {
    name: 'dmesg-differs',
    description: 'the log of a kernel that fell back where this dump says that it should have adopted',
    args: ['--dmesg', 'dmesg.txt'],
    memory: healthy(),
    files: {
      'dmesg.txt': `[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x413fd0c1]
[    0.462641] arm-smmu-v3 arm-smmu-v3.0.auto: oas 44-bit (features 0x01008305)
[    0.486600] arm-smmu-v3 arm-smmu-v3.0.auto: kdump: adopting crashed kernel's stream table
[    0.487000] arm-smmu-v3 arm-smmu-v3.0.auto: kdump: L1[5] unsupported span 3 (vs 9)
[    0.487100] arm-smmu-v3 arm-smmu-v3.0.auto: kdump: falling back to full reset
[    0.488139] arm-smmu-v3 arm-smmu-v3.0.auto: SMMU currently enabled! Resetting...
`,
    },
    smmus: [smmu()],
  },
  {
    name: 'tables-misplaced',
    description:
      "tables in the registers of a device and across the edges of the kdump kernel's memory, and beyond the SMMU",
    args: ['--iomem', 'iomem.txt'],
    memory: translating()
      .l1(L1, 2, 9, 0x1000_0000)
      .l1(L1, 3, 9, 0x8bff_e000)
      .l1(L1, 4, 9, 0x8dff_e000)
      .reserve(0x8bff_c000, 0x4000)
      .l1(L1, 5, 9, 0x1000_0000_0000)
      .ste(L2_BUS0, 0x40, { ...stage1(0), S1ContextPtr: 0x1000_0000 }),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'tables-shared',
    description: 'two buses with one L2 table, a queue on top of another table, and a CD table outside memory',
    memory: translating()
      .l1(L1, 2, 9, L2_BUS1)
      .ste(L2_BUS0, 0x40, { ...stage1(0), S1ContextPtr: 0x9000_0000 }),
    smmus: [smmu({ CMDQ_BASE: '0x4000000088012004', CMDQ_PROD: '0x0', CMDQ_CONS: '0x0' })],
  },
  {
    name: 'entries-illegal',
    description: 'an STE and CDs that the hardware refuses whatever the kernel thinks, and bits that should be zero',
    memory: translating()
      .ste(L2_BUS0, 0x40, { ...stage1(0), S1STALLD: 1 })
      .ste(L2_BUS0, 0x50, { ...stage1(3), EATS: 1 })
      .cd(CD, 1, { ...cd(2), T0SZ: 60 })
      .cd(CD, 3, { ...cd(0), A: 0 })
      .write(L2_BUS0 + 0x10 * 64 + 24, [1n << 56n]),
    smmus: [smmu()],
  },
  {
    name: 'unanswered',
    description:
      'ATS, stalls, stage 2 and EL2 streams in flight, and errors of the queues: nobody will answer any of it',
    memory: translating()
      .ste(L2_BUS0, 0x40, { ...stage1(3), EATS: 1 })
      .ste(L2_BUS0, 0x48, {
        V: 1,
        Config: 6,
        S2VMID: 3,
        S2TTB: TTB,
        S2T0SZ: 24,
        S2SL0: 1,
        S2PS: 4,
        S2AA64: 1,
        S2S: 1,
      })
      .cd(CD, 3, { ...cd(9), S: 1 }),
    smmus: [smmu({ IDR0: '0x0c44161b', GBPA: '0x0', GERROR: '0x84', CR0: '0x1d' })],
  },
  {
    name: 'queues-left',
    description:
      'a command error with invalidations behind it, events that nobody read, and page requests without an answer',
    memory: translating()
      .write(0x8803_0000, [...command(0x3n, 0x100n, 1n), ...command(0xffn), ...command(0x12n), ...command(0x46n)])
      .write(0x8804_0000, [0x100_0000_0010n, 0x2_0000_0000n, 0xdead_0000n, 0n, 0x100_0000_0004n, 0n, 0n, 0n])
      .write(0x8805_0000, [0x100n, 0x1234_5008n]),
    smmus: [
      smmu({
        IDR0: '0x0d45101b',
        GERROR: '0x1',
        CMDQ_BASE: '0x4000000088030008',
        CMDQ_PROD: '0x4',
        CMDQ_CONS: '0x1000001',
        EVENTQ_BASE: '0x4000000088040007',
        EVENTQ_PROD: '0x80000002',
        EVENTQ_CONS: '0x0',
        PRIQ_BASE: '0x4000000088050008',
        PRIQ_PROD: '0x1',
        PRIQ_CONS: '0x0',
      }),
    ],
  },
  {
    name: 'dma-into-kdump',
    description:
      "in-flight DMA can write the kdump kernel's memory, and one table leads nowhere: only --deep finds both",
    args: ['--deep', '--iomem', 'iomem.txt'],
    memory: pageTables(
      pageTables(translating(), 0x8820_0000, [page(0x8900_0000), page(0x8901_0000, true), page(0x8c00_1000)]),
      0x8821_0000,
      [page(0x8902_0000), page(0x1_0000_0000_0000)],
    )
      .write(0x8821_1000 + 8, [nextTable(0x9000_0000)])
      .cd(CD, 0, cdFor(1, 0x8820_0000))
      .cd(CD, 1, cdFor(2, 0x8821_0000))
      .cd(CD, 2, cdFor(3, 0x9100_0000)),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu()],
  },
  {
    name: 'deep-healthy',
    description: 'the same with sound tables that map nothing of the kdump kernel',
    args: ['--deep', '--iomem', 'iomem.txt'],
    memory: pageTables(translating(), 0x8820_0000, [page(0x8900_0000), page(0x8901_0000, true)])
      .cd(CD, 0, cdFor(1, 0x8820_0000))
      .cd(CD, 1, cdFor(2, 0x8820_0000))
      .cd(CD, 2, cdFor(3, 0x8820_0000)),
    files: { 'iomem.txt': IOMEM },
    smmus: [smmu({ GBPA: '0x101000', STRTAB_BASE_CFG: '0x10210' })],
  },
  {
    name: 'asids-on-two-smmus',
    description:
      'an ASID that is live on the second SMMU and that a new domain of the first may get: v8 and v9 stumble',
    memory: translating()
      .l1(0x8806_0000, 0, 9, 0x8807_0000)
      .reserve(0x8806_0000, 4096)
      .abortTable(0x8807_0000, 256)
      .ste(0x8807_0000, 0x8, stage1(3))
      .cd(CD, 3, cd(5)),
    smmus: [smmu(), smmu({ STRTAB_BASE: '0x4000000088060000' }, { name: 'arm-smmu-v3.1.auto', base: '0x9070000' })],
  },
  {
    name: 'device-tree-beyond-table',
    description: 'a device tree names the devices; its host bridge reaches StreamIDs that the table does not cover',
    args: ['--dtb', 'machine.dtb', '--insert', 'all'],
    memory: healthy().ste(L2_BUS1, 0xf0, stage1(3)),
    files: { 'machine.dtb': MACHINE_DTB },
    smmus: [smmu()],
  },
  {
    name: 'iort-rmr',
    description: 'an IORT with a display that firmware keeps running: its StreamID is looked up without --rmr',
    args: ['--iort', 'iort.bin'],
    memory: healthy(),
    files: { 'iort.bin': MACHINE_IORT },
    smmus: [smmu({}, { firmware: { coherent: true } })],
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
