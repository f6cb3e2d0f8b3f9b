/** The formats that registers are imported from: how each is recognised, read, and named. */

import { InputError } from '../../errors.ts';
import { readBinary } from './grammars/binary.ts';
import { looksLikeJson, readJson } from './grammars/json.ts';
import { readText } from './grammars/text.ts';
import type { Notes } from './notes.ts';
import type { Content, Reading, Target } from './reading.ts';

export interface Format {
  readonly name: string;
  /** In the snapshot's `source`. */
  readonly title: string;
  looksLike(content: Content): boolean;
  read(content: Content, targets: readonly Target[], notes: Notes): Iterable<Reading>;
  /** What to do when all 32-bit registers are zero, because they were read in blocks. */
  readonly oneByOne: string;
}

const BY_CAPTURE = 'read one register at a time, each with 32 bits; smmu-adopt regs capture prints a script that does';

/**
 * Texts are all read by the same rules, which need not know what printed them; a text is named after its tool all the
 * same, and QEMU's monitor reads in blocks.
 */
const TEXTS: readonly (readonly [name: string, title: string, sign: RegExp])[] = [
  ['devmem', 'devmem', /(^|[\s/])devmem2?\s|^\/dev\/mem\b|^(Value|Read) at address\s/m],
  ['xp', 'QEMU monitor, xp', /^\(qemu\)|^[0-9a-f]{16}:\s+0x[0-9a-f]/im],
  [
    'md',
    'U-Boot, md',
    /^(\S{0,60}[>#$][ \t]+)?md(\.[bwlq])?[ \t]|^[0-9a-f]{8,16}:( [0-9a-f]{2}| [0-9a-f]{4}| [0-9a-f]{8}| [0-9a-f]{16}){1,16} {4,}/im,
  ],
  ['list', 'list of registers', /^/],
];

/** In the order in which they are tried; the last one takes every text. */
export const FORMATS: readonly Format[] = [
  {
    name: 'binary',
    title: 'binary dump of the register pages',
    looksLike: ({ text }) => text === null,
    read: ({ bytes, file }, _, notes) => readBinary(bytes, file, notes),
    oneByOne: BY_CAPTURE,
  },
  {
    name: 'json',
    title: 'JSON',
    looksLike: ({ text }) => text !== null && looksLikeJson(text),
    read: (content, _, notes) => readJson(textOf(content, 'JSON'), content.file, notes),
    oneByOne: BY_CAPTURE,
  },
  ...TEXTS.map(([name, title, sign]): Format => {
    const blocks = name === 'xp';
    return {
      name,
      title,
      looksLike: ({ text }) => text !== null && sign.test(text),
      read: (content, targets, notes) =>
        readText(textOf(content, title), { file: content.file, targets, blocks }, notes),
      oneByOne: blocks ? 'in the QEMU monitor, use one xp /1xw ADDRESS for each 32 bits' : BY_CAPTURE,
    };
  }),
];

function textOf({ text, file }: Content, title: string): string {
  if (text === null) throw new InputError('snapshot', `is binary, not ${title}`, { file });
  return text;
}

/** The format that content looks like; the last of them takes anything. */
export function formatOf(content: Content): Format {
  return FORMATS.find(({ looksLike }) => looksLike(content)) as Format;
}
