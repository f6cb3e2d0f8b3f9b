/**
 * A flattened device tree as a tree of nodes: Devicetree Specification 0.4, chapter 5. The blob may come from a crashed
 * machine's memory or from anybody, so every offset is checked, nothing recurses, and what is kept is bounded.
 */

import { nameOfBytes } from '../../byte-names.ts';
import { InputError } from '../../errors.ts';

export interface TreeNode {
  /** With the unit address: `smmuv3@9050000`; empty for the root. Untrusted text. */
  readonly name: string;
  readonly parent: TreeNode | null;
  readonly properties: ReadonlyMap<string, Buffer>;
}

export interface DeviceTree {
  /** Bytes that the header claims. */
  readonly byteLength: number;
  /** In the order of the blob: the root first, parents before their children. */
  readonly nodes: readonly TreeNode[];
}

export const FDT_MAGIC = 0xd00dfeed;
/** Version 16 has no size of the structure block; both are read. */
const VERSIONS = { oldest: 16, newest: 17 };
/** Up to size_dt_strings, with which a header of version 16 ends. */
export const FDT_HEADER_BYTE_LENGTH = 36;

/** What Linux can unflatten: FDT_MAX_DEPTH. */
const MAX_DEPTH = 64;
/** The specification allows 31 characters; real trees have more. */
const MAX_NAME_LENGTH = 255;
/** A large server's tree has some ten thousand nodes. */
const MAX_NODES = 1 << 18;

const BEGIN_NODE = 1;
const END_NODE = 2;
const PROP = 3;
const NOP = 4;
const END = 9;

interface Header {
  readonly totalSize: number;
  readonly structStart: number;
  readonly structEnd: number;
  readonly stringsStart: number;
  readonly stringsEnd: number;
}

/**
 * The size in bytes that a header claims, or null for bytes that do not begin with the header of a tree of a version
 * that can be read. `bytes` are the first {@link FDT_HEADER_BYTE_LENGTH} or more.
 */
export function deviceTreeSize(bytes: Buffer): number | null {
  if (bytes.length < FDT_HEADER_BYTE_LENGTH || bytes.readUInt32BE(0) !== FDT_MAGIC) return null;
  const [totalSize, structStart, stringsStart] = [4, 8, 12].map((at) => bytes.readUInt32BE(at)) as [
    number,
    number,
    number,
  ];
  const [version, compatible] = [bytes.readUInt32BE(20), bytes.readUInt32BE(24)];
  const readable = version >= VERSIONS.oldest && compatible <= VERSIONS.newest && compatible <= version;
  return readable && structStart < totalSize && stringsStart <= totalSize ? totalSize : null;
}

/**
 * Parses a whole blob; bytes behind its end are passed over. `file` names it in refusals.
 * Throws InputError (`format`) with the offset at fault.
 */
export function parseDeviceTree(bytes: Buffer, file: string): DeviceTree {
  const header = parseHeader(bytes, file);
  const reader: Structure = new Structure(bytes, header, file);
  const nodes: TreeNode[] = [];
  const path: { readonly node: TreeNode; readonly properties: Map<string, Buffer> }[] = [];
  for (;;) {
    const token = reader.token();
    const open = path.at(-1);
    if (token === NOP) continue;
    if (token === BEGIN_NODE) {
      if (open === undefined && nodes.length > 0) reader.refuse('a second root node');
      if (path.length >= MAX_DEPTH) reader.refuse(`nodes nested deeper than ${MAX_DEPTH}`);
      if (nodes.length >= MAX_NODES) reader.refuse(`more than ${MAX_NODES} nodes`);
      const properties = new Map<string, Buffer>();
      const node = { name: reader.nodeName(), parent: open?.node ?? null, properties };
      path.push({ node, properties });
      nodes.push(node);
    } else if (token === END_NODE) {
      if (path.pop() === undefined) reader.refuse('the end of a node that was not begun');
    } else if (token === PROP) {
      const { name, value } = reader.property();
      if (open === undefined) reader.refuse('a property outside of any node');
      open.properties.set(name, value);
    } else if (token === END) {
      if (open !== undefined) reader.refuse('the end of the tree inside a node');
      if (nodes.length === 0) reader.refuse('a tree without a root');
      return { byteLength: header.totalSize, nodes };
    } else reader.refuse(`0x${token.toString(16)}, which is no token`);
  }
}

function parseHeader(bytes: Buffer, file: string): Header {
  const refuse = (message: string): never => {
    throw new InputError('format', message, { file });
  };
  if (bytes.length < 4 || bytes.readUInt32BE(0) !== FDT_MAGIC) {
    refuse('does not begin with the magic number of a device tree, d0 0d fe ed; a source (.dts) has to be compiled');
  }
  if (bytes.length < FDT_HEADER_BYTE_LENGTH) refuse(`is ${bytes.length} bytes long, too short for a device tree`);
  const totalSize = bytes.readUInt32BE(4);
  if (totalSize > bytes.length) {
    refuse(`is ${bytes.length} bytes long, but its header says ${totalSize}; it is truncated`);
  }
  const [version, compatible] = [bytes.readUInt32BE(20), bytes.readUInt32BE(24)];
  if (version < VERSIONS.oldest || compatible > VERSIONS.newest) {
    refuse(`is of version ${version} (compatible with ${compatible}); versions 16 and 17 are read`);
  }
  const block = (name: string, start: number, byteLength: number) => {
    if (start < FDT_HEADER_BYTE_LENGTH || start + byteLength > totalSize) {
      refuse(`has its ${name} block at offset 0x${start.toString(16)}, ${byteLength} bytes: beyond the blob`);
    }
    return { start, end: start + byteLength };
  };
  const structStart = bytes.readUInt32BE(8);
  const sized = version >= 17 && bytes.length >= FDT_HEADER_BYTE_LENGTH + 4;
  const structure = block('structure', structStart, sized ? bytes.readUInt32BE(36) : totalSize - structStart);
  const strings = block('strings', bytes.readUInt32BE(12), bytes.readUInt32BE(32));
  if (structStart % 4 !== 0)
    refuse(`has its structure block at offset 0x${structStart.toString(16)}, which is no word`);
  return {
    totalSize,
    structStart,
    structEnd: structure.end,
    stringsStart: strings.start,
    stringsEnd: strings.end,
  };
}

/** The structure block, token by token. */
class Structure {
  readonly #bytes: Buffer;
  readonly #header: Header;
  readonly #file: string;
  /** Property names by their offset in the strings block: nearly all are used over and over. */
  readonly #names = new Map<number, string>();
  #at: number;
  /** Where the token began that is being read. */
  #tokenAt: number;

  constructor(bytes: Buffer, header: Header, file: string) {
    this.#bytes = bytes;
    this.#header = header;
    this.#file = file;
    this.#at = header.structStart;
    this.#tokenAt = this.#at;
  }

  token(): number {
    this.#tokenAt = this.#at;
    return this.#word();
  }

  nodeName(): string {
    const end = this.#terminator(this.#at, this.#header.structEnd);
    const name = nameOfBytes(this.#bytes.subarray(this.#at, end));
    this.#at = aligned(end + 1);
    return name;
  }

  property(): { name: string; value: Buffer } {
    const byteLength = this.#word();
    const nameAt = this.#word();
    const end = this.#at + byteLength;
    if (end > this.#header.structEnd) this.refuse(`a property of ${byteLength} bytes, which go beyond its block`);
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = aligned(end);
    return { name: this.#name(nameAt), value };
  }

  refuse(what: string): never {
    throw new InputError('format', `is no sound device tree: ${what}`, {
      file: this.#file,
      place: `offset 0x${this.#tokenAt.toString(16)}`,
    });
  }

  #word(): number {
    if (this.#at + 4 > this.#header.structEnd) this.refuse('the structure block ends without an end token');
    const word = this.#bytes.readUInt32BE(this.#at);
    this.#at += 4;
    return word;
  }

  #name(offset: number): string {
    const known = this.#names.get(offset);
    if (known !== undefined) return known;
    const { stringsStart, stringsEnd } = this.#header;
    const start = stringsStart + offset;
    if (start >= stringsEnd) this.refuse(`a property whose name is at offset ${offset} of the strings, beyond them`);
    const name = this.#bytes.toString('utf8', start, this.#terminator(start, stringsEnd));
    this.#names.set(offset, name);
    return name;
  }

  /** Where the NUL is that ends the text at `start`. */
  #terminator(start: number, limit: number): number {
    const length = this.#bytes.subarray(start, Math.min(limit, start + MAX_NAME_LENGTH + 1)).indexOf(0);
    if (length < 0) this.refuse(`a name without an end within ${MAX_NAME_LENGTH} characters`);
    return start + length;
  }
}

function aligned(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}
