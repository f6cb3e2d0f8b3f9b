/**
 * Does the log agree with what the driver holds? At the end of its probe the driver prints what it found; where its
 * memory says something else by now, neither is relied on.
 */

import type { Kernel } from '../kernel.ts';
import { MAX_KEPT_RECORDS, openRing } from '../kernel-log.ts';
import type { SmmuState, SmmuWarning } from './smmu-state.ts';

export interface ProbeLine {
  readonly features: number;
  readonly oasBits: number;
}

/** arm_smmu_device_hw_probe; `ias` until 6.19. */
const LINE = /^arm-smmu-v3 (\S+): (?:ias \d+-bit, )?oas (\d+)-bit \(features 0x([0-9a-f]{8})\)$/;

/** The last such line of each SMMU among the oldest records that are still there, by its name. */
export function probeLines(kernel: Kernel): ReadonlyMap<string, ProbeLine> {
  const lines = new Map<string, ProbeLine>();
  const ring = openRing(kernel);
  if ('why' in ring) return lines;
  // The probe is part of the boot, or follows it closely: later lines are not read, however long the log is.
  let records = 0;
  for (const record of ring.records()) {
    if (++records > MAX_KEPT_RECORDS) break;
    const [, name, oas, features] = LINE.exec(record?.text.trimEnd() ?? '') ?? [];
    if (name === undefined || oas === undefined || features === undefined) continue;
    lines.set(name, { features: Number.parseInt(features, 16), oasBits: Number(oas) });
  }
  return lines;
}

/** The state without what the line contradicts. */
export function comparedWithLog(smmu: SmmuState, line: ProbeLine | null): SmmuState {
  if (line === null) return smmu;
  const warnings: SmmuWarning[] = [];
  const differs = (member: string, value: number, logged: number) => {
    if (value !== logged) warnings.push({ what: 'log-differs', member, value: BigInt(value), logged: BigInt(logged) });
    return value !== logged;
  };
  const { features, oasBits } = smmu;
  differs('features', features, line.features);
  const oasDiffers = oasBits !== null && differs('oas', oasBits, line.oasBits);
  return {
    ...smmu,
    doubtfulFeatures: (features ^ line.features) >>> 0,
    // Where nothing describes the driver's memory, the line is the only one to say it.
    oasBits: oasDiffers ? null : (oasBits ?? line.oasBits),
    warnings: [...smmu.warnings, ...warnings],
  };
}
