/** Findings: a rule, where it applies, and its arguments. The sentence is derived from the rule. */

import type { RuleDefinition } from './rules/rule.ts';
import { type Reach, RULES, type Rule, type RuleArgs, type Severity } from './rules.ts';

/** Any of these may be absent; `pciBus` is the bus if the SIDs are PCI requester IDs. */
export interface Location {
  readonly l1Index?: number;
  readonly firstSid?: number;
  readonly lastSid?: number;
  readonly pciBus?: number;
  readonly address?: number;
}

interface FindingOf<R extends Rule> {
  readonly rule: R;
  readonly severity: Severity;
  /** The SMMU's name; null when the finding is about the dump or the snapshot as a whole. */
  readonly smmu: string | null;
  readonly location: Location;
  readonly args: RuleArgs[R];
  readonly message: string;
  /** The line that the kernel prints for exactly this, or null when it prints none. */
  readonly kernelMessage: string | null;
  readonly reach: Reach | null;
  /** How far it reaches on cores from about 6.15 on, when the device is there as the SMMU registers. */
  readonly likelyReach: Reach | null;
}

export type Finding = { [R in Rule]: FindingOf<R> }[Rule];

/** Whether an answer as a whole, of whatever SMMUs were found, cannot be told because of it. */
export function leavesOpen({ rule }: Finding): boolean {
  return rule === 'smmu-left-out' || rule === 'other-kernels';
}

/** A table of garbage can break one rule a hundred thousand times; the first of them say as much as all. */
export const MAX_FINDINGS_PER_RULE = 1000;

/** Collects the findings of one SMMU, or those about the dump as a whole, in order. */
export class FindingList {
  readonly #smmu: string | null;
  readonly #failsAlone: boolean;
  readonly #listed: Finding[] = [];
  readonly #totals = new Map<Rule, number>();

  /** `failsAlone`: on the core in question a device that cannot be inserted takes nothing else with it. */
  constructor(smmu: string | null, failsAlone = false) {
    this.#smmu = smmu;
    this.#failsAlone = failsAlone;
  }

  /** `alone`: this one fails alone whatever the core, as a device that is plugged in later does. */
  add<R extends Rule>(
    rule: R,
    args: RuleArgs[R],
    location: Location = {},
    kernelMessage: string | null = null,
    alone = this.#failsAlone,
  ): void {
    const total = (this.#totals.get(rule) ?? 0) + 1;
    this.#totals.set(rule, total);
    if (total <= MAX_FINDINGS_PER_RULE) this.#listed.push(this.#make(rule, args, location, kernelMessage, alone));
  }

  /** So many more of a rule of which no more are listed. */
  omit(rule: Rule, findings: number): void {
    this.#totals.set(rule, (this.#totals.get(rule) ?? 0) + findings);
  }

  /** No more of this rule are listed. */
  isFull(rule: Rule): boolean {
    return (this.#totals.get(rule) ?? 0) >= MAX_FINDINGS_PER_RULE;
  }

  /** Everything found, with a note for each rule that was broken too often to list. */
  get all(): readonly Finding[] {
    const omitted = [...this.#totals]
      .filter(([, total]) => total > MAX_FINDINGS_PER_RULE)
      .map(([rule, total]) =>
        this.#make('findings-omitted', { rule, listed: MAX_FINDINGS_PER_RULE, total }, {}, null, false),
      );
    return [...this.#listed, ...omitted];
  }

  #make<R extends Rule>(
    rule: R,
    args: RuleArgs[R],
    location: Location,
    kernelMessage: string | null,
    alone: boolean,
  ): Finding {
    const { severity, reach, likelyReach, sentence } = RULES[rule] as unknown as RuleDefinition<RuleArgs[R]>;
    return {
      rule,
      severity,
      smmu: this.#smmu,
      location,
      args,
      message: sentence(args, `L1[${location.l1Index}]`),
      kernelMessage,
      reach,
      likelyReach: alone ? reach : (likelyReach ?? reach),
    } as FindingOf<R> as Finding;
  }
}
