/**
 * Is an ELF file a core of a 64-bit Arm machine, and where are its program headers? Says what it is otherwise.
 * Layouts are those of the System V ABI (gABI).
 */

import { Parser } from 'binary-parser';
import { InputError } from '../../errors.ts';
import { PADDR_LIMIT } from '../dump.ts';
import type { ByteSource } from '../sources/source.ts';

export const EHDR_BYTE_LENGTH = 64;
const SHDR_BYTE_LENGTH = 64;
export const PHDR_BYTE_LENGTH = 56;
const MAGIC = '\x7fELF';

export const PT_LOAD = 1;
const ET_CORE = 4;
const EM_AARCH64 = 183;
/** e_phnum of a file with more headers than 16 bits count: the number is then in section header 0. */
const PN_XNUM = 0xffff;

/** More than any kernel writes; keeps a hostile count from filling memory with headers. */
const MAX_PROGRAM_HEADERS = 1 << 20;

const CLASSES: Readonly<Record<number, string>> = { 1: '32-bit', 2: '64-bit' };
const BYTE_ORDERS: Readonly<Record<number, string>> = { 1: 'little-endian', 2: 'big-endian' };
const TYPES: Readonly<Record<number, string>> = {
  1: 'object file',
  2: 'program (vmlinux, perhaps)',
  3: 'shared object (vmlinux, perhaps)',
  4: 'core',
};
const MACHINES: Readonly<Record<number, string>> = {
  3: 'x86 (32-bit)',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'ppc64',
  22: 's390x',
  40: 'Arm (32-bit)',
  43: 'SPARC V9',
  50: 'Itanium',
  62: 'x86-64',
  183: 'AArch64',
  243: 'RISC-V',
  258: 'LoongArch',
};

const fileHeader = new Parser()
  .endianness('little')
  .seek(32)
  .uint64('phoff')
  .uint64('shoff')
  .uint32('flags')
  .seek(2)
  .uint16('phentsize')
  .uint16('phnum');

const programHeader = new Parser()
  .endianness('little')
  .uint32('type')
  .seek(4)
  .uint64('offset')
  .uint64('vaddr')
  .uint64('paddr')
  .uint64('filesz')
  .uint64('memsz');

export interface ProgramHeader {
  readonly type: number;
  readonly offset: bigint;
  readonly vaddr: bigint;
  readonly paddr: bigint;
  readonly filesz: bigint;
  readonly memsz: bigint;
}

/** The program header in the bytes from `at` on. */
export function readProgramHeader(bytes: Buffer, at: number): ProgramHeader {
  return programHeader.parse(bytes.subarray(at, at + PHDR_BYTE_LENGTH));
}

export interface ElfHeader {
  readonly flags: number;
  /** Where the program headers lie. */
  readonly phoff: number;
  /** All of them, as they are in the file. */
  readonly programHeaders: Buffer;
  /** Behind them is another one, so that their number is wrong. */
  readonly goesOn: boolean;
}

/** Throws InputError (`format`) for any other kind of ELF file, and for one that lacks its headers. */
export function readElfHeader(source: ByteSource): ElfHeader {
  const refuse = (offset: number, message: string): never => {
    throw new InputError('format', message, { file: source.name, place: `offset 0x${offset.toString(16)}` });
  };
  const bytes = readExactly(source, 0, EHDR_BYTE_LENGTH) ?? refuse(0, 'the ELF header is cut off');
  refuseForeign(bytes, refuse);
  const header = fileHeader.parse(bytes);
  if (header.phentsize !== PHDR_BYTE_LENGTH) {
    const message = `program headers of ${header.phentsize} bytes, but those of ELF64 have ${PHDR_BYTE_LENGTH}`;
    refuse(
      54,
      `${message}: the header is damaged, so copy the dump again, or write bytes 38 00 here into a copy of it`,
    );
  }

  const phoff = toFileOffset(header.phoff) ?? refuse(32, 'e_phoff is not a file offset');
  let count: number = header.phnum;
  if (count === PN_XNUM) {
    const shoff = toFileOffset(header.shoff) ?? refuse(40, 'e_shoff is not a file offset');
    const section = readExactly(source, shoff, SHDR_BYTE_LENGTH);
    count = (
      section ?? refuse(40, 'the section header that counts the program headers lies beyond the file')
    ).readUInt32LE(44);
  }
  if (count === 0) refuse(56, 'no program headers, so no memory');
  if (count > MAX_PROGRAM_HEADERS) refuse(56, `${count} program headers; at most ${MAX_PROGRAM_HEADERS} are read`);
  if (phoff + count * PHDR_BYTE_LENGTH > source.byteLength) {
    refuse(32, `${count} program headers at offset 0x${phoff.toString(16)} reach beyond the end of the file`);
  }
  const programHeaders =
    readExactly(source, phoff, count * PHDR_BYTE_LENGTH) ?? refuse(phoff, 'program headers cannot be read');
  const goesOn = isLoadHeader(source, phoff + count * PHDR_BYTE_LENGTH);
  return { flags: header.flags, phoff, programHeaders, goesOn };
}

/** Whether the bytes there are the program header of memory that is in the file. No notes begin like that. */
function isLoadHeader(source: ByteSource, at: number): boolean {
  const bytes = readExactly(source, at, PHDR_BYTE_LENGTH);
  if (bytes === null) return false;
  const { type, offset, paddr, filesz, memsz } = readProgramHeader(bytes, 0);
  if (type !== PT_LOAD) return false;
  const isInFile = offset > BigInt(at) && offset + filesz <= BigInt(source.byteLength);
  return isInFile && filesz > 0n && filesz <= memsz && paddr + memsz <= BigInt(PADDR_LIMIT);
}

/** By the first field that is another than it should be; what the others say of the file is said with it. */
function refuseForeign(bytes: Buffer, refuse: (offset: number, message: string) => never): void {
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) refuse(0, 'does not begin as an ELF file');
  const [bits, order] = [bytes[4] as number, bytes[5] as number];
  const [type, machine] =
    order === 2 ? [bytes.readUInt16BE(16), bytes.readUInt16BE(18)] : [bytes.readUInt16LE(16), bytes.readUInt16LE(18)];
  const wrong = [
    [4, bits === 2],
    [5, order === 1],
    [16, type === ET_CORE],
    [18, machine === EM_AARCH64],
  ].find(([, right]) => right === false);
  if (wrong === undefined) return;
  const named = (names: Readonly<Record<number, string>>, value: number, what: string) =>
    names[value] ?? `${what} ${value}`;
  const found = [
    named(CLASSES, bits, 'class'),
    named(BYTE_ORDERS, order, 'data encoding'),
    `ELF ${named(TYPES, type, 'file of type')}`,
    `for ${named(MACHINES, machine, 'machine')}`,
  ];
  // The first page of RAM may hold that of a program that ran from it.
  const raw = type === ET_CORE ? '' : ' (or --input-format raw, for memory that begins with one)';
  refuse(wrong[0] as number, `is a ${found.join(' ')}; a 64-bit little-endian ELF core for AArch64 is needed${raw}`);
}

/** So many bytes of a source from an offset on; null where it ends before. */
export function readExactly(source: ByteSource, offset: number, byteLength: number): Buffer | null {
  if (offset + byteLength > source.byteLength) return null;
  const bytes = Buffer.alloc(byteLength);
  return source.read(offset, bytes) === byteLength ? bytes : null;
}

/** A 64-bit offset as a number; null for one that no file can have. */
export function toFileOffset(value: bigint): number | null {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : null;
}
