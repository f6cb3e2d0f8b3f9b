/** Writes IORTs, and what leads to one in memory: Arm DEN0049, ACPI 6.5 chapter 5. */

export interface WrittenMapping {
  readonly firstId?: number;
  readonly count?: number;
  readonly firstSid: number;
  /** Index of the node that it leads to, in the list of nodes. */
  readonly to: number;
  readonly single?: boolean;
}

export type WrittenIortNode = { readonly mappings?: readonly WrittenMapping[] } & (
  | { readonly smmuV3: number; readonly coherent?: boolean }
  | { readonly segment: number }
  | { readonly component: string }
  | { readonly rmr: readonly (readonly [start: number, byteLength: number])[] }
  | { readonly type: number; readonly length?: number }
);

export function iort(nodes: readonly WrittenIortNode[], revision = 6): Buffer {
  const bodies = nodes.map((node) => padded(ownPart(node)));
  const lengths = nodes.map(({ mappings = [] }, i) => 16 + (bodies[i]?.length ?? 0) + mappings.length * 20);
  const offsets = lengths.map((_, i) => 48 + lengths.slice(0, i).reduce((sum, length) => sum + length, 0));
  const body = nodes.map((node, i) => {
    const { mappings = [] } = node;
    const own = bodies[i] as Buffer;
    const header = Buffer.alloc(16);
    header.writeUInt8(typeOf(node), 0);
    header.writeUInt16LE(lengths[i] as number, 1);
    header.writeUInt32LE(i, 4);
    header.writeUInt32LE(mappings.length, 8);
    header.writeUInt32LE(mappings.length === 0 ? 0 : 16 + own.length, 12);
    const rows = mappings.map(({ firstId = 0, count = 1, firstSid, to, single = false }) =>
      words([firstId, count - 1, firstSid, offsets[to] ?? to, single ? 1 : 0]),
    );
    return Buffer.concat([header, own, ...rows]);
  });
  return acpiTable('IORT', revision, Buffer.concat([words([nodes.length, 48, 0]), ...body]));
}

/** A table of ACPI with its checksum. */
export function acpiTable(signature: string, revision: number, body: Buffer): Buffer {
  const table = Buffer.concat([Buffer.alloc(36), body]);
  table.write(signature, 0, 'latin1');
  table.writeUInt32LE(table.length, 4);
  table.writeUInt8(revision, 8);
  table.write('SAMPLE', 10, 'latin1');
  table.writeUInt8(checksum(table), 9);
  return table;
}

export function rsdp(xsdt: number): Buffer {
  const bytes = Buffer.alloc(36);
  bytes.write('RSD PTR ', 0, 'latin1');
  bytes.writeUInt8(2, 15);
  bytes.writeUInt8(checksum(bytes.subarray(0, 20)), 8);
  bytes.writeUInt32LE(36, 20);
  bytes.writeBigUInt64LE(BigInt(xsdt), 24);
  bytes.writeUInt8(checksum(bytes), 32);
  return bytes;
}

/** What makes the sum of all bytes 0. */
function checksum(bytes: Buffer): number {
  return -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
}

function typeOf(node: WrittenIortNode): number {
  if ('smmuV3' in node) return 4;
  if ('segment' in node) return 2;
  if ('component' in node) return 1;
  return 'rmr' in node ? 6 : node.type;
}

function ownPart(node: WrittenIortNode): Buffer {
  if ('smmuV3' in node) {
    const body = Buffer.alloc(52);
    body.writeBigUInt64LE(BigInt(node.smmuV3), 0);
    body.writeUInt32LE(node.coherent === true ? 1 : 0, 8);
    return body;
  }
  if ('segment' in node) return words([0, 0, 0, node.segment, 0, 0]);
  if ('component' in node) return Buffer.concat([Buffer.alloc(13), Buffer.from(`${node.component}\0`)]);
  if (!('rmr' in node)) return Buffer.alloc(node.length ?? 0);
  const ranges = node.rmr.map(([start, byteLength]) => {
    const range = Buffer.alloc(20);
    range.writeBigUInt64LE(BigInt(start), 0);
    range.writeBigUInt64LE(BigInt(byteLength), 8);
    return range;
  });
  return Buffer.concat([words([1, ranges.length, 28]), ...ranges]);
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, i * 4);
  return bytes;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
