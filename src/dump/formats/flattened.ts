/**
 * The flattened container that `makedumpfile -F` writes to pipes, and QEMU to everything: a dump file cut into records
 * that say where in it they belong. Read in place, as `makedumpfile -R` would have put it together; see "The flattened
 * format" in makedumpfile's IMPLEMENTATION document. All numbers of the container are big-endian.
 */

import { InputError } from '../../errors.ts';
import type { DumpProblem, FlattenedFlaw } from '../problem.ts';
import { ReadAhead } from '../sources/read-ahead.ts';
import type { ByteSource } from '../sources/source.ts';
import { lastNotAbove, NumberColumn } from './header-walk.ts';
import { type Overlay, overlay } from './overlay.ts';
import { flattenedFlawInWords } from './refusal-words.ts';

const FILE_HEADER_BYTE_LENGTH = 4096;
const RECORD_HEADER_BYTE_LENGTH = 16;
const SIGNATURE = 'makedumpfile\0\0\0\0';
/** Offset and size of the record that ends the file. */
const END_MARK = -1;

/**
 * The index takes some 40 bytes for each record, and cannot be had without them. Writers make records of 64 KiB and
 * more, so that this many are a dump of a terabyte.
 */
const MAX_RECORDS = 1 << 24;
/** makedumpfile and QEMU write the headers before anything else. */
const HEAD_RECORDS = 64;
const RECORDS_PER_PROGRESS = 1 << 10;

/** Where the bytes of a record come from when they did not come. */
const NOWHERE = -1;

export interface Flattened {
  /** The rearranged file. A read stops short before the first byte that is unknown, also in the middle of the file. */
  readonly source: ByteSource;
  readonly problems: DumpProblem[];
  /** Whether all records are there. Then, and only then, what no record covers is zero, as in the rearranged file. */
  readonly complete: boolean;
}

/**
 * Walks over all record headers once. `source` stays the caller's to close.
 * Throws InputError (`format`) for a file that is not flattened, or of which nothing has come.
 */
export function openFlattened(source: ByteSource, onProgress?: (done: number, total: number) => void): Flattened {
  return openRecords(source, Number.POSITIVE_INFINITY, onProgress);
}

/**
 * The beginning of the rearranged file as far as the first records have it, without a walk over all of them: enough for its
 * headers. Its length is a guess, and what a later record replaces is not seen. Throws as {@link openFlattened} does.
 */
export function flattenedHead(source: ByteSource): ByteSource {
  const head = openRecords(source, HEAD_RECORDS).source;
  return {
    name: source.name,
    byteLength: Math.max(head.byteLength, source.byteLength),
    read: (offset, into) => head.read(offset, into),
    close: () => source.close(),
  };
}

/** Of the first `most` records; with more behind them, what they do not cover is unknown. */
function openRecords(source: ByteSource, most: number, onProgress?: (done: number, total: number) => void): Flattened {
  checkFileHeader(source);
  const starts = new NumberColumn();
  const ends = new NumberColumn();
  const contents = new NumberColumn();
  const damage = walk(source, most, onProgress, (start, byteLength, contentAt) => {
    if (starts.length === MAX_RECORDS) {
      const message = `more than ${MAX_RECORDS} records; rearrange it first: makedumpfile -R plain.dump < flat.dump`;
      throw new InputError('format', message, { file: source.name });
    }
    starts.push(start);
    ends.push(start + byteLength);
    contents.push(contentAt);
  });
  const complete = damage === null;
  const pieces = overlay(starts.values, ends.values);
  const rearranged = new RearrangedSource(source, pieces, starts.values, ends.values, contents.values, complete);
  if (rearranged.byteLength === 0) {
    const message = `a flattened dump without content${damage === null ? '' : `: ${flattenedFlawInWords(damage.what)}`}`;
    throw new InputError('format', message, { file: source.name });
  }
  return { source: rearranged, problems: damage === null ? [] : [damage], complete };
}

function checkFileHeader(source: ByteSource): void {
  const refuse = (offset: number, message: string): never => {
    throw new InputError('format', message, { file: source.name, place: `offset 0x${offset.toString(16)}` });
  };
  const header = Buffer.alloc(SIGNATURE.length + 16);
  const held = source.read(0, header);
  if (header.toString('latin1', 0, Math.min(held, SIGNATURE.length)) !== SIGNATURE) {
    refuse(0, 'does not begin as a flattened dump');
  }
  if (source.byteLength < FILE_HEADER_BYTE_LENGTH || held < header.length) refuse(0, 'the flattened header is cut off');
  for (const [offset, what] of [
    [16, 'type'],
    [24, 'version'],
  ] as const) {
    const value = header.readBigInt64BE(offset);
    if (value !== 1n) refuse(offset, `flattened ${what} ${value}; 1 is needed`);
  }
}

/**
 * Visits the records in file order. Answers what was wrong with the one that could not be visited: nothing behind it
 * can be found. A record that is cut off is left out whole, since its length may be what is damaged; but because it may
 * have replaced what earlier records put there, its range is visited as coming from nowhere. So is the last record before
 * bytes that are nothing like a header: by its length it leads into the middle of another.
 */
function walk(
  source: ByteSource,
  most: number,
  onProgress: ((done: number, total: number) => void) | undefined,
  visit: (start: number, byteLength: number, contentAt: number) => void,
): (DumpProblem & { readonly what: FlattenedFlaw }) | null {
  const headers = new ReadAhead(source);
  const total = source.byteLength;
  let at = FILE_HEADER_BYTE_LENGTH;
  let last: { readonly start: number; readonly byteLength: number } | undefined;
  const stop = (what: FlattenedFlaw) => ({ file: source.name, fileOffset: at, what });
  for (let count = 0; ; count++) {
    if (count % RECORDS_PER_PROGRESS === 0) onProgress?.(at, total);
    // What comes next may be the end mark: for those who asked for a beginning there is none.
    if (count === most) return stop({ kind: 'flattened-no-end' });
    const header = headers.read(at, RECORD_HEADER_BYTE_LENGTH);
    if (last !== undefined && !isLikeHeader(header)) visit(last.start, last.byteLength, NOWHERE);
    if (header.length < RECORD_HEADER_BYTE_LENGTH) return stop({ kind: 'flattened-no-end' });
    const start = int64BE(header, 0);
    const byteLength = int64BE(header, 8);
    if (start === END_MARK && byteLength === END_MARK) {
      onProgress?.(total, total);
      return null;
    }
    const contentAt = at + RECORD_HEADER_BYTE_LENGTH;
    if (start < 0 || byteLength <= 0 || start + byteLength > Number.MAX_SAFE_INTEGER) {
      return stop({ kind: 'flattened-damaged', fileOffset: start, size: byteLength });
    }
    if (contentAt + byteLength > total) {
      visit(start, byteLength, NOWHERE);
      return stop({ kind: 'flattened-cut', byteLength, fileEnd: total });
    }
    visit(start, byteLength, contentAt);
    last = { start, byteLength };
    at = contentAt + byteLength;
  }
}

/** Whether a header that is damaged or cut off may be meant: one of its numbers is below 2^56, or that of the end mark. */
function isLikeHeader(bytes: Buffer): boolean {
  return [0, 8].some((at) => at >= bytes.length || bytes[at] === 0 || bytes[at] === 0xff);
}

/** Exact where it matters, up to 2^53 either way; what is beyond is damage however far it is. */
function int64BE(bytes: Buffer, offset: number): number {
  return bytes.readInt32BE(offset) * 2 ** 32 + bytes.readUInt32BE(offset + 4);
}

class RearrangedSource implements ByteSource {
  readonly name: string;
  readonly byteLength: number;
  readonly #source: ByteSource;
  readonly #pieces: Overlay;
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  readonly #contents: Float64Array;
  readonly #gapsAreZero: boolean;

  constructor(
    source: ByteSource,
    pieces: Overlay,
    starts: Float64Array,
    ends: Float64Array,
    contents: Float64Array,
    gapsAreZero: boolean,
  ) {
    this.name = source.name;
    this.#source = source;
    this.#pieces = pieces;
    this.#starts = starts;
    this.#ends = ends;
    this.#contents = contents;
    this.#gapsAreZero = gapsAreZero;
    let last = pieces.starts.length - 1;
    while (last >= 0 && contents[pieces.records[last] as number] === NOWHERE) last -= 1;
    this.byteLength = last < 0 ? 0 : this.#endOf(last);
  }

  read(offset: number, into: Uint8Array): number {
    const wanted = Math.max(0, Math.min(into.byteLength, this.byteLength - offset));
    let done = 0;
    for (let i = lastNotAbove(this.#pieces.starts, offset); done < wanted; i++) {
      const nextStart = this.#pieces.starts[i + 1] ?? this.byteLength;
      const at = offset + done;
      const pieceEnd = i < 0 ? 0 : this.#endOf(i);
      if (at < pieceEnd) {
        const record = this.#pieces.records[i] as number;
        const contentAt = this.#contents[record] as number;
        if (contentAt === NOWHERE) return done;
        const part = into.subarray(done, Math.min(wanted, pieceEnd - offset));
        const got = this.#source.read(contentAt + (at - (this.#starts[record] as number)), part);
        done += got;
        if (got < part.byteLength) return done;
      }
      const gap = Math.min(wanted, nextStart - offset) - done;
      if (gap <= 0) continue;
      if (!this.#gapsAreZero) return done;
      into.fill(0, done, done + gap);
      done += gap;
    }
    return done;
  }

  close(): void {
    this.#source.close();
  }

  #endOf(piece: number): number {
    const next = this.#pieces.starts[piece + 1] ?? Number.POSITIVE_INFINITY;
    return Math.min(this.#ends[this.#pieces.records[piece] as number] as number, next);
  }
}
