/** The bytes of a kernel log, piece by piece: of files, of pipes, and of standard input. */

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { onDisk } from '../../byte-names.ts';
import { attempt } from '../../dump/sources/source.ts';
import { InputError } from '../../errors.ts';
import { wideEncoding } from '../../wide-encoding.ts';
import type { CommandIo } from '../output/io.ts';
import { STDIN, STDIN_NAME } from '../session.ts';

const PIECE_LENGTH = 1 << 18;

const DUMP = 'is a memory dump, not a log: `vmcore-dmesg FILE` or `log` in crash prints the log in it';

const PICTURE =
  'is a picture: the log is needed as text; the words of one event alone are for `smmu-adopt decode event`';

/** Files that are no text, by how they begin, and what to do with them. */
const NO_TEXT: readonly (readonly [magic: string, what: string])[] = [
  ['\u001f\u008b', 'is compressed with gzip: `gunzip -c FILE | smmu-adopt log` reads it'],
  ['\u00fd7zXZ', 'is compressed with xz: `xz -dc FILE | smmu-adopt log` reads it'],
  ['(\u00b5/\u00fd', 'is compressed with zstd: `zstd -dc FILE | smmu-adopt log` reads it'],
  ['BZh', 'is compressed with bzip2: `bzip2 -dc FILE | smmu-adopt log` reads it'],
  ['\u0004"M\u0018', 'is compressed with lz4: `lz4 -dc FILE | smmu-adopt log` reads it'],
  ['PK\u0003\u0004', 'is a ZIP archive: `unzip -p FILE | smmu-adopt log` reads it'],
  ['\u0089PNG', PICTURE],
  ['\u00ff\u00d8\u00ff', PICTURE],
  ['%PDF-', 'is a PDF: `pdftotext -layout FILE - | smmu-adopt log` reads what text it has'],
  ['\u007fELF', DUMP],
  ['KDUMP   ', DUMP],
  ['makedumpfile', DUMP],
  ['LPKSHHRH', 'is a journal of systemd: `journalctl --file FILE -k | smmu-adopt log` reads it'],
];

/** A log that is one of those before it, perhaps by another name. */
export interface NamedAgain {
  readonly name: string;
  readonly first: string;
}

/** Each log once, and which were named again: what is read twice would count twice. */
export function distinctLogs(names: readonly string[]): { readonly names: string[]; readonly again: NamedAgain[] } {
  const firsts = new Map<string, string>();
  const again: NamedAgain[] = [];
  for (const name of names) {
    const look = () => statSync(onDisk(name), { throwIfNoEntry: false });
    const stat = name === STDIN ? undefined : attempt(name, 'cannot be opened', look);
    // What is no file may have something else to say each time.
    const identity = stat?.isFile() === true ? `${stat.dev}:${stat.ino}` : `name ${name}`;
    const first = firsts.get(identity);
    if (first === undefined) firsts.set(identity, name);
    else again.push({ name, first });
  }
  return { names: [...firsts.values()], again };
}

const LINE_END = 0x0a;

/**
 * Every piece of every log, whatever the encoding of each; one begins with a line of its own. Throws InputError (`file` or
 * `format`) naming the one that is no log.
 */
export async function* piecesOf(names: readonly string[], stdin: CommandIo['stdin']): AsyncGenerator<Uint8Array> {
  let ends = true;
  for (const name of names) {
    let byteLength = 0;
    let decoder: InstanceType<typeof TextDecoder> | null = null;
    for await (const given of name === STDIN ? stdin : piecesOfFile(name)) {
      const piece = Buffer.from(given as Uint8Array);
      if (byteLength === 0) {
        refuseNoText(piece, name);
        decoder = decoderOf(piece);
        if (!ends) yield Buffer.of(LINE_END);
      }
      byteLength += piece.length;
      const text = decoder === null ? piece : Buffer.from(decoder.decode(piece, { stream: true }));
      if (text.length > 0) ends = text.at(-1) === LINE_END;
      yield text;
    }
    if (byteLength === 0) {
      const next = name === STDIN ? ': name a log, or pipe one in, as in dmesg | smmu-adopt log' : '';
      throw new InputError('file', `is empty${next}`, { file: shownName(name) });
    }
  }
}

/** Of a log in UTF-16; null for one byte a character. */
function decoderOf(piece: Buffer): InstanceType<typeof TextDecoder> | null {
  const encoding = wideEncoding(piece);
  return encoding === null ? null : new TextDecoder(encoding);
}

const shownName = (name: string) => (name === STDIN ? STDIN_NAME : name);

function* piecesOfFile(name: string): Generator<Uint8Array> {
  const descriptor = attempt(name, 'cannot be opened', () => openSync(onDisk(name), 'r'));
  try {
    if (fstatSync(descriptor).isDirectory()) {
      throw new InputError('file', 'is a directory; a log is needed', { file: name });
    }
    for (;;) {
      const buffer = Buffer.allocUnsafe(PIECE_LENGTH);
      const count = attempt(name, 'cannot be read', () => readSync(descriptor, buffer, 0, PIECE_LENGTH, null));
      if (count === 0) break;
      yield buffer.subarray(0, count);
    }
  } finally {
    closeSync(descriptor);
  }
}

function refuseNoText(piece: Buffer, name: string): void {
  const begins = piece.subarray(0, 16).toString('latin1');
  const found = NO_TEXT.find(([magic]) => begins.startsWith(magic));
  if (found !== undefined) throw new InputError('format', found[1], { file: shownName(name) });
}
