/**
 * What adopting would mean beyond what the kernel checks. Each topic is a file of its own; those that look at entries
 * share one pass over the active streams.
 */

import type { RiskContext } from './context.ts';
import { EntryCheck } from './entries.ts';
import { IdCheck } from './ids.ts';
import { registerRisks } from './registers.ts';
import { examineStreams } from './streams.ts';
import { StructureCheck } from './structures.ts';
import { TrafficCheck } from './traffic.ts';
import { compareViews } from './views.ts';

/** What the comparison of several SMMUs needs of each. */
export interface RiskSummary {
  readonly asids: ReadonlySet<number>;
}

/** Adds what is found to the findings of the SMMU. */
export function examineRisks(context: RiskContext): RiskSummary {
  registerRisks(context);
  compareViews(context);
  const ids = new IdCheck(context);
  examineStreams(context, [new StructureCheck(context), new EntryCheck(context), new TrafficCheck(context), ids]);
  return { asids: ids.asids };
}
