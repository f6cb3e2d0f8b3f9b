/** Why an SMMU is lost, in a sentence. */

import { hex } from '../../../hex.ts';
import type { LostReport } from '../../../inspect/emulation/outcome.ts';

/** Why an SMMU is lost, and how its registers are left. */
export function lossInWords({ device, sid, gbpaAbort }: LostReport): string {
  const who = device ?? `the device with SID ${hex(sid)}`;
  return `CR0 is 0 and GBPA.ABORT ${gbpaAbort ?? 'is not known'}: the probe unwound because ${who} was refused`;
}
