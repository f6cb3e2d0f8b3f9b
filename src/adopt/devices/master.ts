/** arm_smmu_insert_master() for one device: its streams one by one, with the lazy adoption of their L2 tables. */

import { hex } from '../../hex.ts';
import { STE_BYTE_LENGTH } from '../../smmu/structures/stream-table.ts';
import {
  type ArmSmmuDevice,
  type FreshTable,
  pa,
  STRTAB_L2_BYTE_LENGTH,
  STRTAB_NUM_L2_STES,
  STRTAB_SPLIT,
  type StrtabCfg,
} from '../device.ts';
import { EINVAL, ENODEV, ENXIO, ERANGE } from '../errno.ts';
import type { RemapReason } from '../kernel-memory.ts';
import type { Mapping } from '../ledger.ts';
import type { LogLine } from '../log.ts';
import {
  addressOf,
  entriesOf,
  hasBadBase,
  isInUse,
  mappedAtAdoption,
  readDescriptor,
  type TwoLevelCfg,
} from '../stream-table/l1-slot.ts';

/** A device of the kdump kernel. One without a name is known by its only StreamID. */
export interface KernelDevice {
  readonly name: string | null;
  readonly sids: readonly number[];
  /** Nobody knows whether it is there: it stands for those whose STEs cannot be seen, from its StreamID on. */
  readonly presumed?: boolean;
}

/** Why a stream was refused, with the evidence. */
export type InsertRefusal =
  | { readonly kind: 'out-of-range'; readonly entries: number }
  | { readonly kind: 'span-changed'; readonly l1Index: number; readonly span: number; readonly paddr: number }
  | { readonly kind: 'l2-base-bad'; readonly l1Index: number; readonly l2: number; readonly paddr: number }
  | { readonly kind: 'l2-overlaps'; readonly l1Index: number; readonly l2: number; readonly paddr: number }
  | { readonly kind: 'l2-not-mappable'; readonly l1Index: number; readonly l2: number; readonly why: RemapReason }
  | { readonly kind: 'aliasing'; readonly owner: string }
  | {
      readonly kind: 'descriptor-not-in-dump' | 'l2-not-in-dump' | 'l2-overlap-unknown';
      readonly l1Index: number;
      readonly paddr: number;
    };

/** What became of one stream of a device. */
export interface StreamOutcome {
  readonly sid: number;
  /** 0, a negative errno, or null when the dump lacks what decides. */
  readonly ret: number | null;
  /** A new L2 table full of abort STEs was allocated and its address written into the crashed kernel's L1 table. */
  readonly fresh: boolean;
  readonly log: readonly LogLine[];
  readonly mappings: readonly Mapping[];
  readonly refusal: InsertRefusal | null;
}

type Outcome = Pick<StreamOutcome, 'ret' | 'fresh' | 'refusal'>;

const ACCEPTED: Outcome = { ret: 0, fresh: false, refusal: null };
/** Tens of thousands of streams have nothing to say. */
const SILENCE: readonly LogLine[] = [];
const refused = (ret: number | null, refusal: InsertRefusal): Outcome => ({ ret, fresh: false, refusal });

/**
 * The streams in ascending order, until one is refused. `owners` are the named devices by StreamID, of which no two
 * may share one.
 */
export function armSmmuInsertMaster(
  smmu: ArmSmmuDevice,
  cfg: StrtabCfg | FreshTable,
  { name, sids }: KernelDevice,
  owners: Map<number, string>,
): StreamOutcome[] {
  const [only] = sids;
  // Nearly all are alone, and a list that grows has room for many.
  if (only !== undefined && sids.length === 1) return [insertStream(smmu, cfg, name, only, owners)];
  const outcomes: StreamOutcome[] = [];
  for (const sid of [...new Set(sids)].sort((a, b) => a - b)) {
    const outcome = insertStream(smmu, cfg, name, sid, owners);
    outcomes.push(outcome);
    if (outcome.ret !== 0) break;
  }
  return outcomes;
}

function insertStream(
  smmu: ArmSmmuDevice,
  cfg: StrtabCfg | FreshTable,
  name: string | null,
  sid: number,
  owners: Map<number, string>,
): StreamOutcome {
  const firstLine = smmu.log.lines.length;
  let outcome = armSmmuInitSidStrtab(smmu, cfg, sid);
  const owner = owners.get(sid);
  if (outcome.ret === 0 && owner !== undefined && name !== null && owner !== name) {
    const text = `Aliasing StreamID ${hex(sid)} (from ${owner}) unsupported, expect DMA to be broken`;
    smmu.log.printOf(name, 'insert', 'warn', text);
    outcome = refused(ENODEV, { kind: 'aliasing', owner });
  }
  if (outcome.ret === 0 && name !== null) owners.set(sid, name);
  const said = smmu.log.lines.length > firstLine;
  const log = said ? smmu.log.lines.slice(firstLine).map(({ level, text }) => ({ level, text })) : SILENCE;
  const { ret, fresh, refusal } = outcome;
  return { sid, ret, fresh, refusal, log, mappings: smmu.ledger.settle() };
}

/** The range check prints nothing; the caller sees -ERANGE only. */
export function armSmmuInitSidStrtab(smmu: ArmSmmuDevice, cfg: StrtabCfg | FreshTable, sid: number): Outcome {
  const entries = entriesOf(cfg);
  if (sid >= entries) return refused(ERANGE, { kind: 'out-of-range', entries });
  return cfg.format === '2lvl' ? armSmmuInitL2Strtab(smmu, cfg, sid) : ACCEPTED;
}

/**
 * The first device of an L1 slot decides for all: the descriptor is read again, and its table is mapped or made. From
 * v8 on a null pointer is no longer taken for an unused slot. Through v3 all tables are mapped by then, and what has none
 * gets a new one, whatever its descriptor says now.
 */
function armSmmuInitL2Strtab(smmu: ArmSmmuDevice, cfg: TwoLevelCfg, sid: number): Outcome {
  const l1Index = Math.floor(sid / STRTAB_NUM_L2_STES);
  if (cfg.l2ptrs.has(l1Index)) return ACCEPTED;
  const mapped = smmu.revision.mapsL2At === 'adoption' ? mappedAtAdoption(smmu, cfg, l1Index) : null;
  if (mapped !== null) {
    cfg.l2ptrs.set(l1Index, mapped);
    return ACCEPTED;
  }
  const paddr = addressOf(cfg, l1Index);
  const descriptor = readDescriptor(smmu, cfg, paddr);
  if (descriptor === null) return refused(null, { kind: 'descriptor-not-in-dump', l1Index, paddr });
  if (isInUse(smmu.revision, descriptor) && smmu.revision.mapsL2At === 'insertion') {
    return armSmmuKdumpAdoptL2Strtab(smmu, cfg, { sid, l1Index, paddr, ...descriptor });
  }
  smmu.ledger.allocate('dmam_alloc_coherent', { kind: 'l2-table', l1Index }, STRTAB_L2_BYTE_LENGTH);
  cfg.l2ptrs.set(l1Index, { kind: 'fresh' });
  return { ret: 0, fresh: true, refusal: null };
}

/** arm_smmu_kdump_adopt_l2_strtab(); the name has changed between revisions. */
function armSmmuKdumpAdoptL2Strtab(
  smmu: ArmSmmuDevice,
  cfg: TwoLevelCfg,
  { sid, l1Index, paddr, span, l2 }: { sid: number; l1Index: number; paddr: number; span: number; l2: number },
): Outcome {
  const complain = (text: string) => smmu.say('insert', 'err', text);
  if (span !== STRTAB_SPLIT + 1) {
    complain(`L1[${l1Index}] span ${span} changed since adopt (was ${STRTAB_SPLIT + 1})`);
    return refused(EINVAL, { kind: 'span-changed', l1Index, span, paddr });
  }
  if (hasBadBase(smmu.revision, { span, l2 })) {
    complain(`L1[${l1Index}] bad l2 table base ${pa(l2)}`);
    return refused(EINVAL, { kind: 'l2-base-bad', l1Index, l2, paddr });
  }
  const overlaps = smmu.overlapsAtInsertion(l1Index, l2);
  if (overlaps === null) return refused(null, { kind: 'l2-overlap-unknown', l1Index, paddr });
  if (overlaps) {
    complain(`L1[${l1Index}] now points at a corrupt range`);
    return refused(EINVAL, { kind: 'l2-overlaps', l1Index, l2, paddr });
  }
  const mapping = smmu.map('devm_memremap', 'l2-table', { paddr: l2, byteLength: STRTAB_L2_BYTE_LENGTH });
  const { through, why } = mapping.remap;
  if (through === 'unknown') return refused(null, { kind: 'l2-not-in-dump', l1Index, paddr });
  if (through === null) {
    complain(`failed to adopt l2 stream table for SID ${sid}`);
    // The slot stays empty: the next device of the bus tries again.
    return refused(ENXIO, { kind: 'l2-not-mappable', l1Index, l2, why });
  }
  cfg.l2ptrs.set(l1Index, { kind: 'adopted', mapping });
  return ACCEPTED;
}

/** The STE that the kernel uses for a stream: mapped, at an address. */
interface MappedSte {
  readonly mapping: Pick<Mapping, 'remap'>;
  readonly paddr: number;
}

/** Null in a fresh table, which holds abort entries only. */
export function armSmmuGetStepForSid(cfg: StrtabCfg | FreshTable, sid: number): MappedSte | null {
  if (cfg.format === 'fresh') return null;
  if (cfg.format === 'linear') return { mapping: cfg.table, paddr: cfg.table.paddr + sid * STE_BYTE_LENGTH };
  const table = cfg.l2ptrs.get(Math.floor(sid / STRTAB_NUM_L2_STES));
  if (table?.kind !== 'adopted') return null;
  const { mapping } = table;
  return { mapping, paddr: mapping.paddr + (sid % STRTAB_NUM_L2_STES) * STE_BYTE_LENGTH };
}
