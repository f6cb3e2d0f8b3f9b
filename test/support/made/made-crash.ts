/**
 * A whole crash in a small memory: a kernel with an SMMU, a filled stream table, devices with their domains, a memory map
 * with a crash kernel in it, and a log. What a vmcore is when nothing else is at hand.
 */

import { Image } from '../../../samples/image.ts';
import { cdFor, nextTable, page } from '../../../samples/machine.ts';
import type { MadeKernel } from './made-kernel.ts';
import { LOG_STRUCTS, writeLog } from './made-log.ts';
import { type MadeMachine, type MadeMachineOptions, madeMachine } from './made-smmus.ts';

export interface MadeResource {
  readonly start: number;
  readonly last: number;
  readonly name: string;
  readonly children?: readonly MadeResource[];
}

/** RAM of a made kernel begins at 1 GiB and has 128 MiB. */
export const CRASH_KERNEL = { start: 0x4700_0000, end: 0x4780_0000 };
const CD = 0x4600_0000;
const L2_BUS0 = 0x4601_0000;
const L2_BUS1 = 0x4601_4000;
const TABLES = 0x4602_0000;

const MAP: readonly MadeResource[] = [
  { start: 0x900_0000, last: 0x900_0dff, name: '9000000.smmuv3' },
  {
    start: 0x4000_0000,
    last: 0x47ff_ffff,
    name: 'System RAM',
    children: [
      { start: 0x4021_0000, last: 0x403f_ffff, name: 'Kernel code' },
      { start: CRASH_KERNEL.start, last: CRASH_KERNEL.end - 1, name: 'Crash kernel' },
    ],
  },
];

/** The tree of resources that `iomem_resource` is the root of. */
export function writeMap(kernel: MadeKernel, map: readonly MadeResource[]): void {
  const write = (nodes: readonly MadeResource[]): bigint =>
    nodes.reduceRight((sibling, { start, last, name, children = [] }) => {
      const fields = { start, end: last, name: kernel.text(name), sibling, child: write(children) };
      return kernel.object('resource', fields);
    }, 0n);
  const root = kernel.object('resource', { end: 2n ** 52n - 1n, name: kernel.text('PCI mem') }, kernel.data(64));
  kernel.object('resource', { child: write(map) }, root);
  kernel.export('iomem_resource', root);
}

const LOG = [
  'Linux version 6.1.0-made',
  'arm-smmu-v3 9000000.smmuv3: oas 44-bit (features 0x00008305)',
  'arm-smmu-v3 9000000.smmuv3: event 0x10 received:',
  'arm-smmu-v3 9000000.smmuv3: \t0x0000010000000010',
  'arm-smmu-v3 9000000.smmuv3: \t0x0000020000000000',
  'arm-smmu-v3 9000000.smmuv3: \t0x00000000dead0000',
  'arm-smmu-v3 9000000.smmuv3: \t0x0000000000000000',
  'Kernel panic - not syncing: sysrq triggered crash',
];

export interface MadeCrashOptions extends MadeMachineOptions {
  readonly map?: readonly MadeResource[];
  /** Where the drive on bus 1 may write. */
  readonly mapped?: readonly number[];
  readonly log?: readonly string[];
}

/**
 * A bridge and a network card on bus 0, and a drive with two StreamIDs on bus 1. With --deep, the card is found to reach
 * the crash kernel.
 */
export function madeCrash({ map = MAP, log = LOG, ...options }: MadeCrashOptions = {}): MadeMachine {
  const machine = madeMachine({
    ...options,
    structs: { ...LOG_STRUCTS, ...options.structs },
    smmus: [
      {
        sidBits: 12,
        masters: [
          { sid: 0x100, device: '0000:01:00.0', driver: 'nvme', group: 0, domainType: 3, asid: 1 },
          { sid: 0x101, device: '0000:01:00.0', driver: 'nvme', group: 0, domainType: 3, asid: 1 },
          { sid: 0x10, device: '0000:00:02.0', driver: 'e1000e', group: 1, domainType: 3, asid: 2 },
        ],
      },
    ],
  });
  const { kernel, registers } = machine;
  const l1 = Number(BigInt.asUintN(52, registers.get('9000000.smmuv3')?.['STRTAB_BASE'] ?? 0n));
  const stage1 = (index: number) => ({ V: 1, Config: 5, S1ContextPtr: CD + index * 64, STRW: 2, SHCFG: 1 });
  const tables = (at: number, pages: readonly bigint[]) => {
    image
      .write(at, [nextTable(at + 0x1000)])
      .write(at + 0x1000, [nextTable(at + 0x2000)])
      .write(at + 0x2000, pages);
  };
  const image = new Image()
    .l1(l1, 0, 9, L2_BUS0)
    .l1(l1, 1, 9, L2_BUS1)
    .abortTable(L2_BUS0, 256)
    .abortTable(L2_BUS1, 256)
    .ste(L2_BUS0, 0x10, stage1(1))
    .ste(L2_BUS1, 0x00, stage1(0))
    .ste(L2_BUS1, 0x01, stage1(0))
    .cd(CD, 0, cdFor(1, TABLES))
    .cd(CD, 1, cdFor(2, TABLES + 0x3000));
  tables(TABLES, [page(0x4500_0000), page(0x4500_1000, true)]);
  tables(TABLES + 0x3000, [page(CRASH_KERNEL.start + 0x1000)]);
  for (const { paddr, bytes } of image.extents()) merge(kernel, paddr, bytes);
  writeMap(kernel, map);
  writeLog(
    kernel,
    log.map((text) => ({ text })),
  );
  return machine;
}

/** Into what is there already: the level 1 table is a part of a page of the kernel's. */
function merge({ memory }: MadeKernel, paddr: number, bytes: Uint8Array): void {
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
  for (const [i, word] of words.entries()) {
    if (word !== 0n || !memory.pages.has(paddr + 8 * i - ((paddr + 8 * i) % 4096))) memory.u64(paddr + 8 * i, word);
  }
}
