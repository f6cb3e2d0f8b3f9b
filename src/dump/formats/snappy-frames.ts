/**
 * Streams in snappy's frame format (google/snappy, framing_format.txt), read at any place: every chunk can be
 * decompressed on its own, so an index of where they are is all it takes.
 */

import { InputError } from '../../errors.ts';
import type { Codec } from '../codecs/codec.ts';
import type { DumpFlaw, DumpProblem, StreamFlaw } from '../problem.ts';
import { ReadAhead } from '../sources/read-ahead.ts';
import type { ByteSource } from '../sources/source.ts';
import { crc32c } from './crc32c.ts';
import { lastNotAbove, NumberColumn } from './header-walk.ts';
import type { CompressedContent } from './lime.ts';

const CHUNK_HEADER_BYTE_LENGTH = 4;
const CHECKSUM_BYTE_LENGTH = 4;
/** The longest varint of 32 bits, with which a compressed chunk says what it decompresses to. */
const VARINT_BYTE_LENGTH = 5;
/** AVML writes the length of the stream behind it. */
const TRAILER_BYTE_LENGTH = 8;

const COMPRESSED = 0x00;
const PLAIN = 0x01;
const FIRST_SKIPPABLE = 0x80;
const STREAM_IDENTIFIER = 0xff;
const IDENTIFIER = 'sNaPpY';

const MAX_CHUNK_CONTENT = 1 << 16;
/** The index takes 24 bytes for each; with full chunks, as all writers make them, this is a terabyte. */
const MAX_CHUNKS = 1 << 24;
/** A structure may straddle chunks, and walks go back and forth between two tables. */
const CACHED_CHUNKS = 8;
const MAX_PROBLEMS = 16;
/** Chunks to skip may stand behind the last one of a stream. Nobody writes them; hostile files could have millions. */
const MAX_SKIPPED_AT_END = 16;

/** The content of all streams of a file, one behind the other. A read stops short before a bad chunk. */
export class SnappyFrames implements ByteSource {
  readonly name: string;
  byteLength = 0;
  streams = 0;
  /** How many reads have met a bad chunk. */
  failures = 0;
  readonly #source: ByteSource;
  readonly #headers: ReadAhead;
  readonly #problems: DumpProblem[];
  #decompress: Codec = () => false;
  /** Of each chunk: where its content begins among all content, where the chunk begins in the file, and how long it is. */
  readonly #starts = new NumberColumn();
  readonly #chunkAts = new NumberColumn();
  readonly #chunkByteLengths = new NumberColumn();
  readonly #cache = new Map<number, Uint8Array>();
  readonly #bad = new Set<number>();

  /** Chunks that turn out to be bad are added to `problems`. */
  constructor(source: ByteSource, problems: DumpProblem[]) {
    this.name = source.name;
    this.#source = source;
    this.#headers = new ReadAhead(source);
    this.#problems = problems;
  }

  useCodec(decompress: Codec): void {
    this.#decompress = decompress;
  }

  /** Walks over the chunk headers of a stream that should have this content, and over AVML's trailer. */
  addStream(fileOffset: number, byteLength: number): CompressedContent {
    const contentAt = this.byteLength;
    this.streams += 1;
    let at = fileOffset;
    const forgetAll = this.#rememberEnd();
    let forgetUntrusted: (() => void) | undefined;
    const stop = (flaw: StreamFlaw): CompressedContent => {
      // A stream that ends in order, or goes on, elsewhere than its range does: where it belongs is what is damaged, or a chunk
      // has another length, and all behind it another address.
      const by: StreamFlaw = this.#endsAt(fileOffset, at) ? { kind: 'stream-too-short' } : flaw;
      if (forgetUntrusted !== undefined) forgetUntrusted();
      else if (by.kind === 'stream-too-short' || by.kind === 'stream-too-long') forgetAll();
      const problem = { file: this.name, fileOffset: at, what: { kind: 'walk-ends', by } as const };
      return { contentAt, end: null, problem };
    };
    while (this.byteLength < contentAt + byteLength) {
      const header = this.#headers.read(at, CHUNK_HEADER_BYTE_LENGTH + CHECKSUM_BYTE_LENGTH + VARINT_BYTE_LENGTH);
      const type = header[0] ?? 0;
      const held = header.length < CHUNK_HEADER_BYTE_LENGTH ? 0 : header.readUIntLE(1, 3);
      const end = at + CHUNK_HEADER_BYTE_LENGTH + held;
      if (header.length < CHUNK_HEADER_BYTE_LENGTH || end > this.#source.byteLength) {
        return stop({ kind: 'stream-cut' });
      }
      if ((at === fileOffset || type === STREAM_IDENTIFIER) && !isIdentifier(header, held)) {
        return stop({ kind: 'no-stream' });
      }
      if (type === COMPRESSED || type === PLAIN) {
        const content = contentByteLength(header, type, held);
        if (content === null) return stop({ kind: 'chunk-length' });
        if (this.byteLength + content > contentAt + byteLength) {
          return stop({ kind: 'stream-too-long' });
        }
        if (content > 0) this.#addChunk(at, held, content);
      } else if (type < FIRST_SKIPPABLE) {
        return stop({ kind: 'chunk-type', type });
      } else if (type !== STREAM_IDENTIFIER) {
        // One wrong bit makes content a chunk to skip, and puts all that follows in the wrong place. Nobody writes
        // them, so where the stream does not come out right in the end, this is why.
        forgetUntrusted ??= this.#rememberEnd();
      }
      at = end;
    }
    return { contentAt, ...this.#trailer(fileOffset, at) };
  }

  /** Whether the trailer at `at` says that a stream ends there, which has some chunk. */
  #endsAt(streamAt: number, at: number): boolean {
    const bytes = this.#headers.read(at, TRAILER_BYTE_LENGTH);
    return at > streamAt && bytes.length === TRAILER_BYTE_LENGTH && bytes.readBigUInt64LE() === BigInt(at - streamAt);
  }

  /** The trailer at `at`, or behind chunks that may be skipped. */
  #trailer(streamAt: number, at: number): Pick<CompressedContent, 'end' | 'problem'> {
    let claimed: bigint | undefined;
    for (let tried = at, tries = 0; tries <= MAX_SKIPPED_AT_END; tries++) {
      const bytes = this.#headers.read(tried, TRAILER_BYTE_LENGTH);
      if (bytes.length === TRAILER_BYTE_LENGTH) {
        const length = bytes.readBigUInt64LE();
        if (length === BigInt(tried - streamAt)) return { end: tried + TRAILER_BYTE_LENGTH };
        claimed ??= length;
      }
      if (bytes.length < CHUNK_HEADER_BYTE_LENGTH || (bytes[0] as number) < FIRST_SKIPPABLE) break;
      tried += CHUNK_HEADER_BYTE_LENGTH + bytes.readUIntLE(1, 3);
    }
    const problem = (what: DumpFlaw) => ({ file: this.name, fileOffset: at, what });
    if (claimed === undefined) return { end: null, problem: problem({ kind: 'trailer-cut' }) };
    // The chunks have checksums of their own; the length is only needed to find the stream from behind.
    const what = { kind: 'trailer-differs', claimedBytes: claimed, byteLength: at - streamAt } as const;
    return { end: at + TRAILER_BYTE_LENGTH, problem: problem(what) };
  }

  #addChunk(at: number, byteLength: number, content: number): void {
    if (this.#starts.length === MAX_CHUNKS) {
      throw new InputError('format', `more than ${MAX_CHUNKS} snappy chunks; unpack it first: avml-convert`, {
        file: this.name,
      });
    }
    this.#starts.push(this.byteLength);
    this.#chunkAts.push(at);
    this.#chunkByteLengths.push(byteLength);
    this.byteLength += content;
  }

  /** Answers a way back to the content as it is now. */
  #rememberEnd(): () => void {
    const { byteLength } = this;
    const { length } = this.#starts;
    return () => {
      this.byteLength = byteLength;
      for (const column of [this.#starts, this.#chunkAts, this.#chunkByteLengths]) column.truncate(length);
    };
  }

  read(offset: number, into: Uint8Array): number {
    const wanted = Math.max(0, Math.min(into.byteLength, this.byteLength - offset));
    let done = 0;
    for (let i = lastNotAbove(this.#starts.values, offset); done < wanted; i++) {
      const content = this.#chunk(i);
      if (content === null) {
        this.failures += 1;
        return done;
      }
      const skipped = offset + done - (this.#starts.values[i] as number);
      const part = content.subarray(skipped, skipped + wanted - done);
      into.set(part, done);
      done += part.byteLength;
    }
    return done;
  }

  close(): void {
    this.#source.close();
  }

  /** The content of a chunk, or null when it is bad. */
  #chunk(index: number): Uint8Array | null {
    if (this.#bad.has(index)) return null;
    const content = this.#cache.get(index) ?? this.#decode(index);
    this.#cache.delete(index);
    if (content === null) {
      this.#bad.add(index);
      return null;
    }
    this.#cache.set(index, content);
    if (this.#cache.size > CACHED_CHUNKS) this.#cache.delete(this.#cache.keys().next().value as number);
    return content;
  }

  #decode(index: number): Uint8Array | null {
    const starts = this.#starts.values;
    const at = this.#chunkAts.values[index] as number;
    const bytes = Buffer.alloc(CHUNK_HEADER_BYTE_LENGTH + (this.#chunkByteLengths.values[index] as number));
    const fail = (why: 'cut' | 'compressed-data' | 'checksum'): null => {
      if (this.#problems.length < 2 * MAX_PROBLEMS) {
        this.#problems.push({ file: this.name, fileOffset: at, what: { kind: 'chunk-lost', why } });
      }
      return null;
    };
    if (this.#source.read(at, bytes) < bytes.length) return fail('cut');
    const checksum = bytes.readUInt32LE(CHUNK_HEADER_BYTE_LENGTH);
    const data = bytes.subarray(CHUNK_HEADER_BYTE_LENGTH + CHECKSUM_BYTE_LENGTH);
    let content: Uint8Array = data;
    if (bytes[0] === COMPRESSED) {
      content = new Uint8Array((starts[index + 1] ?? this.byteLength) - (starts[index] as number));
      if (!this.#decompress(data, content)) return fail('compressed-data');
    }
    return masked(crc32c(content)) === checksum ? content : fail('checksum');
  }
}

function isIdentifier(header: Buffer, held: number): boolean {
  return (
    header[0] === STREAM_IDENTIFIER && held === IDENTIFIER.length && header.toString('latin1', 4, 10) === IDENTIFIER
  );
}

/** How many bytes a chunk gives; null when it cannot be so. */
function contentByteLength(header: Buffer, type: number, held: number): number | null {
  let content = 0;
  if (type === PLAIN) {
    content = held - CHECKSUM_BYTE_LENGTH;
  } else {
    const first = CHUNK_HEADER_BYTE_LENGTH + CHECKSUM_BYTE_LENGTH;
    for (let i = first, factor = 1; ; i++, factor *= 0x80) {
      const byte = i < CHUNK_HEADER_BYTE_LENGTH + held ? header[i] : undefined;
      if (byte === undefined) return null;
      content += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
  }
  return content >= 0 && content <= MAX_CHUNK_CONTENT ? content : null;
}

/** Checksums of data with checksums in it are weak, so the frame format mixes them up. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
