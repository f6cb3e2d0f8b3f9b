/** The words of a record, as digits. A word is used whole or not at all. */

/** The value of a hexadecimal digit by its character, in lower or upper case; 255 for anything else. */
const DIGITS = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value++) {
  DIGITS[value.toString(16).charCodeAt(0)] = value;
  DIGITS[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

const WORD_DIGITS = 16;

/** A 64-bit word in two halves, and where it ends in the text. */
export interface RecordWord {
  readonly low: number;
  readonly high: number;
  readonly end: number;
}

/** The same object each time, because there are millions. */
const word = { low: 0, high: 0, end: 0 };

/** The number of hexadecimal digits from `at` on, at most one more than a word has. */
function digitCount(text: string, at: number): number {
  let count = 0;
  while (count <= WORD_DIGITS && (DIGITS[text.charCodeAt(at + count)] ?? 255) < 16) count += 1;
  return count;
}

/** Where the next character other than a blank or a tab is. */
export function skipBlanks(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code === 0x20 || code === 0x09; code = text.charCodeAt(at)) at += 1;
  return at;
}

/**
 * The word at `from`, where `0x` stands; valid until the next one is asked for. A driver prints 16 digits: fewer are
 * `unfinished` at the end of the line, and put together where a blank broke them; anything else is `none`.
 */
export function recordWord(text: string, from: number): RecordWord | 'unfinished' | 'none' {
  const start = from + 2;
  let high = 0;
  let low = 0;
  let at = start;
  for (; at < start + WORD_DIGITS; at += 1) {
    const digit = DIGITS[text.charCodeAt(at)] ?? 255;
    if (digit > 15) return at === start ? unfinishedAt(text, at) : broken(text, start, at - start);
    if (at < start + WORD_DIGITS / 2) high = (high << 4) | digit;
    else low = (low << 4) | digit;
  }
  // More digits than a word has are no word.
  if ((DIGITS[text.charCodeAt(at)] ?? 255) < 16) return 'none';
  word.low = low >>> 0;
  word.high = high >>> 0;
  word.end = at;
  return word;
}

function unfinishedAt(text: string, at: number): 'unfinished' | 'none' {
  return /^\s*=?$/.test(text.slice(at, at + 16)) ? 'unfinished' : 'none';
}

/** `taken` digits, then something else: the other digits of the word behind a blank, or nothing at all. */
function broken(text: string, start: number, taken: number): RecordWord | 'unfinished' | 'none' {
  let at = start + taken;
  if (unfinishedAt(text, at) === 'unfinished') return 'unfinished';
  while (text.charCodeAt(at) === 0x20) at += 1;
  if (at === start + taken || digitCount(text, at) !== WORD_DIGITS - taken) return 'none';
  const digits = text.slice(start, start + taken) + text.slice(at, at + WORD_DIGITS - taken);
  word.high = Number.parseInt(digits.slice(0, 8), 16);
  word.low = Number.parseInt(digits.slice(8), 16);
  word.end = at + WORD_DIGITS - taken;
  return word;
}

const HEADER = 'event 0x';
const RECEIVED = ' received';

/** The number of `event 0x%02x received` at `from`, or -1 for anything else. */
export function receivedEvent(text: string, from: number): number {
  if (!text.startsWith(HEADER, from)) return -1;
  const at = from + HEADER.length;
  const code = ((DIGITS[text.charCodeAt(at)] ?? 255) << 4) | (DIGITS[text.charCodeAt(at + 1)] ?? 255);
  return code < 256 && text.startsWith(RECEIVED, at + 2) ? code : -1;
}

export const RECEIVED_LENGTH = HEADER.length + 2 + RECEIVED.length;
