/** arm_smmu_kdump_adopt_strtab_linear(): the size cap and one mapping. The STEs are not looked at. */

import { STE_BYTE_LENGTH } from '../smmu/stream-table.ts';
import { type ArmSmmuDevice, STRTAB_MAX_L1_ENTRIES, STRTAB_NUM_L2_STES } from './device.ts';
import { EINVAL, ENOMEM, EOPNOTSUPP } from './errno.ts';

/** The largest table that the kdump kernel itself would build on two-level hardware, as log2 of STEs: 25. */
const TWO_LEVEL_CAP = Math.log2(STRTAB_MAX_L1_ENTRIES * STRTAB_NUM_L2_STES);
/** num_ents is an unsigned int. */
const COUNT_CAP = 31;

/** `base` is STRTAB_BASE as the driver masks it. Answers 0 or a negative errno. */
export function armSmmuKdumpAdoptStrtabLinear(smmu: ArmSmmuDevice, base: number): number {
  const { checks, log, revision, features, ids } = smmu;
  const log2size = smmu.strtabBaseCfg('LOG2SIZE');

  if (!smmu.assertCoherent('linear.coherent')) return EOPNOTSUPP;
  // On two-level hardware the cap may exceed SIDSIZE (v4 to v8).
  const cap = Math.min(features.twoLevelStreamTable ? TWO_LEVEL_CAP : ids.sidBits, COUNT_CAP);
  if (!checks.ask('linear.log2size', log2size <= cap, String(log2size), `<= ${cap}`)) {
    log.print('adopt', 'err', `${revision.logPrefix}unsupported log2size ${log2size} (> ${cap})`);
    return EINVAL;
  }
  const numEnts = 2 ** log2size;
  const table = smmu.ledger.map('memremap', 'linear-table', base, numEnts * STE_BYTE_LENGTH, smmu.memory);
  smmu.strtabCfg = { format: 'linear', table, numEnts };
  const where = `0x${base.toString(16)}, ${table.byteLength} bytes`;
  const mapped = checks.ask('linear.mapping', table.ok, `${where}: ${table.ok ? 'mapped' : 'not RAM in this dump'}`);
  return mapped ? 0 : ENOMEM;
}
