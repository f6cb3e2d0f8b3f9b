/**
 * ASIDs that are live on one SMMU and that new domains of an SMMU that probed before may be given: v8 and v9 of the series
 * keep one set for all SMMUs, in which live ASIDs may be reserved twice, but not those of a domain.
 */

import { AsidSpace } from '../../adopt/scan/asid-space.ts';
import type { FindingList } from '../findings.ts';
import { listOf } from './context.ts';

interface LiveAsids {
  readonly name: string;
  readonly asids: ReadonlySet<number>;
  /** Streams in use: at most so many domains are made for their devices. */
  readonly streams: number;
  readonly findings: FindingList;
}

const MOST_ASID_BITS = 16;

/** In the order of the snapshot, which stands for the order in which they probe. */
export function reportAsidClashes(smmus: readonly LiveAsids[]): void {
  const taken = new AsidSpace();
  for (const { name, asids, streams, findings } of smmus) {
    const clashing = [...asids].filter((asid) => taken.ownerOf(asid) !== null).sort((a, b) => a - b);
    const [first] = clashing;
    if (first !== undefined) {
      const args = { other: taken.ownerOf(first) as string, asids: listOf(clashing) };
      findings.add('asid-clash', { ...args, count: clashing.length });
    }
    taken.reserve(asids);
    taken.giveOut(name, streams, MOST_ASID_BITS);
  }
}
