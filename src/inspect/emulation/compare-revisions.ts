/** What do the other revisions of the series make of the same SMMU, and is that worth a word? */

import { decidesDifferently, type RevisionSplit, splitOf } from '../../adopt/compare.ts';
import type { Emulation } from '../../adopt/emulate.ts';
import type { Revision } from '../../adopt/revisions/revision.ts';
import { CURRENT_REVISIONS, REVISIONS } from '../../adopt/revisions/revisions.ts';
import type { FindingList } from '../../findings/findings.ts';
import type { RevisionOutcome, SmmuReport } from '../inspection.ts';
import type { Outcome } from './outcome.ts';

/** What is done with each revision. */
interface Comparing {
  readonly emulate: (revision: Revision) => Emulation;
  /** Hears of each, in their order. */
  readonly heard: (emulation: Emulation) => void;
  readonly report: (emulation: Emulation) => Outcome;
}

/** The other revisions: all that they do when asked for, else one note where any current one would decide otherwise. */
export function compareRevisions(
  emulation: Emulation,
  { emulate, heard, report }: Comparing,
  all: readonly Revision[] | null,
  findings: FindingList,
): Pick<SmmuReport, 'adoptions' | 'splits'> {
  const byName = new Map<string, RevisionOutcome>();
  const splits: RevisionSplit[] = [];
  const deciding: RevisionSplit[] = [];
  const wanted = new Set([...(all ?? CURRENT_REVISIONS), emulation.revision]);
  for (const revision of [...REVISIONS.values()].filter((one) => wanted.has(one))) {
    const one = revision === emulation.revision ? emulation : emulate(revision);
    heard(one);
    if (all !== null) {
      const { adoption, ...rest } = report(one);
      byName.set(revision.name, { ...adoption, ...rest });
    }
    const split = one === emulation ? null : splitOf(emulation, one);
    if (split === null) continue;
    splits.push(split);
    if (decidesDifferently(split, emulation, one)) deciding.push(split);
  }
  if (all !== null) return { adoptions: Object.fromEntries(byName), splits };
  const [first] = deciding;
  if (first !== undefined) {
    const others = deciding.map((split) => split.revision);
    findings.add('revisions-differ', { revision: first.from, others, check: first.check ?? '', why: first.why });
  }
  return { adoptions: null, splits: null };
}
