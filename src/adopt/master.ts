/** arm_smmu_insert_master() for one StreamID, with the lazy adoption of its L2 table, and the deferral question. */

import { L1STD_BYTE_LENGTH, l1Pointer, STE_BYTE_LENGTH, steConfig } from '../smmu/stream-table.ts';
import { type ArmSmmuDevice, STRTAB_NUM_L2_STES, STRTAB_SPLIT, type StrtabCfg } from './device.ts';
import { EINVAL, ENXIO, ERANGE } from './errno.ts';
import type { Mapping } from './ledger.ts';
import type { LogLine } from './log.ts';

/** Why an insertion was refused, with the evidence. */
export type InsertRefusal =
  | { readonly kind: 'out-of-range'; readonly entries: number }
  | { readonly kind: 'span-changed'; readonly l1Index: number; readonly span: number; readonly paddr: number }
  | { readonly kind: 'l2-not-mappable'; readonly l1Index: number; readonly l2: number }
  | { readonly kind: 'descriptor-not-in-dump'; readonly l1Index: number; readonly paddr: number };

export interface Insertion {
  readonly sid: number;
  /** 0, a negative errno, or null when the dump lacks what decides. */
  readonly ret: number | null;
  /** A new L2 table full of abort STEs was allocated and its address written into the crashed kernel's L1 table. */
  readonly fresh: boolean;
  readonly log: readonly LogLine[];
  readonly mappings: readonly Mapping[];
  /** Whether attaching the default domain waits for the first DMA mapping; null when not asked or not known. */
  readonly deferred: boolean | null;
  readonly refusal: InsertRefusal | null;
}

interface Outcome {
  readonly ret: number | null;
  readonly fresh: boolean;
  readonly refusal: InsertRefusal | null;
}

const ACCEPTED: Outcome = { ret: 0, fresh: false, refusal: null };
const refused = (ret: number | null, refusal: InsertRefusal): Outcome => ({ ret, fresh: false, refusal });

export function armSmmuInsertMaster(smmu: ArmSmmuDevice, cfg: StrtabCfg, sid: number): Insertion {
  const firstLine = smmu.log.lines.length;
  const outcome = armSmmuInitSidStrtab(smmu, cfg, sid);
  return {
    sid,
    ...outcome,
    log: smmu.log.lines.slice(firstLine).map(({ level, text }) => ({ level, text })),
    mappings: smmu.ledger.settle(),
    deferred: outcome.ret === 0 ? armSmmuIsAttachDeferred(smmu, cfg, sid) : null,
  };
}

/** The range check prints nothing; the caller sees -ERANGE only. */
function armSmmuInitSidStrtab(smmu: ArmSmmuDevice, cfg: StrtabCfg, sid: number): Outcome {
  const entries = cfg.format === '2lvl' ? cfg.numL1Ents * STRTAB_NUM_L2_STES : cfg.numEnts;
  if (sid >= entries) return refused(ERANGE, { kind: 'out-of-range', entries });
  return cfg.format === '2lvl' ? armSmmuInitL2Strtab(smmu, cfg, sid) : ACCEPTED;
}

/** The first device of an L1 slot decides for all: the descriptor is read again, and its table is mapped or made. */
function armSmmuInitL2Strtab(smmu: ArmSmmuDevice, cfg: StrtabCfg & { format: '2lvl' }, sid: number): Outcome {
  const l1Index = Math.floor(sid / STRTAB_NUM_L2_STES);
  if (cfg.l2ptrs.has(l1Index)) return ACCEPTED;
  const paddr = cfg.l1tab.paddr + l1Index * L1STD_BYTE_LENGTH;
  const [descriptor] = smmu.memory.readWords(paddr, L1STD_BYTE_LENGTH) ?? [];
  if (descriptor === undefined) return refused(null, { kind: 'descriptor-not-in-dump', l1Index, paddr });
  const low = Number(descriptor & 0xffff_ffffn);
  const span = low & 0x1f;
  const l2 = l1Pointer(low, Number(descriptor >> 32n));
  if (span !== 0 && l2 !== 0) return armSmmuKdumpAdoptL2Strtab(smmu, cfg, { sid, l1Index, paddr, span, l2 });
  cfg.l2ptrs.set(l1Index, { kind: 'fresh' });
  return { ret: 0, fresh: true, refusal: null };
}

function armSmmuKdumpAdoptL2Strtab(
  smmu: ArmSmmuDevice,
  cfg: StrtabCfg & { format: '2lvl' },
  { sid, l1Index, paddr, span, l2 }: { sid: number; l1Index: number; paddr: number; span: number; l2: number },
): Outcome {
  const { log, revision } = smmu;
  if (span !== STRTAB_SPLIT + 1) {
    const text = `L1[${l1Index}] span ${span} changed since adopt (was ${STRTAB_SPLIT + 1})`;
    log.print('insert', 'err', revision.logPrefix + text);
    return refused(EINVAL, { kind: 'span-changed', l1Index, span, paddr });
  }
  const byteLength = STRTAB_NUM_L2_STES * STE_BYTE_LENGTH;
  const mapping = smmu.ledger.map('devm_memremap', 'l2-table', l2, byteLength, smmu.memory);
  if (!mapping.ok) {
    log.print('insert', 'err', `${revision.logPrefix}failed to adopt l2 stream table for SID ${sid}`);
    // The slot stays empty: the next device of the bus tries again.
    return refused(ENXIO, { kind: 'l2-not-mappable', l1Index, l2 });
  }
  cfg.l2ptrs.set(l1Index, { kind: 'adopted', mapping });
  return ACCEPTED;
}

/**
 * arm_smmu_is_attach_deferred() for a device with this one stream: deferred exactly when its STE has V=1 and a Config
 * other than abort, reserved values included. Null when the STE is not in the dump.
 */
function armSmmuIsAttachDeferred(smmu: ArmSmmuDevice, cfg: StrtabCfg, sid: number): boolean | null {
  const paddr = armSmmuGetStepForSid(cfg, sid);
  if (paddr === null) return false;
  const [word0] = smmu.memory.readWords(paddr, 8) ?? [];
  if (word0 === undefined) return null;
  const { valid, config } = steConfig(Number(word0 & 0xffff_ffffn));
  return valid && config !== 'abort';
}

/** Address of the STE that the kernel uses, or null in a fresh L2 table, which holds abort entries only. */
function armSmmuGetStepForSid(cfg: StrtabCfg, sid: number): number | null {
  if (cfg.format === 'linear') return cfg.table.paddr + sid * STE_BYTE_LENGTH;
  const table = cfg.l2ptrs.get(Math.floor(sid / STRTAB_NUM_L2_STES));
  if (table?.kind !== 'adopted') return null;
  return table.mapping.paddr + (sid % STRTAB_NUM_L2_STES) * STE_BYTE_LENGTH;
}
