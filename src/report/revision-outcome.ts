/** What is compared between revisions, in the words that all reports use. Null where there is nothing to say. */

import { failed } from '../adopt/checks.ts';
import { hex } from '../hex.ts';
import type { RevisionOutcome } from '../inspect/inspection.ts';

export const OUTCOME = {
  decidedBy: ({ decidedBy }) => failed(decidedBy)?.id ?? null,
  devicesRefused: ({ devices }) => {
    const refused = devices.filter(({ fate }) => fate === 'refused');
    return refused.flatMap(({ sids }) => sids.map(hex)).join(', ') || 'none';
  },
  attachesDeferred: ({ devices }) => String(devices.filter(({ deferred }) => deferred === true).length),
  endsIn: ({ fate, panic }) => {
    if (fate.kind === 'kernel-dies') return `panic in ${panic?.where}`;
    return fate.kind === 'smmu-lost' ? 'SMMU lost' : null;
  },
  cr0After: ({ reset }) => ((reset?.cr0.after ?? null) === null ? 'unknown' : hex(reset?.cr0.after ?? 0)),
  atschkAfter: ({ reset }) => String(reset?.atschk.after ?? 'unknown'),
  idsReserved: ({ reserved, idScan }) =>
    idScan === null ? 'no scan' : `${reserved.asids.length} ASIDs, ${reserved.vmids.length} VMIDs`,
} as const satisfies Readonly<Record<string, (outcome: RevisionOutcome) => string | null>>;
