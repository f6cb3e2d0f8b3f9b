/** Numbers as the output shows them. */

/** Address or register value. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** A 64-bit word. */
export function word(value: bigint): string {
  return `0x${value.toString(16).padStart(16, '0')}`;
}
