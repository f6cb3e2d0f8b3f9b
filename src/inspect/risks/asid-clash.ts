/** ASIDs that are live on several SMMUs: v8 and v9 of the series keep one set for all, so the second SMMU is refused. */

import type { FindingList } from '../findings.ts';
import { listed } from './context.ts';

interface LiveAsids {
  readonly name: string;
  readonly asids: ReadonlySet<number>;
  readonly findings: FindingList;
}

/** In the order of the snapshot, which stands for the order in which they probe. */
export function reportAsidClashes(smmus: readonly LiveAsids[]): void {
  const owners = new Map<number, string>();
  for (const { name, asids, findings } of smmus) {
    const clashing = [...asids].filter((asid) => owners.has(asid)).sort((a, b) => a - b);
    const [first] = clashing;
    if (first !== undefined) {
      const args = { other: owners.get(first) as string, asids: listed(clashing, clashing.length, String) };
      findings.add('asid-clash', { ...args, count: clashing.length });
    }
    for (const asid of asids) if (!owners.has(asid)) owners.set(asid, name);
  }
}
