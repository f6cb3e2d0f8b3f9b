/** Everything that can be explained, by kind and name. The compiler asks for an entry when there is a new rule. */

import { CHECK_ORDER } from '../../adopt/checks.ts';
import type { ScanRule } from '../../adopt/evidence.ts';
import { SCAN_RULES } from '../prose/scan.ts';
import { CRASHED_KERNEL } from '../rules/crashed-kernel.ts';
import { DESCRIPTORS } from '../rules/descriptors.ts';
import { DEVICES } from '../rules/devices.ts';
import { GATE } from '../rules/gate.ts';
import { INPUT } from '../rules/input.ts';
import { ORDINARY_TABLE } from '../rules/ordinary-table.ts';
import { VERDICT } from '../rules/outcome.ts';
import { PLATFORM } from '../rules/platform.ts';
import { RISK_ENTRIES } from '../rules/risks/entries.ts';
import { RISK_IDS } from '../rules/risks/ids.ts';
import { RISK_LIMITS } from '../rules/risks/limits.ts';
import { RISK_QUEUES } from '../rules/risks/queues.ts';
import { RISK_STRUCTURES } from '../rules/risks/structures.ts';
import { RISK_TRAFFIC } from '../rules/risks/traffic.ts';
import type { Reach, RuleInfo, Severity } from '../rules/rule.ts';
import { TABLES } from '../rules/tables.ts';
import { CHECKS } from './checks.ts';
import { EVENTS } from './events.ts';
import type { Explanation, Explanations } from './explanation.ts';
import { COMMAND_QUEUE_ERRORS, GLOBAL_ERRORS } from './hardware-errors.ts';
import { KERNEL_MESSAGES } from './messages.ts';
import { SCAN_RULE_EXPLANATIONS } from './scan-rules.ts';
import { TOPICS } from './series.ts';
import { TWO_LEVEL_CHECKS } from './two-level-checks.ts';

const SCAN: { readonly [R in ScanRule]: Explanation } = SCAN_RULE_EXPLANATIONS;

const CHECK_EXPLANATIONS: Explanations = { ...CHECKS, ...TWO_LEVEL_CHECKS };

export type ExplainedKind =
  | 'finding'
  | 'check'
  | 'scan-rule'
  | 'event'
  | 'command-error'
  | 'global-error'
  | 'message'
  | 'topic';

/** An explanation with all that is known of what it explains. */
export interface Explained extends Omit<Explanation, 'kernel'> {
  readonly name: string;
  readonly kind: ExplainedKind;
  /** Of a finding; null for what passes or fails. */
  readonly severity: Severity | null;
  readonly reach: Reach | null;
  /** How far it reaches on cores from about 6.15 on. */
  readonly likelyReach: Reach | null;
  readonly kernel: readonly { readonly revisions: string; readonly does: string }[];
}

export interface ExplainedGroup {
  readonly title: string;
  readonly entries: readonly Explained[];
}

const named = <Name extends string>(entries: Readonly<Record<Name, unknown>>) => Object.keys(entries) as Name[];

const findings = (rules: Readonly<Record<string, RuleInfo>>): Explained[] =>
  Object.entries(rules).map(([name, { severity, reach, likelyReach = reach, explain }]) =>
    explained(name, 'finding', explain(), { severity, reach, likelyReach }),
  );

const plain = (kind: ExplainedKind, names: readonly string[], explanations: Explanations): Explained[] =>
  names.flatMap((name) => {
    const explanation = explanations[name];
    const nothing = { severity: null, reach: null, likelyReach: null };
    return explanation === undefined ? [] : [explained(name, kind, explanation, nothing)];
  });

function explained(
  name: string,
  kind: ExplainedKind,
  { kernel, ...explanation }: Explanation,
  about: Pick<Explained, 'severity' | 'reach' | 'likelyReach'>,
): Explained {
  const { title, meaning, hardware, causes, next, references } = explanation;
  const does = typeof kernel === 'string' ? [['all', kernel] as const] : Object.entries(kernel);
  return {
    name,
    kind,
    ...about,
    title,
    meaning,
    hardware,
    kernel: does.map(([revisions, text]) => ({ revisions, does: text })),
    causes,
    next,
    references,
  };
}

/**
 * In the order of the driver's life, then what it does not check, the input last; checks in the order in which the
 * driver makes them.
 */
export const GROUPS: readonly ExplainedGroup[] = [
  { title: 'Findings about the gate', entries: findings(GATE) },
  { title: 'Findings about the outcome', entries: findings({ ...VERDICT, ...ORDINARY_TABLE }) },
  { title: 'Findings about the tables', entries: findings(TABLES) },
  { title: 'Findings about descriptors and entries', entries: findings(DESCRIPTORS) },
  { title: 'Findings about devices', entries: findings(DEVICES) },
  { title: 'Risks: where structures lie', entries: findings(RISK_STRUCTURES) },
  { title: 'Risks: entries and page tables', entries: findings(RISK_ENTRIES) },
  { title: 'Risks: ASIDs and VMIDs', entries: findings(RISK_IDS) },
  { title: 'Risks: DMA, and devices that wait', entries: findings(RISK_TRAFFIC) },
  { title: 'Risks: queues and errors', entries: findings(RISK_QUEUES) },
  { title: 'Risks: costs and limits', entries: findings(RISK_LIMITS) },
  { title: "Findings about firmware's tables", entries: findings(PLATFORM) },
  { title: 'Findings about the kernel in the dump', entries: findings(CRASHED_KERNEL) },
  { title: 'Findings about the input', entries: findings(INPUT) },
  { title: "Checks, in the driver's order", entries: plain('check', CHECK_ORDER, CHECK_EXPLANATIONS) },
  { title: 'Rules of the ID scan (v8 and later)', entries: plain('scan-rule', named(SCAN_RULES), SCAN) },
  { title: 'Events that an SMMU records', entries: plain('event', named(EVENTS), EVENTS) },
  {
    title: 'Errors of the command queue (CMDQ_CONS.ERR)',
    entries: plain('command-error', named(COMMAND_QUEUE_ERRORS), COMMAND_QUEUE_ERRORS),
  },
  { title: 'Global errors (GERROR)', entries: plain('global-error', named(GLOBAL_ERRORS), GLOBAL_ERRORS) },
  { title: 'The patch series', entries: plain('topic', named(TOPICS), TOPICS) },
  { title: 'Other messages of the driver', entries: plain('message', named(KERNEL_MESSAGES), KERNEL_MESSAGES) },
];

const ALL: readonly Explained[] = GROUPS.flatMap(({ entries }) => entries);

/** A finding and a rule of the scan may share a name: then both are meant. */
export function explanationsOf(name: string): Explained[] {
  return ALL.filter((entry) => entry.name === name);
}
