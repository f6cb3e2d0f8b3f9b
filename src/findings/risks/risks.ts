/**
 * What adopting would mean beyond what the kernel checks. Each topic is a file of its own; those that look at entries
 * share one pass over the active streams.
 */

import type { SmmuSnapshot, Snapshot } from '../../snapshot/snapshot.ts';
import type { RiskContext } from './context.ts';
import { EntryCheck } from './entries.ts';
import { IdCheck } from './ids.ts';
import type { KdumpReach, PageTableCheck, ReachableReport } from './page-tables.ts';
import { registerRisks } from './registers.ts';
import { examineStreams } from './streams.ts';
import { StructureCheck } from './structures.ts';
import { TrafficCheck } from './traffic.ts';
import { compareViews } from './views.ts';

/** What the comparison of several SMMUs needs of each. */
export interface RiskSummary {
  readonly asids: ReadonlySet<number>;
  /** Streams in use. */
  readonly streams: number;
  readonly reachable: readonly ReachableReport[] | null;
  /** Null where the kdump kernel's memory is not known, or the SMMU is off. */
  readonly kdumpReach: KdumpReach | null;
}

/** Checks that few inspections need: they are loaded when one does. */
export interface FurtherChecks {
  readonly queueRisks: ((context: RiskContext) => void) | null;
  readonly pageTables: ((context: RiskContext) => PageTableCheck) | null;
  /** Whether all of the translation tables is asked for. */
  readonly deep: boolean;
}

/**
 * For the SMMUs of a snapshot; `deep` asks for the translation tables. Where the kdump kernel's memory is known they are
 * walked without being asked for, as far as that costs next to nothing.
 */
export async function furtherChecks(
  { smmus }: Pick<Snapshot, 'smmus'>,
  { deep, kdumpRamKnown }: { readonly deep: boolean; readonly kdumpRamKnown: boolean },
): Promise<FurtherChecks> {
  const queues = smmus.some(hasSomethingQueued) ? await import('./queues.ts') : null;
  const tables = deep || kdumpRamKnown ? await pageTables(deep) : null;
  return {
    queueRisks: queues?.queueRisks ?? null,
    pageTables: tables,
    deep,
  };
}

async function pageTables(deep: boolean): Promise<FurtherChecks['pageTables']> {
  const [{ PageTableCheck: Check }, { UNASKED, WalkBudget }] = await Promise.all([
    import('./page-tables.ts'),
    import('./table-walk.ts'),
  ]);
  const unasked = new WalkBudget(UNASKED);
  return (context) => new Check(context, deep ? new WalkBudget() : unasked, deep);
}

/** In any queue, or an error of one. Where indices or toggles differ, the queue is not just empty. */
function hasSomethingQueued({ registers }: SmmuSnapshot): boolean {
  const pairs = [
    ['CMDQ_PROD', 'CMDQ_CONS'],
    ['EVENTQ_PROD', 'EVENTQ_CONS'],
    ['PRIQ_PROD', 'PRIQ_CONS'],
    ['GERROR', 'GERRORN'],
  ] as const;
  return pairs.some(([one, other]) => registers.get(one) !== registers.get(other));
}

/** Adds what is found to the findings of the SMMU. */
export function examineRisks(context: RiskContext, { queueRisks, pageTables, deep }: FurtherChecks): RiskSummary {
  registerRisks(context);
  compareViews(context);
  queueRisks?.(context);
  const ids = new IdCheck(context);
  const tables = pageTables?.(context) ?? null;
  const traffic = new TrafficCheck(context);
  const checks = [new StructureCheck(context), new EntryCheck(context), traffic, ids];
  // While the SMMU is off nobody goes through its tables.
  const walked = tables !== null && context.registers.field('CR0', 'SMMUEN') === 1;
  examineStreams(context, walked ? [...checks, tables] : checks);
  const kdumpReach = walked ? tables.kdumpReach : null;
  reportKdumpReach(kdumpReach, traffic.streams + (tables?.wakened ?? 0), context);
  // Without an adoption nothing is scanned, whatever the revision.
  const scanned = context.emulation.verdict !== 'not-attempted';
  return {
    asids: scanned ? ids.asids : new Set(),
    streams: traffic.streams,
    reachable: deep ? (tables?.reachable ?? null) : null,
    kdumpReach,
  };
}

/** Of the streams that write it by their tables each set of tables has a finding of its own. */
function reportKdumpReach(reach: KdumpReach | null, active: number, { findings }: RiskContext): void {
  if (reach === null || active === 0 || reach.streams > 0) return;
  const { bypassStreams: bypass, complete } = reach;
  findings.add('kdump-memory-reach', { active, bypass, complete: complete ? 1 : 0 });
}
