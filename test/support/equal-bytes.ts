/**
 * Bytes are compared at once: one by one, the comparison of a page takes Vitest a millisecond. Files share the testers,
 * each of which is asked about every value that is compared: this module is evaluated once, while the setup, which
 * imports it, is evaluated for every file.
 */

import { expect } from 'vitest';

function sameBytes(a: unknown, b: unknown): boolean | undefined {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array) || a.constructor !== b.constructor) return undefined;
  return Buffer.compare(a, b) === 0;
}

expect.addEqualityTesters([sameBytes]);
