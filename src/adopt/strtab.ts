/** arm_smmu_kdump_adopt_strtab(): the choice of path, and the way back when it fails. */

import { type ArmSmmuDevice, maskedAddress } from './device.ts';
import { EINVAL } from './errno.ts';
import type { Mapping } from './ledger.ts';
import { armSmmuKdumpAdoptStrtab2lvl } from './strtab-2lvl.ts';
import { armSmmuKdumpAdoptStrtabLinear } from './strtab-linear.ts';

/** Adopts the crashed kernel's table. Answers 0, a negative errno, or null when the dump lacks what decides. */
export function armSmmuKdumpAdoptStrtab(smmu: ArmSmmuDevice): number | null {
  const { log, revision, checks } = smmu;
  const fmt = smmu.strtabBaseCfg('FMT');
  const base = maskedAddress(smmu.registers.bits('STRTAB_BASE', 'ADDR'));
  log.print('adopt', revision.adoptingLevel, `${revision.logPrefix}adopting crashed kernel's stream table`);

  let ret: number | null;
  if (!checks.ask('strtab.format', fmt < 2, String(fmt))) {
    log.print('adopt', 'err', `${revision.logPrefix}invalid STRTAB format ${fmt}`);
    ret = EINVAL;
  } else if (fmt === 1) {
    const { twoLevelStreamTable: able } = smmu.features;
    const observed = `ST_LEVEL ${smmu.registers.field('IDR0', 'ST_LEVEL')}, SIDSIZE ${smmu.ids.sidBits}`;
    checks.ask('two-level.feature', able, observed);
    ret = smmu.warnIf(!able) ? EINVAL : armSmmuKdumpAdoptStrtab2lvl(smmu, base);
  } else {
    ret = armSmmuKdumpAdoptStrtabLinear(smmu, base);
    // All later indexing has to be linear.
    if (ret === 0) smmu.features = { ...smmu.features, twoLevelStreamTable: false };
  }

  if (ret !== null && ret < 0) {
    log.print('adopt', 'warn', `${revision.logPrefix}falling back to full reset`);
    armSmmuKdumpAdoptCleanup(smmu);
    smmu.optKdumpAdopt = false;
    smmu.strtabCfg = null;
  }
  return ret;
}

/**
 * arm_smmu_kdump_adopt_cleanup(): undoes a half-built state as well as a complete one. On the way of success it runs
 * as an action of the device, when the SMMU is unbound. The L2 tables are left to devres.
 */
export function armSmmuKdumpAdoptCleanup({ strtabCfg }: ArmSmmuDevice): void {
  const mapping: Mapping | undefined = strtabCfg?.format === '2lvl' ? strtabCfg.l1tab : strtabCfg?.table;
  if (mapping?.ok) mapping.releases += 1;
}
