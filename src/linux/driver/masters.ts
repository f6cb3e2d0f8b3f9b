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
    const described = device === null ? null : describe(kernel, types, device);
    isWhole &&= described?.isWhole === true;
    if (sid === null || sid >= 2 ** sidBits || described === null) isWhole = false;
    else masters.push({ sid, ...described.master });
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
    const master = one === null || va === null ? null : new KernelObject(memory, masterLayout, va);
    const isItsOwn = one !== null && master?.bits('smmu') === smmu.va && hasStream(master, one);
    return { sid: one?.number('id') ?? null, device: isItsOwn ? (master?.bits('dev') ?? null) : null };
  });
  // The tree is searched by StreamID: of two that are not in order one is not what it was.
  const inOrder = pairs.every(({ sid }, i) => i === 0 || (sid ?? 0) > (pairs[i - 1]?.sid ?? -1));
  return { entries: pairs, isWhole: isWhole && inOrder };
}

/** Whether a stream is one of those that its master has an array of; true where there is no telling. */
function hasStream(master: KernelObject, stream: KernelObject): boolean {
  const [first, count] = [master.bits('streams'), master.number('num_streams')];
  if (first === null || count === null) return true;
  return stream.va >= first && stream.va < first + BigInt(count * stream.layout.byteLength);
}

/** Without it: every device that firmware ties to this SMMU, by a handle that is a part of the driver's structure. */
function byFwspec(kernel: Kernel, { va, layout }: SmmuPlace): { entries: Pair[]; isWhole: boolean } | null {
  const walk = registeredDevices(kernel);
  const tie = kernel.types.struct('device')?.member('iommu') ?? null;
  if (walk === null || tie === null || kernel.types.struct('dev_iommu') === null) return null;
  const end = va + BigInt(layout?.byteLength ?? MAX_SMMU_BYTE_LENGTH);
  const { entries: devices, isWhole } = collected(walk);
  const pairs = devices.flatMap((device): Pair[] => {
    const unread = { sid: null, device: device.va };
    const iommu = device.bits('iommu');
    if (iommu === 0n) return [];
    const tied = iommu === null ? null : kernel.object('dev_iommu', iommu);
    const handle = tied?.bits('iommu_dev') ?? null;
    // It may be one of this SMMU's.
    if (tied === null || handle === null) return [unread];
    if (handle < va || handle >= end) return [];
    const fwspec = kernel.object('iommu_fwspec', tied.bits('fwspec') ?? 0n);
    const count = fwspec?.number('num_ids') ?? null;
    const ids = fwspec?.addressOf('ids') ?? null;
    if (count === null || count > MAX_IDS || ids === null) return [unread];
    return Array.from({ length: count }, (_, i) => ({
      sid: kernel.memory.u32(ids + BigInt(4 * i)),
      device: device.va,
    }));
  });
  return { entries: pairs, isWhole };
}

/** What the driver core has of a device, and whether all of it that there is could be read. */
function describe(kernel: Kernel, types: Types | null, va: bigint): { master: Omit<Master, 'sid'>; isWhole: boolean } {
  const device = kernel.object('device', va);
  let isWhole = device !== null;
  /** Null where there is no such member, which is no lack, or none in the dump, which is one. */
  const known = (object: KernelObject | null, path: string): bigint | null => {
    const bits = object?.bits(path) ?? null;
    isWhole &&= bits !== null || object === null || object.layout.member(path) === null;
    return bits;
  };
  const pointedTo = (object: KernelObject | null, path: string, struct: string): KernelObject | null => {
    const pointer = known(object, path) ?? 0n;
    return pointer === 0n ? null : kernel.object(struct, pointer);
  };
  const group = pointedTo(device, 'iommu_group', 'iommu_group');
  const domain = pointedTo(group, 'domain', 'iommu_domain');
  const number = (object: KernelObject | null, path: string) => {
    const bits = known(object, path);
    return bits === null ? null : Number(bits);
  };
  const [id, type] = [number(group, 'id'), number(domain, 'type')];
  const name = device === null ? null : deviceName(device);
  const driver = device === null ? null : driverNameOf(kernel, device);
  isWhole &&= name !== null && (driver !== null || device?.bits('driver') === 0n);
  const asid = domain !== null && HAS_SMMU_DOMAIN.has(type ?? 0) ? asidOf(types, domain) : null;
  const named = type === null ? null : (DOMAINS[type] ?? `type ${type}`);
  return { master: { device: name, driver, group: id, domain: named, asid }, isWhole };
}

/** Of a domain of stage 1. The CD moved out of s1_cfg in 6.7; SMMUv2's structure of that name has neither. */
function asidOf(types: Types | null, domain: KernelObject): number | null {
  const layout = types?.struct('arm_smmu_domain', 'cd') ?? types?.struct('arm_smmu_domain', 's1_cfg');
  const own = layout === undefined || layout === null ? null : domain.containedIn(layout, 'domain');
  if (own?.number('stage') !== STAGE_1) return null;
  return own.number('cd.asid') ?? own.number('s1_cfg.cd.asid');
}
