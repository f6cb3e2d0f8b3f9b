/**
 * What did the registers of an SMMU hold, by what its driver kept? Each value comes with how it is known, and with the
 * mask of its known bits where these are not all. A register that nothing tells is absent.
 */

import type { PartialRegister, Provenance } from '../../snapshot/snapshot.ts';
import type { QueueMemory } from './queue-memory.ts';
import {
  type Feature,
  featureOf,
  OAS_ENCODING,
  type QueueMember,
  type QueueState,
  type SmmuState,
} from './smmu-state.ts';

export interface Registers {
  readonly registers: ReadonlyMap<string, bigint>;
  readonly partial: ReadonlyMap<string, PartialRegister>;
  readonly provenance: ReadonlyMap<string, Provenance>;
}

/** What memory shows of each queue. */
export type QueueMemories = Readonly<Record<QueueMember, QueueMemory | null>>;

/** The registers of an SMMU as the driver's state and the memory of its queues tell them, each with how it is known. */
export function registersOf(smmu: SmmuState, memories: QueueMemories): Registers {
  const registers = new Map<string, bigint>();
  const partial = new Map<string, PartialRegister>();
  const provenance = new Map<string, Provenance>();
  const set = (register: string, how: Provenance, value: bigint | number) => {
    registers.set(register, BigInt(value));
    provenance.set(register, how);
  };
  for (const [register, how] of BY_ROWS) {
    if (how === 'inferred' && smmu.control === null) continue;
    const some = register === 'CR0' && smmu.control === 'disabled' ? DISABLED : fromRows(register, smmu);
    if (some.known === 0n) continue;
    if (some.known === WHOLE) registers.set(register, some.value);
    else partial.set(register, some);
    provenance.set(register, how);
  }
  set('STRTAB_BASE', 'driver-wrote', smmu.table.base);
  set('STRTAB_BASE_CFG', 'driver-wrote', smmu.table.baseCfg);
  for (const [name, prefix] of QUEUES) {
    const queue = smmu[name];
    if (queue === null) continue;
    set(`${prefix}_BASE`, 'driver-wrote', queue.qBase);
    const indexes = queueIndexes(name, queue);
    const memory = memories[name];
    if (indexes === null || memory?.contradictsCopy === true) continue;
    // The hardware wrote records that the driver had not noticed.
    const later = name === 'cmdq' || memory?.recordsBehindCopy === 0 ? null : (memory?.writtenProd ?? null);
    if (later !== null) set(`${prefix}_PROD`, 'inferred', later);
    else set(`${prefix}_PROD`, 'driver-copy', indexes.prod);
    set(`${prefix}_CONS`, 'driver-copy', indexes.cons);
  }
  return { registers, partial, provenance };
}

export const QUEUES = [
  ['cmdq', 'CMDQ'],
  ['evtq', 'EVENTQ'],
  ['priq', 'PRIQ'],
] as const;

/** In PROD and CONS of the event and PRI queue the overflow flag; in the driver's copy of CMDQ_PROD its own flag. */
const TOP_BIT = 0x8000_0000;
/** CMDQ_CONS.ERR, which the driver's copy has with the rest. */
const CONS_ERROR = 0x7f00_0000;

/**
 * The indexes of a queue by the driver's copies, or null when these cannot be indexes of this queue. Of commands, the
 * best is what the driver last wrote (cmdq.owner_prod); its copy runs ahead of that while a batch is being gathered.
 */
export function queueIndexes(
  name: QueueMember,
  { prod, cons, ownerProd, log2Size }: QueueState,
): { readonly prod: number; readonly cons: number } | null {
  if (prod === null || cons === null) return null;
  const index = 2 ** (log2Size + 1) - 1;
  const size = 2 ** log2Size;
  const isIndex = (value: number, flags: number) => (value & ~flags) >>> 0 <= index;
  const distance = (from: number, to: number) => (to - from) & index;
  if (name !== 'cmdq') {
    return isIndex(prod, TOP_BIT) && isIndex(cons, TOP_BIT) && distance(cons, prod) <= size ? { prod, cons } : null;
  }
  const gathered = prod & index;
  const written = ownerProd ?? gathered;
  const fits =
    isIndex(prod, TOP_BIT) &&
    isIndex(written, 0) &&
    isIndex(cons, CONS_ERROR) &&
    distance(cons, gathered) <= size &&
    distance(written, gathered) <= distance(cons, gathered);
  return fits ? { prod: written, cons } : null;
}

const WHOLE = 0xffff_ffffn;
/** CR0 behind arm_smmu_device_disable. */
const DISABLED: PartialRegister = { value: 0n, known: WHOLE };

/** Registers whose bits follow from single members, and how. */
const BY_ROWS: readonly (readonly [register: string, how: Provenance])[] = [
  ['IDR0', 'derived'],
  ['IDR1', 'derived'],
  ['IDR3', 'derived'],
  ['IDR5', 'derived'],
  ['CR0', 'inferred'],
  ['CR1', 'inferred'],
  ['CR2', 'inferred'],
  ['IRQ_CTRL', 'inferred'],
];

interface Row {
  readonly register: string;
  readonly lsb: number;
  readonly width: number;
  /** The bits, or null when what the driver kept does not tell them. */
  readonly bits: (smmu: SmmuState) => number | bigint | null;
}

/** Both values are what the register says. */
const both = (feature: Feature) => (smmu: SmmuState) => featureOf(smmu, feature);
/** Clear may also mean that the kernel was built without it, or leaves it off because of an erratum. */
const onlySet = (feature: Feature) => (smmu: SmmuState) => (featureOf(smmu, feature) === 1 ? 1 : null);
const always = (bits: number) => () => bits;

/**
 * What arm_smmu_device_hw_probe made of the ID registers, read backwards, and what arm_smmu_device_reset ends with in the
 * control registers.
 */
const ROWS: readonly Row[] = [
  { register: 'IDR0', lsb: 0, width: 1, bits: both('stage2') },
  { register: 'IDR0', lsb: 1, width: 1, bits: both('stage1') },
  // TTF: without AArch64 tables the probe fails; whether there are AArch32 ones too is not kept.
  { register: 'IDR0', lsb: 3, width: 1, bits: always(1) },
  // COHACC is not here: the feature follows firmware, not the register.
  { register: 'IDR0', lsb: 9, width: 1, bits: both('hyp') },
  { register: 'IDR0', lsb: 10, width: 1, bits: onlySet('ats') },
  { register: 'IDR0', lsb: 12, width: 1, bits: ({ asidBits }) => (asidBits === null ? null : Number(asidBits === 16)) },
  { register: 'IDR0', lsb: 13, width: 1, bits: onlySet('msi') },
  { register: 'IDR0', lsb: 14, width: 1, bits: onlySet('sev') },
  { register: 'IDR0', lsb: 16, width: 1, bits: onlySet('pri') },
  { register: 'IDR0', lsb: 18, width: 1, bits: ({ vmidBits }) => (vmidBits === null ? null : Number(vmidBits === 16)) },
  { register: 'IDR0', lsb: 19, width: 1, bits: both('twoLevelCdTable') },
  { register: 'IDR0', lsb: 21, width: 2, bits: tableEndianness },
  { register: 'IDR0', lsb: 24, width: 2, bits: stallModel },
  { register: 'IDR0', lsb: 27, width: 2, bits: tableLevels },
  { register: 'IDR1', lsb: 0, width: 6, bits: ({ sidBits }) => sidBits },
  { register: 'IDR1', lsb: 6, width: 5, bits: ({ ssidBits }) => ssidBits },
  { register: 'IDR3', lsb: 10, width: 1, bits: both('rangeInvalidation') },
  // Of an encoding that it does not know the driver makes 48 bits, as for 5: to Linux they are the same.
  {
    register: 'IDR5',
    lsb: 0,
    width: 3,
    bits: ({ oasBits }) => (oasBits === null ? null : (OAS_ENCODING[oasBits] ?? null)),
  },
  { register: 'IDR5', lsb: 4, width: 1, bits: granule(12n) },
  { register: 'IDR5', lsb: 5, width: 1, bits: granule(14n) },
  { register: 'IDR5', lsb: 6, width: 1, bits: granule(16n) },
  { register: 'IDR5', lsb: 10, width: 2, bits: both('vax') },
  { register: 'IDR5', lsb: 16, width: 16, bits: ({ maxStalls }) => maxStalls },
  // SMMUEN, EVENTQEN, CMDQEN, and nothing else but PRIQEN and ATSCHK.
  { register: 'CR0', lsb: 0, width: 1, bits: always(1) },
  { register: 'CR0', lsb: 1, width: 1, bits: both('pri') },
  { register: 'CR0', lsb: 2, width: 2, bits: always(3) },
  { register: 'CR0', lsb: 4, width: 1, bits: both('ats') },
  { register: 'CR0', lsb: 5, width: 27, bits: always(0) },
  // Tables and queues: write-back, inner shareable.
  { register: 'CR1', lsb: 0, width: 32, bits: always(0xd75) },
  { register: 'CR2', lsb: 0, width: 1, bits: el2Regime },
  // RECINVSID and PTM.
  { register: 'CR2', lsb: 1, width: 31, bits: always(3) },
  { register: 'IRQ_CTRL', lsb: 0, width: 1, bits: always(1) },
  { register: 'IRQ_CTRL', lsb: 1, width: 1, bits: both('pri') },
  { register: 'IRQ_CTRL', lsb: 2, width: 30, bits: always(1) },
];

function stallModel(smmu: SmmuState): number | null {
  const [forced, stalls] = [featureOf(smmu, 'stallForced'), featureOf(smmu, 'stalls')];
  if (forced === null || stalls === null) return null;
  return forced === 1 ? 2 : stalls === 1 ? 0 : 1;
}

/** With so few StreamIDs the driver takes a linear table, and the feature back. */
function tableLevels(smmu: SmmuState): number | null {
  const twoLevel = featureOf(smmu, 'twoLevelStreamTable');
  return twoLevel === 0 && smmu.sidBits <= 8 ? null : twoLevel;
}

/** E2H, which kernels before 5.13 set always. */
function el2Regime(smmu: SmmuState): number | null {
  return smmu.e2hByFeature === null ? null : smmu.e2hByFeature ? featureOf(smmu, 'e2h') : 1;
}

function tableEndianness(smmu: SmmuState): number | null {
  const [little, big] = [featureOf(smmu, 'littleEndian'), featureOf(smmu, 'bigEndian')];
  if (little === null || big === null) return null;
  return little === 1 ? (big === 1 ? 0 : 2) : big === 1 ? 3 : null;
}

function granule(log2: bigint): (smmu: SmmuState) => number | null {
  return ({ pgsizeBitmap }) => (pgsizeBitmap === null ? null : Number((pgsizeBitmap >> log2) & 1n));
}

/** What the rows of a register tell. The mask is that of a 32-bit register. */
function fromRows(register: string, smmu: SmmuState): PartialRegister {
  let value = 0n;
  let known = 0n;
  for (const row of ROWS) {
    const bits = row.register === register ? row.bits(smmu) : null;
    if (bits === null) continue;
    const mask = (1n << BigInt(row.width)) - 1n;
    value |= (BigInt(bits) & mask) << BigInt(row.lsb);
    known |= mask << BigInt(row.lsb);
  }
  return { value, known };
}
