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
}

/** TRACE32 puts the kind of access before an address, WinDbg a #, hexdumps of the kernel any text. */
const ACCESS = /^(?:#\s?|[A-Z]{1,5}:(?:[0-9A-F]{4}:{1,2})?(?=(?:0x)?[0-9A-F]{7})|\[(?=(?:0x)?[0-9A-F]+\]))/i;
const PREFIX = /^[A-Za-z_][^:=|]{0,60}[:=|]\s*(?=\+?(?:0x)?[0-9a-f]{2,16}:)/i;
const ADDRESS = /^(\+?)((?:0x)?[0-9a-f]{1,16}(?:[`_][0-9a-f]{8})?h?)\]?(?:\s*<[^<>]{0,80}>)?/i;
const SEPARATOR = /^(?:\s*(?:[:|=]>?|[-=]>|,)\s*|(\s+))/;
/** UEFI and WinDbg put a dash between the eighth byte and the ninth. */
const WORD = /[\s,<]*(?:(?<=\s[0-9a-f]{2})-)?((?:0x)?[0-9a-f]+(?:`[0-9a-f]{8})?h?)(?=$|[\s,>;)|-])/iy;
/** Shorter ones without a mark are words of any text: `add 1`, `f 0`. */
const MIN_BARE_ADDRESS = 6;
const MIN_BARE_WORDS = 2;

const MAX_WORDS = 64;

/** The row that a line is, if it is one. */
export function rowOf(text: string, line: number): Row | undefined {
  return plainRow(text, line) ?? (PREFIX.test(text) ? plainRow(text.replace(PREFIX, ''), line) : undefined);
}

function plainRow(whole: string, line: number): Row | undefined {
  const text = whole.replace(/["']/g, '').replace(ACCESS, '');
  const [start, plus, written = ''] = ADDRESS.exec(text) ?? [];
  const address = digitsOf(written);
  if (start === undefined || address === undefined) return undefined;
  const behind = text.slice(start.length);
  const separator = SEPARATOR.exec(behind);
  if (separator === null) return undefined;
  const bare = separator[1] !== undefined;
  if (bare && plus === '' && !address.marked && address.text.length < MIN_BARE_ADDRESS) return undefined;
  const { words, rest } = wordsAtStart(behind.slice(separator[0].length));
  if (words.length === 0) return undefined;
  const whether = !bare || words.length >= MIN_BARE_WORDS || plus !== '' || address.marked || words[0]?.marked === true;
  return whether || address.text.length >= 8 ? { line, address, plus: plus !== '', words, rest, bare } : undefined;
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
