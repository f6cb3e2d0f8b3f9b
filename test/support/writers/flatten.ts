/**
 * Writes flattened dumps in memory: correct ones, and ones that lie wherever a test wants them to. Only the container's
 * own numbers are big-endian.
 */

const FILE_HEADER_BYTE_LENGTH = 4096;
const RECORD_HEADER_BYTE_LENGTH = 16;

export interface FlatRecord {
  /** Where the bytes belong in the rearranged file. */
  readonly offset: number | bigint;
  readonly bytes: Uint8Array;
  /** The size that the record claims; the length of `bytes` when left out. */
  readonly byteLength?: number | bigint | undefined;
}

export interface FlattenOptions {
  readonly signature?: string | undefined;
  readonly type?: number | bigint | undefined;
  readonly version?: number | bigint | undefined;
  /** False leaves the end mark away. */
  readonly endMark?: boolean | undefined;
}

export interface FlatImage {
  readonly bytes: Buffer;
  /** Where the header of each record begins, and behind them that of the end mark. */
  readonly headersAt: readonly number[];
}

/** The records in the order they are given in. */
export function flatten(records: readonly FlatRecord[], options: FlattenOptions = {}): FlatImage {
  const header = Buffer.alloc(FILE_HEADER_BYTE_LENGTH);
  header.write(options.signature ?? 'makedumpfile', 0, 'latin1');
  header.writeBigInt64BE(BigInt(options.type ?? 1), 16);
  header.writeBigInt64BE(BigInt(options.version ?? 1), 24);
  const parts: Uint8Array[] = [header];
  const headersAt: number[] = [];
  let end = header.length;
  for (const { offset, bytes, byteLength } of records) {
    headersAt.push(end);
    parts.push(recordHeader(offset, byteLength ?? bytes.byteLength), bytes);
    end += RECORD_HEADER_BYTE_LENGTH + bytes.byteLength;
  }
  headersAt.push(end);
  if (options.endMark !== false) parts.push(recordHeader(-1, -1));
  return { bytes: Buffer.concat(parts), headersAt };
}

/** A file cut into records of these sizes, again and again until it ends, in file order. */
export function cutIntoRecords(file: Uint8Array, sizes: readonly number[]): FlatRecord[] {
  const records: FlatRecord[] = [];
  for (let offset = 0; offset < file.byteLength; ) {
    const bytes = file.subarray(offset, offset + (sizes[records.length % sizes.length] as number));
    records.push({ offset, bytes });
    offset += bytes.byteLength;
  }
  return records;
}

function recordHeader(offset: number | bigint, byteLength: number | bigint): Buffer {
  const header = Buffer.alloc(RECORD_HEADER_BYTE_LENGTH);
  header.writeBigInt64BE(BigInt.asIntN(64, BigInt(offset)), 0);
  header.writeBigInt64BE(BigInt.asIntN(64, BigInt(byteLength)), 8);
  return header;
}
