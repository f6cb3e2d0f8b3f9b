/**
 * arm_smmu_rmr_install_bypass_ste(): bypass STEs for the streams of firmware's reserved memory regions, before the reset and
 * before any device. They go into the new table, and through v5 into an adopted one, whose entries they replace.
 */

import { hex } from '../../hex.ts';
import type { ArmSmmuDevice, FreshTable, StrtabCfg } from '../device.ts';
import { armSmmuGetStepForSid, armSmmuInitSidStrtab } from './master.ts';

/** What becomes of the streams; none of both: the dump lacks what decides. */
export interface RmrStreams {
  /** Their STE is a bypass STE now. */
  readonly bypassed: ReadonlySet<number>;
  /** They have no STE that could be written; the driver says so and goes on. */
  readonly failed: ReadonlySet<number>;
}

/** It clears the entry first, perhaps by a function that every kernel has for that. */
const WRITER = { where: 'arm_smmu_make_bypass_ste', inferred: true };

export const NO_RMR_STREAMS: RmrStreams = { bypassed: new Set(), failed: new Set() };

/**
 * Fills slots of `cfg`, so that an L2 table that is made or mapped here is not when a device of its bus comes. Throws
 * KernelPanic where writing an STE kills the kernel: v1 and v2 write through the error code of a mapping that failed.
 */
export function armSmmuRmrInstallBypassSte(
  smmu: ArmSmmuDevice,
  cfg: StrtabCfg | FreshTable,
  sids: readonly number[],
): RmrStreams {
  const bypassed = new Set<number>();
  const failed = new Set<number>();
  for (const sid of sids) {
    const { ret } = armSmmuInitSidStrtab(smmu, cfg, sid);
    if (ret === null) continue;
    if (ret !== 0) {
      smmu.log.print('adopt', 'err', `RMR SID(${hex(sid)}) bypass failed`);
      failed.add(sid);
      continue;
    }
    const ste = armSmmuGetStepForSid(cfg, sid);
    // What is written dies where what is read does.
    if (ste !== null) smmu.read(ste.mapping, ste.paddr, 8, () => WRITER);
    bypassed.add(sid);
  }
  return { bypassed, failed };
}
