/** Small files that are read whole, of tables and logs: people pass them on as their tools have packed them. */

import { InputError } from '../errors.ts';
import { textOfFile } from '../wide-encoding.ts';
import { dumpAs, packedAs } from './recognise.ts';
import { readFile } from './sources/source.ts';

/** Says that a file is too long for what it should be. */
type TooLong = (byteLength: number) => InputError;

/**
 * The bytes of a file. Throws InputError (`file` or `format`) naming it, for one that has to be unpacked first, or is a dump,
 * too.
 */
export function readUnpacked(path: string, maxByteLength: number, tooLong: TooLong): Buffer {
  const bytes = readFile(path, maxByteLength, tooLong);
  const packed = packedAs(bytes);
  if (packed !== null) throw new InputError('format', `is ${packed.title}; ${packed.advice}`, { file: path });
  const dump = dumpAs(bytes);
  if (dump === null) return bytes;
  throw new InputError('format', `is ${dump.title}; a dump stands in front of the options`, { file: path });
}

/** The same as text, without its byte order mark. */
export function readUnpackedText(path: string, maxByteLength: number, tooLong: TooLong): string {
  return textOfFile(readUnpacked(path, maxByteLength, tooLong));
}
