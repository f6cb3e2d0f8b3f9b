/** All that was given of a machine's firmware, and which of it describes an SMMU of the snapshot. */

import { DeviceNames, type NamedStream } from './device-names.ts';
import type { Firmware, FirmwareSmmu } from './firmware/firmware.ts';
import type { FirmwareSearch } from './firmware/firmware-in-dump.ts';

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
}

/** An SMMU of a snapshot, by where it is and the devices that a crashed kernel had behind it. */
export interface NamingSmmu {
  readonly base: number | null;
  readonly masters?: readonly NamedStream[];
}

/** What the devices behind an SMMU are called: by the crashed kernel, else by firmware. */
export function deviceNamesOf(platform: Platform | null | undefined, { base, masters }: NamingSmmu): DeviceNames {
  const known = platformSmmuAt(platform ?? null, base);
  return new DeviceNames(known?.smmu.ranges ?? [], masters);
}

/** The first table with an SMMU at this base; null without one, or where no table was given. */
export function platformSmmuAt(platform: Platform | null, base: number | null): PlatformSmmu | null {
  if (platform === null || base === null) return null;
  for (const table of platform.tables) {
    const smmu = table.smmus.find((one) => one.base === base);
    if (smmu !== undefined) return { table, smmu };
  }
  return null;
}
