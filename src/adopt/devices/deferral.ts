/**
 * arm_smmu_is_attach_deferred(), from v8 on arm_smmu_kdump_is_attach_deferred(): whether attaching a device's default
 * domain waits for its first DMA mapping.
 */

import { steConfig } from '../../smmu/structures/stream-table.ts';
import type { ArmSmmuDevice, FreshTable, StrtabCfg } from '../device.ts';
import { readerOf } from '../revisions/revision.ts';
import { armSmmuGetStepForSid } from './master.ts';

export interface Deferral {
  /** Null when an STE that could decide is not known, or when the question was not asked. */
  readonly deferred: boolean | null;
  /** The first STE that makes the device wait, or the first that is not known. */
  readonly sid: number | null;
}

export const NOT_ASKED: Deferral = { deferred: null, sid: null };

/**
 * Deferred exactly when one of the device's STEs has V=1 and from v3 on a Config other than abort, reserved values and a
 * null context pointer included. Throws KernelPanic when reading an STE kills the kernel.
 */
export function armSmmuIsAttachDeferred(
  smmu: ArmSmmuDevice,
  cfg: StrtabCfg | FreshTable,
  sids: readonly number[],
): Deferral {
  let unknown: number | null = null;
  for (const sid of sids) {
    // A bypass STE is valid and does not abort.
    if (smmu.optKdumpAdopt && smmu.bypassed.has(sid)) return { deferred: true, sid };
    const ste = armSmmuGetStepForSid(cfg, sid);
    if (ste === null) {
      // The abort entries of a new L2 table are valid.
      if (cfg.format !== 'fresh' && smmu.revision.defersOn === 'V') return { deferred: true, sid };
      continue;
    }
    const [word0] = smmu.read(ste.mapping, ste.paddr, 8, () => readerOf(smmu.revision, 'deferral')) ?? [];
    if (word0 === undefined) {
      unknown ??= sid;
      continue;
    }
    const { valid, config } = steConfig(Number(word0 & 0xffff_ffffn));
    if (valid && (config !== 'abort' || smmu.revision.defersOn === 'V')) return { deferred: true, sid };
  }
  return unknown === null ? { deferred: false, sid: null } : { deferred: null, sid: unknown };
}
