/** Which SMMUs of a snapshot are meant? */

import { InputError } from '../errors.ts';
import type { SmmuSnapshot, Snapshot } from './snapshot.ts';

/** Those that are `wanted` by name, all without. Throws InputError (`usage`) for a name that the snapshot lacks. */
export function chooseSmmus(wanted: readonly string[] | undefined, snapshot: Snapshot): readonly SmmuSnapshot[] {
  const { smmus } = snapshot;
  if (wanted === undefined) return smmus;
  for (const name of wanted) if (!smmus.some((smmu) => smmu.name === name)) throw noSuchSmmu(name, snapshot);
  return smmus.filter(({ name }) => wanted.includes(name));
}

/**
 * The one that a question about one SMMU means: the named one, else the only one. Throws InputError (`usage`) where that
 * does not say it.
 */
export function onlySmmu(snapshot: Snapshot, name: string | undefined): SmmuSnapshot {
  const { smmus, name: file } = snapshot;
  const [first, ...others] = name === undefined ? smmus : smmus.filter((smmu) => smmu.name === name);
  if (first === undefined) throw noSuchSmmu(name, snapshot);
  if (others.length === 0 || name !== undefined) return first;
  throw new InputError('usage', `has ${smmus.length} SMMUs; --smmu says which: ${namesOf(snapshot)}`, { file });
}

function noSuchSmmu(name: string | undefined, snapshot: Snapshot): InputError {
  const message = `no SMMU ${JSON.stringify(name)}; there are ${namesOf(snapshot)}`;
  return new InputError('usage', message, { file: snapshot.name });
}

/** More than machines have: a hostile snapshot has thousands. */
const MAX_NAMED = 64;

/** Its SMMUs by name, for a message. */
export function namesOf({ smmus }: Snapshot): string {
  const names = smmus.slice(0, MAX_NAMED).map(({ name }) => name);
  const more = smmus.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
