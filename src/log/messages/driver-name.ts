/** Whose line is this? Linux prints `arm-smmu-v3 <device>: ` in front of every message about an SMMUv3. */

/** What stands in front of the name of the device. */
export const DRIVER = 'arm-smmu-v3 ';

/** The device, with the colon that ends it; names of a device tree may have colons in them. */
const DEVICE = /([^\s:]{1,128}(?::[^\s:]{1,64}){0,3}):(?=\s|$)/y;

export interface DeviceName {
  readonly name: string;
  /** Behind the colon. */
  readonly end: number;
}

/** The name of a device at that place of a line, with a colon behind it; null for anything else. */
export function deviceAt(text: string, at: number): DeviceName | null {
  DEVICE.lastIndex = at;
  const name = DEVICE.exec(text)?.[1];
  return name === undefined ? null : { name, end: DEVICE.lastIndex };
}

/** What the driver core printed of a probe through 6.8: the driver stands in front, and the device behind it. */
const PROBE_OF = /\barm-smmu-v3: (probe of ([^\s:]{1,128}(?::[^\s:]{1,64}){0,3}) failed(?: with error -\d{1,3})?)/;

/** The device whose probe failed by the words of an older driver core, and these words; null for any other line. */
export function failedProbe(text: string): { readonly device: string; readonly body: string } | null {
  const [, body, device] = PROBE_OF.exec(text) ?? [];
  return body === undefined || device === undefined ? null : { device, body };
}

export interface DriverLine {
  readonly device: string;
  /** What stands behind `<device>:`, without blanks around it. */
  readonly body: string;
}

/** A line of the driver taken apart; null for any other line. Of several messages on a line, the first. */
export function driverLine(text: string): DriverLine | null {
  for (let at = text.indexOf(DRIVER); at >= 0; at = text.indexOf(DRIVER, at + 1)) {
    const device = deviceAt(text, at + DRIVER.length);
    if (device !== null) return { device: device.name, body: text.slice(device.end).trim() };
  }
  return null;
}
