/** Which device has which StreamID of an SMMU, by the driver's own tree of streams and the driver core's objects. */

import type { Master } from '../../snapshot/snapshot.ts';
import { deviceName, driverNameOf, registeredDevices } from '../devices.ts';
import type { Kernel } from '../kernel.ts';
import { collected, treeNodes } from '../types/collections.ts';
import { containerOf, KernelObject } from '../types/kernel-object.ts';
import type { StructLayout, Types } from '../types/types.ts';
import { MAX_SMMU_BYTE_LENGTH } from './smmu-signature.ts';

/** By ascending StreamID. */
export interface Masters {
  readonly masters: readonly Master[];
  /** False when some could not be read. */
  readonly isWhole: boolean;
}

/** IOMMU_DOMAIN_*, by the name that /sys/kernel/iommu_groups has for it. */
const DOMAINS: Readonly<Record<number, string>> = {
  0: 'blocked',
  1: 'unmanaged',
  3: 'DMA',
  4: 'identity',
  11: 'DMA-FQ',
  16: 'SVA',
  32: 'platform',
  64: 'nested',
};
/** Domain types whose domain is the driver's own structure: DMA, DMA-FQ and unmanaged. */
const HAS_SMMU_DOMAIN: ReadonlySet<number> = new Set([1, 3, 11]);
const STAGE_1 = 0;
const MAX_IDS = 4096;

/** An SMMU of the driver's: where its structure is, and the types that describe it, if there are any. */
export interface SmmuPlace {
  readonly va: bigint;
  readonly types: Types | null;
  readonly layout: StructLayout | null;
}

/** Null where no types describe how devices and SMMUs are tied. */
export function mastersOf(kernel: Kernel, smmu: SmmuPlace, sidBits: number): Masters | null {
  const { types, layout } = smmu;
  const hasTree = types !== null && layout !== null && layout.member('streams') !== null;
  const pairs = hasTree ? byStream(types, new KernelObject(kernel.memory, layout, smmu.va)) : byFwspec(kernel, smmu);
  if (pairs === null) return null;
  let isWhole = pairs.isWhole;
  const masters: Master[] = [];
  for (const { sid, device } of pairs.entries) {
    if (sid === null || sid >= 2 ** sidBits || device === null) isWhole = false;
    else masters.push({ sid, ...describe(kernel, types, device) });
  }
  return { masters: masters.sort((a, b) => a.sid - b.sid), isWhole };
}

interface Pair {
  readonly sid: number | null;
  readonly device: bigint | null;
}

/** Since 5.13 the driver keeps a tree of all streams. */
function byStream(types: Types, smmu: KernelObject): { entries: Pair[]; isWhole: boolean } | null {
  const { memory } = smmu;
  const stream = types.struct('arm_smmu_stream');
  const masterLayout = types.struct('arm_smmu_master', 'smmu');
  const root = smmu.bits('streams.rb_node');
  if (stream === null || masterLayout === null || root === null) return null;
  const { entries, isWhole } = collected(treeNodes(memory, root));
  const pairs = entries.map((node): Pair => {
    const one = containerOf(memory, stream, 'node', node);
    const va = one?.bits('master') ?? null;
    const master = va === null ? null : new KernelObject(memory, masterLayout, va);
    const isItsOwn = master?.bits('smmu') === smmu.va;
    return { sid: one?.number('id') ?? null, device: isItsOwn ? (master?.bits('dev') ?? null) : null };
  });
  return { entries: pairs, isWhole };
}

/** Without it: every device that firmware ties to this SMMU, by a handle that is a part of the driver's structure. */
function byFwspec(kernel: Kernel, { va, layout }: SmmuPlace): { entries: Pair[]; isWhole: boolean } | null {
  const walk = registeredDevices(kernel);
  const tie = kernel.types.struct('device')?.member('iommu') ?? null;
  if (walk === null || tie === null || kernel.types.struct('dev_iommu') === null) return null;
  const end = va + BigInt(layout?.byteLength ?? MAX_SMMU_BYTE_LENGTH);
  const { entries: devices, isWhole } = collected(walk);
  const pairs = devices.flatMap((device): Pair[] => {
    const iommu = device.bits('iommu') ?? 0n;
    const tied = iommu === 0n ? null : kernel.object('dev_iommu', iommu);
    const handle = tied?.bits('iommu_dev') ?? 0n;
    if (tied === null || handle < va || handle >= end) return [];
    const fwspec = kernel.object('iommu_fwspec', tied.bits('fwspec') ?? 0n);
    const count = Math.min(fwspec?.number('num_ids') ?? 0, MAX_IDS);
    const ids = fwspec?.addressOf('ids') ?? null;
    if (ids === null) return [];
    return Array.from({ length: count }, (_, i) => ({
      sid: kernel.memory.u32(ids + BigInt(4 * i)),
      device: device.va,
    }));
  });
  return { entries: pairs, isWhole };
}

function describe(kernel: Kernel, types: Types | null, va: bigint): Omit<Master, 'sid'> {
  const device = kernel.object('device', va);
  if (device === null) return { device: null, driver: null, group: null, domain: null, asid: null };
  const groupVa = device.bits('iommu_group') ?? 0n;
  const group = groupVa === 0n ? null : kernel.object('iommu_group', groupVa);
  const domainVa = group?.bits('domain') ?? 0n;
  const domain = domainVa === 0n ? null : kernel.object('iommu_domain', domainVa);
  const type = domain?.number('type') ?? null;
  return {
    device: deviceName(device),
    driver: driverNameOf(kernel, device),
    group: group?.number('id') ?? null,
    domain: type === null ? null : (DOMAINS[type] ?? `type ${type}`),
    asid: domain !== null && HAS_SMMU_DOMAIN.has(type ?? 0) ? asidOf(types, domain) : null,
  };
}

/** Of a domain of stage 1. The CD moved out of s1_cfg in 6.7; SMMUv2's structure of that name has neither. */
function asidOf(types: Types | null, domain: KernelObject): number | null {
  const layout = types?.struct('arm_smmu_domain', 'cd') ?? types?.struct('arm_smmu_domain', 's1_cfg');
  const own = layout === undefined || layout === null ? null : domain.containedIn(layout, 'domain');
  if (own?.number('stage') !== STAGE_1) return null;
  return own.number('cd.asid') ?? own.number('s1_cfg.cd.asid');
}
