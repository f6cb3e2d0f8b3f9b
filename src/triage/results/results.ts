/**
 * Rows on disk, one a line, appended as they become known: whatever ends the program, what was finished is there, and a
 * last line that was torn is known as such. Of a row only its place in the file is in memory.
 */

import { closeSync, constants, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onDisk } from '../../byte-names.ts';
import { InputError } from '../../errors.ts';
import { Rows } from '../../rows.ts';
import type { CrashRow } from '../crash.ts';
import { isRunEnd, parseLine, type RunEnd } from './row-text.ts';

/** Where a row is in the file, in bytes. */
export interface RowPlace {
  readonly offset: number;
  readonly byteLength: number;
}

export interface ReadLine extends RowPlace {
  /** Null for a line that is no row. */
  readonly value: CrashRow | RunEnd | null;
  readonly text: string;
}

const PIECE_BYTE_LENGTH = 1 << 16;
/** Rows of thousands of SMMUs are this long; what is longer is no row. */
const MAX_LINE_BYTE_LENGTH = 1 << 26;
const NEWLINE = 0x0a;
/** As rows are written, and the ends of runs. */
const ROW_BEGINS = '{"crash":';
const END_BEGINS = '{"record":';
const READ_AND_WRITE = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;

export class Results {
  readonly #descriptor: number;
  readonly #path: string;
  /** A folder to be removed in the end; null for a file that the user named. */
  readonly #temporary: string | null;
  #end: number;

  private constructor(path: string, access: number, temporary: string | null) {
    this.#path = path;
    this.#temporary = temporary;
    // Without O_NONBLOCK, opening a pipe waits for its other end.
    const flags = access | (constants.O_NONBLOCK ?? 0);
    this.#descriptor = attempt(path, 'opened', () => openSync(onDisk(path), flags, 0o600));
    const stat = fstatSync(this.#descriptor);
    if (!stat.isFile()) {
      closeSync(this.#descriptor);
      throw new InputError('file', 'is not a regular file; results need one', { file: path });
    }
    this.#end = stat.size;
  }

  /** The file of an earlier run, or a new one. Throws InputError (`file`), and (`format`) for any other. */
  static at(path: string): Results {
    const results = new Results(path, READ_AND_WRITE, null);
    if (results.#isOurs()) return results;
    results.close();
    throw new InputError('format', 'holds something else than the results of a triage, to which rows would be added', {
      file: path,
    });
  }

  /** One that is there, and stays as it is. Throws InputError (`file`). */
  static of(path: string): Results {
    return new Results(path, constants.O_RDONLY, null);
  }

  /** One that is gone when it is closed. Throws InputError (`file`) where the system's folder for such files has no place. */
  static temporary(): Results {
    const folder = temporaryFolder(tmpdir());
    return new Results(join(folder, 'results.ndjson'), READ_AND_WRITE, folder);
  }

  /** Every line that is there, in order. */
  *lines(): Generator<ReadLine> {
    yield* linesOf(this.#path, this.#descriptor);
  }

  /**
   * Writes a line, which is then safe from the end of this program. Throws InputError (`file`) for a full disk, and where
   * somebody else adds lines meanwhile.
   */
  append(line: string): RowPlace {
    // One that was torn stays a line of its own.
    const torn = this.#end > 0 && this.#byteAt(this.#end - 1) !== NEWLINE;
    const bytes = Buffer.from(`${torn ? '\n' : ''}${line}\n`);
    attempt(this.#path, 'written', () => {
      for (let done = 0; done < bytes.byteLength; ) done += writeSync(this.#descriptor, bytes, done);
    });
    const offset = this.#end + (torn ? 1 : 0);
    this.#end += bytes.byteLength;
    if (fstatSync(this.#descriptor).size !== this.#end) {
      throw new InputError('file', 'is written by another run at the same time; give each its own', {
        file: this.#path,
      });
    }
    return { offset, byteLength: this.#end - offset - 1 };
  }

  /** The rows at these places, each read when it is gone through. */
  rows(places: readonly RowPlace[]): Rows<CrashRow> {
    const read = (place: RowPlace) => this.#rowAt(place);
    return new Rows(function* () {
      for (const place of places) yield read(place);
    });
  }

  close(): void {
    closeSync(this.#descriptor);
    if (this.#temporary !== null) rmSync(this.#temporary, { recursive: true, force: true });
  }

  #rowAt({ offset, byteLength }: RowPlace): CrashRow {
    const bytes = Buffer.alloc(byteLength);
    const read = attempt(this.#path, 'read', () => readSync(this.#descriptor, bytes, 0, byteLength, offset));
    const row = read === byteLength ? parseLine(bytes.toString('utf8')) : null;
    if (row !== null && !isRunEnd(row)) return row;
    throw new InputError('file', 'was changed meanwhile by somebody else', { file: this.#path });
  }

  /** Empty, or beginning as a row does, as far as it goes. */
  #isOurs(): boolean {
    const head = Buffer.alloc(Math.min(this.#end, ROW_BEGINS.length));
    attempt(this.#path, 'read', () => readSync(this.#descriptor, head, 0, head.byteLength, 0));
    const text = head.toString('latin1');
    return [ROW_BEGINS, END_BEGINS].some((begins) => begins.startsWith(text));
  }

  #byteAt(offset: number): number {
    const byte = Buffer.alloc(1);
    attempt(this.#path, 'read', () => readSync(this.#descriptor, byte, 0, 1, offset));
    return byte[0] as number;
  }
}

function temporaryFolder(within: string): string {
  try {
    return mkdtempSync(join(within, 'smmu-adopt-triage-'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `cannot hold the results while they are made (${code}); TMPDIR names another folder, or --resume a file`;
    throw new InputError('file', message, { file: within, cause });
  }
}

function* linesOf(path: string, descriptor: number): Generator<ReadLine> {
  const piece = Buffer.alloc(PIECE_BYTE_LENGTH);
  let held: Buffer[] = [];
  let heldLength = 0;
  let start = 0;
  for (let at = 0; ; ) {
    const count = attempt(path, 'read', () => readSync(descriptor, piece, 0, piece.length, at));
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0 && end < count; end = piece.indexOf(NEWLINE, from)) {
      if (heldLength <= MAX_LINE_BYTE_LENGTH) held.push(Buffer.from(piece.subarray(from, end)));
      yield lineAt(start, Buffer.concat(held));
      [held, heldLength, from, start] = [[], 0, end + 1, at + end + 1];
    }
    if (count === 0) break;
    at += count;
    heldLength += count - from;
    // A line without an end in sight is no row, and not kept: an empty one stands for it.
    if (heldLength <= MAX_LINE_BYTE_LENGTH) held.push(Buffer.from(piece.subarray(from, count)));
    else held = [];
  }
  if (heldLength > 0) yield lineAt(start, Buffer.concat(held));
}

function lineAt(offset: number, bytes: Buffer): ReadLine {
  const text = bytes.toString('utf8');
  return { offset, byteLength: bytes.byteLength, value: parseLine(text), text };
}

function attempt<T>(file: string, doing: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new InputError('file', `cannot be ${doing} (${code})`, { file, cause });
  }
}
