/** All that was given of a machine's firmware, and which of it describes an SMMU of the snapshot. */

import { DeviceNames } from './device-names.ts';
import type { Firmware, FirmwareSmmu } from './firmware.ts';
import type { FirmwareSearch } from './firmware-in-dump.ts';

export interface Platform {
  /** In the order in which they are asked. */
  readonly tables: readonly Firmware[];
  /** How the dump was searched for one of them; null when it was not. */
  readonly search: FirmwareSearch | null;
}

/** An SMMU as one table has it. */
export interface PlatformSmmu {
  readonly table: Firmware;
  readonly smmu: FirmwareSmmu;
  readonly names: DeviceNames;
}

/** The first table with an SMMU at this base; null without one, or where no table was given. */
export function platformSmmuAt(platform: Platform | null, base: number | null): PlatformSmmu | null {
  if (platform === null || base === null) return null;
  for (const table of platform.tables) {
    const smmu = table.smmus.find((one) => one.base === base);
    if (smmu !== undefined) return { table, smmu, names: new DeviceNames(smmu.ranges) };
  }
  return null;
}
