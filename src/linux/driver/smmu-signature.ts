/**
 * What does `struct arm_smmu_device` hold when nothing describes it? It shows itself: queues by a base register whose
 * parts are all there beside it, the stream table by an address that is where its bus address is. Offsets inside of a
 * queue have not moved between 5.10 and 7.3; where the parts stand to each other is found, not known.
 */

import type { Kernel } from '../kernel.ts';
import type { VirtualMemory } from '../memory/virtual-memory.ts';
import {
  checkedQueue,
  dmaOffset,
  e2hByRelease,
  expectedLog2Count,
  PROD_OFFSETS,
  READ_ALLOCATE,
  STRTAB_ADDRESS_BITS,
  tableConfig,
} from './smmu-device.ts';
import {
  hasFeature,
  type QueueMember,
  type QueueState,
  type SmmuProblem,
  type SmmuState,
  type TableState,
} from './smmu-state.ts';

/** Queues are within the first kilobyte. */
const QUEUES_BYTE_LENGTH = 1024;
/** Up to 6.1 a bitmap of 8 KiB stands before the stream table; it is all zeros, and its page may have been left out. */
export const MAX_SMMU_BYTE_LENGTH = 9216;
/** Members of struct arm_smmu_queue, from `base` on. */
const QUEUE = {
  llqProd: -136,
  llqCons: -132,
  maxNShift: -72,
  baseDma: 8,
  qBase: 16,
  entDwords: 24,
  prodReg: 32,
  consReg: 40,
};
/** From `base` of the command queue's arm_smmu_queue to owner_prod, which follows the queue in arm_smmu_cmdq. */
const OWNER_PROD = 64;
/** `base` and `page1` stand before `features` and `options`; members for implementations came before them in 6.12. */
const BASE_OFFSETS = [8, 24];
const FEATURES_BEHIND_BASE = 16;
/** ssid_bits and sid_bits end where the table begins. */
const SID_BITS_BEFORE_TABLE = 4;

interface FoundQueue extends QueueState {
  readonly which: QueueMember;
  readonly prodReg: bigint;
}

/**
 * Reads what the driver has at `va` of the device at `device`, or says why that cannot be told. `control` is what is
 * known of the control registers.
 */
export function readSmmuBySignature(
  { memory, release }: Kernel,
  { va, device, control }: { readonly va: bigint; readonly device: bigint; readonly control: SmmuState['control'] },
  name: string,
): SmmuState | SmmuProblem {
  // What follows the queues may be zeros that were left out, themselves not.
  const queuesBytes = memory.bytes(va, QUEUES_BYTE_LENGTH);
  if (queuesBytes === null) return { why: 'unreadable', member: 'dev' };
  const bytes = memory.bytesOrZeros(va, MAX_SMMU_BYTE_LENGTH) ?? queuesBytes;
  if (bytes.readBigUInt64LE(0) !== device) return { why: 'contradiction', member: 'dev' };
  const queues = queuesIn(memory, bytes);
  const one = (which: QueueMember) => {
    const found = queues.filter((queue) => queue.which === which);
    return found.length === 1 ? (found[0] as FoundQueue) : null;
  };
  const [cmdq, evtq, priq] = [one('cmdq'), one('evtq'), one('priq')];
  if (cmdq === null || evtq === null) return { why: 'no-layout' };
  const baseAt = offsetOfBase(bytes, cmdq);
  if (baseAt === undefined) return { why: 'no-layout' };
  const features = bytes.readUInt32LE(baseAt + FEATURES_BEHIND_BASE);
  if (hasFeature(features, 'pri') && priq === null) return { why: 'no-layout' };
  const tables = tablesIn(memory, bytes, features);
  const [table] = tables;
  if (table === undefined || tables.length > 1) return { why: 'no-layout' };
  const parts = { table, cmdq, evtq, priq: hasFeature(features, 'pri') ? priq : null };
  const offset = dmaOffset(parts);
  if (offset === null) return { why: 'contradiction', member: 'base_dma' };
  return {
    name,
    base: mappedBase(memory, bytes.readBigUInt64LE(baseAt), bytes.readBigUInt64LE(baseAt + 8)),
    features,
    doubtfulFeatures: 0,
    sidBits: table.sidBits,
    ssidBits: null,
    asidBits: null,
    vmidBits: null,
    oasBits: null,
    pgsizeBitmap: null,
    maxStalls: null,
    e2hByFeature: e2hByRelease(release),
    control,
    ...parts,
    warnings: offset === 0n ? [] : [{ what: 'dma-offset', offset }],
  };
}

/** Both register pages are mapped, and 64 KiB apart; some implementations have all registers in the first. */
function mappedBase(memory: VirtualMemory, page0: bigint, page1: bigint): number | null {
  const [base, second] = [memory.walk(page0), memory.walk(page1)];
  return base !== null && (second === base + 0x1_0000 || page1 === page0) ? base : null;
}

/** Whether these bytes are those of an SMMU from their start on: with both queues, and its registers where it has them. */
export function isSmmu(memory: VirtualMemory, bytes: Buffer): boolean {
  if (bytes.byteLength < QUEUES_BYTE_LENGTH) return false;
  const queues = queuesIn(memory, bytes);
  const cmdq = queues.find(({ which }) => which === 'cmdq');
  const hasEvents = queues.some(({ which }) => which === 'evtq');
  return cmdq !== undefined && hasEvents && offsetOfBase(bytes, cmdq) !== undefined;
}

/** Where `base` is; undefined where it is at none of the places that it has had. */
function offsetOfBase(bytes: Buffer, { prodReg }: FoundQueue): number | undefined {
  return BASE_OFFSETS.find((at) => bytes.readBigUInt64LE(at) === prodReg - PROD_OFFSETS.cmdq);
}

function queuesIn(memory: VirtualMemory, bytes: Buffer): FoundQueue[] {
  const found: FoundQueue[] = [];
  for (let at = -QUEUE.llqProd; at + QUEUE.consReg + 8 <= QUEUES_BYTE_LENGTH; at += 8) {
    const u64 = (member: keyof typeof QUEUE) => bytes.readBigUInt64LE(at + QUEUE[member]);
    const [qBase, prodReg] = [u64('qBase'), u64('prodReg')];
    if ((qBase & READ_ALLOCATE) === 0n || u64('consReg') - prodReg !== 4n) continue;
    const [[which] = []] = Object.entries(PROD_OFFSETS).filter(([, offset]) => prodReg % 4096n === offset);
    const queue = checkedQueue({
      qBase,
      baseDma: u64('baseDma'),
      log2Size: bytes.readUInt32LE(at + QUEUE.maxNShift),
      entryDwords: Number(u64('entDwords')),
    });
    if (queue === null || which === undefined) continue;
    found.push({
      ...queue,
      which: which as QueueMember,
      prodReg,
      prod: bytes.readUInt32LE(at + QUEUE.llqProd),
      cons: bytes.readUInt32LE(at + QUEUE.llqCons),
      ownerProd: which === 'cmdq' ? bytes.readUInt32LE(at + OWNER_PROD) : null,
      paddr: memory.translate(bytes.readBigUInt64LE(at)),
    });
  }
  return found;
}

/** Members of the three forms that struct arm_smmu_strtab_cfg has had, from its start. */
const FORMS = [
  { isStored: true, dma: 8, count: 24, base: 32, cfg: 40, byteLength: 48 },
  { isStored: false, dma: 16, count: 24, twoLevel: true, byteLength: 28 },
  { isStored: false, dma: 8, count: 16, twoLevel: false, byteLength: 20 },
] as const;

function tablesIn(
  memory: VirtualMemory,
  bytes: Buffer,
  features: number,
): (TableState & { readonly sidBits: number })[] {
  const isTwoLevel = hasFeature(features, 'twoLevelStreamTable');
  const found = new Map<string, TableState & { readonly sidBits: number }>();
  for (let at = 64; at < bytes.byteLength; at += 8) {
    for (const form of FORMS) {
      if (at + form.byteLength > bytes.byteLength || (!form.isStored && form.twoLevel !== isTwoLevel)) continue;
      const dma = bytes.readBigUInt64LE(at + form.dma);
      const count = bytes.readUInt32LE(at + form.count);
      const sidBits = bytes.readUInt32LE(at - SID_BITS_BEFORE_TABLE);
      const log2Count = expectedLog2Count(isTwoLevel, sidBits);
      if (dma === 0n || (dma & ~STRTAB_ADDRESS_BITS) !== 0n || log2Count === null || count !== 2 ** log2Count) continue;
      const base = (dma & STRTAB_ADDRESS_BITS) | READ_ALLOCATE;
      const baseCfg = tableConfig(isTwoLevel, log2Count);
      if (form.isStored && bytes.readBigUInt64LE(at + form.base) !== base) continue;
      if (form.isStored && bytes.readUInt32LE(at + form.cfg) !== baseCfg) continue;
      const paddr = memory.translate(bytes.readBigUInt64LE(at));
      if (paddr === null) continue;
      found.set(`${base}/${baseCfg}`, { format: isTwoLevel ? '2lvl' : 'linear', base, baseCfg, paddr, sidBits });
    }
  }
  return [...found.values()];
}
