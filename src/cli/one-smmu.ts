/** The SMMU that a command about one of them means. */

import { InputError } from '../errors.ts';
import type { SmmuSnapshot, Snapshot } from '../snapshot/snapshot.ts';

/** `name` is what the user said, if anything. Throws InputError (`usage`) where it takes more, or other, words. */
export function onlySmmu({ smmus, name: file }: Snapshot, name: string | undefined): SmmuSnapshot {
  const named = name === undefined ? smmus : smmus.filter((smmu) => smmu.name === name);
  const [first, ...others] = named;
  const names = smmus.map((smmu) => smmu.name).join(', ');
  if (first === undefined)
    throw new InputError('usage', `no SMMU ${JSON.stringify(name)}; there are ${names}`, { file });
  if (others.length > 0 && name === undefined) {
    throw new InputError('usage', `has ${smmus.length} SMMUs; --smmu says which: ${names}`, { file });
  }
  return first;
}
