/**
 * In which order do the bytes of a printed word stand? md.w and hexdump print the number that the word is, xxd the
 * bytes as memory has them, and a row of either looks the same. The characters behind a row tell, and so do reserved
 * bits: the last byte of CR0 is zero, the first is not while the SMMU is in use.
 */

import type { Digits } from '../numbers.ts';

/** `value`: the digits are a number, as a little-endian machine reads it. `memory`: they are bytes, first one first. */
export type ByteOrder = 'value' | 'memory';

/** As much of a row as this needs. */
interface WordsAt {
  readonly start: number;
  readonly words: readonly Digits[];
  readonly rest: string;
}

/**
 * The order in words of `byteLength` bytes; undefined where nothing tells it, or two signs contradict each other.
 * `offsetOf` makes an address an offset from its SMMU's base.
 */
export function byteOrder(
  rows: readonly WordsAt[],
  byteLength: number,
  offsetOf: (address: number) => number,
): ByteOrder | undefined {
  if (byteLength === 1) return 'memory';
  const characters = decided(
    rows.flatMap((row) => {
      const fitting = ORDERS.filter((order) => agreement(row, byteLength, order) === 'agrees');
      const failing = ORDERS.filter((order) => agreement(row, byteLength, order) === 'differs');
      return fitting.length === 1 && failing.length === 1 ? fitting : [];
    }),
  );
  const reserved = decided(rows.flatMap((row) => reservedVotes(row, byteLength, offsetOf)));
  if (characters !== undefined && reserved !== undefined && characters !== reserved) return undefined;
  // No display of numbers has been seen whose characters stand in the order of the digits, but one might.
  if (byteLength === 2) return characters ?? reserved;
  return reserved === undefined && characters === 'memory' ? undefined : (reserved ?? characters ?? 'value');
}

const ORDERS = ['value', 'memory'] as const;

/** A damaged row or two may say otherwise. */
const MAJORITY = 4;

function decided(votes: readonly ByteOrder[]): ByteOrder | undefined {
  const value = votes.filter((vote) => vote === 'value').length;
  const memory = votes.length - value;
  if (value > memory * MAJORITY) return 'value';
  return memory > value * MAJORITY ? 'memory' : undefined;
}

/**
 * Whether bytes in the order of a page are those of a big-endian machine, or were reversed by who saved them: the small
 * registers then end in what they begin with.
 */
export function isBigEndian(byteAt: (offset: number) => number | undefined): boolean {
  const votes = [...SMALL_REGISTERS].flatMap((offset) => {
    const [first, last] = [byteAt(offset), byteAt(offset + 3)];
    return first === undefined || last === undefined || (first === 0) === (last === 0) ? [] : [last !== 0];
  });
  return votes.length > 0 && votes.filter(Boolean).length * 2 > votes.length;
}

/** CR0, CR0ACK, IRQ_CTRL, IRQ_CTRLACK and STRTAB_BASE_CFG: in use, their first byte is not zero; their last one always. */
const SMALL_REGISTERS: ReadonlySet<number> = new Set([0x20, 0x24, 0x50, 0x54, 0x88]);

function reservedVotes(row: WordsAt, byteLength: number, offsetOf: (address: number) => number): ByteOrder[] {
  return row.words.flatMap(({ text }, i): ByteOrder[] => {
    if (!SMALL_REGISTERS.has(offsetOf(row.start + i * byteLength))) return [];
    const [first, last] = [text.slice(0, 2), text.slice(-2)].map((digits) => digits === '00');
    return first === last ? [] : [first === true ? 'value' : 'memory'];
  });
}

/** The bytes of a row in the order of memory. */
export function bytesOf({ words }: WordsAt, order: ByteOrder): number[] {
  return words.flatMap(({ text }) => {
    const bytes = (text.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16));
    return order === 'value' ? bytes.reverse() : bytes;
  });
}

const [SPACE, TILDE, DOT] = [0x20, 0x7e, 0x2e];

/** Whether the characters behind a row are those of its bytes; undefined where they say nothing. */
export function agreement(row: WordsAt, byteLength: number, order: ByteOrder): 'agrees' | 'differs' | undefined {
  const shown = charactersOf(row.rest, row.words.length * byteLength);
  if (shown === undefined) return undefined;
  let agrees: 'agrees' | undefined;
  for (const [i, byte] of bytesOf(row, order).entries()) {
    const character = shown.charCodeAt(i);
    const visible = character > SPACE && character <= TILDE && character !== DOT;
    const printable = byte > SPACE && byte <= TILDE && byte !== DOT;
    if (visible ? byte !== character : printable && character === DOT) return 'differs';
    if (visible) agrees = 'agrees';
  }
  return agrees;
}

/** The column of characters: between bars or asterisks, or the last ones of the line. */
function charactersOf(rest: string, count: number): string | undefined {
  const [, between] = /^\s*[|*](.*)[|*]\s*$/.exec(rest) ?? [];
  if (between !== undefined) return between.length === count ? between : undefined;
  const column = rest.slice(-count);
  const before = rest.slice(0, -count);
  return column.length === count && before !== '' && before.trim() === '' ? column : undefined;
}
