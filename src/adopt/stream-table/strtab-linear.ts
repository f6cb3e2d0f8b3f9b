/**
 * arm_smmu_kdump_adopt_strtab_linear(): the size cap, from v3 to v5 what the table overlaps, from v8 on its alignment, and
 * one mapping. No STE is looked at.
 */

import { STE_BYTE_LENGTH } from '../../smmu/structures/stream-table.ts';
import { type ArmSmmuDevice, mappingObserved, pa, STRTAB_MAX_L1_ENTRIES, STRTAB_NUM_L2_STES } from '../device.ts';
import { EINVAL, EOPNOTSUPP } from '../errno.ts';

/** The largest table that the kdump kernel itself would build on two-level hardware, as log2 of STEs: 25. */
const TWO_LEVEL_CAP = Math.log2(STRTAB_MAX_L1_ENTRIES * STRTAB_NUM_L2_STES);
/** num_ents is an unsigned int. */
const COUNT_CAP = 31;

/** `base` is STRTAB_BASE as the driver masks it. Answers 0, a negative errno, or null: see the caller. */
export function armSmmuKdumpAdoptStrtabLinear(smmu: ArmSmmuDevice, base: number): number | null {
  const { checks, revision } = smmu;
  const log2size = smmu.strtabBaseCfg('LOG2SIZE');

  if (!smmu.assertCoherent('linear.coherent')) return EOPNOTSUPP;
  const cap = capOf(smmu);
  const observed = { kind: 'number', value: log2size } as const;
  const required = { kind: 'at-most', value: cap } as const;
  if (log2size > cap && revision.linearCap === 'nothing') {
    // A shift by more bits than a number has is not defined.
    checks.cannotTell('linear.log2size', observed);
    return null;
  }
  if (!checks.ask('linear.log2size', log2size <= cap, observed, required)) {
    smmu.complain(`unsupported log2size ${log2size} (> ${cap})`);
    return EINVAL;
  }
  const numEnts = 2 ** log2size;
  const byteLength = numEnts * STE_BYTE_LENGTH;
  if (!smmu.passesOverlapTest('linear.overlap', base, byteLength, 'stream table is corrupted')) return EINVAL;
  if (revision.checksAlignment) {
    const address = { kind: 'address', paddr: base } as const;
    if (!checks.ask('linear.alignment', base % byteLength === 0, address, { kind: 'aligned', byteLength })) {
      smmu.complain(`unaligned stream table base ${pa(base)}`);
      return EINVAL;
    }
  }
  const table = smmu.mapTable('linear-table', { paddr: base, byteLength });
  smmu.strtabCfg = { format: 'linear', table, numEnts };
  if (table.remap.through === 'unknown') {
    checks.cannotTell('linear.mapping', mappingObserved(table));
    return null;
  }
  const mapped = checks.ask('linear.mapping', table.ok, mappingObserved(table));
  return mapped || !revision.noticesMappingErrors ? 0 : smmu.mappingErrno;
}

/** Through v8 two-level hardware may be given a linear table of more SIDs than it has; v1 and v2 cap nothing. */
function capOf({ revision, features, ids }: ArmSmmuDevice): number {
  if (revision.linearCap === 'nothing') return COUNT_CAP;
  const caps = [COUNT_CAP];
  const { twoLevelStreamTable } = features;
  if (twoLevelStreamTable) caps.push(TWO_LEVEL_CAP);
  if (!twoLevelStreamTable || revision.linearCap === '25 and SIDSIZE') caps.push(ids.sidBits);
  return Math.min(...caps);
}
