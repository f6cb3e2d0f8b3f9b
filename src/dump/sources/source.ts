/** Where the bytes of a dump come from: one descriptor, positional synchronous reads. */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { onDisk } from '../../byte-names.ts';
import { InputError } from '../../errors.ts';
import { textOfFile } from '../../wide-encoding.ts';
import type { DumpAssumption } from '../dump.ts';
import { LruCache } from './page-cache.ts';
import { notOpened } from './url.ts';

/** A finite run of bytes that can be read at any offset. */
export interface ByteSource {
  /** As the user named it. */
  readonly name: string;
  readonly byteLength: number;
  /** What has to be taken for granted to read it. */
  readonly assumptions?: readonly DumpAssumption[];
  /** Fills `into` from `offset` and answers the number of bytes read: fewer than asked only at the end. */
  read(offset: number, into: Uint8Array): number;
  close(): void;
}

/** Of an entry or a descriptor, which lie close together; larger reads know what they want. */
const SMALL_BYTE_LENGTH = 64;
const PAGE_BYTE_LENGTH = 4096;
/** 4 MiB, the tables of a machine: walks for one stream after the other come back to the same pages. */
const CACHED_PAGES = 1024;

/**
 * Opens a regular file for reading. `path` defaults to `name`; `ofFolder` says what to do with a folder.
 * Throws InputError (`file`) for anything that is not a readable, non-empty regular file.
 */
export function openFileSource(name: string, path: string = name, ofFolder = 'a file is needed'): ByteSource {
  // O_NONBLOCK so that opening a FIFO without a writer answers at once instead of hanging.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const descriptor = attempt(name, 'cannot be opened', () => openSync(onDisk(path), flags));
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) {
      throw new InputError(
        'file',
        stat.isDirectory() ? `is a directory; ${ofFolder}` : 'is not a regular file; a file is needed',
        {
          file: name,
        },
      );
    }
    if (stat.size === 0) throw new InputError('file', 'is empty', { file: name });
    const small = new SmallReads((offset, into) => readFully(name, descriptor, offset, into));
    return {
      name,
      byteLength: stat.size,
      read: (offset, into) => small.read(offset, into),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Answers small reads out of pages that were read before: a call of the system takes longer than all else about them. */
class SmallReads {
  readonly #read: ByteSource['read'];
  readonly #pages = new LruCache<Uint8Array>(CACHED_PAGES);

  constructor(read: ByteSource['read']) {
    this.#read = read;
  }

  read(offset: number, into: Uint8Array): number {
    const at = offset % PAGE_BYTE_LENGTH;
    if (into.byteLength > SMALL_BYTE_LENGTH || at + into.byteLength > PAGE_BYTE_LENGTH) return this.#read(offset, into);
    const page = this.#page(offset - at);
    if (page === null) return this.#read(offset, into);
    const part = page.subarray(at, at + into.byteLength);
    into.set(part);
    return part.byteLength;
  }

  /** Null for one that cannot be read as a whole. */
  #page(start: number): Uint8Array | null {
    const known = this.#pages.get(start);
    if (known !== undefined) return known;
    const buffer = new Uint8Array(PAGE_BYTE_LENGTH);
    const page = this.#whole(start, buffer);
    if (page === null) return null;
    this.#pages.set(start, page);
    return page;
  }

  #whole(start: number, buffer: Uint8Array): Uint8Array | null {
    try {
      return buffer.subarray(0, this.#read(start, buffer));
    } catch {
      return null;
    }
  }
}

/**
 * A whole small file. Throws InputError (`file`) when it cannot be read, and what `tooLong` makes of its length when that
 * is beyond the limit.
 */
export function readFile(path: string, maxByteLength: number, tooLong: (byteLength: number) => InputError): Buffer {
  const source = openFileSource(path);
  try {
    if (source.byteLength > maxByteLength) throw tooLong(source.byteLength);
    const bytes = Buffer.alloc(source.byteLength);
    return bytes.subarray(0, source.read(0, bytes));
  } finally {
    source.close();
  }
}

/** The same as text, without its byte order mark. */
export function readTextFile(path: string, maxByteLength: number, tooLong: (byteLength: number) => InputError): string {
  return textOfFile(readFile(path, maxByteLength, tooLong));
}

/** read(2) may answer less than asked anywhere, not only at the end, so one call is never enough to know. */
function readFully(name: string, descriptor: number, offset: number, into: Uint8Array): number {
  let done = 0;
  while (done < into.byteLength) {
    const count = attempt(name, `cannot be read at offset 0x${(offset + done).toString(16)}`, () =>
      readSync(descriptor, into, done, into.byteLength - done, offset + done),
    );
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** What `call` answers of a file. Throws InputError (`file`) with `failure` and the system's word for why, where it fails. */
export function attempt<T>(name: string, failure: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw notOpened(name, `${failure} (${code})`, cause);
  }
}
