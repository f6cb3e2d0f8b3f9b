/**
 * What does `struct arm_smmu_device` of one device hold, and does it fit together? Members that must agree with each
 * other are compared: a table that is not where it is said to be is worse than none.
 */

import { PADDR_LIMIT } from '../../dump/dump.ts';
import type { Kernel } from '../kernel.ts';
import { containerOf, KernelObject } from '../types/kernel-object.ts';
import type { Types } from '../types/types.ts';
import {
  hasFeature,
  OAS_ENCODING,
  type QueueMember,
  type QueueState,
  type SmmuProblem,
  type SmmuState,
  type SmmuWarning,
  type TableState,
} from './smmu-state.ts';

/** SMMUv2's driver calls its structure by the same name; only this one has the member. */
const LAYOUT_MARK = 'strtab_cfg';
const IORESOURCE_MEM = 0x200n;
/** ARM_SMMU_OPT_TEGRA241_CMDQV. */
const OPTION_TEGRA241_CMDQV = 1 << 4;
const MAX_RESOURCES = 8;

const ADDRESS_BITS = 0x000f_ffff_ffff_ffe0n;
export const STRTAB_ADDRESS_BITS = 0x000f_ffff_ffff_ffc0n;
export const READ_ALLOCATE = 1n << 62n;
const SPLIT = 8;
const MAX_LOG2_L1_ENTRIES = 17;
/** Offsets of PROD in the register pages: page 0 for commands, page 1 for the others. CONS follows. */
export const PROD_OFFSETS = { cmdq: 0x98n, evtq: 0xa8n, priq: 0xc8n } as const;
const ENTRY_DWORDS = { cmdq: 2, evtq: 4, priq: 2 } as const;

/** The structure of the driver's at `va`, by the types that describe it; null when there is no such type. */
export function smmuObject(kernel: Kernel, types: Types, va: bigint): KernelObject | null {
  const layout = types.struct('arm_smmu_device', LAYOUT_MARK);
  return layout === null ? null : new KernelObject(kernel.memory, layout, va);
}

/** Reads it all of a device whose probe has come to its end, or says what keeps it from being believed. */
export function readSmmu(
  kernel: Kernel,
  device: KernelObject,
  smmu: KernelObject,
  name: string,
): SmmuState | SmmuProblem {
  const owner = smmu.bits('dev');
  if (owner === null) return { why: 'unreadable', member: 'dev' };
  if (owner !== device.va) return { why: 'contradiction', member: 'dev' };
  const features = smmu.number('features');
  const sidBits = smmu.number('sid_bits');
  if (features === null) return { why: 'unreadable', member: 'features' };
  if (sidBits === null) return { why: 'unreadable', member: 'sid_bits' };
  if (sidBits > 32) return { why: 'contradiction', member: 'sid_bits' };
  const cmdq = readQueue(smmu, 'cmdq');
  const evtq = readQueue(smmu, 'evtq');
  const priq = hasFeature(features, 'pri') ? readQueue(smmu, 'priq') : null;
  const table = readTable(smmu, features, sidBits);
  for (const part of [cmdq, evtq, priq, table]) if (part !== null && 'why' in part) return part;
  const parts = {
    table: table as TableState,
    cmdq: cmdq as QueueState,
    evtq: evtq as QueueState,
    priq: priq as QueueState | null,
  };
  const warnings: SmmuWarning[] = [];
  const offset = dmaOffset(parts);
  if (offset === null) return { why: 'contradiction', member: 'base_dma' };
  if (offset !== 0n) warnings.push({ what: 'dma-offset', offset });
  if (((smmu.number('options') ?? 0) & OPTION_TEGRA241_CMDQV) !== 0) warnings.push({ what: 'further-command-queues' });
  const checked = (member: string, isPossible: (value: number) => boolean): number | null => {
    const value = smmu.number(member);
    if (value === null || isPossible(value)) return value;
    warnings.push({ what: 'implausible', member, value: BigInt(value) });
    return null;
  };
  const oasBits = checked('oas', (bits) => bits in OAS_ENCODING);
  const state = {
    name,
    base: readBase(kernel, device, smmu, warnings),
    features,
    doubtfulFeatures: 0,
    sidBits,
    ssidBits: checked('ssid_bits', (bits) => bits <= 20),
    asidBits: checked('asid_bits', (bits) => bits === 8 || bits === 16),
    vmidBits: checked('vmid_bits', (bits) => bits === 8 || bits === 16),
    oasBits,
    pgsizeBitmap: readPageSizes(smmu, oasBits, warnings),
    maxStalls: checked('evtq.max_stalls', (count) => count < 1 << 16),
    e2hByFeature: e2hByFeature(kernel.release, smmu),
    control: 'probed' as const,
    ...parts,
  };
  return { ...state, warnings };
}

/** The feature of CR2.E2H came with 5.13, as the tree of streams did; where the two disagree it cannot be told. */
function e2hByFeature(release: string, smmu: KernelObject): boolean | null {
  const hasStreams = smmu.layout.member('streams') !== null;
  return e2hByRelease(release) === hasStreams ? hasStreams : null;
}

/** Whether a kernel of that release sets CR2.E2H by the feature, or always; null for a release that says nothing. */
export function e2hByRelease(release: string): boolean | null {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  if (major === undefined || minor === undefined) return null;
  return Number(major) > 5 || (Number(major) === 5 && Number(minor) >= 13);
}

function readQueue(smmu: KernelObject, which: QueueMember): QueueState | SmmuProblem {
  const path = (member: string) => `${which}.q.${member}`;
  const needed = (member: string): bigint | SmmuProblem =>
    smmu.bits(path(member)) ?? { why: 'unreadable', member: path(member) };
  const qBase = needed('q_base');
  const baseDma = needed('base_dma');
  const base = needed('base');
  const log2 = needed('llq.max_n_shift');
  const dwords = needed('ent_dwords');
  for (const value of [qBase, baseDma, base, log2, dwords]) if (typeof value === 'object') return value;
  const queue = checkedQueue({
    qBase: qBase as bigint,
    baseDma: baseDma as bigint,
    log2Size: Number(log2),
    entryDwords: Number(dwords),
  });
  if (queue === null || queue.entryDwords !== ENTRY_DWORDS[which]) {
    return { why: 'contradiction', member: path('q_base') };
  }
  // Both indexes are halves of one word, which the driver exchanges at once.
  const [prod, cons] = [smmu.layout.member(path('llq.prod')), smmu.layout.member(path('llq.cons'))];
  if (prod === null || cons?.offset !== prod.offset + 4) return { why: 'contradiction', member: path('llq') };
  if (!hasItsRegisters(smmu, which)) return { why: 'contradiction', member: path('prod_reg') };
  return {
    ...queue,
    prod: smmu.number(path('llq.prod')),
    cons: smmu.number(path('llq.cons')),
    ownerProd: which === 'cmdq' ? smmu.number('cmdq.owner_prod') : null,
    paddr: smmu.memory.translate(base as bigint),
  };
}

/** Whether the parts of a queue's base register are those that the driver makes it of. */
export function checkedQueue(queue: {
  readonly qBase: bigint;
  readonly baseDma: bigint;
  readonly log2Size: number;
  readonly entryDwords: number;
}) {
  const { qBase, baseDma, log2Size, entryDwords } = queue;
  const address = qBase & ADDRESS_BITS;
  const isMade = (qBase & ~(READ_ALLOCATE | ADDRESS_BITS | 0x1fn)) === 0n && (qBase & READ_ALLOCATE) !== 0n;
  if (!isMade || Number(qBase & 0x1fn) !== log2Size || log2Size > 19 || address !== baseDma || address === 0n)
    return null;
  if (entryDwords !== 2 && entryDwords !== 4) return null;
  // The architecture wants a queue aligned to its size, and to 32 bytes at least.
  if (address % BigInt(Math.max(32, (entryDwords * 8) << log2Size)) !== 0n) return null;
  return { qBase, log2Size, entryDwords };
}

/** The mapped registers of a queue are at the architecture's offsets from the page that the driver has them in. */
function hasItsRegisters(smmu: KernelObject, which: QueueMember): boolean {
  const page = smmu.bits(which === 'cmdq' ? 'base' : 'page1');
  const prod = smmu.bits(`${which}.q.prod_reg`);
  const cons = smmu.bits(`${which}.q.cons_reg`);
  if (page === null || prod === null || cons === null) return true;
  return prod === page + PROD_OFFSETS[which] && cons === prod + 4n;
}

/** From 6.12 on the driver computes both registers; up to 6.11 it keeps what it wrote. The member decides. */
function readTable(smmu: KernelObject, features: number, sidBits: number): TableState | SmmuProblem {
  const isTwoLevel = hasFeature(features, 'twoLevelStreamTable');
  const stored = smmu.bits('strtab_cfg.strtab_base');
  const isStored = smmu.layout.member('strtab_cfg.strtab_base') !== null;
  const names = isStored
    ? { table: 'strtab', dma: 'strtab_dma', count: 'num_l1_ents' }
    : isTwoLevel
      ? { table: 'l2.l1tab', dma: 'l2.l1_dma', count: 'l2.num_l1_ents' }
      : { table: 'linear.table', dma: 'linear.ste_dma', count: 'linear.num_ents' };
  const needed = Object.values(names).map((name) => smmu.bits(`strtab_cfg.${name}`));
  const [table, dma, count] = needed;
  if (
    table === null ||
    table === undefined ||
    dma === null ||
    dma === undefined ||
    count === null ||
    count === undefined
  ) {
    return { why: 'unreadable', member: `strtab_cfg.${Object.values(names)[needed.indexOf(null)]}` };
  }
  const log2Count = expectedLog2Count(isTwoLevel, sidBits);
  if (log2Count === null || count !== 1n << BigInt(log2Count)) {
    return { why: 'contradiction', member: `strtab_cfg.${names.count}` };
  }
  const base = (dma & STRTAB_ADDRESS_BITS) | READ_ALLOCATE;
  const baseCfg = tableConfig(isTwoLevel, log2Count);
  if (isStored) {
    const storedCfg = smmu.number('strtab_cfg.strtab_base_cfg');
    if (stored === null || storedCfg === null) return { why: 'unreadable', member: 'strtab_cfg.strtab_base' };
    if (stored !== base || storedCfg !== baseCfg) return { why: 'contradiction', member: 'strtab_cfg.strtab_base' };
  }
  return { format: isTwoLevel ? '2lvl' : 'linear', base, baseCfg, paddr: smmu.memory.translate(table) };
}

/** log2 of the entries of the table's first level, which the driver makes of the StreamID bits; null for impossible ones. */
export function expectedLog2Count(isTwoLevel: boolean, sidBits: number): number | null {
  const log2 = isTwoLevel ? Math.min(MAX_LOG2_L1_ENTRIES, sidBits - SPLIT) : sidBits;
  return log2 >= 0 && sidBits <= 32 ? log2 : null;
}

/** STRTAB_BASE_CFG for a table with so many entries in its first level. */
export function tableConfig(isTwoLevel: boolean, log2Count: number): number {
  return isTwoLevel ? (1 << 16) | (SPLIT << 6) | (log2Count + SPLIT) : log2Count;
}

/**
 * How far bus addresses are from memory: 0 on nearly every machine. Null when tables and queues do not agree in it, or
 * none of them is mapped, because then an address was changed behind the driver's back.
 */
export function dmaOffset({ table, cmdq, evtq, priq }: Pick<SmmuState, 'table' | QueueMember>): bigint | null {
  const places: [bigint, number | null][] = [
    [table.base & STRTAB_ADDRESS_BITS, table.paddr],
    ...[cmdq, evtq, priq].flatMap((queue): [bigint, number | null][] =>
      queue === null ? [] : [[queue.qBase & ADDRESS_BITS, queue.paddr]],
    ),
  ];
  const offsets = new Set(places.map(([dma, paddr]) => (paddr === null ? null : dma - BigInt(paddr))));
  const [offset] = offsets;
  return offsets.size === 1 && offset !== undefined ? offset : null;
}

/** The first memory resource of the platform device, which the mapping of the registers has to agree with. */
function readBase(kernel: Kernel, device: KernelObject, smmu: KernelObject, warnings: SmmuWarning[]): number | null {
  const virtual = smmu.bits('base');
  const mapped = virtual === null ? null : kernel.memory.walk(virtual);
  const resource = firstMemoryResource(kernel, device);
  if (resource !== null && mapped !== null && resource !== mapped) {
    warnings.push({ what: 'base-differs', resource, mapped });
    return null;
  }
  return resource ?? mapped;
}

function firstMemoryResource(kernel: Kernel, device: KernelObject): number | null {
  const layout = kernel.types.struct('platform_device');
  const platform = layout === null ? null : containerOf(kernel.memory, layout, 'dev', device.va);
  const count = Math.min(platform?.number('num_resources') ?? 0, MAX_RESOURCES);
  const first = platform?.bits('resource') ?? null;
  for (let i = 0; first !== null && i < count; i++) {
    const resource = kernel.object('resource', first);
    if (resource === null) return null;
    const one = new KernelObject(kernel.memory, resource.layout, first + BigInt(i * resource.layout.byteLength));
    const start = one.bits('start');
    if (start !== null && ((one.bits('flags') ?? 0n) & IORESOURCE_MEM) !== 0n) {
      return start < BigInt(PADDR_LIMIT) ? Number(start) : null;
    }
  }
  return null;
}

/** Block sizes come with their granule: 4 KiB with 2 MiB and 1 GiB, 16 KiB with 32 MiB, 64 KiB with 512 MiB. */
const PAGE_SIZES = [0x4020_1000n, 0x0200_4000n, 0x2001_0000n];
const FOUR_TIB = 1n << 42n;

function readPageSizes(smmu: KernelObject, oasBits: number | null, warnings: SmmuWarning[]): bigint | null {
  const bitmap = smmu.bits('pgsize_bitmap');
  if (bitmap === null) return null;
  const sizes = PAGE_SIZES.filter((granule) => (bitmap & granule) !== 0n).reduce((all, granule) => all | granule, 0n);
  if (sizes !== 0n && (bitmap === sizes || (bitmap === (sizes | FOUR_TIB) && oasBits === 52))) return bitmap;
  warnings.push({ what: 'implausible', member: 'pgsize_bitmap', value: bitmap });
  return null;
}
