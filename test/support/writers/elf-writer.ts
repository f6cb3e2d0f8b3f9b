/**
 * Writes ELF64 core files in memory: correct ones, and ones that lie wherever a test wants them to. Everything that is
 * not asked for is what a kernel writes; the same arguments always give the same bytes.
 *
 * Layout: ELF header, section header 0 (PN_XNUM form only), program headers, notes, contents of the segments in order.
 * Nothing is aligned, so that no test passes only because everything lies on pages.
 */

const EHDR_BYTE_LENGTH = 64;
const PHDR_BYTE_LENGTH = 56;
const SHDR_BYTE_LENGTH = 64;
const PN_XNUM = 0xffff;

export const PT_NULL = 0;
export const PT_LOAD = 1;
export const PT_NOTE = 4;

/** One program header. The members with a forced value say what the header claims, not what the file holds. */
export interface ElfSegment {
  readonly paddr: number | bigint;
  /** p_vaddr; 0 when left out. */
  readonly vaddr?: number | bigint | undefined;
  /** Content in the file; none when left out. */
  readonly bytes?: Uint8Array | undefined;
  /** p_filesz; the length of `bytes` when left out. */
  readonly fileByteLength?: number | bigint | undefined;
  /** p_memsz; p_filesz when left out. */
  readonly memByteLength?: number | bigint | undefined;
  /** p_offset; where `bytes` are when left out. */
  readonly fileOffset?: number | bigint | undefined;
  /** p_type; PT_LOAD when left out. */
  readonly type?: number | undefined;
}

export interface ElfOptions {
  /** Text of the VMCOREINFO note. */
  readonly vmcoreinfo?: string | undefined;
  /** Content of the PT_NOTE segment, instead of a VMCOREINFO note alone. */
  readonly notes?: Uint8Array | undefined;
  /** Put the notes behind everything else, so that the file ends with them. */
  readonly notesLast?: boolean | undefined;
  readonly class?: number | undefined;
  readonly data?: number | undefined;
  readonly type?: number | undefined;
  readonly machine?: number | undefined;
  readonly flags?: number | undefined;
  readonly phoff?: number | bigint | undefined;
  readonly phentsize?: number | undefined;
  /** e_phnum; the number of program headers when left out, or PN_XNUM in that form. */
  readonly phnum?: number | undefined;
  /** Count the program headers in section header 0: `true` for the right number, or the number to claim. */
  readonly extendedCount?: boolean | number | undefined;
  readonly shoff?: number | bigint | undefined;
}

export interface ElfImage {
  readonly bytes: Buffer;
  /** Offset and length of the program headers, notes included: the note's comes first. */
  readonly phoff: number;
  readonly headersEnd: number;
  /** Where the content of each segment begins, in the order of the segments. */
  readonly contentAt: readonly number[];
  /** Where the notes begin. */
  readonly notesAt: number;
}

export function elfCore(segments: readonly ElfSegment[], options: ElfOptions = {}): ElfImage {
  const notes = options.notes ?? (options.vmcoreinfo === undefined ? null : note('VMCOREINFO', options.vmcoreinfo));
  const count = segments.length + (notes === null ? 0 : 1);
  const extended = options.extendedCount !== undefined && options.extendedCount !== false;
  const phoff = EHDR_BYTE_LENGTH + (extended ? SHDR_BYTE_LENGTH : 0);
  const headersEnd = phoff + count * PHDR_BYTE_LENGTH;

  let end = headersEnd;
  const place = (content: Uint8Array | null | undefined): number => {
    const at = end;
    end += content?.byteLength ?? 0;
    return at;
  };
  let notesAt = options.notesLast ? 0 : place(notes);
  const contentAt = segments.map(({ bytes }) => place(bytes));
  if (options.notesLast) notesAt = place(notes);

  const file = Buffer.alloc(end);
  writeHeader(file, { count, phoff, extended }, options);
  const headers: ElfSegment[] = segments.map((segment, i) => ({ fileOffset: contentAt[i], ...segment }));
  if (notes !== null) headers.unshift({ type: PT_NOTE, paddr: 0, bytes: notes, fileOffset: notesAt });
  for (const [i, header] of headers.entries()) writeProgramHeader(file, phoff + i * PHDR_BYTE_LENGTH, header);
  if (notes !== null) file.set(notes, notesAt);
  for (const [i, { bytes }] of segments.entries()) if (bytes !== undefined) file.set(bytes, contentAt[i]);
  return { bytes: file, phoff, headersEnd, contentAt, notesAt };
}

function writeHeader(
  file: Buffer,
  { count, phoff, extended }: { count: number; phoff: number; extended: boolean },
  options: ElfOptions,
): void {
  file.write('\x7fELF', 0, 'latin1');
  file[4] = options.class ?? 2;
  file[5] = options.data ?? 1;
  file[6] = 1;
  file.writeUInt16LE(options.type ?? 4, 16);
  file.writeUInt16LE(options.machine ?? 183, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(options.phoff ?? phoff), 32);
  file.writeBigUInt64LE(BigInt(options.shoff ?? (extended ? EHDR_BYTE_LENGTH : 0)), 40);
  file.writeUInt32LE(options.flags ?? 0, 48);
  file.writeUInt16LE(EHDR_BYTE_LENGTH, 52);
  file.writeUInt16LE(options.phentsize ?? PHDR_BYTE_LENGTH, 54);
  file.writeUInt16LE(options.phnum ?? (extended ? PN_XNUM : count), 56);
  if (!extended) return;
  file.writeUInt16LE(SHDR_BYTE_LENGTH, 58);
  file.writeUInt16LE(1, 60);
  // sh_info of section header 0
  file.writeUInt32LE(typeof options.extendedCount === 'number' ? options.extendedCount : count, EHDR_BYTE_LENGTH + 44);
}

function writeProgramHeader(file: Buffer, at: number, segment: ElfSegment): void {
  const fileByteLength = segment.fileByteLength ?? segment.bytes?.byteLength ?? 0;
  file.writeUInt32LE(segment.type ?? PT_LOAD, at);
  file.writeUInt32LE(7, at + 4);
  file.writeBigUInt64LE(BigInt(segment.fileOffset ?? 0), at + 8);
  file.writeBigUInt64LE(BigInt(segment.vaddr ?? 0), at + 16);
  file.writeBigUInt64LE(BigInt(segment.paddr), at + 24);
  file.writeBigUInt64LE(BigInt(fileByteLength), at + 32);
  file.writeBigUInt64LE(BigInt(segment.memByteLength ?? fileByteLength), at + 40);
}

/** One ELF note, name and content padded to 4 bytes. Sizes other than the true ones are written as they are given. */
export function note(
  name: string,
  content: string | Uint8Array,
  claims: { readonly type?: number; readonly nameByteLength?: number; readonly contentByteLength?: number } = {},
): Buffer {
  const nameBytes = Buffer.from(`${name}\0`, 'latin1');
  const contentBytes = Buffer.from(content);
  const head = Buffer.alloc(12);
  head.writeUInt32LE(claims.nameByteLength ?? nameBytes.length, 0);
  head.writeUInt32LE(claims.contentByteLength ?? contentBytes.length, 4);
  head.writeUInt32LE(claims.type ?? 0, 8);
  return Buffer.concat([head, padded(nameBytes), padded(contentBytes)]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
