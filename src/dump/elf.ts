/**
 * ELF64 core files: /proc/vmcore, makedumpfile -E, QEMU dump-guest-memory.
 * Layouts are those of the System V ABI (gABI); what the notes hold is the kernel's documentation of vmcoreinfo.
 */

import { Parser } from 'binary-parser';
import { InputError } from '../errors.ts';
import { type DumpAssumption, type DumpContents, type DumpProblem, PADDR_LIMIT, PAGE_SIZES } from './dump.ts';
import { countAllPages } from './memory.ts';
import { detailsFrom, findVmcoreinfo } from './notes.ts';
import { type Segment, SegmentMemory } from './segments.ts';
import type { ByteSource } from './source.ts';

const EHDR_BYTE_LENGTH = 64;
const PHDR_BYTE_LENGTH = 56;
const SHDR_BYTE_LENGTH = 64;

const ET_CORE = 4;
const EM_AARCH64 = 183;
const PT_LOAD = 1;
const PT_NOTE = 4;
/** e_phnum of a file with more headers than 16 bits count: the number is then in section header 0. */
const PN_XNUM = 0xffff;
/** A makedumpfile convention: the dump ran out of space. */
const DUMP_ELF_INCOMPLETE = 1;
/** /proc/kcore marks segments that have no physical address this way. */
const NO_PADDR = 0xffff_ffff_ffff_ffffn;

/** More than any kernel writes; keeps a hostile count from filling memory with headers. */
const MAX_PROGRAM_HEADERS = 1 << 20;
/** A truncated file damages every segment behind the cut alike; a few are enough to see it. */
const MAX_PROBLEMS = 16;
/** Notes hold a few KiB for each CPU; this is for all of them together. */
const MAX_NOTE_BYTES = 1 << 24;

const machineNames: Record<number, string> = {
  40: 'Arm 32-bit',
  62: 'x86-64',
  243: 'RISC-V',
  22: 's390x',
  21: 'ppc64',
};

const fileHeader = new Parser()
  .endianness('little')
  .uint32('magic')
  .uint8('class')
  .uint8('data')
  .seek(10)
  .uint16('type')
  .uint16('machine')
  .seek(12)
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
  .seek(8)
  .uint64('paddr')
  .uint64('filesz')
  .uint64('memsz');

interface ProgramHeader {
  readonly type: number;
  readonly offset: bigint;
  readonly paddr: bigint;
  readonly filesz: bigint;
  readonly memsz: bigint;
}

/**
 * `givenPageSize` is for a dump that does not say its own.
 * Throws InputError (`format`) for an ELF file that is not a 64-bit little-endian AArch64 core, or lacks its headers.
 */
export function openElf(source: ByteSource, givenPageSize?: number): DumpContents {
  const refuse = (offset: number, message: string): never => {
    throw new InputError('format', message, { file: source.name, place: `offset 0x${offset.toString(16)}` });
  };
  const header = fileHeader.parse(readExactly(source, 0, EHDR_BYTE_LENGTH) ?? refuse(0, 'the ELF header is cut off'));
  if (header.class !== 2) refuse(4, `ELF class ${header.class}; 2 (64-bit) is needed`);
  if (header.data !== 1) refuse(5, `ELF data encoding ${header.data}; 1 (little-endian) is needed`);
  if (header.type !== ET_CORE) refuse(16, `ELF type ${header.type}; 4 (core file) is needed`);
  if (header.machine !== EM_AARCH64) {
    const name = machineNames[header.machine];
    refuse(18, `ELF machine ${header.machine}${name ? ` (${name})` : ''}; 183 (AArch64) is needed`);
  }
  if (header.phentsize !== PHDR_BYTE_LENGTH) refuse(54, `program headers of ${header.phentsize} bytes; 56 is needed`);

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

  const problems: DumpProblem[] = [];
  const assumptions: DumpAssumption[] = [];
  const segments: Segment[] = [];
  let vmcoreinfo: Map<string, string> | undefined;
  let noteBytesLeft = MAX_NOTE_BYTES;
  let damaged = 0;
  const table = readExactly(source, phoff, count * PHDR_BYTE_LENGTH) ?? refuse(phoff, 'program headers cannot be read');
  for (let i = 0; i < count; i++) {
    const at = i * PHDR_BYTE_LENGTH;
    const segment: ProgramHeader = programHeader.parse(table.subarray(at, at + PHDR_BYTE_LENGTH));
    const damage = (what: string) => {
      damaged += 1;
      if (damaged > MAX_PROBLEMS) return;
      problems.push({ file: source.name, fileOffset: phoff + at, what: `program header ${i} ${what}` });
    };
    if (segment.type === PT_NOTE && vmcoreinfo === undefined) {
      const notes = readNotes(source, segment, noteBytesLeft);
      noteBytesLeft -= notes.length;
      vmcoreinfo = findVmcoreinfo(notes);
    }
    if (segment.type !== PT_LOAD || segment.memsz === 0n || segment.paddr === NO_PADDR) continue;
    if (segment.paddr + segment.memsz > BigInt(PADDR_LIMIT)) {
      damage(`places memory at 0x${segment.paddr.toString(16)}, beyond 52 address bits; it is left out`);
      continue;
    }
    // More bytes in the file than in memory make no sense; the rest of them is not needed.
    const claimed = Math.min(Number(segment.filesz), Number(segment.memsz));
    const fileEnd = segment.offset + BigInt(claimed);
    if (claimed > 0 && fileEnd > BigInt(source.byteLength)) {
      damage(
        `needs the file to reach offset 0x${fileEnd.toString(16)}; it ends at 0x${source.byteLength.toString(16)}`,
      );
    }
    segments.push({
      paddr: Number(segment.paddr),
      byteLength: Number(segment.memsz),
      source,
      fileOffset: toFileOffset(segment.offset) ?? source.byteLength,
      fileByteLength: claimed,
    });
  }

  if (damaged > MAX_PROBLEMS) {
    const what = `${damaged - MAX_PROBLEMS} more program headers are damaged or point beyond the file`;
    problems.push({ file: source.name, fileOffset: phoff, what });
  }

  const ownPageSize = Number(vmcoreinfo?.get('PAGESIZE'));
  const pageSize = PAGE_SIZES.includes(ownPageSize) ? ownPageSize : givenPageSize;
  if (pageSize === undefined) {
    assumptions.push({ what: 'page size', value: '4096', why: 'the dump has no VMCOREINFO PAGESIZE' });
  }
  const memory = new SegmentMemory(segments);
  return {
    format: 'elf',
    wrapper: null,
    pageSize: pageSize ?? 4096,
    complete: damaged === 0 && (header.flags & DUMP_ELF_INCOMPLETE) === 0,
    memory,
    zeroPagesFiltered: null,
    details: { ...detailsFrom(vmcoreinfo ?? new Map()), machine: 'aarch64' },
    census: () => countAllPages(memory, pageSize ?? 4096),
    assumptions,
    problems,
  };
}

/** The notes of one segment, as many of their bytes as there are, up to a limit. */
function readNotes(source: ByteSource, segment: ProgramHeader, limit: number): Buffer {
  const fileOffset = toFileOffset(segment.offset) ?? source.byteLength;
  const held = Math.min(Number(segment.filesz), Math.max(0, source.byteLength - fileOffset), limit);
  return readExactly(source, fileOffset, held) ?? Buffer.alloc(0);
}

function readExactly(source: ByteSource, offset: number, byteLength: number): Buffer | null {
  if (offset + byteLength > source.byteLength) return null;
  const bytes = Buffer.alloc(byteLength);
  return source.read(offset, bytes) === byteLength ? bytes : null;
}

function toFileOffset(value: bigint): number | null {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : null;
}
