/** What is there to know of one stream? `smmu-adopt show` as plain facts. */

import { CURRENT_REVISIONS, REVISIONS } from '../adopt/revisions/revisions.ts';
import type { OpenedDump } from '../dump/open.ts';
import { untilFetched } from '../dump/sources/until-fetched.ts';
import { sidsFor } from '../platform/asked-streams.ts';
import { type EvidenceOptions, evidenceOf } from '../platform/evidence.ts';
import { onlySmmu } from '../snapshot/choose.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { inspectEvidence } from './inspect.ts';
import { type PlanOptions, planOf } from './plan.ts';
import type { StreamReport } from './stream.ts';

export interface ShowOptions
  extends Omit<EvidenceOptions, 'later' | 'dmesg'>,
    Pick<PlanOptions, 'revision' | 'devices' | 'kernel' | 'memremap' | 'paBits' | 'gate'> {
  readonly sid: number;
  /** By name; may be left out where the snapshot has one. */
  readonly smmu?: string | undefined;
}

/**
 * One stream in full: how hardware and Linux come to its entry, what that holds, what each revision does with it (those
 * that a kernel may carry, unless `revision` names one or `all`), what its DMA reaches, and what the queues hold about it.
 * Throws InputError (`usage`) for an unknown SMMU or revision; whatever the dump lacks is part of the result.
 */
export async function show(dump: OpenedDump, snapshot: Snapshot, options: ShowOptions): Promise<StreamReport> {
  const { sid, revision = 'all', devices = [] } = options;
  const smmu = onlySmmu(snapshot, options.smmu);
  const evidence = evidenceOf(dump, snapshot, options);
  // A device that has the stream among others is inserted with all of them.
  const insert = devices.some(({ sids }) => sidsFor(sids, smmu).includes(sid)) ? [] : [sid];
  const inspection = await inspectEvidence(evidence, planOf({ ...options, revision, insert }, evidence), {
    smmus: [smmu],
    named: true,
    sids: [sid],
    all: false,
    deep: false,
    revisions: options.revision === undefined ? CURRENT_REVISIONS : revision === 'all' ? [...REVISIONS.values()] : null,
    failOn: 'error',
  });
  // Few need it: loaded for those who do.
  const { streamReport } = await import('./stream.ts');
  return untilFetched(() => streamReport(inspection, smmu, evidence, sid));
}
