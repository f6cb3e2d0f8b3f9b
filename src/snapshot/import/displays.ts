/**
 * Memory displays whose words are always printed in full, so that their digits say how wide they are: `xp` of the QEMU
 * monitor and `md` of U-Boot.
 */

import { InputError } from '../../errors.ts';
import { linesOf } from './lines.ts';
import { lineExample } from './list.ts';
import type { Notes } from './notes.ts';
import type { At, Reading } from './reading.ts';

interface Display {
  /** Address, and words with a space before each. */
  readonly row: RegExp;
  /** What a prompt puts before a row or a command. */
  readonly prompt: RegExp;
  /** Lines that belong to it and hold no values. */
  readonly command: RegExp;
  /** What looks like a row and is none, and what to do about it. */
  readonly refused?: { readonly pattern: RegExp; readonly hint: string };
  /** Whether words read together may be zero although the registers are not; see {@link blockZeros}. */
  readonly blockZeros: boolean;
}

const XP: Display = {
  row: /^(?:0x)?([0-9a-f]{8,16}):((?:\s+0x[0-9a-f]+)+)$/i,
  prompt: /^(\(qemu\)\s*)+/,
  command: /^x?p\b/,
  refused: { pattern: /^[0-9a-f]{8,16}:\s/i, hint: 'is no row of hexadecimal words; xp /1xw prints them' },
  blockZeros: true,
};

const MD: Display = {
  // Four spaces lead to the column of characters, which may look like anything. (xxd has two, and swaps the bytes.)
  row: /^(?:0x)?([0-9a-f]{8,16}):((?: [0-9a-f]+)+)(?: {4,}.*)?$/i,
  prompt: /^(\S+ )?\S*[>#$](\s+|$)/,
  command: /^md\b/,
  blockZeros: false,
};

export const readXp = reader(XP);
export const readMd = reader(MD);

function reader(display: Display): (text: string, file: string, notes: Notes) => Generator<Reading> {
  return function* (content, file, notes) {
    for (const line of linesOf(content)) {
      const place = `line ${line.number}`;
      const at = { file, place };
      const text = line.text.replace(display.prompt, '');
      const match = display.row.exec(text);
      if (match !== null) {
        const readings = rowReadings(match, at);
        yield* display.blockZeros ? blockZeros(readings) : readings;
      } else if (display.refused?.pattern.test(text) === true) {
        throw new InputError('snapshot', display.refused.hint, at);
      } else if (text !== '' && !display.command.test(text)) {
        notes.add('unread-line', () => lineExample(at, line.text));
      }
    }
  };
}

type RowReading = Reading & { readonly where: { readonly address: number } };

function rowReadings([, address, words = '']: RegExpExecArray, at: At): RowReading[] {
  const tokens = words.trim().split(/\s+/);
  const numbers = tokens.map((token) => token.replace(/^0x/i, ''));
  const [digits = 0, ...otherwise] = new Set(numbers.map(({ length }) => length));
  const byteLength = digits / 2;
  if (otherwise.length > 0 || ![1, 2, 4, 8].includes(byteLength)) {
    throw new InputError('snapshot', 'a row of words of the same length (2, 4, 8 or 16 digits) is needed', at);
  }
  const first = Number(`0x${address}`);
  return numbers.map((number, i) => ({
    where: { address: first + i * byteLength },
    value: BigInt(`0x${number}`),
    byteLength,
    place: at.place,
  }));
}

/**
 * QEMU reads the row of an `xp` eight bytes at a time where it can, and its SMMU answers such a read with zero unless a
 * 64-bit register lies there. So eight aligned bytes that are zero and in one row say nothing of 32-bit registers.
 */
function blockZeros(row: readonly RowReading[]): RowReading[] {
  const groups = new Map<number, { byteLength: number; zero: boolean }>();
  const groupOf = ({ where }: RowReading) => Math.floor(where.address / 8);
  for (const reading of row) {
    const { byteLength, zero } = groups.get(groupOf(reading)) ?? { byteLength: 0, zero: true };
    groups.set(groupOf(reading), {
      byteLength: byteLength + reading.byteLength,
      zero: zero && reading.value === 0n,
    });
  }
  return row.map((reading) => {
    const group = groups.get(groupOf(reading));
    return { ...reading, doubtful: group?.zero === true && group.byteLength === 8 };
  });
}
