/** What is compared between revisions, in the words that all reports use. Null where there is nothing to say. */

import { hex } from '../hex.ts';
import type { RevisionOutcome } from '../inspect/inspection.ts';

export const OUTCOME = {
  decidedBy: ({ checks }) => checks.find(({ result }) => result === 'fail')?.id ?? null,
  devicesRefused: ({ devices }) => {
    const refused = devices.filter(({ accepted, asked }) => accepted === false && asked !== false);
    return refused.flatMap(({ sids }) => sids.map(hex)).join(', ') || 'none';
  },
  attachesDeferred: ({ devices }) => String(devices.filter(({ deferred }) => deferred === true).length),
  endsIn: ({ panic, lost }) => {
    if (panic !== null) return `panic in ${panic.where}`;
    return lost !== null ? 'SMMU lost' : null;
  },
  cr0After: ({ reset }) => reset?.cr0.after ?? 'unknown',
  atschkAfter: ({ reset }) => String(reset?.atschk.after ?? 'unknown'),
  idsReserved: ({ reserved, idScan }) =>
    idScan === null ? 'no scan' : `${reserved.asids.length} ASIDs, ${reserved.vmids.length} VMIDs`,
} as const satisfies Readonly<Record<string, (outcome: RevisionOutcome) => string | null>>;
