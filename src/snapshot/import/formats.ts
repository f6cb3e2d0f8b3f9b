/** The formats that registers are imported from: how each is recognised, read, and named. */

import { InputError } from '../../errors.ts';
import { readBinary } from './binary.ts';
import { readDevmem } from './devmem.ts';
import { readMd, readXp } from './displays.ts';
import { readJson } from './json.ts';
import { readList } from './list.ts';
import type { Notes } from './notes.ts';
import type { Content, Reading } from './reading.ts';

export interface Format {
  readonly name: string;
  /** In the snapshot's `source`. */
  readonly title: string;
  looksLike(content: Content): boolean;
  read(content: Content, notes: Notes): Iterable<Reading>;
  /** What to do when all 32-bit registers are zero, because they were read in blocks. */
  readonly oneByOne: string;
}

const BY_CAPTURE = 'read one register at a time, each with 32 bits; smmu-adopt regs capture prints a script that does';

/** In the order in which they are tried; the last one takes every text. */
export const FORMATS: readonly Format[] = [
  {
    name: 'binary',
    title: 'binary dump of the register pages',
    looksLike: ({ text }) => text === null,
    read: ({ bytes, file }) => readBinary(bytes, file),
    oneByOne: BY_CAPTURE,
  },
  text('json', 'JSON', looksLikeJson, readJson),
  text(
    'devmem',
    'devmem',
    (content) => /(^|[\s/])devmem2?\s|^\/dev\/mem\b|^(Value|Read) at address\s/m.test(content),
    readDevmem,
  ),
  text(
    'xp',
    'QEMU monitor, xp',
    (content) => /^\(qemu\)|^[0-9a-f]{16}:\s+0x[0-9a-f]/im.test(content),
    readXp,
    'in the QEMU monitor, use one xp /1xw ADDRESS for each 32 bits',
  ),
  text(
    'md',
    'U-Boot, md',
    (content) => /^(\S*[>#$][ \t]+)?md(\.[bwlq])?[ \t]|^[0-9a-f]{8,16}:( [0-9a-f]+)+ {4,}/im.test(content),
    readMd,
  ),
  text('list', 'list of registers', () => true, readList),
];

function text(
  name: string,
  title: string,
  looksLike: (text: string) => boolean,
  read: (text: string, file: string, notes: Notes) => Iterable<Reading>,
  oneByOne = BY_CAPTURE,
): Format {
  return {
    name,
    title,
    oneByOne,
    looksLike: (content) => content.text !== null && looksLike(content.text),
    read: (content, notes) => {
      if (content.text === null) throw new InputError('snapshot', `is binary, not ${title}`, { file: content.file });
      return read(content.text, content.file, notes);
    },
  };
}

/** A log may begin with a bracket, too, so what begins with one has to be JSON as a whole. */
function looksLikeJson(content: string): boolean {
  const [start] = content.replace(/^\uFEFF/, '').trimStart();
  if (start !== '[') return start === '{';
  try {
    JSON.parse(content.replace(/^\uFEFF/, ''));
    return true;
  } catch {
    return false;
  }
}

export function formatOf(content: Content): Format {
  return FORMATS.find(({ looksLike }) => looksLike(content)) as Format;
}
