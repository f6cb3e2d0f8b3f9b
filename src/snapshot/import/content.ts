/** Reads a file to import and tells text from binary. */

import { readFile } from '../../dump/sources/source.ts';
import { InputError } from '../../errors.ts';
import { wideEncoding } from '../../wide-encoding.ts';
import type { Content } from './reading.ts';

/** A day's console log is smaller. */
const MAX_TEXT_BYTES = 1 << 24;

/** Throws InputError for anything but a regular file of a size that registers can have. */
export function readContent(file: string): Content {
  const tooLong = (byteLength: number) =>
    new InputError('snapshot', `is ${byteLength} bytes long; is it the dump?`, { file });
  return contentOf(readFile(file, MAX_TEXT_BYTES, tooLong), file);
}

/** Bytes with their text, where they are text; `file` is what messages call them. */
export function contentOf(bytes: Uint8Array, file: string): Content {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { file, bytes, text: isText(buffer) ? buffer.toString('utf8') : wideText(buffer) };
}

/** The text of UTF-16; null where it is none, as register pages may begin like one. */
function wideText(bytes: Buffer): string | null {
  const encoding = wideEncoding(bytes);
  if (encoding === null) return null;
  const text = new TextDecoder(encoding).decode(bytes);
  return isText(Buffer.from(text)) ? text : null;
}

/** One byte in this many may be one that no text has: serial lines add some. Register pages are full of them. */
const TOLERANCE = 50;

/** A control character that no text has, or a byte that no UTF-8 has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for
const STRANGE = /[\0-\x06\x0e-\x1a\x1c-\x1f\xc0\xc1\xf5-\xff]/g;

function isText(bytes: Buffer): boolean {
  let tolerated = Math.floor(bytes.byteLength / TOLERANCE);
  for (const _ of bytes.toString('latin1').matchAll(STRANGE)) {
    tolerated -= 1;
    if (tolerated < 0) return false;
  }
  return true;
}
