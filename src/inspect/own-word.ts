/** What does the crashed kernel know of an SMMU that the snapshot which was given does not say? */

import { isIdRegister } from '../smmu/registers/registers.ts';
import type { SmmuSnapshot, Snapshot } from '../snapshot/snapshot.ts';

/** Who does not say which devices there were, and what the hardware can do, takes the crashed kernel's word. */
export function withOwn(given: Snapshot, own: Snapshot): Snapshot {
  const smmus = given.smmus.map((smmu): SmmuSnapshot => {
    const namesake = namesakeOf(smmu, given, own);
    if (namesake === null) return smmu;
    const masters = smmu.masters ?? namesake.masters;
    return { ...withIdentity(smmu, namesake), ...(masters === undefined ? {} : { masters }) };
  });
  return { ...given, smmus };
}

/** ID registers say at all times what they said at the driver's probe: what it noted of one stands in where it was not captured. */
function withIdentity(smmu: SmmuSnapshot, own: SmmuSnapshot): SmmuSnapshot {
  const lacks = (register: string) => !smmu.registers.has(register) && smmu.partial?.has(register) !== true;
  const noted = [...(own.partial ?? [])].filter(([register]) => isIdRegister(register) && lacks(register));
  if (noted.length === 0) return smmu;
  return {
    ...smmu,
    partial: new Map([...(smmu.partial ?? []), ...noted]),
    provenance: new Map([...(smmu.provenance ?? []), ...noted.map(([register]) => [register, 'derived'] as const)]),
  };
}

/** The same SMMU as the crashed kernel had it: by its base, where both have one, else by its name; one alone is it. */
export function namesakeOf(smmu: SmmuSnapshot, given: Snapshot, own: Snapshot): SmmuSnapshot | null {
  const fits = ({ base, name }: SmmuSnapshot) =>
    base !== null && smmu.base !== null ? base === smmu.base : name === smmu.name;
  const found = own.smmus.find(fits);
  if (found !== undefined) return found;
  const [only, ...others] = own.smmus;
  const isAlone = given.smmus.length === 1 && others.length === 0 && smmu.base === null;
  return isAlone ? (only ?? null) : null;
}
