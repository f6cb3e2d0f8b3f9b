/** Numbers as the output shows them. */

/** Address or register value. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** `0x8`, or `0x8-0xf` for several; both ends included. */
export function hexRange(first: number, last: number): string {
  return first === last ? hex(first) : `${hex(first)}-${hex(last)}`;
}

/** A number with at least so many digits. */
export function paddedHex(value: number | bigint, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** A 64-bit word. */
export function word(value: bigint): string {
  return paddedHex(value, 16);
}
