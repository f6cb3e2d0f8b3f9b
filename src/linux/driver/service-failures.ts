/**
 * Which SMMUs does the log say to have failed? Of Service Failure Mode the driver prints a line, and clears CR0 right after
 * it (arm_smmu_gerror_handler): nothing in its memory tells, and the SMMU is not enabled again.
 */

import type { Kernel } from '../kernel.ts';
import { openRing } from '../kernel-log.ts';
import type { SmmuState, SmmuWarning } from './smmu-state.ts';

const MESSAGE = Buffer.from('device has entered Service Failure Mode');
const WHOSE = /arm-smmu-v3 (\S+): $/;
/** Of the driver's name and the device's, before the message. */
const MAX_PREFIX_BYTE_LENGTH = 160;

/**
 * Their names. The text of the ring is searched as it lies there: a record that has been overwritten in part was printed
 * all the same, and to read record by record takes long where the log is long.
 */
export function serviceFailures(kernel: Kernel): ReadonlySet<string> {
  const names = new Set<string>();
  const ring = openRing(kernel);
  if ('why' in ring) return names;
  for (const bytes of ring.textPieces(MAX_PREFIX_BYTE_LENGTH + MESSAGE.byteLength)) {
    for (let at = bytes.indexOf(MESSAGE); at >= 0; at = bytes.indexOf(MESSAGE, at + 1)) {
      const before = bytes.toString('utf8', Math.max(0, at - MAX_PREFIX_BYTE_LENGTH), at);
      const [, name] = WHOSE.exec(before) ?? [];
      if (name !== undefined) names.add(name);
    }
  }
  return names;
}

/** The state of an SMMU that the driver has disabled since its probe. */
export function disabled(smmu: SmmuState, by: Extract<SmmuWarning, { what: 'disabled' }>['by']): SmmuState {
  return { ...smmu, control: 'disabled', warnings: [...smmu.warnings, { what: 'disabled', by }] };
}
