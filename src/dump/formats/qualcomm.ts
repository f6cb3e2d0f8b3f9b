/**
 * Qualcomm's full RAM dumps: a folder of raw files, one for each part of a memory, and dump_info.txt, which says where
 * they belong. Its rows are
 *
 *     flag  base(hex)  length(decimal)  description, of several words  FILE.BIN
 *
 * as the boot loader and QPST write them, and Qualcomm's linux-ramdump-parser reads them.
 */

import { basename, dirname, resolve } from 'node:path';
import { InputError } from '../../errors.ts';
import { liesBelow } from '../../folder.ts';
import { PADDR_LIMIT } from '../dump.ts';
import type { LoadMapEntry } from '../load-map.ts';
import { readTextFile } from '../sources/source.ts';

/** Every other file is of a memory on the chip (OCIMEM, CODERAM, MSGRAM and the like), not of DRAM. */
const DRAM_FILE = /^(DDR|EBI|VMDDR)/i;

/** A chip has some dozens of memories; this is thousands. */
const MAX_BYTES = 1 << 20;

/**
 * The DRAM of a dump_info.txt, in the order of its rows. `name` is the text's file, for messages; the files are named as
 * the text names them. Lines that are no rows (headings, remarks) are passed over.
 * Throws InputError (`format`) for a row that is malformed, and when there is no DRAM.
 */
export function parseDumpInfo(text: string, name: string): LoadMapEntry[] {
  const entries = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .flatMap((line, i) => parseLine(line, name, i + 1) ?? []);
  if (entries.length === 0) {
    throw new InputError('format', 'names no DRAM: no file begins with DDR, EBI or VMDDR', { file: name });
  }
  return entries;
}

/** Whether a file is such a map, by its name: the text has no other mark. */
export function isDumpInfo(path: string): boolean {
  return /^dump_info.*\.txt$/i.test(basename(path));
}

/** Reads a dump_info.txt and finds its files beside it. They are opened later, and may be shorter than they should. */
export async function loadDumpInfo(path: string): Promise<LoadMapEntry[]> {
  const tooLong = (byteLength: number) =>
    new InputError('format', `is ${byteLength} bytes long; is it a dump_info.txt?`, { file: path });
  const text = readTextFile(path, MAX_BYTES, tooLong);
  const folder = resolve(dirname(path));
  return parseDumpInfo(text, path).map((entry) => {
    const file = entry.file?.name ?? '';
    const beside = resolve(folder, file);
    if (!liesBelow(folder, beside)) {
      throw new InputError('format', `${JSON.stringify(file)} leaves the folder of the dump`, {
        file: path,
        place: lineOf(entry.where),
      });
    }
    return { ...entry, file: { name: file, path: beside } };
  });
}

/** The entry of one line; null for a line that is no row, or not of DRAM. */
function parseLine(line: string, name: string, number: number): LoadMapEntry | null {
  const words = line.trim().split(/\s+/);
  const [flag = '', base = '', length = ''] = words;
  const file = words.at(-1) ?? '';
  const isRow = /\.bin$/i.test(file) || (/^[0-9]+$/.test(flag) && /^0x/i.test(base));
  if (!isRow || /^(#|;|\/\/)/.test(flag)) return null;

  const refuse = (message: string): never => {
    throw new InputError('format', message, { file: name, place: `line ${number}` });
  };
  if (words.length < 4 || !/\.bin$/i.test(file)) {
    return refuse('is not "flag base length description FILE.BIN"');
  }
  if (!DRAM_FILE.test(file)) return null;
  if (!/^[0-9]+$/.test(flag)) refuse(`the flag ${JSON.stringify(flag)} is not a number`);
  if (!/^(0x)?[0-9a-f]+$/i.test(base)) refuse(`the base ${JSON.stringify(base)} is not a hexadecimal number`);
  if (!/^[0-9]+$/.test(length)) refuse(`the length ${JSON.stringify(length)} is not a decimal number`);
  const paddr = Number.parseInt(base, 16);
  const byteLength = Number(length);
  // A bank that is not fitted.
  if (byteLength === 0) return null;
  if (paddr + byteLength > PADDR_LIMIT) refuse(`${base} and ${length} bytes are beyond 52 address bits`);
  return { paddr, byteLength, fileOffset: 0, file: { name: file, path: file }, where: `${name}: line ${number}` };
}

function lineOf(where: string): string {
  return where.slice(where.lastIndexOf(': ') + 2);
}
