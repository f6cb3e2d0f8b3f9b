/** How are devices named in tables? */

import type { SmmuReport } from '../../../inspect/inspection.ts';
import { DeviceNames } from '../../../platform/device-names.ts';

/** A table has no room for the path of a device that hangs deep in a tree; JSON and the firmware's section have it. */
const MAX_NAME_LENGTH = 24;

/** The name as it fits into a table of many columns: of a long path the end. */
export function shortName(name: string): string {
  const [last = name] = name.length > MAX_NAME_LENGTH ? name.split('/').slice(-1) : [name];
  return last.length > MAX_NAME_LENGTH ? `${last.slice(0, MAX_NAME_LENGTH - 3)}...` : last;
}

/** Device names by StreamID, null where there is none. */
export function deviceNames({
  platform,
  masters,
}: Pick<SmmuReport, 'platform' | 'masters'>): (sid: number) => string | null {
  const names = new DeviceNames(platform?.ranges ?? [], masters);
  return (sid) => names.deviceOf(sid);
}
