/**
 * What types does a kernel's BTF describe? A reader of the format (Documentation/bpf/btf.rst) that knows nothing of what
 * it is used for: the base of the kernel, or the split one of a module, whose numbers go on where those of its base end.
 */

/** Offsets of the sections, from the start of the header. */
export interface BtfHeader {
  readonly byteLength: number;
  readonly types: Section;
  readonly strings: Section;
  /** Sizes of the records by kind, in new kernels: what lets an unknown kind be passed over. */
  readonly layout: Section | null;
}

interface Section {
  readonly at: number;
  readonly byteLength: number;
}

export const BTF_MAGIC = Buffer.from([0x9f, 0xeb, 1, 0]);
export const BTF_HEADER_BYTE_LENGTH = 32;
const OLD_HEADER_BYTE_LENGTH = 24;
/** The BTF of the largest kernels is a few megabytes. */
const MAX_SECTION_BYTE_LENGTH = 1 << 27;
const MAX_TYPES = 1 << 24;
const RECORD_BYTE_LENGTH = 12;
/** Far more than any structure of a kernel has: what claims more is not kept in memory. */
const MAX_KEPT_MEMBERS = 1 << 12;

/** The header at the start of `bytes`, which are at least 32 unless the data is shorter; null when it is none. */
export function btfHeader(bytes: Buffer): BtfHeader | null {
  if (bytes.byteLength < OLD_HEADER_BYTE_LENGTH || bytes.compare(BTF_MAGIC, 0, 4, 0, 4) !== 0) return null;
  const headerByteLength = bytes.readUInt32LE(4);
  if (headerByteLength < OLD_HEADER_BYTE_LENGTH || headerByteLength > 4096) return null;
  const section = (at: number): Section => ({
    at: headerByteLength + bytes.readUInt32LE(at),
    byteLength: bytes.readUInt32LE(at + 4),
  });
  const types = section(8);
  const strings = section(16);
  const hasLayout = headerByteLength >= BTF_HEADER_BYTE_LENGTH && bytes.byteLength >= BTF_HEADER_BYTE_LENGTH;
  const layout = hasLayout && bytes.readUInt32LE(28) > 0 ? section(24) : null;
  const sections = layout === null ? [types, strings] : [types, strings, layout];
  if (sections.some(({ at, byteLength }) => at + byteLength > MAX_SECTION_BYTE_LENGTH)) return null;
  if (types.byteLength === 0 || types.byteLength % 4 !== 0 || types.at % 4 !== 0) return null;
  const end = Math.max(...sections.map(({ at, byteLength }) => at + byteLength));
  return { byteLength: end, types, strings, layout };
}

export const KIND = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  float: 16,
  typeTag: 18,
  enum64: 19,
} as const;

/** Bytes behind the record of a kind: `fixed`, and `each` for every one of its vlen. */
const EXTRA: Readonly<Record<number, { readonly fixed: number; readonly each: number }>> = {
  1: { fixed: 4, each: 0 },
  2: { fixed: 0, each: 0 },
  3: { fixed: 12, each: 0 },
  4: { fixed: 0, each: 12 },
  5: { fixed: 0, each: 12 },
  6: { fixed: 0, each: 8 },
  7: { fixed: 0, each: 0 },
  8: { fixed: 0, each: 0 },
  9: { fixed: 0, each: 0 },
  10: { fixed: 0, each: 0 },
  11: { fixed: 0, each: 0 },
  12: { fixed: 0, each: 0 },
  13: { fixed: 0, each: 8 },
  14: { fixed: 4, each: 0 },
  15: { fixed: 0, each: 12 },
  16: { fixed: 0, each: 0 },
  17: { fixed: 4, each: 0 },
  18: { fixed: 0, each: 0 },
  19: { fixed: 0, each: 12 },
};

/** One type. `sizeOrType` is the size in bytes of what has one, else the ID of the type that it refers to. */
export interface BtfType {
  readonly kind: number;
  readonly sizeOrType: number;
  readonly members: readonly BtfMember[];
  /** Of an array: the ID of its element's type, and how many there are. */
  readonly element: { readonly type: number; readonly count: number } | null;
}

export interface BtfMember {
  /** Empty for an anonymous one. */
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** 0 when the member is no bit field. */
  readonly bitWidth: number;
}

export class Btf {
  readonly #bytes: Buffer;
  readonly #header: BtfHeader;
  readonly #base: Btf | null;
  /** Where each type of this data begins; the first one has the ID `#firstId`. */
  readonly #offsets: Uint32Array;
  readonly #firstId: number;
  readonly #firstString: number;
  #structs: ReadonlyMap<string, number[]> | undefined;
  /** Those that were asked for: a walk through a structure comes by the same ones for each of its members. */
  readonly #types = new Map<number, BtfType>();

  /** The types in `bytes`, which begin with the header; null when they are not well-formed from end to end. */
  static parse(bytes: Buffer, base: Btf | null = null): Btf | null {
    const header = btfHeader(bytes);
    if (header === null || header.byteLength > bytes.byteLength) return null;
    const offsets = typeOffsets(bytes, header);
    return offsets === null ? null : new Btf(bytes, header, offsets, base);
  }

  private constructor(bytes: Buffer, header: BtfHeader, offsets: Uint32Array, base: Btf | null) {
    this.#bytes = bytes;
    this.#header = header;
    this.#offsets = offsets;
    this.#base = base;
    this.#firstId = base === null ? 1 : base.endId;
    this.#firstString = base === null ? 0 : base.#header.strings.byteLength;
  }

  /** One more than the highest ID. */
  get endId(): number {
    return this.#firstId + this.#offsets.length;
  }

  get byteLength(): number {
    return this.#header.byteLength;
  }

  /** Whether it is what {@link Btf.parse} would make of these. */
  isOf(bytes: Buffer, base: Btf | null): boolean {
    return this.#base === base && this.#bytes.equals(bytes);
  }

  /** IDs of the structures of that name, in ascending order, those of the base included. */
  structs(name: string): readonly number[] {
    this.#structs ??= this.#indexStructs();
    return [...(this.#base?.structs(name) ?? []), ...(this.#structs.get(name) ?? [])];
  }

  /** One type in ten is a structure. */
  #indexStructs(): Map<string, number[]> {
    const index = new Map<string, number[]>();
    for (let i = 0; i < this.#offsets.length; i++) {
      const at = this.#offsets[i] as number;
      if (((this.#bytes[at + 7] as number) & 0x7f) !== KIND.struct) continue;
      const name = this.#string(this.#bytes.readUInt32LE(at));
      const ids = index.get(name);
      if (ids === undefined) index.set(name, [this.#firstId + i]);
      else ids.push(this.#firstId + i);
    }
    return index;
  }

  /** A type by its ID, or null for void and for what is no type. */
  type(id: number): BtfType | null {
    if (id < this.#firstId) return this.#base?.type(id) ?? null;
    const known = this.#types.get(id);
    if (known !== undefined) return known;
    const at = this.#offsets[id - this.#firstId];
    if (at === undefined) return null;
    const type = this.#typeAt(at);
    if (type.members.length <= MAX_KEPT_MEMBERS) this.#types.set(id, type);
    return type;
  }

  #typeAt(at: number): BtfType {
    const info = this.#bytes.readUInt32LE(at + 4);
    const kind = (info >>> 24) & 0x7f;
    // Old kernels keep 16 bits and the ones between are 0, so that the mask of the new ones is right for both.
    const vlen = info & 0xffffff;
    const isBitfields = info >>> 31 === 1;
    const hasMembers = kind === KIND.struct || kind === KIND.union;
    const extra = at + RECORD_BYTE_LENGTH;
    const u32 = (offset: number) => this.#bytes.readUInt32LE(offset);
    return {
      kind,
      sizeOrType: u32(at + 8),
      members: hasMembers ? Array.from({ length: vlen }, (_, i) => this.#member(extra + 12 * i, isBitfields)) : [],
      element: kind === KIND.array ? { type: u32(extra), count: u32(extra + 8) } : null,
    };
  }

  #member(at: number, isBitfields: boolean): BtfMember {
    const placed = this.#bytes.readUInt32LE(at + 8);
    return {
      name: this.#string(this.#bytes.readUInt32LE(at)),
      type: this.#bytes.readUInt32LE(at + 4),
      bitOffset: isBitfields ? placed & 0xffffff : placed,
      bitWidth: isBitfields ? placed >>> 24 : 0,
    };
  }

  #string(offset: number): string {
    if (offset < this.#firstString) return this.#base === null ? '' : this.#base.#string(offset);
    const { at, byteLength } = this.#header.strings;
    const start = at + offset - this.#firstString;
    const limit = at + byteLength;
    if (start >= limit) return '';
    const end = this.#bytes.indexOf(0, start);
    return this.#bytes.toString('latin1', start, end < 0 || end > limit ? limit : end);
  }
}

/** One pass over the records, each of which must end where the next begins, and the last where the section does. */
function typeOffsets(bytes: Buffer, { types, layout }: BtfHeader): Uint32Array | null {
  const offsets = new Uint32Array(Math.min(MAX_TYPES, types.byteLength / RECORD_BYTE_LENGTH));
  const end = types.at + types.byteLength;
  let count = 0;
  for (let at = types.at; at < end; ) {
    if (at + RECORD_BYTE_LENGTH > end || count === offsets.length) return null;
    const info = bytes.readUInt32LE(at + 4);
    const extra = extraBytes(bytes, layout, (info >>> 24) & 0x7f);
    if (extra === null) return null;
    offsets[count++] = at;
    at += RECORD_BYTE_LENGTH + extra.fixed + extra.each * (info & 0xffffff);
    if (at > end) return null;
  }
  return offsets.slice(0, count);
}

/** From the own table for kinds that are known, else from the data's: an unknown kind without it ends the reading. */
function extraBytes(bytes: Buffer, layout: Section | null, kind: number): { fixed: number; each: number } | null {
  const known = EXTRA[kind];
  if (known !== undefined) return known;
  if (layout === null || 4 * (kind + 1) > layout.byteLength) return null;
  const at = layout.at + 4 * kind;
  const [fixed, each] = [bytes[at] as number, bytes[at + 1] as number];
  return fixed % 4 === 0 && each % 4 === 0 ? { fixed, each } : null;
}
