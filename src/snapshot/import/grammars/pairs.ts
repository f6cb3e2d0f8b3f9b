/**
 * Lines that name registers: `CR0: 0xd`, `CR0 (0x20) = 0xd`, `IDR0=0x1 IDR1=0x2`, `0x2b400020,CR0,0xd`. A number beside
 * a name that is the register's own place is its place; what is left over has to be one value.
 */

import { type RegisterPart, registerPart } from '../names.ts';
import { type Digits, digitsOf } from '../numbers.ts';

interface PlaceIn {
  readonly offset: number;
  readonly base?: number | undefined;
}

/** A name with what stands beside it. */
export interface Pair {
  readonly line: number;
  readonly part: RegisterPart;
  /** The one value; several, or none that could be one, are told by the reason. */
  readonly value: Digits | 'several-values' | 'unread-line' | 'name-elsewhere' | 'written' | 'cut';
  /** The place in the register that stands beside the name, and whose register it is where that is an address. */
  readonly address?: PlaceIn;
}

/** A part of an expression or of an assignment is no reading. */
const EXPRESSION = /[\^~&]|<=|<-|:=/;
const COMMENT = /\s(?:#|\/\/|;).*$/;
/** Which half of the register before it: `[31:0]`, `(low)`, or the distance of the upper one. */
const HALVES =
  /\[(?:(31:0)|63:32)\]|\s*\((?:(lo(?:w(?:er)?)?)|hi(?:gh)?|upper)(?: (?:half|word|32(?: bits)?))?\)|(?<=[A-Z]\w*)\s*\+\s*(?:0x0{0,3})?(?:(0)|4)\b/gi;
/** The sign of an offset in brackets: `CR0 (+0x20)`. */
const SIGN = /(?<=[([]\s*)\+(?=\s*(?:0x)?[0-9a-f]+\s*[)\]])/gi;
const SEPARATORS = /[\s:=,;|(){}[\]<>"@]+|(?<!\d)'|'(?!h)|->/;
/** Binary, or hexadecimal and padded. */
const BINARY_OR_PADDED = /^0b(?:[01]{6}|[01]{14})$/i;
/** What somebody wrote is not what the register then says. */
const WRITTEN = /\b(?<!read[-/ ])(?:writ(?:es?|ing|ten)|wrote|poke[ds]?|setting)\b(?![-/ ](?:read|only))/i;
/** Words that may stand between a name and its value. */
const FILLERS = /^(?:is|value|val|reads?|off(?:set)?|addr(?:ess)?|at|reg(?:ister)?|hex|r[ow]?|w|rd|read-only|32|64)$/i;
/** A number in brackets behind a name says where the register is. */
const BRACKETED = (digits: string) => new RegExp(`[([@]\\s*(?:0x)?${digits}\\s*[)\\]]?\\s*$`, 'i');

/** What registers a line names, each with what stands beside it. */
export function pairsOf(given: string, line: number, baseOf: (address: number) => number | undefined): Pair[] {
  const text = given
    .replace(HALVES, (_, ...low) => (low.slice(0, 3).some(Boolean) ? '_LO' : '_HI'))
    .replace(SIGN, '')
    .replace(COMMENT, '');
  const tokens = text.split(SEPARATORS).filter((token) => token !== '');
  const parts = tokens.map((token) => registerPart(token));
  const names = [...parts.keys()].filter((i) => parts[i] !== undefined);
  if (names.length === 0 || EXPRESSION.test(text)) return [];
  const written = WRITTEN.test(text);
  return names.map((at, i): Pair => {
    const part = parts[at] as RegisterPart;
    const { numbers, broken } = numbersAfter(tokens, at + 1, names[i + 1] ?? tokens.length);
    // Its width in bits, beside a number that says that it is hexadecimal.
    const isWidth = ({ text: said, marked }: Digits) => !marked && said === String(8 * part.byteLength);
    const behind = numbers.some(({ marked }) => marked) ? numbers.filter((digits) => !isWidth(digits)) : numbers;
    const before = i === 0 ? numberBefore(tokens, at) : undefined;
    const place = (digits: Digits) => placeIn(part, digits, baseOf);
    const places = behind.filter((digits) => place(digits) !== undefined);
    const others = behind.filter((digits) => place(digits) === undefined);
    const values = places.length === behind.length ? behind.slice(-1) : others;
    const [value] = values;
    const common = { line, part };
    // A register's own address, alone, says where it is.
    const onlyPlace = places.length === behind.length && baseOf(Number(`0x${value?.text}`)) !== undefined;
    if (value === undefined || broken || onlyPlace) return { ...common, value: 'unread-line' };
    if (written) return { ...common, value: 'written' };
    if (values.some((other) => !same(other, value))) {
      const elsewhere = baseOf(Number(`0x${value.text}`)) !== undefined;
      return { ...common, value: elsewhere ? 'name-elsewhere' : 'several-values' };
    }
    if (behind.length === 1 && before === undefined && BRACKETED(value.text).test(text)) {
      return { ...common, value: 'unread-line' };
    }
    const said = [...(before === undefined ? [] : [before]), ...places.filter((digits) => digits !== value)];
    const found = said.map(place);
    if (found.includes(undefined)) return { ...common, value: 'name-elsewhere' };
    const [address] = found;
    return { ...common, value, ...(address === undefined ? {} : { address }) };
  });
}

/** The numbers behind a name, and whether they end at a word that begins like one and is none. */
function numbersAfter(tokens: readonly string[], start: number, end: number): { numbers: Digits[]; broken: boolean } {
  const numbers: Digits[] = [];
  for (const token of tokens.slice(start, end)) {
    if (BINARY_OR_PADDED.test(token)) return { numbers, broken: true };
    const digits = digitsOf(token);
    // A field's name, or whatever else, and what follows is its value.
    if (digits === undefined && !FILLERS.test(token)) return { numbers, broken: /^(?:\d|x[0-9a-f])/i.test(token) };
    if (digits !== undefined && !(FILLERS.test(token) && end - start > 2)) numbers.push(digits);
  }
  return { numbers, broken: false };
}

/** The number right before a name, where it looks like an address or offset. */
function numberBefore(tokens: readonly string[], at: number): Digits | undefined {
  const digits = digitsOf(tokens[at - 1] ?? '');
  return digits !== undefined && (digits.marked || digits.text.length >= 8) ? digits : undefined;
}

/** The place that a number names in a register: an offset or an address, in hexadecimal, or an offset in decimal. */
function placeIn(
  { offset, byteLength }: RegisterPart,
  { text, marked }: Digits,
  baseOf: (address: number) => number | undefined,
): PlaceIn | undefined {
  const inside = (distance: number) => distance >= offset && distance < offset + byteLength && distance % 4 === 0;
  const number = Number(`0x${text}`);
  const base = baseOf(number);
  const distance = base === undefined ? number : number - base;
  if (inside(distance)) return { offset: distance, base };
  return !marked && Number(text) === offset ? { offset } : undefined;
}

/** `0xd` and `13` beside each other are one value. */
function same(one: Digits, other: Digits): boolean {
  const readings = ({ text, marked }: Digits) => [
    BigInt(`0x${text}`),
    ...(marked || /\D/.test(text) ? [] : [BigInt(text)]),
  ];
  const of = readings(one);
  return readings(other).some((value) => of.includes(value));
}
