/** Numbers as the output shows them. */

/** Address or register value. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** The same with at least so many digits. */
export function paddedHex(value: number | bigint, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** A 64-bit word. */
export function word(value: bigint): string {
  return paddedHex(value, 16);
}
