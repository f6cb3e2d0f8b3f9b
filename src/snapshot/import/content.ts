/** Reads a file to import and tells text from binary. */

import { readFile, readStandardInput, STANDARD_INPUT } from '../../dump/source.ts';
import { InputError } from '../../errors.ts';
import type { Content } from './reading.ts';

/** A day's console log is smaller. */
const MAX_TEXT_BYTES = 1 << 24;

/** Reads a file, or standard input for `-`. Throws InputError for anything but a size that registers can have. */
export function readContent(file: string): Content {
  const name = file === '-' ? STANDARD_INPUT : file;
  const tooLong = (byteLength: number) =>
    new InputError('snapshot', `is ${byteLength} bytes long; is it the dump?`, { file: name });
  const read = file === '-' ? readStandardInput(MAX_TEXT_BYTES, tooLong) : readFile(file, MAX_TEXT_BYTES, tooLong);
  return contentOf(read, name);
}

export function contentOf(bytes: Uint8Array, file: string): Content {
  const text = isText(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8') : null;
  return { file, bytes, text };
}

/** One byte in this many may be one that no text has: serial lines add some. Register pages are full of them. */
const TOLERANCE = 50;

function isText(bytes: Uint8Array): boolean {
  let strange = 0;
  for (const byte of bytes) {
    const control = byte < 0x20 && !(byte >= 0x07 && byte <= 0x0d) && byte !== 0x1b;
    // No UTF-8 has these.
    if (control || byte === 0xc0 || byte === 0xc1 || byte >= 0xf5) strange++;
  }
  return strange * TOLERANCE <= bytes.byteLength;
}
