/** CRC-32C (Castagnoli), as in RFC 3720 appendix B.4: the checksum of snappy's frames. */

const REVERSED_POLYNOMIAL = 0x82f63b78;

/** Made when first needed: most dumps never need it. */
let table: Int32Array | undefined;

function makeTable(): Int32Array {
  const made = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ REVERSED_POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  return made;
}

/** CRC-32C (Castagnoli) of the bytes, as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  table ??= makeTable();
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) {
    crc = (table[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
