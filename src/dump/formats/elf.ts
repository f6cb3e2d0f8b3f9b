/**
 * ELF64 core files: /proc/vmcore, makedumpfile -E, QEMU dump-guest-memory.
 * Layouts are those of the System V ABI (gABI); what the notes hold is the kernel's documentation of vmcoreinfo.
 */

import { InputError } from '../../errors.ts';
import { type DumpAssumption, type DumpContents, PADDR_LIMIT, PAGE_SIZES } from '../dump.ts';
import { countAllPages } from '../memory.ts';
import type { DumpFlaw, DumpProblem } from '../problem.ts';
import type { ByteSource } from '../sources/source.ts';
import {
  EHDR_BYTE_LENGTH,
  PHDR_BYTE_LENGTH,
  type ProgramHeader,
  PT_LOAD,
  readElfHeader,
  readExactly,
  readProgramHeader,
  toFileOffset,
} from './elf-header.ts';
import { misplacedSegments, type PlacedSegment } from './elf-layout.ts';
import { displacedSegment, type LoadHeader } from './elf-linear-map.ts';
import { detailsFrom, findVmcoreinfo, isOfProcess } from './notes.ts';
import { type Segment, SegmentMemory } from './segments.ts';

const PT_NULL = 0;
const PT_NOTE = 4;
/** Types of systems and processors begin here, below those that nobody may use. Nothing in them is memory. */
const PT_LOOS = 0x6000_0000;
const PT_HIPROC = 0x7fff_ffff;
/** A makedumpfile convention: the dump ran out of space. */
const DUMP_ELF_INCOMPLETE = 1;
/** /proc/kcore marks segments that have no physical address this way. */
const NO_PADDR = 0xffff_ffff_ffff_ffffn;
/** Addresses of processes end here at the latest (52 bits, and the tag above them). Those of the kernel begin beyond. */
const USER_VADDR_LIMIT = 1n << 55n;

/** A truncated file damages every segment behind the cut alike; a few are enough to see it. */
const MAX_PROBLEMS = 16;
/** Notes hold a few KiB for each CPU; this is for all of them together. */
const MAX_NOTE_BYTES = 1 << 24;

/**
 * `givenPageSize` is for a dump that does not say its own.
 * Throws InputError (`format`) for an ELF file that is not a 64-bit little-endian AArch64 core, lacks its headers, or
 * has virtual addresses only.
 */
export function openElf(source: ByteSource, givenPageSize?: number): DumpContents {
  const { flags, phoff, programHeaders: table, goesOn } = readElfHeader(source);
  const count = table.length / PHDR_BYTE_LENGTH;
  const problems: DumpProblem[] = [];
  const loads: LoadHeader[] = [];
  const placed: PlacedSegment<Segment>[] = [];
  const addresses = new AddressCheck();
  const notes = new Notes(source);
  let damaged = 0;
  let empty = 0;
  // As long as every header says where its memory is, the map is complete, whatever the file lacks of its content.
  let mapComplete = (flags & DUMP_ELF_INCOMPLETE) === 0;
  const damage = (what: Extract<DumpFlaw, { index: number }>) => {
    damaged += 1;
    const fileOffset = phoff + what.index * PHDR_BYTE_LENGTH;
    if (damaged <= MAX_PROBLEMS) problems.push({ file: source.name, fileOffset, what });
  };
  for (let i = 0; i < count; i++) {
    const header = readProgramHeader(table, i * PHDR_BYTE_LENGTH);
    const { type, vaddr, paddr, filesz, memsz } = header;
    if (type === PT_NOTE) notes.look(header);
    else if (type === PT_NULL) empty += 1;
    else if (type !== PT_LOAD && (type < PT_LOOS || type > PT_HIPROC)) {
      mapComplete = false;
      damage({ kind: 'phdr-type', index: i, type });
    }
    if (type !== PT_LOAD) continue;
    if (memsz < filesz) {
      mapComplete = false;
      damage({ kind: 'phdr-memsz', index: i, filesz, memsz });
    }
    if (memsz === 0n) continue;
    addresses.add(header);
    if (paddr === NO_PADDR) continue;
    if (paddr + memsz > BigInt(PADDR_LIMIT)) {
      mapComplete = false;
      damage({ kind: 'phdr-beyond', index: i, paddr });
      continue;
    }
    loads.push({ index: i, vaddr, paddr, memsz });
    const claimed = Math.min(Number(filesz), Number(memsz));
    const neededEnd = header.offset + BigInt(claimed);
    if (claimed > 0 && neededEnd > BigInt(source.byteLength)) {
      damage({ kind: 'phdr-cut', index: i, neededEnd, fileEnd: source.byteLength });
    }
    const fileOffset = toFileOffset(header.offset) ?? source.byteLength;
    const place = { paddr: Number(paddr), byteLength: Number(memsz), fileOffset, fileByteLength: claimed };
    placed.push({ index: i, vaddr, segment: { ...place, source } });
  }
  const why = notes.ofProcess ? OF_PROCESS : addresses.flaw(notes.vmcoreinfo !== undefined);
  if (why !== null) throw new InputError('format', `${why}. ${WHAT_IS_NEEDED}`, { file: source.name });

  const headers = [
    { start: 0, end: EHDR_BYTE_LENGTH },
    { start: phoff, end: phoff + table.length },
  ];
  const misplaced = misplacedSegments(placed, notes.place === undefined ? headers : [...headers, notes.place]);
  for (const [index, why] of misplaced) {
    mapComplete = false;
    damage({ kind: 'phdr-misplaced', index, ...why });
  }
  if (goesOn) {
    const what = { kind: 'phdrs-go-on', count } as const;
    problems.push({ file: source.name, fileOffset: phoff + table.length, what });
    mapComplete = false;
  }
  const displaced = displacedSegment(loads, notes.vmcoreinfo?.get('SYMBOL(_stext)'));
  if (displaced !== null) {
    const what = { kind: 'phdr-displaced', ...displaced } as const;
    problems.push({ file: source.name, fileOffset: phoff + displaced.index * PHDR_BYTE_LENGTH, what });
    mapComplete = false;
  }
  if (empty > 0) {
    const what = { kind: 'phdrs-empty', count: empty, of: count } as const;
    problems.unshift({ file: source.name, fileOffset: phoff, what });
    mapComplete = false;
  }
  if (damaged > MAX_PROBLEMS) {
    const what = { kind: 'more-phdrs', count: damaged - MAX_PROBLEMS } as const;
    problems.push({ file: source.name, fileOffset: phoff, what });
  }
  const vmcoreinfo = notes.vmcoreinfo ?? new Map<string, string>();
  const ownPageSize = Number(vmcoreinfo.get('PAGESIZE'));
  const pageSize = PAGE_SIZES.includes(ownPageSize) ? ownPageSize : givenPageSize;
  const assumptions: DumpAssumption[] = [];
  if (pageSize === undefined) {
    assumptions.push({ kind: 'page-size', byteLength: 4096, unsaidBy: 'elf' });
  }
  const memory = new SegmentMemory(
    placed.map(({ index, segment }) =>
      misplaced.has(index) ? { ...segment, fileOffset: source.byteLength } : segment,
    ),
  );
  return {
    format: 'elf',
    wrapper: null,
    pageSize: pageSize ?? 4096,
    complete: damaged === 0 && mapComplete,
    mapComplete,
    memory,
    zeroPagesFiltered: null,
    details: { ...detailsFrom(vmcoreinfo), machine: 'aarch64' },
    census: () => countAllPages(memory, pageSize ?? 4096),
    assumptions,
    problems,
  };
}

const OF_PROCESS = 'is the core of a process: it has virtual addresses only';
const WHAT_IS_NEEDED =
  "Tables are found by physical addresses, in a dump of the machine's memory: /proc/vmcore in the kdump kernel, or " +
  '`virsh dump --memory-only` of a guest';

/** Whether segments have physical addresses at all. */
class AddressCheck {
  #count = 0;
  #atZero = 0;
  #marked = 0;
  #ofUser = 0;

  add({ vaddr, paddr }: ProgramHeader): void {
    this.#count += 1;
    if (paddr === 0n) this.#atZero += 1;
    if (paddr === NO_PADDR) this.#marked += 1;
    if (vaddr > 0n && vaddr < USER_VADDR_LIMIT) this.#ofUser += 1;
  }

  /**
   * What is wrong with them, or null. One segment may be a bank at 0, and two the kernel's image at 0 with the bank around
   * it, if the notes are those of a kernel that fills p_paddr in.
   */
  flaw(hasVmcoreinfo: boolean): string | null {
    if (this.#count === 0) return null;
    if (this.#marked === this.#count) return 'none of its segments has a physical address, as of /proc/kcore';
    if (this.#atZero < this.#count) return null;
    if (this.#ofUser === this.#count) return OF_PROCESS;
    if (this.#count === 1 || (this.#count === 2 && hasVmcoreinfo)) return null;
    return (
      `all of its ${this.#count} segments have the physical address 0, as in /proc/kcore before Linux 4.11: ` +
      'it has virtual addresses only'
    );
  }
}

/** What the note segments say, as far as their bytes are there, up to a limit for all of them. */
class Notes {
  vmcoreinfo: Map<string, string> | undefined;
  ofProcess = false;
  /** Where the first VMCOREINFO is: a segment there is one of notes indeed. */
  place: { readonly start: number; readonly end: number } | undefined;
  readonly #source: ByteSource;
  #bytesLeft = MAX_NOTE_BYTES;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  look({ offset, filesz }: ProgramHeader): void {
    const fileOffset = toFileOffset(offset) ?? this.#source.byteLength;
    const held = Math.min(Number(filesz), Math.max(0, this.#source.byteLength - fileOffset), this.#bytesLeft);
    const bytes = readExactly(this.#source, fileOffset, held) ?? Buffer.alloc(0);
    this.#bytesLeft -= bytes.length;
    this.ofProcess ||= isOfProcess(bytes);
    if (this.vmcoreinfo !== undefined) return;
    this.vmcoreinfo = findVmcoreinfo(bytes);
    if (this.vmcoreinfo !== undefined) this.place = { start: fileOffset, end: fileOffset + bytes.length };
  }
}
