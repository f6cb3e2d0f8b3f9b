/** arm_smmu_kdump_adopt_strtab_linear(): the size cap, from v8 on the alignment, and one mapping. No STE is looked at. */

import { STE_BYTE_LENGTH } from '../smmu/stream-table.ts';
import { type ArmSmmuDevice, mappingObserved, pa, STRTAB_MAX_L1_ENTRIES, STRTAB_NUM_L2_STES } from './device.ts';
import { EINVAL, ENOMEM, EOPNOTSUPP } from './errno.ts';

/** The largest table that the kdump kernel itself would build on two-level hardware, as log2 of STEs: 25. */
const TWO_LEVEL_CAP = Math.log2(STRTAB_MAX_L1_ENTRIES * STRTAB_NUM_L2_STES);
/** num_ents is an unsigned int. */
const COUNT_CAP = 31;

/** `base` is STRTAB_BASE as the driver masks it. Answers 0, a negative errno, or null: see the caller. */
export function armSmmuKdumpAdoptStrtabLinear(smmu: ArmSmmuDevice, base: number): number | null {
  const { checks, revision, features, ids } = smmu;
  const log2size = smmu.strtabBaseCfg('LOG2SIZE');

  if (!smmu.assertCoherent('linear.coherent')) return EOPNOTSUPP;
  const caps = [COUNT_CAP];
  if (features.twoLevelStreamTable) caps.push(TWO_LEVEL_CAP);
  // Through v8 two-level hardware may be given a linear table of more SIDs than it has.
  if (!features.twoLevelStreamTable || revision.capsLinearBySidSize) caps.push(ids.sidBits);
  const cap = Math.min(...caps);
  if (
    !checks.ask(
      'linear.log2size',
      log2size <= cap,
      { kind: 'number', value: log2size },
      { kind: 'at-most', value: cap },
    )
  ) {
    smmu.complain(`unsupported log2size ${log2size} (> ${cap})`);
    return EINVAL;
  }
  const numEnts = 2 ** log2size;
  const byteLength = numEnts * STE_BYTE_LENGTH;
  if (revision.checksAlignment) {
    const observed = { kind: 'address', paddr: base } as const;
    if (!checks.ask('linear.alignment', base % byteLength === 0, observed, { kind: 'aligned', byteLength })) {
      smmu.complain(`unaligned stream table base ${pa(base)}`);
      return EINVAL;
    }
  }
  const table = smmu.map('memremap', 'linear-table', { paddr: base, byteLength });
  smmu.strtabCfg = { format: 'linear', table, numEnts };
  if (table.remap.through === 'unknown') {
    checks.cannotTell('linear.mapping', mappingObserved(table));
    return null;
  }
  return checks.ask('linear.mapping', table.ok, mappingObserved(table)) ? 0 : ENOMEM;
}
