/**
 * Snappy's block format (google/snappy, format_description.txt): a varint length, then literals and copies. Not framed,
 * no checksum.
 *
 * Our own, because the snappyjs package cannot be made safe from outside: it takes a block that ends early for a whole
 * one, with zeros for the rest, and a literal whose four-byte length has its top bit set sends it back in its input,
 * for ever.
 */

import { copyLiterals, copyMatch } from './codec.ts';

const LITERAL = 0;
const COPY_1_BYTE_OFFSET = 1;
const COPY_2_BYTE_OFFSET = 2;

/** Tag lengths from here on say how many bytes of length follow. */
const LONG_LITERAL = 60;

/** Decompresses raw snappy into a buffer of exactly the page's size. False for anything that does not fill it. */
export function decompressSnappy(input: Uint8Array, into: Uint8Array): boolean {
  const inputEnd = input.byteLength;
  const outputEnd = into.byteLength;

  // 32 bits at most, seven in a byte, lowest first; arithmetic, because the fifth byte is beyond what shifts can do.
  let at = 0;
  let declared = 0;
  for (let factor = 1; ; factor *= 0x80) {
    const byte = input[at++];
    if (byte === undefined || at > 5) return false;
    declared += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
  }
  if (declared !== outputEnd) return false;

  let to = 0;
  while (at < inputEnd) {
    const tag = input[at++] as number;
    const kind = tag & 3;
    let length = (tag >>> 2) + 1;
    if (kind === LITERAL) {
      if (length > LONG_LITERAL) {
        const lengthBytes = length - LONG_LITERAL;
        if (at + lengthBytes > inputEnd) return false;
        length = littleEndian(input, at, lengthBytes) + 1;
        at += lengthBytes;
      }
      if (at + length > inputEnd || to + length > outputEnd) return false;
      copyLiterals(input, at, into, to, length);
      at += length;
    } else {
      const offsetBytes = kind === COPY_1_BYTE_OFFSET ? 1 : kind === COPY_2_BYTE_OFFSET ? 2 : 4;
      if (at + offsetBytes > inputEnd) return false;
      let distance = littleEndian(input, at, offsetBytes);
      at += offsetBytes;
      if (kind === COPY_1_BYTE_OFFSET) {
        distance += (tag >>> 5) << 8;
        length = ((tag >>> 2) & 7) + 4;
      }
      if (distance === 0 || distance > to || to + length > outputEnd) return false;
      copyMatch(into, to, distance, length);
    }
    to += length;
  }
  return to === outputEnd;
}

/** An unsigned number of 1 to 4 bytes. The caller has checked that they are there. */
function littleEndian(bytes: Uint8Array, at: number, byteLength: number): number {
  let value = bytes[at] as number;
  if (byteLength > 1) value |= (bytes[at + 1] as number) << 8;
  if (byteLength > 2) value |= (bytes[at + 2] as number) << 16;
  if (byteLength > 3) value |= (bytes[at + 3] as number) << 24;
  return value >>> 0;
}
