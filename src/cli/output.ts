/** Where a report goes: stdout, or a file that only its owner can read, because dumps hold secrets. */

import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { InputError } from '../errors.ts';
import { escapeText } from '../report/escape.ts';
import { TOOL } from '../version.ts';

/** Enough to make the number of write calls small. */
const BUFFER_LENGTH = 1 << 16;

/** Joins small pieces, so that each write is worth its system call. */
function* buffered(pieces: Iterable<string>): Generator<string> {
  let buffer = '';
  for (const piece of pieces) {
    buffer += piece;
    if (buffer.length < BUFFER_LENGTH) continue;
    yield buffer;
    buffer = '';
  }
  if (buffer !== '') yield buffer;
}

/**
 * Writes to stdout, no faster than its reader reads. A reader that has gone away, as `head` does, ends it quietly.
 * Throws InputError (`file`) for any other failure, a full disk for one.
 */
export async function writeToStdout(pieces: Iterable<string>): Promise<void> {
  clearProgress();
  const { stdout } = process;
  let failure: NodeJS.ErrnoException | undefined;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error;
  });
  for (const piece of buffered(pieces)) {
    // The callback comes when the piece has been taken, or cannot be any more.
    await new Promise<void>((resolve) => stdout.write(piece, () => resolve()));
    if (failure !== undefined) break;
  }
  if (failure !== undefined && failure.code !== 'EPIPE') throw cannotWrite('stdout', failure);
}

function cannotWrite(file: string, cause: unknown): InputError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new InputError('file', `cannot be written (${code})`, { file, cause });
}

/** Writes to a file, readable by its owner only. Refuses to overwrite one of `inputs`. */
export function writeToFile(path: string, pieces: Iterable<string>, inputs: readonly string[]): void {
  try {
    // Without O_TRUNC: what is there stays until it is known not to be an input.
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT | (constants.O_NONBLOCK ?? 0), 0o600);
    try {
      const target = fstatSync(descriptor);
      const same = inputs.find((input) => {
        const stat = statSync(input, { throwIfNoEntry: false });
        return stat?.dev === target.dev && stat.ino === target.ino;
      });
      if (same !== undefined) throw new InputError('usage', 'is an input; --output would overwrite it', { file: path });
      if (target.isFile()) {
        fchmodSync(descriptor, 0o600);
        ftruncateSync(descriptor);
      }
      for (const piece of buffered(pieces)) writeAll(descriptor, Buffer.from(piece));
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw cannotWrite(path, cause);
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(descriptor, bytes, done);
}

/** Work that is done sooner than this needs no progress line. */
const PATIENCE_MS = 500;
const REDRAW_MS = 200;

let waitingSince: number | undefined;
let nextDrawing = 0;
let drawn = false;

/** Shows on a terminal, and only there, how far long work has come. */
export function progressLine(what: string, done: number, total: number): void {
  const now = performance.now();
  waitingSince ??= now;
  if (now < nextDrawing || now - waitingSince < PATIENCE_MS) return;
  // Last, because opening stderr takes milliseconds that short work should not pay for.
  if (process.stderr.isTTY !== true) return;
  nextDrawing = now + REDRAW_MS;
  drawn = true;
  process.stderr.write(`\r\u001b[K${what}: ${Math.floor((100 * done) / Math.max(1, total))} %`);
}

/** Takes the progress line away before anything else is printed. */
export function clearProgress(): void {
  if (drawn) process.stderr.write('\r\u001b[K');
  drawn = false;
  waitingSince = undefined;
}

export type ColorChoice = 'auto' | 'always' | 'never';

/** Colour on a terminal, unless NO_COLOR (no-color.org) or the terminal's own kind says otherwise. */
export function wantsColor(choice: ColorChoice, toStdout: boolean): boolean {
  if (choice !== 'auto') return choice === 'always';
  const { NO_COLOR, TERM } = process.env;
  return toStdout && process.stdout.isTTY === true && !NO_COLOR && TERM !== 'dumb';
}

const DEFAULT_WIDTH = 100;

/** The terminal's width within reason; pipes and files get the default. */
export function outputWidth(toStdout: boolean): number {
  const { columns } = process.stdout;
  return toStdout && columns ? Math.min(160, Math.max(60, columns)) : DEFAULT_WIDTH;
}

/** Writes to stderr; when nobody reads it any more, there is nobody to tell either. */
export function writeToStderr(text: string): void {
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {});
  process.stderr.write(text);
}

/** What goes wrong, in one line, whatever stands in the file names and values that it quotes. */
export function complaint(message: string): string {
  return `${TOOL.name}: ${escapeText(message.trimEnd().replace(/\n/g, ' '))}\n`;
}
