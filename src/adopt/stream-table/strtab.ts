/** arm_smmu_kdump_adopt_strtab(): the choice of path, the reservation of IDs, and the way back when any of it fails. */

import { isUnknown } from '../checks.ts';
import { type ArmSmmuDevice, maskedAddress } from '../device.ts';
import { EINVAL, ENOMEM } from '../errno.ts';
import { armSmmuKexecScanAndResvIds } from '../scan/id-scan.ts';
import type { IdScan } from '../scan/scan-record.ts';
import { armSmmuKdumpAdoptCleanup } from './cleanup.ts';
import { armSmmuKdumpAdoptStrtab2lvl } from './strtab-2lvl.ts';
import { armSmmuKdumpAdoptStrtabLinear } from './strtab-linear.ts';

/** How the adoption ended. */
export interface Adoption {
  readonly verdict: 'adopted' | 'fallback' | 'never-programmed' | 'probe-fails' | 'indeterminate';
  /** As the driver's function returned it; null when that cannot be told. */
  readonly ret: number | null;
  /** What the scan for IDs in use found; null where the driver makes none, or did not come to it. */
  readonly idScan: IdScan | null;
}

/** Adopts the crashed kernel's table. Throws KernelPanic when reading the table kills the kernel. */
export function armSmmuKdumpAdoptStrtab(smmu: ArmSmmuDevice): Adoption {
  const { revision, features } = smmu;
  smmu.say('adopt', revision.adoptingLevel, "adopting crashed kernel's stream table");
  const ret = settledByLog(smmu, adoptTable(smmu));
  if (ret === null) return { verdict: 'indeterminate', ret, idScan: null };
  if (ret < 0) return fail(smmu, ret);

  const idScan =
    revision.reservesIds && smmu.strtabCfg !== null ? armSmmuKexecScanAndResvIds(smmu, smmu.strtabCfg) : null;
  const { told } = smmu;
  if (idScan?.outcome === 'unknown' && (told === null || told.adoption === null)) {
    return { verdict: 'indeterminate', ret: null, idScan };
  }
  if (idScan?.outcome === 'failed' || (idScan?.outcome === 'unknown' && told?.adoption === 'fallback')) {
    smmu.say('adopt', 'warn', 'failed to reserve in-use ASIDs/VMIDs');
    armSmmuKdumpAdoptCleanup(smmu);
    smmu.features = features;
    return fallBack(smmu, idScan.ret, idScan);
  }

  if (revision.holds === 'devres') return { verdict: 'adopted', ret: 0, idScan };
  const registered = smmu.ledger.addAction(() => armSmmuKdumpAdoptCleanup(smmu));
  if (!smmu.checks.ask('cleanup.action', registered, { kind: 'action', ok: registered })) {
    smmu.say('adopt', 'warn', 'failed to set up cleanup action');
    if (revision.restoresTwoLevel) smmu.features = features;
    return fallBack(smmu, ENOMEM, idScan);
  }
  return { verdict: 'adopted', ret: 0, idScan };
}

/** What is in the way of an adoption that nothing else ends, a log may tell to be none, or to be one. */
function settledByLog({ told, checks }: ArmSmmuDevice, ret: number | null): number | null {
  // v1 and v2 go on after what has failed.
  if (ret !== 0 || checks.decidedBy === null || !isUnknown(checks.decidedBy)) return ret;
  return told?.adoption === 'adopted' ? 0 : told?.adoption === 'fallback' ? EINVAL : null;
}

/** An adoption that fails before the scan, as each revision takes it. */
function fail(smmu: ArmSmmuDevice, ret: number): Adoption {
  const { whenItFails } = smmu.revision;
  if (smmu.neverProgrammed) {
    // It returns past the place that clears the option, and an ordinary table is built.
    smmu.strtabCfg = null;
    return { verdict: 'never-programmed', ret, idScan: null };
  }
  if (whenItFails === 'probe fails') {
    smmu.printProbeFailure('adopt', ret);
    return { verdict: 'probe-fails', ret, idScan: null };
  }
  armSmmuKdumpAdoptCleanup(smmu);
  return fallBack(smmu, ret, null);
}

/** The errno goes no further: the ordinary table is built, and the reset is a full one. */
function fallBack(smmu: ArmSmmuDevice, ret: number | null, idScan: IdScan | null): Adoption {
  smmu.say('adopt', 'warn', 'falling back to full reset');
  smmu.optKdumpAdopt = false;
  smmu.strtabCfg = null;
  return { verdict: 'fallback', ret, idScan };
}

/** The dispatch on STRTAB_BASE_CFG.FMT. */
function adoptTable(smmu: ArmSmmuDevice): number | null {
  const { checks } = smmu;
  const fmt = smmu.strtabBaseCfg('FMT');
  const base = maskedAddress(smmu.registers.bits('STRTAB_BASE', 'ADDR'));
  if (!checks.ask('strtab.format', fmt < 2, { kind: 'number', value: fmt })) {
    smmu.say('adopt', 'err', `invalid STRTAB format ${fmt}`);
    return EINVAL;
  }
  if (fmt === 1) {
    const { twoLevelStreamTable: able } = smmu.features;
    const stLevel = smmu.registers.field('IDR0', 'ST_LEVEL');
    const { missingTwoLevel } = smmu.revision;
    if (missingTwoLevel === 'forced on') smmu.features = { ...smmu.features, twoLevelStreamTable: true };
    else {
      checks.ask('two-level.feature', able, { kind: 'two-level', stLevel, sidSize: smmu.ids.sidBits });
      smmu.neverProgrammed = !able && missingTwoLevel === 'option stays';
      if (smmu.warnIf(!able)) return EINVAL;
    }
    return armSmmuKdumpAdoptStrtab2lvl(smmu, base);
  }
  if (smmu.revision.clearsTwoLevelFirst) smmu.features = { ...smmu.features, twoLevelStreamTable: false };
  const ret = armSmmuKdumpAdoptStrtabLinear(smmu, base);
  // All later indexing has to be linear.
  if (ret === 0) smmu.features = { ...smmu.features, twoLevelStreamTable: false };
  return ret;
}
