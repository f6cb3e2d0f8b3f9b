/** Which stream of a device of several makes its attach wait? */

import type { DeviceReport } from '../../inspect/outcome.ts';

/** By stream of a device of several: the stream that decides whether its attach waits. The first device has the say. */
export function decidingStreams(devices: readonly DeviceReport[]): ReadonlyMap<number, number> {
  const deciding = new Map<number, number>();
  for (const { sids, deferredBy } of devices) {
    if (deferredBy === null || sids.length === 1) continue;
    for (const sid of sids) if (!deciding.has(sid)) deciding.set(sid, deferredBy);
  }
  return deciding;
}
