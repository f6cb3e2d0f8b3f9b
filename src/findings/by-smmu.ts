/** Which findings are about one SMMU? Sorted out once, because a snapshot may name thousands. */

import { groupBy } from '../lists.ts';
import { onceFor } from '../remembered.ts';
import type { Finding } from './findings.ts';

const sortedOut = onceFor((findings: readonly Finding[]) => groupBy(findings, ({ smmu }) => smmu));

/** Those about an SMMU by its name, or about dump and snapshot as a whole for null, in their order. */
export function findingsOf(findings: readonly Finding[], smmu: string | null): readonly Finding[] {
  return sortedOut(findings).get(smmu) ?? [];
}

/** The first of a rule, as a search would find it. */
const firstOwners = onceFor(
  (findings: readonly Finding[]) => new Map(findings.toReversed().map(({ rule, smmu }) => [rule as string, smmu])),
);

/** The SMMU that a rule is first found at, null for dump and snapshot as a whole: what it means is said there, once. */
export function firstOwnerOf(findings: readonly Finding[], rule: string): string | null | undefined {
  return firstOwners(findings).get(rule);
}
