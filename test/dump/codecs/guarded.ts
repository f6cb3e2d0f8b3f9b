/** Runs a codec where every byte around its output is watched. */

import { expect } from 'vitest';
import type { Codec } from '../../../src/dump/codecs/codec.ts';

const CANARY = 0xc5;
const GUARD_BYTE_LENGTH = 512;

/** What the codec answered and wrote. Fails when a byte outside of its output, or one of its input, has changed. */
export function decompressGuarded(
  codec: Codec,
  input: Uint8Array,
  byteLength: number,
): { isSound: boolean; output: Uint8Array } {
  const whole = new Uint8Array(byteLength + 2 * GUARD_BYTE_LENGTH).fill(CANARY);
  const before = Buffer.from(input);
  const isSound = codec(input, whole.subarray(GUARD_BYTE_LENGTH, GUARD_BYTE_LENGTH + byteLength));
  const isIntact = (from: number, to: number) => whole.subarray(from, to).every((byte) => byte === CANARY);
  if (!isIntact(0, GUARD_BYTE_LENGTH)) expect.fail('wrote before its output');
  if (!isIntact(GUARD_BYTE_LENGTH + byteLength, whole.byteLength)) expect.fail('wrote behind its output');
  if (Buffer.compare(before, input) !== 0) expect.fail('wrote into its input');
  return { isSound, output: whole.slice(GUARD_BYTE_LENGTH, GUARD_BYTE_LENGTH + byteLength) };
}
