/** Which findings are about one SMMU? Sorted out once, because a snapshot may name thousands. */

import { groupBy } from '../lists.ts';
import type { Finding } from './findings.ts';

const sortedOut = new WeakMap<readonly Finding[], ReadonlyMap<string | null, readonly Finding[]>>();

/** Those about an SMMU by its name, or about dump and snapshot as a whole for null, in their order. */
export function findingsOf(findings: readonly Finding[], smmu: string | null): readonly Finding[] {
  let known = sortedOut.get(findings);
  if (known === undefined) {
    known = groupBy(findings, (finding) => finding.smmu);
    sortedOut.set(findings, known);
  }
  return known.get(smmu) ?? [];
}

const firstOwners = new WeakMap<readonly Finding[], ReadonlyMap<string, string | null>>();

/** The SMMU that a rule is first found at, null for dump and snapshot as a whole: what it means is said there, once. */
export function firstOwnerOf(findings: readonly Finding[], rule: string): string | null | undefined {
  let known = firstOwners.get(findings);
  if (known === undefined) {
    // The first of a rule, as a search would find it.
    known = new Map(findings.toReversed().map((finding) => [finding.rule, finding.smmu]));
    firstOwners.set(findings, known);
  }
  return known.get(rule);
}
