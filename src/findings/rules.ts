/** All rules by name. A rule name, once published, keeps its meaning. */

import { CRASHED_KERNEL } from './rules/crashed-kernel.ts';
import { DESCRIPTORS } from './rules/descriptors.ts';
import { DEVICES } from './rules/devices.ts';
import { GATE } from './rules/gate.ts';
import { INPUT } from './rules/input.ts';
import { ORDINARY_TABLE } from './rules/ordinary-table.ts';
import { VERDICT } from './rules/outcome.ts';
import { PLATFORM } from './rules/platform.ts';
import { RISK_ENTRIES } from './rules/risks/entries.ts';
import { RISK_IDS } from './rules/risks/ids.ts';
import { RISK_LIMITS } from './rules/risks/limits.ts';
import { RISK_QUEUES } from './rules/risks/queues.ts';
import { RISK_STRUCTURES } from './rules/risks/structures.ts';
import { RISK_TRAFFIC } from './rules/risks/traffic.ts';
import type { ArgsOf } from './rules/rule.ts';
import { TABLES } from './rules/tables.ts';

export type { Reach, RuleInfo, Severity } from './rules/rule.ts';

/** Rules about what the kernel does not check. */
const RISKS = {
  ...RISK_STRUCTURES,
  ...RISK_ENTRIES,
  ...RISK_IDS,
  ...RISK_TRAFFIC,
  ...RISK_QUEUES,
  ...RISK_LIMITS,
};

export const RULES = {
  ...GATE,
  ...VERDICT,
  ...ORDINARY_TABLE,
  ...TABLES,
  ...DESCRIPTORS,
  ...DEVICES,
  ...RISKS,
  ...PLATFORM,
  ...CRASHED_KERNEL,
  ...INPUT,
};

export type Rule = keyof typeof RULES;

export type RuleArgs = { readonly [R in Rule]: ArgsOf<(typeof RULES)[R]> };

/** Whether a rule is about what the kernel does not check. */
export function isRisk(rule: Rule): boolean {
  return rule in RISKS;
}
