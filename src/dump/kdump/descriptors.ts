/** Page descriptors of kdump-compressed files: where the bytes of a stored page are, and how they are compressed. */

import type { CodecName } from '../codecs/codec.ts';
import type { DescriptorFlaw } from '../problem.ts';
import { LruCache } from '../sources/page-cache.ts';
import { ReadAhead } from '../sources/read-ahead.ts';
import type { ByteSource } from '../sources/source.ts';

const DESCRIPTOR_BYTE_LENGTH = 24;
const DESCRIPTOR_WORDS = DESCRIPTOR_BYTE_LENGTH / 4;

/** Neighbouring descriptors read at once, 6 KiB: tables and what lies around them are asked for page after page. */
const CHUNK_DESCRIPTORS = 256;
const CACHED_CHUNKS = 32;
/** Descriptors of one page of zeros that are passed over on the way to a neighbour: of 256 MiB without anything else. */
const FARTHEST_NEIGHBOUR = 1 << 16;
/** Pages that were found to be in place or not: tables are read in small pieces. */
const JUDGED_PAGES = 64;
/** One behind the other: so many are part of a search, or of all pages. */
const MORE_PAGES_THAN_A_TABLE = 8;
/** For passes over all of them: 384 KiB. */
const PASS_DESCRIPTORS = 1 << 14;

/** How a page is stored. */
export type StoredAs = 'plain' | CodecName;
/** Why it cannot be read. */
type DescriptorFault = DescriptorFlaw['kind'];

/** Flags of a page name its codec; a page that did not shrink has none. */
const codecsByFlags: Readonly<Record<number, StoredAs>> = { 0: 'plain', 1: 'zlib', 2: 'lzo', 4: 'snappy', 32: 'zstd' };

export const STORED_AS: readonly StoredAs[] = ['plain', 'zlib', 'lzo', 'snappy', 'zstd'];

/** Whether a page descriptor can be read, and is not one of the faults. */
export function isStored(kind: StoredAs | DescriptorFault): kind is StoredAs {
  return (STORED_AS as readonly string[]).includes(kind);
}

/** The words of a descriptor for which `cut` is the answer. */
const UNREADABLE = [0xffff_ffff, 0x7fff_ffff, 1, 1, 0, 0];

/** How many descriptors say what. */
export type DescriptorCounts = Record<StoredAs | DescriptorFault, number>;

/** Counts of descriptors before any was seen. */
export function noDescriptors(): DescriptorCounts {
  const faults = { cut: 0, unwritten: 0, misplaced: 0, 'bad-size': 0, 'bad-flags': 0 };
  return { plain: 0, zlib: 0, lzo: 0, snappy: 0, zstd: 0, ...faults };
}

export interface StoredPage {
  readonly fileOffset: number;
  readonly byteLength: number;
  readonly flags: number;
}

export class DescriptorTable {
  readonly source: ByteSource;
  /** Compressed pages: where many are asked for one behind the other, those behind them as well. */
  readonly pages: ReadAhead;
  /** How many descriptors there are; null until somebody has counted. */
  count: number | null = null;
  /** Descriptors before the end of the file, as if it ended with them. */
  readonly heldCount: number;
  readonly #fileOffset: number;
  readonly #blockSize: number;
  readonly #inPlace = new LruCache<boolean>(JUDGED_PAGES);
  /** Whether the page that was asked about last, the first one of all page data mostly, is one of zeros. */
  #zeroPage: { readonly fileOffset: number; readonly isZero: boolean } | undefined;
  readonly #chunks = new LruCache<Uint32Array>(CACHED_CHUNKS);

  constructor(source: ByteSource, fileOffset: number, blockSize: number) {
    this.source = source;
    this.pages = new ReadAhead(source, MORE_PAGES_THAN_A_TABLE);
    this.heldCount = Math.floor((source.byteLength - fileOffset) / DESCRIPTOR_BYTE_LENGTH);
    this.#fileOffset = fileOffset;
    this.#blockSize = blockSize;
  }

  /** Where descriptor `index` lies in the file. */
  offsetOf(index: number): number {
    return this.#fileOffset + index * DESCRIPTOR_BYTE_LENGTH;
  }

  /** How many descriptors lie before `fileOffset`; a fraction where it is none's. */
  countUpTo(fileOffset: number): number {
    return (fileOffset - this.#fileOffset) / DESCRIPTOR_BYTE_LENGTH;
  }

  /** Where the pages of the first descriptors are said to be: of those that are read together, all that can be. */
  firstOffsets(): number[] {
    const words = this.#chunkOf(0);
    const count = this.#firstCount;
    const offsets = Array.from({ length: count }, (_, i) => offsetIn(words, i * DESCRIPTOR_WORDS));
    return offsets.filter((offset) => offset >= this.#fileOffset && offset < this.source.byteLength);
  }

  /** Whether the first descriptors are all as a writer leaves them that was stopped, or a copy that was cut. */
  areMissing(): boolean {
    const kinds = Array.from({ length: this.#firstCount }, (_, i) => this.kindOf(i));
    return kinds.every((kind) => kind === 'cut' || kind === 'unwritten');
  }

  get #firstCount(): number {
    return Math.max(1, Math.min(this.count ?? 1, CHUNK_DESCRIPTORS));
  }

  /**
   * Whether the bytes of `page`, which is number `index`, lie where its neighbours leave room for them: an offset that
   * is wrong may well lead to another page. Pages are written one behind the other; only a page of zeros, right behind
   * the descriptors, may stand for many. Where two neighbours contradict each other, the one that touches its other
   * neighbour is believed.
   */
  isInPlace(index: number, page: StoredPage): boolean {
    if (this.count === null) return true;
    const firstAt = this.offsetOf(this.count);
    // Only as a page of zeros is the first one another's, too; in many dumps most pages are.
    if (index > 0 && page.fileOffset === firstAt) return this.isZeroPage(firstAt);
    let inPlace = this.#inPlace.get(index);
    if (inPlace === undefined) {
      inPlace = this.#findsRoom(index, page, firstAt);
      this.#inPlace.set(index, inPlace);
    }
    return inPlace;
  }

  #findsRoom(index: number, { fileOffset: start, byteLength }: StoredPage, firstAt: number): boolean {
    const end = start + byteLength;
    const before = this.#neighbour(index, -1, firstAt);
    const behind = this.#neighbour(index, 1, firstAt);
    const roomTo = behind?.fileOffset ?? end;
    const roomFrom = before ? before.fileOffset + before.byteLength : this.#firstRoom(before === null, index, firstAt);
    if (before && roomFrom === start) return true;
    if (roomTo === end && behind) return true;
    return (roomFrom <= start && end <= roomTo) || (start === firstAt && this.isZeroPage(firstAt));
  }

  /** The next page in a direction that lies elsewhere than the first one: null for none, undefined when it is unknown. */
  #neighbour(index: number, step: 1 | -1, firstAt: number): StoredPage | null | undefined {
    for (let i = 1; i <= FARTHEST_NEIGHBOUR; i++) {
      const at = index + i * step;
      if (at < 0 || at >= (this.count ?? 0)) return null;
      if (!isStored(this.kindOf(at))) return undefined;
      const page = this.read(at);
      if (page.fileOffset !== firstAt) return page;
    }
    return undefined;
  }

  /** Where a page may begin that is the first, or has only the page of zeros before it. */
  #firstRoom(isFirst: boolean, index: number, firstAt: number): number {
    const first = this.read(0);
    if (!isFirst || (index === 0 && first.fileOffset === firstAt)) return firstAt;
    return firstAt + (first.fileOffset === firstAt ? first.byteLength : this.#blockSize);
  }

  /** Whether a page of zeros lies there as it is. */
  isZeroPage(fileOffset: number): boolean {
    if (this.#zeroPage?.fileOffset !== fileOffset) {
      const page = Buffer.alloc(this.#blockSize, 1);
      if (fileOffset >= this.#fileOffset) this.source.read(fileOffset, page);
      this.#zeroPage = { fileOffset, isZero: page.every((byte) => byte === 0) };
    }
    return this.#zeroPage.isZero;
  }

  kindOf(index: number): StoredAs | DescriptorFault {
    return this.#judge(this.#chunkOf(index), (index % CHUNK_DESCRIPTORS) * DESCRIPTOR_WORDS);
  }

  /** What descriptor `index` says, right or wrong. */
  read(index: number): StoredPage {
    const words = this.#chunkOf(index);
    const at = (index % CHUNK_DESCRIPTORS) * DESCRIPTOR_WORDS;
    return { fileOffset: offsetIn(words, at), byteLength: words[at + 2] as number, flags: words[at + 3] as number };
  }

  /** What is wrong with descriptor `index`, of which `kind` is known. */
  flawOf(index: number, kind: DescriptorFault): DescriptorFlaw {
    if (kind !== 'bad-flags' && kind !== 'bad-size') return { kind };
    const { byteLength, flags } = this.read(index);
    return kind === 'bad-flags' ? { kind, flags } : { kind, size: byteLength, flags, pageByteLength: this.#blockSize };
  }

  /** Adds `count` descriptors from `first` on to the counts. Reads them in long runs, past the cache. */
  countKinds(first: number, count: number, counts: DescriptorCounts): void {
    const held = Math.max(0, Math.min(count, this.heldCount - first));
    counts.cut += count - held;
    const words = new Uint32Array(Math.min(held, PASS_DESCRIPTORS) * DESCRIPTOR_WORDS);
    for (let done = 0; done < held; done += PASS_DESCRIPTORS) {
      const part = words.subarray(0, Math.min(held - done, PASS_DESCRIPTORS) * DESCRIPTOR_WORDS);
      this.#readInto(part, first + done);
      for (let at = 0; at < part.length; at += DESCRIPTOR_WORDS) counts[this.#judge(part, at)] += 1;
    }
  }

  #judge(words: Uint32Array, at: number): StoredAs | DescriptorFault {
    const offset = offsetIn(words, at);
    const byteLength = words[at + 2] as number;
    // What was never written is empty all through: bytes that are no descriptor may well have zeros where its offset is.
    if (offset === 0 && byteLength === 0) return 'unwritten';
    if (byteLength === 0 || byteLength > this.#blockSize) return 'bad-size';
    const codec = codecsByFlags[words[at + 3] as number];
    if (codec === undefined) return 'bad-flags';
    if (codec === 'plain' && byteLength !== this.#blockSize) return 'bad-size';
    if (offset < this.#fileOffset) return 'misplaced';
    return offset + byteLength > this.source.byteLength ? 'cut' : codec;
  }

  #chunkOf(index: number): Uint32Array {
    const key = Math.floor(index / CHUNK_DESCRIPTORS);
    let words = this.#chunks.get(key);
    if (words === undefined) {
      words = this.#chunks.makeRoom() ?? new Uint32Array(CHUNK_DESCRIPTORS * DESCRIPTOR_WORDS);
      this.#readInto(words, key * CHUNK_DESCRIPTORS);
      this.#chunks.set(key, words);
    }
    return words;
  }

  /** Descriptors that cannot be read, in a file that has gaps or has become shorter, point beyond every file. */
  #readInto(words: Uint32Array, first: number): void {
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    const got = Math.floor(this.source.read(this.offsetOf(first), bytes) / DESCRIPTOR_BYTE_LENGTH);
    for (let at = got * DESCRIPTOR_WORDS; at < words.length; at += DESCRIPTOR_WORDS) words.set(UNREADABLE, at);
  }
}

/** A signed 64-bit offset. Beyond 2^53 digits are lost, but every file ends before that; negative ones stay so. */
function offsetIn(words: Uint32Array, at: number): number {
  return (words[at] as number) + ((words[at + 1] as number) | 0) * 2 ** 32;
}
