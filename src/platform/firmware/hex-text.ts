/**
 * Bytes out of the texts in which people pass binary tables on: what acpidump, xxd, hexdump, od, Format-Hex, U-Boot and the
 * shell of UEFI print, with addresses in front, or digits alone, as `xxd -p` and `xxd -i` print them, or Base64.
 */

import { wideEncoding } from '../../wide-encoding.ts';

/** Says what is wrong with a text. */
export type Refuse = (message: string) => never;

/** A server with many hundreds of components has tables of some tens of kilobytes, or a tree of some hundreds. */
const MAX_BYTE_LENGTH = 1 << 22;

/** An address, with or without a colon, and what follows it. Other programs quote such lines with `>`. */
const LINE = /^[> \t]*(?:0x)?([0-9A-F]{4,16}):?(?:[ \t]+(.*))?$/is;
/** For rows that are as the one before, quoted and printed by cat -A as those may be. */
const SQUEEZED = /^[> \t]*\*\$?$/;
/**
 * Bytes, or words of two, four or eight; one gap of two blanks, or the hyphen of UEFI, may be in their middle. A wider gap,
 * or another character, parts them from the same once more as characters.
 */
const UNITS = /^(?:(?:0x)?[0-9A-F]{2}(?:[0-9A-F]{2}){0,7}(?:[ \t]{1,2}|-(?=[0-9A-F])|$))+/i;

/** Words as `hexdump -x` parts them. */
const WIDE_UNITS = /^(?:[0-9A-F]{4}(?: {4}|$)){2,}$/i;

/** xxd prints 256 bytes on a line at most. */
const MAX_ROW_LENGTH = 1 << 10;

/** Of eight bytes, as the shortest rows are. */
const MAX_ROWS = MAX_BYTE_LENGTH / 8;

interface Row {
  readonly address: string;
  /** Pairs of digits, in the order of the text; what stands behind them may be among them. */
  readonly digits: string;
  /** Of the last row of `xxd -e`, how many bytes its last word has where that is not a whole one; else 0. */
  readonly partLength: number;
}

/** Where words stand in the first row of a dump: columns of the line. */
type Columns = readonly { readonly start: number; readonly end: number }[];

interface Dumped {
  readonly bytes: Buffer;
  readonly partLength: number;
}

/** The text that a file is, or null: no table of firmware is text, as each begins with its length, with zeros in it. */
export function textOf(bytes: Buffer): string | null {
  const isNarrow = bytes.length >= MIN_LENGTH && !bytes.subarray(0, SNIFFED_BYTE_LENGTH).includes(0);
  const encoding = isNarrow ? 'latin1' : wideEncoding(bytes);
  return encoding === null ? null : new TextDecoder(encoding).decode(bytes);
}

const MIN_LENGTH = 8;
const SNIFFED_BYTE_LENGTH = 1 << 12;

/**
 * The bytes that a text has from `start` on, of a table that begins with `magic`; those of another where it has a hex dump
 * of one, and none where nothing looks like bytes. Calls `refuse` for a hex dump with a gap.
 */
export function bytesInText(text: string, start: number, magic: Buffer, refuse: Refuse): Buffer {
  const begins = (bytes: Buffer) => bytes.subarray(0, magic.length).equals(magic);
  const dumped = inByteOrder(hexDumpIn(text, start, refuse), begins);
  if (begins(dumped)) return dumped;
  const rest = text.slice(start);
  return [plainHexIn(rest, magic), base64In(rest, magic)].find(begins) ?? dumped;
}

/** The bytes of the first hex dump from `start` on; empty where there is none. */
function hexDumpIn(text: string, start: number, refuse: Refuse): Dumped {
  const { rows, squeezedBefore } = rowsIn(text, start);
  const [first, second] = rows;
  if (first === undefined) return { bytes: Buffer.alloc(0), partLength: 0 };
  const { radix, rowLength } = second === undefined ? SINGLE_ROW : rulingOf(first, second, squeezedBefore.has(1));
  const base = Number.parseInt(first.address, radix);
  const bytes: number[] = [];
  for (const [i, { address, digits }] of rows.entries()) {
    const at = Number.parseInt(address, radix) - base;
    // od and hexdump print `*` for rows that are as the one before.
    const filled = squeezedBefore.has(i) ? Math.min(at, MAX_BYTE_LENGTH) : 0;
    while (bytes.length < filled) bytes.push(bytes[bytes.length - rowLength] ?? 0);
    // The last line of od and hexdump is the length alone.
    if (digits === '') break;
    if (at !== bytes.length) refuse(`has a hex dump whose line at ${address} does not follow the one before`);
    if (at >= MAX_BYTE_LENGTH) refuse('has a hex dump that is too long for a table of firmware');
    bytes.push(...Buffer.from(digits.slice(0, 2 * rowLength), 'hex'));
  }
  return { bytes: Buffer.from(bytes), partLength: rows.at(-1)?.partLength ?? 0 };
}

const SINGLE_ROW = { radix: 16, rowLength: 16 } as const;

function rowsIn(text: string, start: number) {
  const rows: Row[] = [];
  const squeezedBefore = new Set<number>();
  let columns: Columns = [];
  for (const line of linesFrom(text, start)) {
    if (rows.length >= MAX_ROWS) break;
    const [, address, rest = ''] = LINE.exec(line) ?? [];
    if (SQUEEZED.test(line) && rows.length > 0) squeezedBefore.add(rows.length);
    else if (address === undefined) {
      if (rows.length > 0) break;
    } else {
      const row = rest.slice(0, MAX_ROW_LENGTH);
      const [run = ''] = WIDE_UNITS.exec(row) ?? UNITS.exec(row) ?? [];
      if (run === '' && rows.length === 0) continue;
      if (rows.length === 0) columns = columnsOf(run, line.length - rest.length);
      const digits = run.replace(/0x|[\s-]/gi, '');
      const isShort = digits.length < (rows[0]?.digits.length ?? 0);
      const cut = isShort ? cutWordIn(line, columns) : null;
      rows.push({ address, digits: cut?.digits ?? digits, partLength: cut?.partLength ?? 0 });
      if (run === '') break;
    }
  }
  return { rows, squeezedBefore };
}

/** Of a row of words with blanks between them. */
function columnsOf(run: string, at: number): Columns {
  const columns = Array.from(run.matchAll(/\S+/g), ({ 0: word, index }) => ({
    start: at + index,
    end: at + index + word.length,
  }));
  return /^(?:[0-9A-F]{4,16}\s*)+$/i.test(run) ? columns : [];
}

/**
 * A row whose last word lacks its upper bytes, with blanks in their place, as `xxd -e` prints what is left. At the left end of
 * its place it would be a word of which the text was cut off.
 */
function cutWordIn(line: string, columns: Columns): { readonly digits: string; readonly partLength: number } | null {
  const isWhole = ({ start, end }: Columns[number]) => /^[0-9A-F]+(?: |$)/i.test(line.slice(start, end + 1));
  const at = columns.findIndex((column) => !isWhole(column) || line.length < column.end);
  const [place, last] = [columns[at], columns.at(-1)];
  if (place === undefined || last === undefined) return null;
  const [, blanks = '', word = ''] = /^( +)((?:[0-9A-F]{2})+) *$/i.exec(line.slice(place.start, last.end)) ?? [];
  if (word === '' || blanks.length + word.length !== place.end - place.start) return null;
  const whole = columns.slice(0, at).map(({ start, end }) => line.slice(start, end));
  return { digits: whole.join('') + word, partLength: word.length / 2 };
}

/**
 * In which numbers are the addresses, and how many bytes has a row? Addresses go up by the bytes of a row: in hexadecimal,
 * or else as od writes them, in decimal or octal.
 */
function rulingOf(first: Row, second: Row, squeezed: boolean): { readonly radix: number; readonly rowLength: number } {
  if (squeezed) return SINGLE_ROW;
  const longest = first.digits.length / 2;
  for (const radix of [16, 10, 8]) {
    const rowLength = Number.parseInt(second.address, radix) - Number.parseInt(first.address, radix);
    if (rowLength > 0 && rowLength <= longest) return { radix, rowLength };
  }
  return SINGLE_ROW;
}

/** More than the end of a line, an indentation, and what makes a number of two digits. */
const MAX_BETWEEN = 64;

/** Digits without addresses, from where they are those of `magic`; empty where there are none. */
function plainHexIn(text: string, magic: Buffer): Buffer {
  const between = String.raw`(?:[\s,;]|0x|\\x){0,${MAX_BETWEEN}}`;
  const digits = (magic.toString('hex').match(/../g) ?? []).join(between);
  const begin = new RegExp(`(?<![0-9a-f])(?:0x)?${digits}`, 'i');
  const run = runFrom(text, begin, /[^0-9a-fx\\\s,;]/i);
  return Buffer.from(run.replace(/[0\\]x|[^0-9a-f]/gi, '').slice(0, 2 * MAX_BYTE_LENGTH), 'hex');
}

/** What Base64 stands for, from where it is that of `magic`; empty where there is none. */
function base64In(text: string, magic: Buffer): Buffer {
  // What the last character stands for depends on the byte behind.
  const whole = magic.toString('base64').slice(0, Math.floor((8 * magic.length) / 6));
  const begin = new RegExp(`(?<![A-Za-z0-9+/])${whole.replace(/[+/]/g, '\\$&')}`);
  return Buffer.from(runFrom(text, begin, /[^A-Za-z0-9+/\s]/), 'base64');
}

/** The text from where something begins up to where something else ends it; empty where it begins nowhere. */
function runFrom(text: string, begin: RegExp, end: RegExp): string {
  const run = text.slice(begin.exec(text)?.index ?? text.length);
  const length = run.search(end);
  return length < 0 ? run : run.slice(0, length);
}

/** With words turned around that a tool printed as numbers of a little-endian machine, where that makes a table of them. */
function inByteOrder({ bytes, partLength }: Dumped, begins: (bytes: Buffer) => boolean): Buffer {
  const turnedBy = (width: number) => {
    const wholeLength = bytes.length - (bytes.length % width);
    const turned = Buffer.from(bytes.subarray(0, wholeLength));
    const whole = width === 2 ? turned.swap16() : width === 4 ? turned.swap32() : turned.swap64();
    const part = bytes.length - wholeLength === partLength ? bytes.subarray(wholeLength).toReversed() : [];
    return Buffer.concat([whole, Uint8Array.from(part)]);
  };
  return begins(bytes) ? bytes : ([2, 4, 8].map(turnedBy).find(begins) ?? bytes);
}

function* linesFrom(text: string, start: number): Generator<string> {
  for (let at = start; at < text.length; ) {
    const end = text.indexOf('\n', at);
    yield text.slice(at, end < 0 ? text.length : end).trimEnd();
    at = end < 0 ? text.length : end + 1;
  }
}
