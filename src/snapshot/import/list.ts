/**
 * Lists of any origin, one register on a line or one address with a row of words: `0x9050020 = 0xd`, `CR0: 0xd`,
 * `CR0 (0x9050020) 0xd`, `"CR0": "0xd",`, `+0x20 0xd`, and a debugger's `0x09050000: 0d40101a 02730010`.
 */

import { InputError } from '../../errors.ts';
import { quote } from '../values.ts';
import { type Line, linesOf } from './lines.ts';
import { partName, registerPart } from './names.ts';
import type { Notes } from './notes.ts';
import { type At, parseHex, type Reading, type Where, widthOfDigits } from './reading.ts';

const COMMENT = /(^|\s)(#|\/\/|;).*$/;
/** What stands between the parts of a line: an address has no colon or bracket of its own. */
const SEPARATORS = /[\s:=,;|()[\]{}<>"'`]+/;
/** TRACE32 puts the kind of access in front of an address. */
const ACCESS_CLASS = /^[A-Z]{1,5}:(?=(0x)?[0-9A-F]{8})/i;
/** An address or an offset: marked as hexadecimal, by a plus, or by being as long as addresses are printed. */
const ADDRESS = /^(\+?0x[0-9a-f]+|\+[0-9a-f]+|[0-9a-f]{8,16})$/i;
/** The address of a memory display, a debugger's symbol perhaps behind it. */
const DISPLAY = /^[^\s|]+\s*(<[^>]*>\s*)?[:|]|^[^\s:|]+[:|]/;
const NUMBER = /^(0x)?[0-9a-f]+$/i;

export function* readList(text: string, file: string, notes: Notes): Generator<Reading> {
  for (const line of linesOf(text)) yield* readListLine(line, file, notes);
}

/** The readings of one line; for one that has none the reason is noted. */
export function* readListLine({ number, text }: Line, file: string, notes: Notes): Generator<Reading> {
  const place = `line ${number}`;
  const at = { file, place };
  const tokens = text
    .replace(COMMENT, '')
    .replace(ACCESS_CLASS, '')
    .replace(/[-=]>/g, ' ')
    .split(SEPARATORS)
    .filter((token) => token !== '');
  if (tokens.length === 0) return;
  const first = tokens.findIndex((token) => registerPart(token) !== undefined);
  if (first !== -1) {
    const reading = namedReading(tokens, first, at);
    if (reading !== undefined) yield reading;
    else notes.add('unread-line', () => lineExample(at, text));
    return;
  }
  const [address = '', ...rest] = tokens;
  const words = numbersAtStart(rest);
  if (ADDRESS.test(address) && words.length > 0) {
    yield* row(address, words, DISPLAY.test(text), at);
  } else if (/^[A-Za-z_]\w*$/.test(address) && rest.length === 1 && /^0x[0-9a-f]+$/i.test(rest[0] ?? '')) {
    notes.add('unknown-name', () => `${quote(address)} (${file}: ${place})`);
  } else {
    notes.add('unread-line', () => lineExample(at, text));
  }
}

export function lineExample({ file, place }: At, text: string): string {
  return `${quote(text)} (${file}: ${place})`;
}

/** A name with its value, and its address or offset in front of the value or of the name where that is given too. */
function namedReading(tokens: readonly string[], first: number, at: At): Reading | undefined {
  const part = registerPart(tokens[first] as string);
  if (part === undefined) return undefined;
  const before = tokens.slice(0, first).filter((token) => ADDRESS.test(token));
  const after = numbersAtStart(tokens.slice(first + 1));
  const [value, ...excess] = [...before, ...after].reverse();
  if (value === undefined || after.length === 0) return undefined;
  const [address, ...tooMany] = excess;
  if (tooMany.length > 0 || (address !== undefined && !ADDRESS.test(address))) {
    throw new InputError('snapshot', `more than one value for ${partName(part)}`, at);
  }
  const { place } = at;
  const parsed = parseHex(value, at);
  if (address === undefined) {
    const short = part.byteLength === 8 && widthOfDigits(value) === 4 && parsed !== 0n;
    return { where: { part }, value: fitting(parsed, part.byteLength, at), byteLength: part.byteLength, place, short };
  }
  // With an address, as with an address alone, the digits say whether a half was read or the whole.
  const byteLength = Math.min(part.byteLength, widthOfDigits(value));
  return { where: whereOf(address, at), named: part, value: fitting(parsed, byteLength, at), byteLength, place };
}

/** One value, or a row of words as a memory display prints it, behind a colon or a bar. */
function* row(address: string, words: readonly string[], isDisplay: boolean, at: At): Generator<Reading> {
  const [digits = 0, ...otherwise] = new Set(words.map((word) => word.replace(/^0x/i, '').length));
  if (words.length > 1 && !isDisplay) throw new InputError('snapshot', `more than one value for ${address}`, at);
  if (otherwise.length > 0) throw new InputError('snapshot', 'values of different lengths in one row', at);
  const byteLength = words.length > 1 ? digits / 2 : widthOfDigits(words[0] as string);
  if (![1, 4, 8].includes(byteLength)) {
    // Two bytes are printed in either order: md.w swaps them, xxd does not.
    throw new InputError('snapshot', `a row of values of ${digits} digits; 2, 8 or 16 are needed`, at);
  }
  for (const [i, word] of words.entries()) {
    // Words of a row are printed in full, so all of them are hexadecimal.
    const value = words.length > 1 ? BigInt(`0x${word.replace(/^0x/i, '')}`) : parseHex(word, at);
    yield { where: whereOf(address, at, i * byteLength), value, byteLength, place: at.place };
  }
}

function whereOf(token: string, at: At, distance = 0): Where {
  const number = Number(parseHex(token.replace(/^\+?(0x)?/i, '0x'), at)) + distance;
  return token.startsWith('+') ? { offset: number } : { address: number };
}

function numbersAtStart(tokens: readonly string[]): string[] {
  const end = tokens.findIndex((token) => !NUMBER.test(token) && !ADDRESS.test(token));
  return tokens.slice(0, end === -1 ? tokens.length : end);
}

export function fitting(value: bigint, byteLength: number, at: At): bigint {
  if (BigInt.asUintN(8 * byteLength, value) === value) return value;
  throw new InputError('snapshot', `0x${value.toString(16)} does not fit in ${8 * byteLength} bits`, at);
}
