/**
 * LZO1X, as makedumpfile and QEMU write it with lzo1x_1_compress(): bitstream version 0, no frame, no checksum.
 *
 * The format as described in the kernel's Documentation/staging/lzo.rst. A stream is instructions; each copies a match
 * (earlier output) or a long run of literals (input), and a match may bring 0 to 3 literals along in its two lowest
 * bits. What the instructions below 16 mean depends on the literals copied just before.
 */

import { copyLiterals, copyMatch } from './codec.ts';

/** Literals copied just before: none, the 1 to 3 that a match brought along, or a run of their own. */
const NONE = 0;
const RUN = 4;

/** M4 matches reach back this far and further; the distance itself therefore says something else: the end. */
const M4_BASE_DISTANCE = 0x4000;

/**
 * Decompresses LZO1X into a buffer of exactly the page's size. False for anything that does not fill it; never writes
 * beyond.
 */
export function decompressLzo(input: Uint8Array, into: Uint8Array): boolean {
  const inputEnd = input.byteLength;
  const outputEnd = into.byteLength;
  let at = 0;
  let to = 0;
  let state = NONE;

  // The first byte has a meaning of its own above 17. Here 17, the mark of later bitstream versions, is a match like any
  // other, and refused as such: there is nothing yet to match.
  const first = input[0] ?? 0;
  if (first > 17) {
    const length = first - 17;
    if (1 + length > inputEnd || length > outputEnd) return false;
    copyLiterals(input, 1, into, 0, length);
    at = 1 + length;
    to = length;
    state = Math.min(length, RUN);
  }

  while (at < inputEnd) {
    const code = input[at++] as number;
    let length: number;
    let distance: number;
    let literals = code & 3;

    if (code >= 64) {
      // M2: 3 to 8 bytes within 2 KiB.
      if (at >= inputEnd) return false;
      length = (code >>> 5) + 1;
      distance = ((input[at++] as number) << 3) + ((code >>> 2) & 7) + 1;
    } else if (code >= 16) {
      // M3, within 16 KiB, and M4, within 48 KiB: a length that may be extended, and two bytes of distance.
      const lengthMask = code >= 32 ? 31 : 7;
      length = code & lengthMask;
      if (length === 0) {
        const extensionAt = at;
        while (at < inputEnd && input[at] === 0) at += 1;
        if (at >= inputEnd) return false;
        length = lengthMask + (at - extensionAt) * 255 + (input[at++] as number);
      }
      length += 2;
      if (at + 2 > inputEnd) return false;
      const operand = (input[at] as number) | ((input[at + 1] as number) << 8);
      at += 2;
      literals = operand & 3;
      distance = operand >>> 2;
      if (code >= 32) {
        distance += 1;
      } else {
        distance += M4_BASE_DISTANCE + ((code & 8) << 11);
        // Length and literals of the end are for nothing: compressors write 3 and none, lzo1x_decompress_safe() ignores both.
        if (distance === M4_BASE_DISTANCE) return at === inputEnd && to === outputEnd;
      }
    } else if (state === NONE) {
      // A run of 4 or more literals.
      length = code;
      if (length === 0) {
        const extensionAt = at;
        while (at < inputEnd && input[at] === 0) at += 1;
        if (at >= inputEnd) return false;
        length = 15 + (at - extensionAt) * 255 + (input[at++] as number);
      }
      length += 3;
      if (at + length > inputEnd || to + length > outputEnd) return false;
      copyLiterals(input, at, into, to, length);
      at += length;
      to += length;
      state = RUN;
      continue;
    } else {
      // M1: 2 bytes within 1 KiB after a few literals, 3 bytes from the KiB behind M2's reach after a run of them.
      if (at >= inputEnd) return false;
      length = state === RUN ? 3 : 2;
      distance = ((input[at++] as number) << 2) + (code >>> 2) + (state === RUN ? 0x801 : 1);
    }

    if (distance > to || to + length > outputEnd) return false;
    copyMatch(into, to, distance, length);
    to += length;
    if (at + literals > inputEnd || to + literals > outputEnd) return false;
    for (let i = 0; i < literals; i++) into[to + i] = input[at + i] as number;
    at += literals;
    to += literals;
    state = literals;
  }
  // Nothing but the end marker ends a stream.
  return false;
}
