/** arm_smmu_kdump_adopt_cleanup(): gives back what the adoption holds, as each revision does it. */

import { type TableFormatField, tableFormatOf } from '../../smmu/structures/stream-table.ts';
import type { ArmSmmuDevice } from '../device.ts';

/** What the register page reads as when the clean-up runs: the values of the snapshot, or those of an SMMU without power. */
export type RegisterPage = 'live' | 'zeros' | 'ones';

/**
 * Undoes a half-built state as well as a complete one. On the way of success it runs as an action of the device, when
 * the SMMU is unbound. The L2 tables are left to devres.
 *
 * `strtab_cfg` is a union: `l2.l1tab` and `linear.table` are one pointer, so that a clean-up which takes a two-level
 * table for a linear one still unmaps the table, and loses the array of L2 pointers only.
 */
export function armSmmuKdumpAdoptCleanup(smmu: ArmSmmuDevice, page: RegisterPage = 'live'): void {
  const { strtabCfg: cfg } = smmu;
  if (cfg === null) return;
  const format = askFormat(smmu, page);
  if (format === null || format === 'reserved') return;
  if (format === '2lvl' && cfg.format === '2lvl') cfg.array?.release();
  (cfg.format === '2lvl' ? cfg.l1tab : cfg.table).release();
}

/** Null where there is no clean-up that would ask. */
function askFormat(smmu: ArmSmmuDevice, page: RegisterPage): TableFormatField | null {
  if (smmu.revision.cleanupAsks === 'nothing') return null;
  if (smmu.revision.cleanupAsks === 'ARM_SMMU_FEAT_2_LVL_STRTAB') {
    return smmu.features.twoLevelStreamTable ? '2lvl' : 'linear';
  }
  return tableFormatOf({ live: smmu.strtabBaseCfg('FMT'), zeros: 0, ones: 3 }[page]);
}

/** The SMMU is unbound: its managed resources go in reverse order of their making, the clean-up action last. */
export function unbind(smmu: ArmSmmuDevice, page: RegisterPage): void {
  smmu.ledger.releaseManaged();
  if (smmu.revision.holds === 'cleanup action') armSmmuKdumpAdoptCleanup(smmu, page);
}
