/**
 * LiME dumps, and the walk over records that AVML shares: a file of records, each a header and the memory it describes.
 * Layouts are those of LiME's lime.h and of AVML's image.rs, which read both kinds wherever they meet them.
 */

import { Parser } from 'binary-parser';
import { InputError } from '../../errors.ts';
import { type DumpAssumption, type DumpContents, NO_DETAILS, PADDR_LIMIT } from '../dump.ts';
import { countAllPages, type PhysicalMemory } from '../memory.ts';
import type { DumpFlaw, DumpProblem, RecordHeaderFlaw } from '../problem.ts';
import { ReadAhead } from '../sources/read-ahead.ts';
import type { ByteSource } from '../sources/source.ts';
import { recordHeaderFlawInWords } from './refusal-words.ts';
import type { Segment } from './segments.ts';

/** `dd` with the largest blocks that people use, 1 MiB. */
const MAX_PADDING = 1 << 20;
const HEADER_BYTE_LENGTH = 32;
/** The bytes `EMiL` and `AVML`, each with the one version that it goes with. */
const LIME = { magic: 0x4c694d45, version: 1, name: 'LiME' } as const;
const AVML = { magic: 0x4c4d5641, version: 2, name: 'AVML' } as const;

/** AVML cuts memory into blocks of 16 MiB; LiME writes whole ranges. So many blocks are 4 TiB. */
const MAX_RECORDS = 1 << 18;
const MAX_PROBLEMS = 16;

const recordHeader = new Parser()
  .endianness('little')
  .uint32('magic')
  .uint32('version')
  .uint64('first')
  .uint64('last')
  .uint64('reserved');

export interface MemoryRecord {
  readonly paddr: number;
  readonly byteLength: number;
  readonly compressed: boolean;
  /** Where its bytes begin: in the file, or for a compressed record wherever `walkCompressed` put them. */
  readonly contentAt: number;
  /** Where its header begins in the file. */
  readonly headerAt: number;
}

export interface RecordWalk {
  readonly records: readonly MemoryRecord[];
  readonly problems: DumpProblem[];
  /** False when the walk ended before the file did, the file before the last record, or a record was left out. */
  readonly undamaged: boolean;
}

/** What a compressed record has in the file. */
export interface CompressedContent {
  /** Where its bytes begin in whatever holds the decompressed ones. */
  readonly contentAt: number;
  /** Where the next record begins; null when that cannot be known. */
  readonly end: number | null;
  readonly problem?: DumpProblem | undefined;
}
export type WalkCompressed = (fileOffset: number, byteLength: number) => CompressedContent;

/** The memory of a record whose bytes are in the source as they are. */
export function plainSegment({ paddr, byteLength, contentAt }: MemoryRecord, source: ByteSource): Segment {
  return { paddr, byteLength, source, fileOffset: contentAt, fileByteLength: byteLength };
}

/**
 * What LiME and AVML dumps have in common, which is that they say nothing beyond their records. Nobody can tell one that
 * was cut between two records from a whole one, and AVML leaves out blocks of zeros without saying where: no gap is
 * known to be a hole.
 */
export function limeContents(
  format: 'lime' | 'avml',
  { problems, undamaged }: RecordWalk,
  memory: PhysicalMemory,
  givenPageSize: number | undefined,
): DumpContents {
  const pageSize = givenPageSize ?? 4096;
  const assumptions: DumpAssumption[] = [];
  if (givenPageSize === undefined) {
    assumptions.push({ kind: 'page-size', byteLength: pageSize, unsaidBy: format });
  }
  return {
    format,
    wrapper: null,
    pageSize,
    complete: undamaged ? null : false,
    mapComplete: false,
    memory,
    zeroPagesFiltered: null,
    details: NO_DETAILS,
    census: () => countAllPages(memory, pageSize),
    assumptions,
    problems,
  };
}

/**
 * Reads all record headers. There is no index and no mark at the end: where a record is damaged, nothing behind it can
 * be found. Compressed records say nowhere in front how long they are; `walkCompressed` finds out.
 */
export function walkRecords(source: ByteSource, walkCompressed?: WalkCompressed): RecordWalk {
  const walk = walkToEnd(source, walkCompressed);
  const overlapping = overlappingRecords(walk.records);
  const [, again] = overlapping;
  if (again === undefined) return walk;
  const what = { kind: 'records-overlap', paddr: again.paddr } as const;
  return {
    records: walk.records.filter((record) => !overlapping.has(record)),
    problems: [...walk.problems, { file: source.name, fileOffset: again.headerAt, what }],
    undamaged: false,
  };
}

/**
 * Memory is written once: of two records of the same, one has wrong addresses, and all that it holds belongs elsewhere. In
 * order of address, the first one that begins in another behind that one.
 */
function overlappingRecords(records: readonly MemoryRecord[]): ReadonlySet<MemoryRecord> {
  const found = new Set<MemoryRecord>();
  let last: MemoryRecord | undefined;
  for (const record of records.toSorted((a, b) => a.paddr - b.paddr)) {
    if (last !== undefined && record.paddr < last.paddr + last.byteLength) found.add(last).add(record);
    if (last === undefined || record.paddr + record.byteLength > last.paddr + last.byteLength) last = record;
  }
  return found;
}

function walkToEnd(source: ByteSource, walkCompressed: WalkCompressed | undefined): RecordWalk {
  const headers = new ReadAhead(source);
  const records: MemoryRecord[] = [];
  const problems: DumpProblem[] = [];
  let tooHigh = 0;
  let at = 0;
  const stop = (what: DumpFlaw): RecordWalk => {
    problems.push({ file: source.name, fileOffset: at, what });
    return { records, problems, undamaged: false };
  };
  while (at < source.byteLength) {
    const bytes = headers.read(at, HEADER_BYTE_LENGTH);
    const flaw = headerFlaw(bytes, walkCompressed !== undefined);
    if (flaw !== null) {
      if (at > 0) {
        const before = records.at(-1);
        const ends = before?.compressed === false && before.contentAt + before.byteLength === at;
        if (ends && !isLikeHeader(bytes) && !isPadding(source, at)) {
          records.pop();
          stop({ kind: 'record-doubtful', paddr: before.paddr });
        }
        return stop({ kind: 'walk-ends', by: flaw });
      }
      throw new InputError('format', recordHeaderFlawInWords(flaw), { file: source.name, place: 'offset 0x0' });
    }
    if (records.length === MAX_RECORDS) {
      throw new InputError('format', `more than ${MAX_RECORDS} records`, { file: source.name });
    }
    const { version, first, last } = recordHeader.parse(bytes);
    const byteLength = Number(last - first) + 1;
    const inRange = last < BigInt(PADDR_LIMIT);
    if (!inRange && ++tooHigh <= MAX_PROBLEMS) {
      problems.push({ file: source.name, fileOffset: at, what: { kind: 'record-beyond', paddr: last } });
    }
    const add = (compressed: boolean, contentAt: number) => {
      if (inRange) records.push({ paddr: Number(first), byteLength, compressed, contentAt, headerAt: at });
    };
    const fileOffset = at + HEADER_BYTE_LENGTH;
    if (version === AVML.version && walkCompressed !== undefined) {
      const { contentAt, end, problem } = walkCompressed(fileOffset, byteLength);
      add(true, contentAt);
      if (problem !== undefined && problems.length < 2 * MAX_PROBLEMS) problems.push(problem);
      if (end === null) return { records, problems, undamaged: false };
      at = end;
      continue;
    }
    add(false, fileOffset);
    const end = fileOffset + byteLength;
    if (end > source.byteLength) {
      if (!hidesRecord(source, fileOffset, first, last)) {
        return stop({ kind: 'record-cut', neededEnd: end, fileEnd: source.byteLength });
      }
      if (inRange) records.pop();
      return stop({ kind: 'record-doubtful', paddr: Number(first) });
    }
    at = end;
  }
  return { records, problems, undamaged: tooHigh === 0 };
}

/**
 * Whether a record that ends behind the file would end where another one begins, were one bit of its addresses another: then
 * it is the address that is damaged, and not the file that is cut. Of a file that is cut this is a hundred small reads.
 */
function hidesRecord(source: ByteSource, contentAt: number, first: bigint, last: bigint): boolean {
  const bytes = Buffer.alloc(HEADER_BYTE_LENGTH);
  for (let bit = 1n; bit < BigInt(PADDR_LIMIT); bit <<= 1n) {
    for (const byteLength of [(last ^ bit) - first + 1n, last - (first ^ bit) + 1n]) {
      if (byteLength <= 0n || byteLength > BigInt(source.byteLength - contentAt)) continue;
      const held = source.read(contentAt + Number(byteLength), bytes);
      if (headerFlaw(bytes.subarray(0, held), true) === null) return true;
    }
  }
  return false;
}

/**
 * Whether a header that is damaged may be meant. Where nothing looks like one, the record before it may as well be the
 * damaged one: its length follows from its addresses, so that a wrong address leads to the middle of memory.
 */
function isLikeHeader(bytes: Buffer): boolean {
  if (bytes.length < HEADER_BYTE_LENGTH) return beginsLikeHeader(bytes);
  const { magic, version, first, last, reserved } = recordHeader.parse(bytes);
  const kind = [LIME, AVML].find((one) => one.magic === magic || one.version === version);
  return kind !== undefined && [kind.magic === magic, reserved === 0n, last >= first].filter(Boolean).length >= 2;
}

/** The same of one that was cut off. */
function beginsLikeHeader(bytes: Buffer): boolean {
  return [LIME, AVML].some(({ magic }) => {
    const begins = Buffer.alloc(4);
    begins.writeUInt32LE(magic);
    return begins.subarray(0, bytes.length).equals(bytes.subarray(0, begins.length));
  });
}

/** Whether a copy that writes whole blocks may have made the file longer. Memory of zeros would go on for longer. */
function isPadding(source: ByteSource, from: number): boolean {
  const byteLength = source.byteLength - from;
  if (byteLength > MAX_PADDING) return false;
  const rest = Buffer.alloc(byteLength);
  return source.read(from, rest) === byteLength && rest.every((byte) => byte === 0);
}

/** What is wrong with a record header, or null. */
function headerFlaw(bytes: Buffer, compressedToo: boolean): RecordHeaderFlaw | null {
  if (bytes.length < HEADER_BYTE_LENGTH) return { kind: 'header-cut' };
  const { magic, version, first, last, reserved } = recordHeader.parse(bytes);
  const kind = [LIME, AVML].find((one) => one.magic === magic);
  if (kind === undefined) return { kind: 'no-record' };
  if (version !== kind.version) return { kind: 'version', of: kind.name, version, needed: kind.version };
  if (kind === AVML && !compressedToo) return { kind: 'avml-in-lime' };
  if (reserved !== 0n) return { kind: 'reserved-set' };
  if (last < first) return { kind: 'end-before-start' };
  return null;
}
