/**
 * ASIDs that are live on one SMMU and that new domains of an SMMU that probed before may be given: v8 and v9 of the series
 * keep one set for all SMMUs, in which live ASIDs may be reserved twice, but not those of a domain.
 */

import type { FindingList } from '../findings.ts';
import { listed } from './context.ts';

interface LiveAsids {
  readonly name: string;
  readonly asids: ReadonlySet<number>;
  /** Streams in use: at most so many domains are made for their devices. */
  readonly streams: number;
  readonly findings: FindingList;
}

const LAST_ASID = 0xffff;

/** In the order of the snapshot, which stands for the order in which they probe. */
export function reportAsidClashes(smmus: readonly LiveAsids[]): void {
  const reserved = new Set<number>();
  const ofDomains = new Map<number, string>();
  /** Nothing below is free any more. */
  let lowest = 1;
  for (const { name, asids, streams, findings } of smmus) {
    const clashing = [...asids].filter((asid) => ofDomains.has(asid)).sort((a, b) => a - b);
    const [first] = clashing;
    if (first !== undefined) {
      const args = { other: ofDomains.get(first) as string, asids: listed(clashing, clashing.length, String) };
      findings.add('asid-clash', { ...args, count: clashing.length });
    }
    for (const asid of asids) reserved.add(asid);
    // The lowest that are free, from 1.
    for (let domains = 0; lowest <= LAST_ASID && domains < streams; lowest++) {
      if (reserved.has(lowest) || ofDomains.has(lowest)) continue;
      ofDomains.set(lowest, name);
      domains += 1;
    }
  }
}
