/** Runs a codec where every byte around its output is watched. */

import { expect } from 'vitest';
import type { Codec } from '../../../src/dump/codecs/codec.ts';

const CANARY = 0xc5;
const GUARD_BYTE_LENGTH = 512;
const GUARD = new Uint8Array(GUARD_BYTE_LENGTH).fill(CANARY);

/** What the codec answered and wrote. Fails when a byte outside of its output, or one of its input, has changed. */
export function decompressGuarded(
  codec: Codec,
  input: Uint8Array,
  byteLength: number,
): { isSound: boolean; output: Uint8Array } {
  const whole = new Uint8Array(byteLength + 2 * GUARD_BYTE_LENGTH).fill(CANARY);
  const before = Buffer.from(input);
  const isSound = codec(input, whole.subarray(GUARD_BYTE_LENGTH, GUARD_BYTE_LENGTH + byteLength));
  const isIntact = (at: number) => Buffer.compare(whole.subarray(at, at + GUARD_BYTE_LENGTH), GUARD) === 0;
  if (!isIntact(0)) expect.fail('wrote before its output');
  if (!isIntact(GUARD_BYTE_LENGTH + byteLength)) expect.fail('wrote behind its output');
  if (Buffer.compare(before, input) !== 0) expect.fail('wrote into its input');
  return { isSound, output: whole.slice(GUARD_BYTE_LENGTH, GUARD_BYTE_LENGTH + byteLength) };
}
