/**
 * The I/O Remapping Table of ACPI, Arm DEN0049: which root complex or device reaches which SMMU with which StreamID.
 * Revisions 0 to 7 have the fields used here at the same places; nodes that are not known are passed over.
 */

import { nameOfBytes } from '../../byte-names.ts';
import { InputError } from '../../errors.ts';
import type { IortProblem } from './problem.ts';

const SIGNATURE = 'IORT';
/** The header that all tables of ACPI have. */
export const ACPI_HEADER_BYTE_LENGTH = 36;
const IORT_HEADER_BYTE_LENGTH = 48;
const NODE_HEADER_BYTE_LENGTH = 16;
const MAPPING_BYTE_LENGTH = 20;
const RMR_DESCRIPTOR_BYTE_LENGTH = 20;
/** A server with many hundreds of components has some tens of kilobytes. */
const MAX_NODES = 1 << 14;
const MAX_MAPPINGS = 1 << 16;

export interface IortMapping {
  readonly firstId: number;
  readonly count: number;
  readonly firstOutput: number;
  /** Offset of the node that the output goes to. */
  readonly target: number;
  /** Whatever the ID is, the output is `firstOutput`. */
  readonly single: boolean;
}

interface NodeBase {
  readonly offset: number;
  readonly mappings: readonly IortMapping[];
}

/** By DEN0049 3.1.1; of the kinds without a name here only where they are is kept. */
export type IortNode = NodeBase &
  (
    | { readonly kind: 'named-component'; readonly name: string }
    | { readonly kind: 'root-complex'; readonly segment: number }
    | { readonly kind: 'smmu-v3'; readonly base: bigint; readonly coherent: boolean }
    | { readonly kind: 'smmu-v2' }
    | { readonly kind: 'rmr'; readonly ranges: readonly { readonly start: bigint; readonly byteLength: bigint }[] }
    | { readonly kind: 'other'; readonly type: number }
  );

export interface Iort {
  readonly revision: number;
  /** By offset, in the order of the table. */
  readonly nodes: ReadonlyMap<number, IortNode>;
  /** What was passed over, and why. */
  readonly problems: readonly IortProblem[];
}

/** Least length of a node's own part, by type; beyond it come fields that nothing here depends on. */
const KINDS: Readonly<Record<number, { readonly byteLength: number; readonly read: NodeReader }>> = {
  1: { byteLength: 14, read: readNamedComponent },
  2: { byteLength: 16, read: (node) => ({ kind: 'root-complex', segment: node.readUInt32LE(28) }) },
  // SMMUv1 and v2, which another driver runs.
  3: { byteLength: 0, read: () => ({ kind: 'smmu-v2' }) },
  4: {
    byteLength: 12,
    // Bit 0 of the flags is COHACC Override; the driver takes coherency from it alone.
    read: (node) => ({ kind: 'smmu-v3', base: node.readBigUInt64LE(16), coherent: (node.readUInt32LE(24) & 1) === 1 }),
  },
  6: { byteLength: 12, read: readRmr },
};

/** What is wrong with one node, before it is said which. */
type OwnProblem = IortProblem extends infer P
  ? P extends { readonly kind: 'node-short' } | { readonly claimed: number }
    ? Omit<P, 'nodeOffset'>
    : never
  : never;

type NodeReader = (node: Buffer, problem: (what: OwnProblem) => void) => OwnPart;
type OwnPart = IortNode extends infer Node ? (Node extends NodeBase ? Omit<Node, keyof NodeBase> : never) : never;

/** Whether the bytes of a table of ACPI sum up to 0, as they have to. */
export function hasAcpiChecksum(table: Buffer): boolean {
  let sum = 0;
  for (const byte of table) sum = (sum + byte) & 0xff;
  return sum === 0;
}

/**
 * Parses a table as /sys/firmware/acpi/tables/IORT has it; bytes behind its end are passed over, and what is wrong with
 * a single node is a problem of the result. Throws InputError (`format`) for what is no whole IORT.
 */
export function parseIort(bytes: Buffer, file: string): Iort {
  const refuse = (message: string): never => {
    throw new InputError('format', message, { file });
  };
  if (bytes.toString('latin1', 0, 4) !== SIGNATURE) refuse('does not begin with "IORT"; is it that table of ACPI?');
  if (bytes.length < IORT_HEADER_BYTE_LENGTH) refuse(`is ${bytes.length} bytes long, too short for an IORT`);
  const byteLength = bytes.readUInt32LE(4);
  if (byteLength < IORT_HEADER_BYTE_LENGTH || byteLength > bytes.length) {
    refuse(`is ${bytes.length} bytes long, but its header says ${byteLength}; it is truncated or damaged`);
  }
  const table = bytes.subarray(0, byteLength);
  const problems: IortProblem[] = [];
  if (!hasAcpiChecksum(table)) problems.push({ kind: 'checksum' });
  return { revision: table.readUInt8(8), nodes: readNodes(table, problems), problems };
}

function readNodes(table: Buffer, problems: IortProblem[]): Map<number, IortNode> {
  const count = table.readUInt32LE(36);
  const nodes = new Map<number, IortNode>();
  let mappingsLeft = MAX_MAPPINGS;
  let offset = table.readUInt32LE(40);
  for (let i = 0; i < count; i++) {
    const byteLength = offset + NODE_HEADER_BYTE_LENGTH <= table.length ? table.readUInt16LE(offset + 1) : 0;
    if (byteLength < NODE_HEADER_BYTE_LENGTH || offset + byteLength > table.length) {
      problems.push({ kind: 'node-outside', nodeOffset: offset, number: i + 1, of: count });
      break;
    }
    if (nodes.size >= MAX_NODES) {
      problems.push({ kind: 'nodes-cut', limit: MAX_NODES });
      break;
    }
    const node = table.subarray(offset, offset + byteLength);
    const nodeOffset = offset;
    const problem = (what: OwnProblem) => {
      problems.push({ ...what, nodeOffset });
    };
    const mappings = readMappings(node, mappingsLeft, problem);
    mappingsLeft -= mappings.length;
    nodes.set(offset, { offset, mappings, ...readOwnPart(node, problem) });
    offset += byteLength;
  }
  return nodes;
}

function readOwnPart(node: Buffer, problem: (what: OwnProblem) => void): OwnPart {
  const type = node.readUInt8(0);
  const kind = KINDS[type];
  if (kind === undefined) return { kind: 'other', type };
  if (node.length >= NODE_HEADER_BYTE_LENGTH + kind.byteLength) return kind.read(node, problem);
  problem({ kind: 'node-short', byteLength: node.length, type });
  return { kind: 'other', type };
}

function readMappings(node: Buffer, room: number, problem: (what: OwnProblem) => void): IortMapping[] {
  const count = node.readUInt32LE(8);
  const start = node.readUInt32LE(12);
  const outside = start < NODE_HEADER_BYTE_LENGTH || start > node.length;
  const fitting = outside ? 0 : Math.floor((node.length - start) / MAPPING_BYTE_LENGTH);
  if (count > fitting) problem({ kind: 'mappings-outside', claimed: count, fitting });
  return Array.from({ length: Math.min(count, fitting, room) }, (_, i) => {
    const word = (index: number) => node.readUInt32LE(start + i * MAPPING_BYTE_LENGTH + index * 4);
    // The table has the number of IDs minus one.
    return { firstId: word(0), count: word(1) + 1, firstOutput: word(2), target: word(3), single: (word(4) & 1) === 1 };
  });
}

/** DEN0049, table "Named component node": flags, memory properties, address size limit, then the name in the namespace. */
function readNamedComponent(node: Buffer): OwnPart {
  const text = node.subarray(29);
  const end = text.indexOf(0);
  return { kind: 'named-component', name: nameOfBytes(text.subarray(0, end < 0 ? Math.min(text.length, 255) : end)) };
}

/** DEN0049, table "Reserved memory range node": flags, number of descriptors, their offset in the node. */
function readRmr(node: Buffer, problem: (what: OwnProblem) => void): OwnPart {
  const count = node.readUInt32LE(20);
  const start = node.readUInt32LE(24);
  const fitting = start > node.length ? 0 : Math.floor((node.length - start) / RMR_DESCRIPTOR_BYTE_LENGTH);
  if (count > fitting) problem({ kind: 'memory-ranges-outside', claimed: count, fitting });
  return {
    kind: 'rmr',
    ranges: Array.from({ length: Math.min(count, fitting) }, (_, i) => {
      const at = start + i * RMR_DESCRIPTOR_BYTE_LENGTH;
      return { start: node.readBigUInt64LE(at), byteLength: node.readBigUInt64LE(at + 8) };
    }),
  };
}
