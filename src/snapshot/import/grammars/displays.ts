/**
 * What the rows of a file are worth. Rows of one look are judged together: in which base their addresses are, how many
 * words belong to a row and where its characters begin, in which order the bytes of a word stand, and which row is
 * damaged. What cannot be told is left out and said.
 */

import type { Notes } from '../notes.ts';
import { DigitStatistics, hexOf } from '../numbers.ts';
import { baseAt, type Reading, type Scope } from '../reading.ts';
import type { NoteReason } from '../reasons.ts';
import { registerByte, SMMU_BYTES } from '../register-map.ts';
import { addressRadix, fallenBack, paddedLength } from './addresses.ts';
import { agreement, type ByteOrder, byteOrder, bytesOf, isBigEndian } from './byte-order.ts';
import type { Row } from './rows.ts';

/** A row whose address is known. */
interface PlacedRow extends Row {
  readonly start: number;
}

/** Rows of one look, in the order of the file. */
interface Display {
  readonly rows: Row[];
  /** Rows behind which others were left out because they are the same. */
  readonly repeated: Set<number>;
  /** Of each word; undefined for values that stand alone, whose digits say it one by one. */
  readonly byteLength: number | undefined;
}

/** More rows than the registers of any machine take. */
const MAX_ROWS = 1 << 18;

export class Displays {
  readonly #displays = new Map<string, Display>();
  /** Of values that stand alone: with a mark, and without. */
  readonly #alone = { marked: new DigitStatistics(), unmarked: new DigitStatistics() };
  #last: Display | undefined;
  #count = 0;

  /** False when there are more rows than anybody's registers have. */
  add(row: Row): boolean {
    const { words, address, plus, bare, weak } = row;
    const [{ marked, text } = { marked: false, text: '' }] = words;
    const several = words.length > 1;
    const look = [several ? text.length : 'alone', marked, address.marked, plus, bare, weak].join();
    const display = this.#displays.get(look) ?? {
      rows: [],
      repeated: new Set(),
      byteLength: several ? text.length / 2 : undefined,
    };
    this.#displays.set(look, display);
    display.rows.push(row);
    this.#last = display;
    for (const word of words) if (!several) this.#alone[marked ? 'marked' : 'unmarked'].see(word);
    return ++this.#count <= MAX_ROWS;
  }

  /** The row before this point stands for rows that are not shown. */
  repeat(): void {
    const row = this.#last?.rows.at(-1);
    if (row !== undefined) this.#last?.repeated.add(row.line);
  }

  *readings(scope: Scope, notes: Notes): Generator<Reading> {
    // A row of words is never decimal, so neither is the short last one.
    const wordLengths = new Set([...this.#displays.values()].map(({ byteLength = 0 }) => 2 * byteLength));
    if (wordLengths.has(8) || wordLengths.has(16)) this.#alone.unmarked.see({ text: '0a', marked: false });
    for (const display of this.#displays.values()) {
      const say = (reason: NoteReason, { address, line }: Row) =>
        notes.add(reason, () => ({ kind: 'digits', digits: { ...address, marked: true } }), {
          file: scope.file,
          place: `line ${line}`,
        });
      const placed = [...placedRows(display, say)];
      // Rows of one look are all weak, or none is.
      const rows = placed[0]?.weak !== true || inOrder(placed) ? placed : [];
      if (rows !== placed) for (const row of placed) say('unread-line', row);
      if (display.byteLength === undefined) yield* this.#aloneReadings(rows, wordLengths, scope, say);
      else yield* wordReadings(rows, { ...display, byteLength: display.byteLength }, scope, say);
    }
  }

  *#aloneReadings(
    rows: readonly PlacedRow[],
    wordLengths: ReadonlySet<number>,
    scope: Scope,
    say: Say,
  ): Generator<Reading> {
    for (const row of rows) {
      const [word] = row.words;
      if (word === undefined) continue;
      const statistics = this.#alone[word.marked ? 'marked' : 'unmarked'];
      const { narrowLength } = statistics;
      const value = statistics.value(word);
      const byteLength = narrowLength === undefined ? (word.text.length > 8 ? 8 : 4) : narrowLength / 2;
      const [length, wide] = [word.text.length, wordLengths.has(word.text.length)];
      if (NUMBERS_BEHIND.test(row.rest) || (wide && isCrowded(row, length / 2))) say('several-values', row);
      else if (typeof value === 'string') say(value === 'radix' ? 'either-base' : 'lost-digit', row);
      else if (row.start % byteLength !== 0 && row.start % 4 !== 0) say('misaligned', row);
      else if (word.text.length > 8 && word.text.length < 16 && isNarrow(row, scope)) say('too-wide', row);
      else yield { where: whereOf(row), value, byteLength, place: `line ${row.line}` };
    }
  }
}

/** So many rows have to be in order before short numbers are taken for addresses. */
const MIN_IN_ORDER = 5;

/** Whether offsets of one length rise by words; two captures in one file are in order, too. */
function inOrder(rows: readonly PlacedRow[]): boolean {
  const length = rows[0]?.address.text.length;
  const even = rows.every(({ start, address }) => start % 4 === 0 && address.text.length === length);
  const falls = rows.filter(({ start }, i) => start <= (rows[i - 1]?.start ?? -1)).length;
  return even && rows.length >= MIN_IN_ORDER * (falls + 1);
}

type Say = (reason: NoteReason, row: Row) => void;

const NUMBERS_BEHIND = /^[\s,]*(?:0x)?[0-9a-f]{1,16}(?:[\s,]|$)/i;

function whereOf({ plus, start }: PlacedRow): Reading['where'] {
  return plus ? { offset: start } : { address: start };
}

/** The rows whose addresses can be told and have all their digits. */
function* placedRows({ rows, byteLength }: Display, say: Say): Generator<PlacedRow> {
  // A plus is a mark, too.
  const addresses = rows.map(({ address, plus }) => ({ ...address, marked: address.marked || plus }));
  const radix = addressRadix(addresses, (byteLength ?? 4) * usualCount(rows));
  const length = paddedLength(addresses);
  const placed: PlacedRow[] = [];
  for (const [i, row] of rows.entries()) {
    const { text } = row.address;
    const marked = addresses[i]?.marked === true;
    if (!marked && radix === undefined && !/^0+$/.test(text)) say('either-base', row);
    else if (text.length < length) say('lost-digit', row);
    else placed.push({ ...row, start: marked ? Number(hexOf(text)) : Number.parseInt(text, radix ?? 16) });
  }
  const fallen = fallenBack(placed.map(({ start }) => start));
  for (const [i, row] of placed.entries()) {
    if (row.start < SMMU_BYTES && fallen.has(i)) say('out-of-order', row);
    else yield row;
  }
}

/** How many words most rows have. */
function usualCount(rows: readonly Row[]): number {
  const counts = new Map<number, number>();
  for (const { words } of rows) counts.set(words.length, (counts.get(words.length) ?? 0) + 1);
  const [[usual] = [1]] = [...counts].sort(([a, m], [b, n]) => n - m || b - a);
  return usual;
}

function* wordReadings(
  placed: readonly PlacedRow[],
  { byteLength, repeated }: Display & { readonly byteLength: number },
  scope: Scope,
  say: Say,
): Generator<Reading> {
  if (![1, 2, 4, 8].includes(byteLength)) {
    for (const row of placed) say('several-values', row);
    return;
  }
  const usual = usualCount(placed);
  const rows: PlacedRow[] = [];
  for (const [i, row] of placed.entries()) {
    // More words than in other rows are characters that look like digits.
    if (row.words.length > usual) rows.push({ ...row, words: row.words.slice(0, usual), rest: '' });
    else if (lacksWord(row, placed[i + 1], usual * byteLength, byteLength)) say('damaged-row', row);
    else rows.push(row);
  }
  // 0x before every word says that it is a number.
  const marked = rows[0]?.words[0]?.marked === true;
  const order = marked ? 'value' : byteOrder(rows, byteLength, (address) => offsetIn(scope, address));
  const reversed = byteLength === 1 && isBigEndian(byteIn(rows, scope));
  for (const [i, row] of rows.entries()) {
    if (row.start % Math.min(byteLength, 4) !== 0) say('misaligned', row);
    else if (reversed) say('big-endian', row);
    else if (order === undefined) say('byte-order', row);
    else if (agreement(row, byteLength, order) === 'differs') say('characters-differ', row);
    else {
      yield* rowReadings(row, byteLength, order, scope);
      if (!repeated.has(row.line)) continue;
      const rowBytes = byteLength * row.words.length;
      // One row in between is the one that is not shown; of more, some might be lost.
      if (rows[i + 1]?.start === row.start + 2 * rowBytes) {
        yield* rowReadings({ ...row, start: row.start + rowBytes }, byteLength, order, scope);
      } else say('repeated-rows', row);
    }
  }
}

/** The byte at an offset from its SMMU's base, in rows of bytes; undefined where no row has it. */
function byteIn(rows: readonly PlacedRow[], scope: Scope): (offset: number) => number | undefined {
  const bytes = new Map(
    rows.flatMap(({ start, words }) =>
      words.map(({ text }, i) => [offsetIn(scope, start + i), Number.parseInt(text, 16)] as const),
    ),
  );
  return (offset) => bytes.get(offset);
}

/** Whether what follows the words of a row is more than their characters and what frames them. */
function isCrowded({ rest }: Row, byteLength: number): boolean {
  return NUMBERS_BEHIND.test(rest) || rest.trim().length > byteLength + 2;
}

/** A word among the others is broken, or the next row begins where this one would end if it had all of its words. */
function lacksWord(row: PlacedRow, next: PlacedRow | undefined, usualBytes: number, byteLength: number): boolean {
  if (row.words.length * byteLength === usualBytes) return false;
  return isCrowded(row, row.words.length * byteLength) || next?.start === row.start + usualBytes;
}

function offsetIn({ targets }: Scope, address: number): number {
  const base = baseAt(targets, address);
  return base === undefined ? address : address - base;
}

/** Whether a register of 32 bits is there. */
function isNarrow({ start }: PlacedRow, scope: Scope): boolean {
  return registerByte(offsetIn(scope, start))?.register.byteLength === 4;
}

function* rowReadings(row: PlacedRow, byteLength: number, order: ByteOrder, scope: Scope): Generator<Reading> {
  const bytes = bytesOf(row, order);
  for (let at = 0; at < bytes.length; at += byteLength) {
    const value = bytes.slice(at, at + byteLength).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const address = row.start + at;
    // Eight aligned bytes, all of them in this row.
    const group = address - (address % 8) - row.start;
    const block = group >= 0 && group + 8 <= bytes.length && (scope.blocks ?? false);
    const zero = block && bytes.slice(group, group + 8).every((byte) => byte === 0);
    const where = whereOf({ ...row, start: address });
    yield { where, value, byteLength, place: `line ${row.line}`, ...(block ? { block: zero ? 'zero' : 'data' } : {}) };
  }
}
