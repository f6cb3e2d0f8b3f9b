/** What is to be listed? Which SMMUs, which entries of their tables, how deep it goes, and what counts as failing. */

import type { Revision } from '../adopt/revisions/revision.ts';
import { REVISIONS } from '../adopt/revisions/revisions.ts';
import type { Severity } from '../findings/rules.ts';
import type { SidList } from '../platform/asked-streams.ts';
import { chooseSmmus } from '../snapshot/choose.ts';
import type { SmmuSnapshot, Snapshot } from '../snapshot/snapshot.ts';
import type { PlanOptions } from './plan.ts';

export interface ListingOptions {
  /** Names of the SMMUs to inspect; all of the snapshot when left out. */
  readonly smmus?: readonly string[] | undefined;
  /** List the STEs of these StreamIDs, whatever they hold, instead of the active ones. */
  readonly sids?: SidList | undefined;
  /** List unused L1 descriptors and abort STEs too. */
  readonly all?: boolean | undefined;
  /** Walk the translation tables behind every stream too: what devices can reach, and whether the tables are sound. */
  readonly deep?: boolean | undefined;
  /** From which severity on findings make the exit code 1; `error` when left out. */
  readonly failOn?: Severity | 'never' | undefined;
}

export interface Listing {
  readonly smmus: readonly SmmuSnapshot[];
  /** They were asked for by name, and not merely all there are. */
  readonly named: boolean;
  /** Null: the active ones. */
  readonly sids: SidList | null;
  readonly all: boolean;
  readonly deep: boolean;
  /**
   * What each of several revisions does, not only whether one that a kernel may carry would decide otherwise; null for
   * that alone.
   */
  readonly revisions: readonly Revision[] | null;
  readonly failOn: Severity | 'never';
}

/** What the options ask for. Throws InputError (`usage`) for an SMMU that the snapshot lacks. */
export function listingOf(options: ListingOptions & Pick<PlanOptions, 'revision'>, snapshot: Snapshot): Listing {
  const { sids = null, all = false, deep = false, failOn = 'error' } = options;
  const revisions = options.revision === 'all' ? [...REVISIONS.values()] : null;
  const named = options.smmus !== undefined && options.smmus.length > 0;
  return { smmus: chooseSmmus(options.smmus, snapshot), named, sids, all, deep, revisions, failOn };
}
