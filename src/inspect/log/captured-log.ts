/**
 * What a captured log of the kdump kernel says of each SMMU. Loaded where there is one: what reads logs takes as long to load
 * as a table of a hundred thousand entries to look through.
 */

import type { StagedLogLine } from '../../adopt/log.ts';
import type { ToldByLog } from '../../adopt/told-by-log.ts';
import type { Capture } from '../../platform/evidence.ts';
import type { PanicReport } from '../emulation/outcome.ts';
import { type ComparedSmmu, compareDmesg, type DmesgReport } from './dmesg.ts';
import { toldByLog } from './told-by-log.ts';

export interface CapturedLog {
  /** Against what was predicted. */
  compare(smmu: ComparedSmmu, predicted: readonly StagedLogLine[], panic: PanicReport | null): DmesgReport;
  /** What the dump leaves open. `alone`: the snapshot has no other SMMU. */
  toldOf(smmu: { readonly name: string; readonly alone: boolean }): ToldByLog;
}

/** Reads nothing yet; the capture is read once, whoever asks. */
export function capturedLogOf(capture: Capture): CapturedLog {
  return {
    compare: (smmu, predicted, panic) => compareDmesg(capture, smmu, predicted, panic),
    toldOf: (smmu) => toldByLog(capture, smmu),
  };
}
