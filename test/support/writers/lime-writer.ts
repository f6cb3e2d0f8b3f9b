/** Writes LiME and AVML dumps in memory: correct ones, and ones that lie wherever a test wants them to. */

export interface LimeRecord {
  readonly paddr: number | bigint;
  readonly bytes: Uint8Array;
  /** Write an AVML record; with these chunks of a snappy stream instead of those that hold `bytes`. */
  readonly compressed?: boolean | readonly Uint8Array[] | undefined;
  /** e_addr, which is the last address; where `bytes` end when left out. */
  readonly last?: number | bigint | undefined;
  readonly magic?: number | undefined;
  readonly version?: number | undefined;
  readonly reserved?: number | bigint | undefined;
  /** The length behind an AVML record; null for none. */
  readonly trailer?: number | bigint | null | undefined;
}

export interface LimeImage {
  readonly bytes: Buffer;
  /** Where the header of each record begins. */
  readonly headersAt: readonly number[];
}

export function limeDump(records: readonly LimeRecord[]): LimeImage {
  const parts: Uint8Array[] = [];
  const headersAt: number[] = [];
  let end = 0;
  const put = (bytes: Uint8Array) => {
    parts.push(bytes);
    end += bytes.byteLength;
  };
  for (const record of records) {
    headersAt.push(end);
    const compressed = record.compressed !== undefined && record.compressed !== false;
    put(recordHeader(record, compressed));
    if (!compressed) {
      put(record.bytes);
      continue;
    }
    const chunks = record.compressed === true ? snappyStream(record.bytes) : (record.compressed as Uint8Array[]);
    const content = Buffer.concat(chunks);
    put(content);
    if (record.trailer !== null) put(u64(record.trailer ?? content.length));
  }
  return { bytes: Buffer.concat(parts), headersAt };
}

function recordHeader(record: LimeRecord, compressed: boolean): Buffer {
  const header = Buffer.alloc(32);
  header.writeUInt32LE(record.magic ?? (compressed ? 0x4c4d5641 : 0x4c694d45), 0);
  header.writeUInt32LE(record.version ?? (compressed ? 2 : 1), 4);
  header.set(u64(record.paddr), 8);
  header.set(u64(record.last ?? BigInt(record.paddr) + BigInt(record.bytes.byteLength) - 1n), 16);
  header.set(u64(record.reserved ?? 0), 24);
  return header;
}

/** A stream in snappy's frame format. Chunks are compressed in the simplest way (literals), every third is stored plain. */
export function snappyStream(bytes: Uint8Array, chunkByteLength = 65536): Buffer[] {
  const chunks = [STREAM_IDENTIFIER];
  for (let at = 0; at < bytes.byteLength; at += chunkByteLength) {
    const content = bytes.subarray(at, at + chunkByteLength);
    chunks.push(chunks.length % 3 === 0 ? plainChunk(content) : compressedChunk(content));
  }
  return chunks;
}

export const STREAM_IDENTIFIER = frame(0xff, Buffer.from('sNaPpY', 'latin1'));

export function plainChunk(content: Uint8Array, checksum = maskedCrc32c(content)): Buffer {
  return frame(0x01, Buffer.concat([u32(checksum), content]));
}

/** A run of one byte becomes a copy, everything else a literal. */
export function compressedChunk(content: Uint8Array, checksum = maskedCrc32c(content)): Buffer {
  return frame(0x00, Buffer.concat([u32(checksum), snappyBlock(content)]));
}

/** A chunk of any type: its header and what it holds. */
export function frame(type: number, held: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header[0] = type;
  header.writeUIntLE(held.byteLength, 1, 3);
  return Buffer.concat([header, held]);
}

function snappyBlock(content: Uint8Array): Buffer {
  const out: number[] = [];
  for (let rest = content.byteLength; ; rest = Math.floor(rest / 128)) {
    out.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    if (rest < 128) break;
  }
  const isRun = content.byteLength > 1 && content.every((byte) => byte === content[0]);
  const literal = isRun ? content.subarray(0, 1) : content;
  // Tag 61: the length less one in the two bytes that follow.
  if (literal.byteLength > 0) out.push(61 << 2, (literal.byteLength - 1) & 0xff, (literal.byteLength - 1) >> 8);
  const parts: Uint8Array[] = [Uint8Array.from(out), literal];
  for (let left = content.byteLength - literal.byteLength; left > 0; left -= 64) {
    parts.push(Uint8Array.of(((Math.min(left, 64) - 1) << 2) | 2, 1, 0));
  }
  return Buffer.concat(parts);
}

/** Bit by bit, as the polynomial says: to check a faster one against. */
export function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes;
}
