/** arm_smmu_init_strtab(): the ordinary table that the driver builds when it adopts none. */

import { type ArmSmmuDevice, type FreshTable, STRTAB_MAX_L1_ENTRIES, STRTAB_NUM_L2_STES } from '../device.ts';

/** The most StreamIDs that a two-level table of the driver covers. */
const TWO_LEVEL_MOST = STRTAB_MAX_L1_ENTRIES * STRTAB_NUM_L2_STES;

/** arm_smmu_init_strtab_2lvl() or _linear(): a table for every StreamID of the hardware, or for 2^25 in two levels. */
export function armSmmuInitStrtab({ features, ids, log }: ArmSmmuDevice): FreshTable {
  const all = 2 ** ids.sidBits;
  if (!features.twoLevelStreamTable) return { format: 'fresh', numEnts: Math.min(all, 2 ** 32) };
  if (all > TWO_LEVEL_MOST) {
    const covered = Math.log2(TWO_LEVEL_MOST);
    log.print('reset', 'warn', `2-level strtab only covers ${covered}/${ids.sidBits} bits of SID`);
  }
  return { format: 'fresh', numEnts: Math.min(all, TWO_LEVEL_MOST) };
}
