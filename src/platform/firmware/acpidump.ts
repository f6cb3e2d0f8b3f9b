/**
 * A table of ACPI out of the forms that it is passed on in: as it is, among others, or as the text that acpidump, iasl or a
 * tool for hex dumps prints. The output of acpidump has all tables of a machine, each behind a line such as
 * `IORT @ 0x0000000079D50000`.
 */

import { InputError } from '../../errors.ts';
import { bytesInText, type Refuse, textOf } from './hex-text.ts';
import { ACPI_HEADER_BYTE_LENGTH, hasAcpiChecksum } from './iort.ts';

/** `iort.dsl`, which iasl -d makes: field names and values, and the bytes behind them unless it was told otherwise. */
const DISASSEMBLY = /Intel ACPI Component Architecture|^\[[0-9A-F]{3,}h [0-9]{4,} +[0-9]+h?\]/m;
const RAW_DATA = /^[> \t]*Raw Table Data: Length .*$/m;
/** The address may be `(nil)`, and is 0 where the tool read /sys. */
const TABLE_HEADING = /^[> \t]*"?([A-Z0-9_!]{4})"? @ (?:0x[0-9A-F]+|\(nil\))[ \t]*\r?$/gim;
/** Where in a text its kind shows. */
const SNIFFED_LENGTH = 1 << 12;
/** The name of a table may be in others as well; in a file that has it more often it was put there on purpose. */
const MAX_CANDIDATES = 64;

/**
 * The bytes of the table called `signature` in those of a file; a file that has none is answered as it is.
 * Throws InputError (`format`) for a text that is damaged, or has other tables alone.
 */
export function acpiTableOf(bytes: Buffer, signature: string, file: string): Buffer {
  const text = textOf(bytes);
  if (text === null) return tableAmong(bytes, signature);
  const refuse = (message: string): never => {
    throw new InputError('format', message, { file });
  };
  const dumped = dumpedTable(text, signature, refuse);
  return dumped.length === 0 ? bytes : tableAmong(dumped, signature);
}

/** Nothing where the text has no bytes. */
function dumpedTable(text: string, signature: string, refuse: Refuse): Buffer {
  const magic = Buffer.from(signature, 'latin1');
  const others = new Set<string>();
  for (const { 0: heading, 1: name = '', index } of text.matchAll(TABLE_HEADING)) {
    if (name !== signature) others.add(name);
    else {
      const dumped = bytesInText(text, index + heading.length, magic, refuse);
      return dumped.length === 0 ? refuse(`has a heading of ${signature} as acpidump prints it, and no bytes`) : dumped;
    }
  }
  if (others.size > 0) {
    return refuse(`is the output of acpidump without an ${signature}; it has ${[...others].slice(0, 20).join(', ')}`);
  }
  if (!DISASSEMBLY.test(text.slice(0, SNIFFED_LENGTH))) return bytesInText(text, 0, magic, refuse);
  const raw = RAW_DATA.exec(text);
  const dumped = raw === null ? raw : bytesInText(text, raw.index + raw[0].length, magic, refuse);
  if (dumped !== null && dumped.length > 0) return dumped;
  return refuse(
    `is a disassembly by iasl without the bytes; give the table that it was made of, /sys/firmware/acpi/tables/${signature}, ` +
      'or what "iasl FILE.dsl" compiles from it',
  );
}

/** The table in a file of several, as `cat /sys/firmware/acpi/tables/*` makes it; `bytes` where it is none of them. */
function tableAmong(bytes: Buffer, signature: string): Buffer {
  let at = bytes.indexOf(signature, 0, 'latin1');
  for (let tried = 0; at > 0 && tried < MAX_CANDIDATES; tried++, at = bytes.indexOf(signature, at + 1, 'latin1')) {
    const byteLength = at + ACPI_HEADER_BYTE_LENGTH <= bytes.length ? bytes.readUInt32LE(at + 4) : 0;
    if (byteLength < ACPI_HEADER_BYTE_LENGTH || at + byteLength > bytes.length) continue;
    const table = bytes.subarray(at, at + byteLength);
    if (hasAcpiChecksum(table)) return table;
  }
  return bytes;
}
