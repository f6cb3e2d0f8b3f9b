/** Which finding is the worst? The gravest of the widest reach. */

import type { Finding } from './findings.ts';
import type { Rule, Severity } from './rules.ts';

/** How people want findings. */
export const GRAVEST_FIRST: readonly Severity[] = ['error', 'warning', 'note'];
/** What has no reach comes last. */
const WIDEST_FIRST: readonly Finding['reach'][] = ['machine', 'smmu', 'bus', 'device', null];
/** They say what became of the SMMU, which whoever asks for the worst knows: where anything else is as grave, that is why. */
const SAYS_THE_VERDICT: readonly Rule[] = ['adoption-fallback', 'adoption-indeterminate'];

/** Null where nothing was found. The first of several that are as bad. */
export function worstOf(findings: readonly Finding[]): Finding | null {
  let worst: Finding | null = null;
  for (const finding of findings) if (worst === null || isWorse(finding, worst)) worst = finding;
  return worst;
}

/** By severity alone. */
export function isGraver(one: Finding, other: Finding): boolean {
  return GRAVEST_FIRST.indexOf(one.severity) < GRAVEST_FIRST.indexOf(other.severity);
}

function isWorse(one: Finding, other: Finding): boolean {
  const difference =
    GRAVEST_FIRST.indexOf(one.severity) - GRAVEST_FIRST.indexOf(other.severity) ||
    Number(SAYS_THE_VERDICT.includes(one.rule)) - Number(SAYS_THE_VERDICT.includes(other.rule)) ||
    WIDEST_FIRST.indexOf(one.reach) - WIDEST_FIRST.indexOf(other.reach);
  return difference < 0;
}
