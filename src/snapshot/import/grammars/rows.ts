/**
 * Lines of an address and words behind it, as memory displays and lists print them: what one line looks like. What the
 * words are worth, all lines together tell: displays.ts.
 */

import { type Digits, digitsOf } from '../numbers.ts';

export interface Row {
  readonly line: number;
  readonly address: Digits;
  /** Written with a plus: an offset whatever its size. */
  readonly plus: boolean;
  /** One word or several, all of as many digits as the first. */
  readonly words: readonly Digits[];
  /** What follows them, with the blanks before it: characters, a comment, or words that do not fit in. */
  readonly rest: string;
  /** Nothing but blanks parts address and words. */
  readonly bare: boolean;
  /** A short number, blanks, and one full word: only many of them, in order, are addresses and values. */
  readonly weak: boolean;
}

/** TRACE32 puts the kind of access before an address, WinDbg a #, hexdumps of the kernel any text. */
const ACCESS =
  /^(?:#\s?|[A-Z][A-Z0-9]{0,5}:(?:[0-9A-F]{4}:{1,2})?(?=(?:0x)?[0-9A-F]{7})|phys\s+(?=0x)|\[(?=(?:0x)?[0-9A-F]+\]))/i;
const PREFIX = /^[A-Za-z_][^:=|]{0,60}[:=|]\s*(?=\+?(?:0x)?[0-9a-f]{2,16}:)/i;
/** Words that say that a place follows; its value then stands behind a sign. */
const PLACE =
  /^(?:(?:reg(?:ister)?|off(?:set)?|addr(?:ess)?)\b[\s.:=]*[[(]?(?=\+?(?:0x)?[0-9a-f])|(?:(?:arm_)?smmu(?:_?v3)?_?|iommu_?|reg_?)?base(?:_?addr(?:ess)?)?\s*(?=\+))/i;
/** A time of day or the end of one is no address with a word. */
const CLOCK = /^\d\d:\d\d(?!\d)/;
/** Around a number. The column of characters may have some, too, and must not lose them. */
const QUOTED = /^\W{0,3}["']|[:=,|]\s*["'](?:0x)?[0-9a-f]+["']/i;
const ADDRESS = /^(\+?)((?:0x)?[0-9a-f]{1,16}(?:[`_][0-9a-f]{8})?h?)[\])]?(?:\s*<[^<>]{0,80}>)?/i;
const SEPARATOR = /^(?:\s*(?:[:|=]>?|[-=]>|,)\s*|(\s+))/;
/** UEFI and WinDbg put a dash between the eighth byte and the ninth. */
const WORD = /[\s,<]*(?:(?<=\s[0-9a-f]{2})-)?((?:0x)?[0-9a-f]+(?:`[0-9a-f]{8})?h?)(?=$|[\s,>;)|-])/iy;
/** Shorter ones without a mark are words of any text: `add 1`, `f 0`. */
const MIN_BARE_ADDRESS = 6;
const LONG_ADDRESS = 8;
/** Loops of a shell pad offsets to three digits. */
const MIN_WEAK_ADDRESS = 3;
const MIN_BARE_WORDS = 2;

const MAX_WORDS = 64;

/** The row that a line is, if it is one. */
export function rowOf(text: string, line: number): Row | undefined {
  return plainRow(text, line) ?? (PREFIX.test(text) ? plainRow(text.replace(PREFIX, ''), line) : undefined);
}

function plainRow(whole: string, line: number): Row | undefined {
  const unquoted = (QUOTED.test(whole) ? whole.replace(/["']/g, '') : whole).replace(ACCESS, '');
  const text = unquoted.replace(PLACE, '');
  if (CLOCK.test(text)) return undefined;
  const [start, plus, written = ''] = ADDRESS.exec(text) ?? [];
  const address = digitsOf(written);
  if (start === undefined || address === undefined) return undefined;
  const behind = text.slice(start.length);
  const separator = SEPARATOR.exec(behind);
  if (separator === null) return undefined;
  const bare = separator[1] !== undefined;
  if (bare && text !== unquoted) return undefined;
  const { words, rest } = wordsAtStart(behind.slice(separator[0].length));
  const [first] = words;
  if (first === undefined) return undefined;
  const { marked, text: digits } = address;
  const row = { line, address, plus: plus !== '', words, rest, bare, weak: false };
  if (!bare || plus !== '' || marked || digits.length >= LONG_ADDRESS) return row;
  if (digits.length >= MIN_BARE_ADDRESS && (words.length >= MIN_BARE_WORDS || first.marked)) return row;
  const full = first.marked || first.text.length === 8 || first.text.length === 16;
  const weak = digits.length >= MIN_WEAK_ADDRESS && words.length === 1 && full && rest.trim() === '';
  return weak ? { ...row, weak } : undefined;
}

function wordsAtStart(text: string): { words: Digits[]; rest: string } {
  const words: Digits[] = [];
  let end = 0;
  WORD.lastIndex = 0;
  for (let match = WORD.exec(text); match !== null && words.length < MAX_WORDS; match = WORD.exec(text)) {
    const word = digitsOf(match[1] as string);
    const [first = word] = words;
    if (word === undefined || word.text.length !== first?.text.length || word.marked !== first.marked) break;
    words.push(word);
    end = WORD.lastIndex;
  }
  return { words, rest: text.slice(end) };
}

/** A line that stands for rows that are like the one above it. */
export const REPEATED = /^\*$/;
