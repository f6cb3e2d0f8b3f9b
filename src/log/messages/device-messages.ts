/**
 * What is said of a device behind an SMMU, not of the SMMU? `<driver> <device>: ` of the device stands in front, so that
 * nothing on the line but its words tells that it is about DMA. Texts as in Linux v5.4 to 6.18: arm-smmu-v3.c,
 * tegra241-cmdqv.c, iommu.c, dma-iommu.c.
 */

import type { DeviceMessageKind } from '../facts.ts';

interface DeviceMessageRow {
  readonly kind: DeviceMessageKind;
  /** Where it has a group `device`, that is the device; else it is what stands in front, with a colon. */
  readonly pattern: RegExp;
}

const row = (kind: DeviceMessageKind, pattern: RegExp): DeviceMessageRow => ({ kind, pattern });

const ROWS: readonly DeviceMessageRow[] = [
  row('insert-aliasing', /Aliasing StreamID (?<hex>0x[0-9a-f]{1,8})\b/),
  // v5.12 to v6.12.
  row('insert-aliasing', /stream (?<decimal>\d{1,10}) already in tree/),
  row('device-without-domain', /Failed to add to iommu group \d+: -\d+/),
  // Through v6.2.
  row(
    'device-without-domain',
    /cannot attach (?:to SMMU \S{1,128} \(upstream of|to (?:incompatible|stall-\w+) domain|- SVA)/,
  ),
  row('device-without-domain', /Failed to set up IOMMU for device (?<device>\S{1,128}); retaining platform DMA ops/),
  row('direct-mapping-required', /Firmware has requested this device have a 1:1 IOMMU mapping/),
  row('device-feature-not-enabled', /Failed to enable (?:ATS \(STU|PASID\s*$)/),
  row(
    'vcmdq-error',
    /tegra241_cmdqv: (?:unexpected error reported|.{0,60}(?:failed to (?:en|dis)able|GERRORN=|uncleared error))/,
  ),
];

/** What one of these lines has in it, so that it is worth a look. */
export const OF_DEVICE =
  'Aliasing StreamID|already in tree|iommu group|cannot attach |IOMMU|Failed to enable |tegra241_cmdqv: ';

/** Names of PCI devices have colons in them. */
const IN_FRONT = /(\S{1,128}): $/;

export interface FoundDeviceMessage {
  readonly kind: DeviceMessageKind;
  /** Null where the name was cut off. */
  readonly device: string | null;
  readonly sid: number | null;
  /** The message, from its beginning to the end of the line. */
  readonly text: string;
}

/** The message of that kind on a line; null where there is none. */
export function deviceMessageIn(line: string): FoundDeviceMessage | null {
  for (const { kind, pattern } of ROWS) {
    const match = pattern.exec(line);
    if (match === null) continue;
    const { device, hex, decimal } = match.groups ?? {};
    const before = IN_FRONT.exec(line.slice(Math.max(0, match.index - 200), match.index))?.[1];
    return {
      kind,
      device: device ?? before ?? null,
      sid: hex !== undefined ? Number(hex) : decimal !== undefined ? Number(decimal) : null,
      text: line.slice(match.index).trimEnd(),
    };
  }
  return null;
}
