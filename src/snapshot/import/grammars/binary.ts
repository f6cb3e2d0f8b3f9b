/** A binary dump of the register pages, from the base of page 0 on; page 1 follows at 0x10000 where it was dumped too. */

import { InputError } from '../../../errors.ts';
import { hex } from '../../../hex.ts';
import type { Notes } from '../notes.ts';
import type { Reading } from '../reading.ts';
import { SMMU_BYTES } from '../register-map.ts';
import { isBigEndian } from './byte-order.ts';

/** Less does not hold the registers of page 0. */
const MIN_BYTES = 4096;

/**
 * The registers of a dump of the register pages, little-endian, 4 KiB to 128 KiB; none of one that is big-endian, which
 * goes to `notes`. Throws InputError for another length.
 */
export function* readBinary(bytes: Uint8Array, file: string, notes: Notes): Generator<Reading> {
  if (bytes.byteLength < MIN_BYTES || bytes.byteLength > SMMU_BYTES || bytes.byteLength % 4 !== 0) {
    const message = `is binary and ${bytes.byteLength} bytes long; a dump of the register pages has 4 KiB to 128 KiB`;
    throw new InputError('snapshot', message, { file });
  }
  if (isBigEndian((offset) => bytes[offset])) {
    notes.add('big-endian', () => ({ kind: 'register', name: 'CR0' }), { file, place: 'offset 0x20' });
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < bytes.byteLength; offset += 4) {
    const value = BigInt(view.getUint32(offset, true));
    yield { where: { offset }, value, byteLength: 4, place: `offset ${hex(offset)}` };
  }
}
