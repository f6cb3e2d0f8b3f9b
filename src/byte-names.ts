/**
 * Names are bytes: on a disk, in a dump, and on a command line, which need not be UTF-8. Each byte that is none is half a
 * surrogate pair here, U+DC80 to U+DCFF, as in Python (PEP 383): the name stays what it is, and nothing else has such halves.
 */

import { isUtf8 } from 'node:buffer';
import { readlinkSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';

const LOWEST = 0xdc00;
const KEPT_BYTES = /[\udc80-\udcff]+/u;
/** What decoders put in place of such a byte. */
const REPLACEMENT = '\ufffd';

/** The text of a name, from which its bytes can be had again. */
export function nameOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let name = '';
  for (let at = 0; at < bytes.length; ) {
    const length = lengthOfCharacter(bytes, at);
    name +=
      length === 0 ? String.fromCharCode(LOWEST + (bytes[at] as number)) : bytes.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return name;
}

/** 0 where no character begins. */
function lengthOfCharacter(bytes: Buffer, at: number): number {
  const first = bytes[at] as number;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** The name as the system takes it: its bytes, where they are no text. */
export function onDisk(name: string): string | Buffer {
  if (!KEPT_BYTES.test(name)) return name;
  const parts = name.split(/([\udc80-\udcff]+)/u);
  return Buffer.concat(
    parts.map((part, i) =>
      i % 2 === 0 ? Buffer.from(part) : Buffer.from(part, 'utf16le').filter((_, j) => j % 2 === 0),
    ),
  );
}

/** Where all links lead. Throws the system's error. */
export function realPath(path: string): string {
  // Of a folder whose name is not UTF-8, the one worked in among them, Node's own way would make one that is not there.
  return nameOfBytes(realpathSync.native(onDisk(resolve(path)), 'buffer'));
}

let isFolderKnown = false;

/** From now on the working folder has its name by bytes: all absolute paths are made of that. Linux knows it. */
export function knowFolderByBytes(): void {
  if (isFolderKnown) return;
  isFolderKnown = true;
  const told = process.cwd.bind(process);
  process.cwd = () => {
    const folder = told();
    if (!mayLackBytes(folder)) return folder;
    const exact = readlinkSync('/proc/self/cwd', 'buffer');
    return exact.toString() === folder ? nameOfBytes(exact) : folder;
  };
}

/** Whether bytes may have been lost when a name was made a text. */
export function mayLackBytes(name: string): boolean {
  return name.includes(REPLACEMENT);
}
