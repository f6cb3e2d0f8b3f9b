/** Where does the DMA of a device go? `smmu-adopt translate` as plain facts: one access, or everything within reach. */

import type { OpenedDump } from '../dump/open.ts';
import { untilFetched } from '../dump/sources/until-fetched.ts';
import { type EvidenceOptions, evidenceOf } from '../platform/evidence.ts';
import { deviceNamesOf } from '../platform/platform.ts';
import type { AccessKind } from '../smmu/translation/rights.ts';
import { onlySmmu } from '../snapshot/choose.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type IovaSpaceReport, iovaSpaceReport } from './iova-space.ts';
import { type TranslationReport, translationReport } from './translation.ts';

export { isIncomplete } from './iova-space.ts';

export interface ReachOptions extends Pick<EvidenceOptions, 'iomem' | 'platform' | 'excluded'> {
  readonly sid: number;
  /** The SubstreamID (PASID) that comes with the access; without one when left out. */
  readonly ssid?: number | undefined;
  /** By name; may be left out where the snapshot has one. */
  readonly smmu?: string | undefined;
  /** Left out: everything that the stream can reach. */
  readonly iova?: undefined;
}

export interface TranslateOptions extends Omit<ReachOptions, 'iova'> {
  /** The input address: 64 bits. */
  readonly iova: bigint;
  /** `read` when left out. */
  readonly access?: AccessKind | undefined;
  /** False when left out. */
  readonly privileged?: boolean | undefined;
}

/**
 * Translates as the hardware does, stage 1, stage 2 or both. With `iova`, one access: every table that is read on the
 * way, and the physical address, or the fault that would be raised. Without, everything that the stream can reach, as
 * rows that are read from the dump as they are gone through, so keep it open until then.
 * Throws InputError (`usage`) for an unknown SMMU; whatever the dump lacks is part of the result.
 */
export function translate(dump: OpenedDump, snapshot: Snapshot, options: TranslateOptions): Promise<TranslationReport>;
export function translate(dump: OpenedDump, snapshot: Snapshot, options: ReachOptions): Promise<IovaSpaceReport>;
export async function translate(
  dump: OpenedDump,
  snapshot: Snapshot,
  options: TranslateOptions | ReachOptions,
): Promise<TranslationReport | IovaSpaceReport> {
  const { sid, ssid = null } = options;
  const smmu = onlySmmu(snapshot, options.smmu);
  const { now, platform } = evidenceOf(dump, snapshot, options);
  const device = deviceNamesOf(platform, smmu).deviceOf(sid);
  const stream = { sid, ssid, device };
  if (options.iova !== undefined) {
    const { iova, access = 'read', privileged = false } = options;
    return untilFetched(() => translationReport(smmu, now, { ...stream, iova, access, privileged }));
  }
  const report = await untilFetched(() => iovaSpaceReport(smmu, now, stream));
  // So that going through the rows finds their bytes there.
  if (dump.fetched) await untilFetched(() => void [...report.ranges]);
  return report;
}
