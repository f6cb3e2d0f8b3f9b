/**
 * Headers of kdump-compressed files: makedumpfile's own format, which QEMU writes too.
 * Layouts are those of makedumpfile's diskdump_mod.h as a 64-bit build lays them out; IMPLEMENTATION describes them.
 */

import { Parser } from 'binary-parser';
import { InputError } from '../../errors.ts';
import { PADDR_LIMIT, PAGE_SIZES } from '../dump.ts';
import type { ByteSource } from '../sources/source.ts';

const SIGNATURE = 'KDUMP   ';
const HEADER_BYTE_LENGTH = 464;
const SUB_HEADER_BYTE_LENGTH = 104;
const UTSNAME_FIELD_BYTE_LENGTH = 65;
const OLDEST_VERSION = 1;
const NEWEST_VERSION = 6;

const DAMAGED = 'the header is damaged, so copy the dump again';
/** makedumpfile writes either format of a vmcore. */
const NEWER_OR_DAMAGED =
  'where a newer makedumpfile wrote it, see whether a newer smmu-adopt reads it, or save /proc/vmcore as an ELF core ' +
  `(makedumpfile -E); else ${DAMAGED}`;

/** Bit of `status`: the dump ran out of space. Bits that name a codec are hints only; every page has its own. */
export const STATUS_INCOMPLETE = 8;

/** Where fields lie, for messages. Those of the sub header count from its start. */
const AT = {
  version: 8,
  machine: 12 + 4 * UTSNAME_FIELD_BYTE_LENGTH,
  blockSize: 428,
  subHeaderBlocks: 432,
  bitmapBlocks: 436,
  maxMapnr: 440,
};
const SUB_AT = { dumpLevel: 8, startPfn: 16, vmcoreinfo: 32, notes: 48, startPfn64: 80, maxMapnr64: 96 };

/** As the parser's own strings of 'latin1' would not be: newer versions of Node decode those as windows-1252. */
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const UTSNAME_AT = 12;
const UTSNAME = ['sysname', 'nodename', 'release', 'kernelVersion', 'machine', 'domainname'] as const;
type Utsname = Readonly<Record<(typeof UTSNAME)[number], string>>;
/**
 * makedumpfile before 1.6.9 reads the utsname of Linux 5.11 and newer so many bytes too late, where uts_namespace used to
 * have it: every text is in front of its field, and "Linux" has lost all but its last letter.
 */
const UTSNAME_SHIFT = 4;
const SHIFTED_SYSNAME = 'x';

/** As `uname -m` names them. */
const MACHINES_OF_32_BITS = /^(?:arm(?:v[4-8].*)?|i[3-6]86|ppc|s390|mips|parisc|sh4)$/;

const mainHeader = new Parser()
  .endianness('little')
  .buffer('signature', { length: 8, formatter: latin1 })
  .int32('version')
  .seek(UTSNAME.length * UTSNAME_FIELD_BYTE_LENGTH + 6)
  .int64('seconds')
  .int64('microseconds')
  .uint32('status')
  .int32('blockSize')
  .int32('subHeaderBlocks')
  .uint32('bitmapBlocks')
  .uint32('maxMapnr');

const subHeader = new Parser()
  .endianness('little')
  .seek(8)
  .int32('dumpLevel')
  .int32('split')
  .uint64('startPfn')
  .uint64('endPfn')
  .uint64('vmcoreinfoOffset')
  .uint64('vmcoreinfoByteLength')
  .uint64('notesOffset')
  .uint64('notesByteLength')
  .seek(16)
  .uint64('startPfn64')
  .uint64('endPfn64')
  .uint64('maxMapnr64');

/** A stretch of the file that a header points to. `where` is the offset of the pointer itself. */
export interface FileRange {
  readonly offset: bigint;
  readonly byteLength: bigint;
  readonly where: number;
}

/** What the headers of one file say, checked against the file. All counts of pages are counts of blocks. */
export interface KdumpHeader {
  readonly source: ByteSource;
  readonly release: string;
  readonly machine: string;
  /** The texts of utsname lie in front of their fields, and were read there. */
  readonly shiftedUtsname: boolean;
  /** What all parts of one dump have in common, by name. */
  readonly identity: ReadonlyMap<string, string>;
  readonly status: number;
  readonly blockSize: number;
  readonly maxMapnr: number;
  /** Where the file says so. */
  readonly maxMapnrAt: number;
  /** Where the bitmap of RAM and the one of stored pages lie: at the same place when there is only one. */
  readonly ramBitmapAt: number;
  readonly storedBitmapAt: number;
  readonly descriptorsAt: number;
  readonly dumpLevel: { readonly value: number; readonly where: number };
  /** The pages that are in this part of a split dump; null for a whole one. */
  readonly split: { readonly startPfn: number; readonly endPfn: number; readonly where: number } | null;
  readonly vmcoreinfo: FileRange | null;
  readonly notes: FileRange | null;
}

/** Throws InputError (`format`) for a file that is not such a dump of 64-bit Arm, or lacks what finds its pages. */
export function readKdumpHeader(source: ByteSource): KdumpHeader {
  const refuse = (offset: number, message: string): never => {
    throw new InputError('format', message, { file: source.name, place: hex('offset', offset) });
  };
  const bytes = Buffer.alloc(HEADER_BYTE_LENGTH);
  if (source.read(0, bytes) < bytes.length) refuse(0, `the header is cut off; ${HEADER_BYTE_LENGTH} bytes are needed`);
  const header = mainHeader.parse(bytes);
  if (header.signature !== SIGNATURE) refuse(0, 'no kdump-compressed dump: it does not begin with "KDUMP   "');

  // The machine comes first: on others, fields lie elsewhere or have another byte order.
  const { utsname, shifted } = readUtsname(bytes);
  const { machine, release } = utsname;
  if (!['aarch64', '', 'Unknown'].includes(machine)) {
    const bits = MACHINES_OF_32_BITS.test(machine) ? ' (32-bit)' : '';
    refuse(AT.machine, `machine ${machine}${bits}; aarch64 is needed`);
  }
  const { version, blockSize, subHeaderBlocks, bitmapBlocks } = header;
  if (version < OLDEST_VERSION || version > NEWEST_VERSION) {
    const known = `header version ${version}; ${OLDEST_VERSION} to ${NEWEST_VERSION} are known`;
    refuse(AT.version, `${known}: ${version > NEWEST_VERSION ? NEWER_OR_DAMAGED : DAMAGED}`);
  }
  if (!PAGE_SIZES.includes(blockSize)) {
    refuse(AT.blockSize, `block size ${blockSize}; ${PAGE_SIZES.join(', ')} are possible`);
  }
  const available = Math.floor(source.byteLength / blockSize);
  if (subHeaderBlocks < 1 || subHeaderBlocks >= available) {
    const most = Math.max(1, available - 1);
    const message = `a sub header of ${subHeaderBlocks} blocks; the file has room for 1 to ${most}`;
    refuse(AT.subHeaderBlocks, message);
  }
  const subAt = blockSize;
  const subBytes = Buffer.alloc(SUB_HEADER_BYTE_LENGTH);
  if (source.read(subAt, subBytes) < subBytes.length) refuse(subAt, 'the sub header is cut off');
  const sub = subHeader.parse(subBytes);
  const since = (first: number) => version >= first;

  const maxMapnrAt = since(6) ? subAt + SUB_AT.maxMapnr64 : AT.maxMapnr;
  const maxMapnr = Number(since(6) ? sub.maxMapnr64 : header.maxMapnr);
  const mostPages = PADDR_LIMIT / blockSize;
  if (maxMapnr < 1 || maxMapnr > mostPages) {
    refuse(maxMapnrAt, `max_mapnr ${maxMapnr}; 1 to ${mostPages} pages fit into 52 address bits`);
  }
  const neededBlocks = Math.ceil(Math.ceil(maxMapnr / 8) / blockSize);
  if (bitmapBlocks < neededBlocks) {
    const message = `${bitmapBlocks} blocks of bitmaps; ${maxMapnr} pages need ${neededBlocks} for each bitmap`;
    refuse(AT.bitmapBlocks, message);
  }
  const bitmapsAt = (1 + subHeaderBlocks) * blockSize;
  const descriptorsAt = bitmapsAt + bitmapBlocks * blockSize;
  if (descriptorsAt > source.byteLength) {
    const [end, fileEnd] = [hex('offset', descriptorsAt), hex('offset', source.byteLength)];
    const message =
      `${bitmapBlocks} blocks of bitmaps reach to ${end}, beyond the end of the file (${fileEnd}), ` +
      'so no page can be found';
    refuse(AT.bitmapBlocks, message);
  }
  const two = bitmapBlocks >= 2 * neededBlocks;
  if (two && bitmapBlocks % 2 !== 0)
    refuse(AT.bitmapBlocks, `${bitmapBlocks} blocks of two bitmaps; an even number is needed`);

  return {
    source,
    release,
    machine,
    shiftedUtsname: shifted,
    identity: new Map([
      ...Object.entries(utsname),
      ['timestamp', `${header.seconds}.${String(header.microseconds).padStart(6, '0')}`],
      ['block size', String(blockSize)],
      ['max_mapnr', String(maxMapnr)],
    ]),
    status: header.status,
    blockSize,
    maxMapnr,
    maxMapnrAt,
    ramBitmapAt: bitmapsAt,
    storedBitmapAt: two ? bitmapsAt + (bitmapBlocks * blockSize) / 2 : bitmapsAt,
    descriptorsAt,
    dumpLevel: { value: sub.dumpLevel, where: subAt + SUB_AT.dumpLevel },
    split: since(2) && sub.split !== 0 ? splitRange() : null,
    vmcoreinfo: since(3) ? rangeOrNull(sub.vmcoreinfoOffset, sub.vmcoreinfoByteLength, SUB_AT.vmcoreinfo) : null,
    notes: since(4) ? rangeOrNull(sub.notesOffset, sub.notesByteLength, SUB_AT.notes) : null,
  };

  function splitRange() {
    const where = subAt + (since(6) ? SUB_AT.startPfn64 : SUB_AT.startPfn);
    const startPfn = Number(since(6) ? sub.startPfn64 : sub.startPfn);
    const endPfn = Number(since(6) ? sub.endPfn64 : sub.endPfn);
    // A part without pages may begin where memory ends, as makedumpfile makes them when there are more parts than pages.
    if (startPfn > endPfn || startPfn > maxMapnr) {
      refuse(
        where,
        `a part from page ${startPfn} to page ${endPfn}; pages 0 to ${maxMapnr} are possible, in this order`,
      );
    }
    return { startPfn, endPfn: Math.min(endPfn, maxMapnr), where };
  }

  function rangeOrNull(offset: bigint, byteLength: bigint, at: number): FileRange | null {
    return byteLength === 0n ? null : { offset, byteLength, where: subAt + at };
  }
}

/** The texts of utsname, those that lie in front of their fields put right. */
function readUtsname(header: Buffer): { utsname: Utsname; shifted: boolean } {
  const field = (index: number, shift: number) => {
    const at = UTSNAME_AT + index * UTSNAME_FIELD_BYTE_LENGTH - shift;
    return header.toString('latin1', at, at + UTSNAME_FIELD_BYTE_LENGTH).split('\0', 1)[0] as string;
  };
  const shifted = field(0, 0) === SHIFTED_SYSNAME;
  const texts = UTSNAME.map((name, i) => [name, i === 0 && shifted ? 'Linux' : field(i, shifted ? UTSNAME_SHIFT : 0)]);
  return { utsname: Object.fromEntries(texts) as Utsname, shifted };
}

function hex(what: string, value: number): string {
  return `${what} 0x${value.toString(16)}`;
}
