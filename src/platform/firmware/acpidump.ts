/**
 * A table of ACPI out of the forms that it is passed on in: as it is, or as the text that acpidump, xxd, hexdump -C and
 * od print. The output of acpidump has all tables of a machine, each behind a line such as `IORT @ 0x0000000079D50000`.
 */

import { InputError } from '../../errors.ts';

/** `iort.dsl`, which iasl -d makes: field names and values instead of bytes. */
const DISASSEMBLY = /Intel ACPI Component Architecture|^\[[0-9A-F]{3,}h [0-9]{4,} +[0-9]+h?\]/m;
/** The address may be `(nil)`, and is 0 where the tool read /sys. */
const TABLE_HEADING = /^[> \t]*"?([A-Z0-9_!]{4})"? @ (?:0x[0-9A-F]+|\(nil\))[ \t]*\r?$/gim;
/** How much is looked at to tell text from a table. */
const SNIFFED_BYTE_LENGTH = 1 << 12;

/**
 * The bytes of the table called `signature` in those of a file; a file that is no such text is answered as it is.
 * Throws InputError (`format`) for a text that is damaged, or has other tables alone.
 */
export function acpiTableOf(bytes: Buffer, signature: string, file: string): Buffer {
  if (!isText(bytes)) return bytes;
  const refuse = (message: string): never => {
    throw new InputError('format', message, { file });
  };
  const text = bytes.toString('latin1');
  const headings = [...text.matchAll(TABLE_HEADING)];
  const [heading] = headings.filter(([, name]) => name === signature);
  if (headings.length > 0) {
    if (heading === undefined) {
      const names = [...new Set(headings.map(([, name]) => name))].slice(0, 20).join(', ');
      return refuse(`is the output of acpidump without an ${signature}; it has ${names}`);
    }
    const dumped = hexDump(text, heading.index + heading[0].length, refuse);
    return dumped.length === 0 ? refuse(`has a heading of ${signature} as acpidump prints it, and no bytes`) : dumped;
  }
  if (DISASSEMBLY.test(text.slice(0, SNIFFED_BYTE_LENGTH))) {
    refuse(
      `is a disassembly by iasl; give the table that it was made of, /sys/firmware/acpi/tables/${signature}, ` +
        'or what "iasl FILE.dsl" compiles from it',
    );
  }
  const dumped = hexDump(text, 0, refuse);
  return dumped.length === 0 ? bytes : dumped;
}

/** No table of ACPI is text: its header has a length, with zeros in its upper bytes. */
function isText(bytes: Buffer): boolean {
  return (
    bytes.length >= 8 && !bytes.subarray(0, SNIFFED_BYTE_LENGTH).some((byte) => byte < 9 || (byte > 13 && byte < 32))
  );
}

/** An offset, with or without a colon, and what follows it. Other programs quote such lines with `>`. */
const LINE = /^[> \t]*([0-9A-F]{4,16}):?(?:[ \t]+(.*))?$/i;
/** Bytes, or the pairs of them that xxd prints; a wider gap parts them from the same once more as characters. */
const BYTES = /^(?:(?:[0-9A-F]{4}|[0-9A-F]{2})(?: {1,2}|$))+/i;
const BYTES_OF_LINE = 16;
/** A server with many hundreds of components has an IORT of some tens of kilobytes. */
const MAX_BYTE_LENGTH = 1 << 22;

/** The bytes of the first hex dump from `start` on; none where there is none. */
function hexDump(text: string, start: number, refuse: (message: string) => never): Buffer {
  const bytes: number[] = [];
  let squeezed = false;
  for (const line of linesFrom(text, start)) {
    const [, offset, rest = ''] = LINE.exec(line) ?? [];
    if (line === '*') squeezed = bytes.length >= BYTES_OF_LINE;
    else if (offset !== undefined) {
      const at = Number.parseInt(offset, 16);
      // od and hexdump print `*` for lines that are as the one before.
      const filled = squeezed ? Math.min(at, MAX_BYTE_LENGTH) : 0;
      while (bytes.length < filled) bytes.push(bytes[bytes.length - BYTES_OF_LINE] ?? 0);
      squeezed = false;
      const [run = ''] = BYTES.exec(rest) ?? [];
      const own = Buffer.from(run.replaceAll(' ', '').slice(0, 2 * BYTES_OF_LINE), 'hex');
      // The last line of od is the length alone.
      if (own.length === 0) break;
      if (at !== bytes.length) {
        refuse(`has a hex dump whose line at offset 0x${at.toString(16)} does not follow the one before`);
      }
      if (at >= MAX_BYTE_LENGTH) refuse('has a hex dump that is too long for a table of ACPI');
      bytes.push(...own);
    } else if (bytes.length > 0) break;
  }
  return Buffer.from(bytes);
}

function* linesFrom(text: string, start: number): Generator<string> {
  for (let at = start; at < text.length; ) {
    const end = text.indexOf('\n', at);
    yield text.slice(at, end < 0 ? text.length : end).trimEnd();
    at = end < 0 ? text.length : end + 1;
  }
}
