/** What does a name in a report mean? `smmu-adopt explain` as plain facts. */

import { InputError } from '../../errors.ts';
import { namesMeantBy } from '../../log/messages/message-names.ts';
import { nearNames } from '../../near-names.ts';
import { type Explained, type ExplainedGroup, explanationsOf, GROUPS } from './catalogue.ts';

export interface ExplainReport {
  /** In the order of the names; of all that there are in the order of the driver's life. */
  readonly explanations: readonly Explained[];
  /** The same by topic, where nobody asked for anything in particular and these are all; else null. */
  readonly groups: readonly ExplainedGroup[] | null;
}

/**
 * Explains findings, checks of the driver, rules of its ID scan, events, errors and messages, each by its name, by the
 * number of an event (`0x10`), or by a line of a kernel log; without names, all of them. A name that several have is
 * explained once for each. Throws InputError (`usage`) for a name that nothing has, with those like it.
 */
export function explain(...names: readonly string[]): ExplainReport {
  const all = GROUPS.flatMap(({ entries }) => entries);
  if (names.length === 0) return { explanations: all, groups: GROUPS };
  const explanations = [...new Set(names)].flatMap((name) => {
    const found = [name, ...namesMeantBy(name)].flatMap(explanationsOf);
    if (found.length === 0) throw unknownName(name, all);
    return found;
  });
  return { explanations, groups: null };
}

function unknownName(name: string, known: readonly Explained[]): InputError {
  const near = nearNames(
    name,
    known.map((entry) => entry.name),
  );
  const hint = near.length === 0 ? 'smmu-adopt explain lists all' : `did you mean ${near.join(', ')}?`;
  return new InputError('usage', `nothing is named ${JSON.stringify(name)} (${hint})`);
}
