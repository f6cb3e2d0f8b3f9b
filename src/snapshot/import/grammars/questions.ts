/**
 * Lines that read one place, with the value behind it or in the next line: `devmem 0x2b400020 32`, a debugger's
 * `p/x *(unsigned *)0x2b400020`, `readl(0x2b400020) = 0xd`, `addr: 0x20 val: 0xd`. Which command it is does not matter:
 * an address in the SMMU's pages and one value are enough.
 */

import { registerPart } from '../names.ts';
import { type Digits, digitsOf } from '../numbers.ts';
import type { Where } from '../reading.ts';

/** A place that a line asks for. */
export interface Question {
  readonly where: Where;
  /** Of the access, where the command says so. */
  readonly byteLength: number | undefined;
}

export interface Answered {
  readonly question: Question;
  readonly value: Digits;
}

/** How commands say how much they read, in bits or by a letter. The first that fits counts. */
const WIDTHS: readonly (readonly [pattern: RegExp, bytes: (said: string) => number | undefined])[] = [
  [/\bdevmem2?\s+\S+\s+(8|16|32|64)\b/i, (bits) => Number(bits) / 8],
  [/\bdevmem2\s+\S+\s+([bhwl])\b/i, (letter) => ({ b: 1, h: 2, w: 4, l: 8 })[letter.toLowerCase()]],
  [/(?:_u?|\bu|\bu?int)(8|16|32|64)(?:_t)?\b/i, (bits) => Number(bits) / 8],
  [/\s-w\s*([1248])\b/i, Number],
  [/\bwidth\W{0,3}(8|16|32|64)\b/i, (bits) => Number(bits) / 8],
  [/\bsize\W{0,3}(?:0x)?([1248])\b/i, Number],
  [/\b(?:read|in)([bwlq])\s*\(/i, (letter) => ({ b: 1, w: 2, l: 4, q: 8 })[letter.toLowerCase()]],
  [/\bx\/\d*x?([bhwg])/i, (letter) => ({ b: 1, h: 2, w: 4, g: 8 })[letter.toLowerCase()]],
  [/\b[a-z]{1,4}\.([bwlq])\b/i, (letter) => ({ b: 1, w: 2, l: 4, q: 8 })[letter.toLowerCase()]],
];

const WRITE = /(?:^|[\W_])(?:writ(?:e|ing|ten)|poke|mw|set|store|out[bwl])[\w.]*(?:\W|$)|<=|<-|:=/i;
/** Where a line names both, as traces do, neither needs an address that is known. */
const VALUE = /(?:\b|_)(?:val(?:ue)?|data)\b["'\s:=]{1,5}((?:0x)?[0-9a-f]+)\b/i;
const PLACE = /(?:\b|_)(?:addr(?:ess)?|off(?:set)?|reg(?:ister)?)\b["'\s:=]{1,5}(0x[0-9a-f]+)\b/i;
const NUMBER_LIKE = /\b(?:0x[0-9a-f]+|[0-9a-f]{5,16}(?:[`_][0-9a-f]{8})?)\b/gi;
/** Behind the address: how much is read, or where it was mapped; then a sign, and one value to the end of the line. */
const VALUE_BEHIND =
  /^[^:=]*?(?:[-=]>|[:=]|\b(?:is|val(?:ue)?)\b)+[\s'"]*((?:0x)?[0-9a-f]+(?:[`_][0-9a-f]{8})?h?)['"\s]*(?:\([^)]*\))?$/i;
const SIGN = /[:=]|->/;
/** A log of devmem without a sign: `devmem 0x2b400020 32 0x0000000D`. */
const DEVMEM_BEHIND = /^\s+(?:8|16|32|64)\s+(0x[0-9a-f]+)$/i;
/** Values in the line after the question: alone, or behind what a tool puts before its answers. */
const ANSWER =
  /^(?:(\$\d+\s*=)|Out\[\d+\]:|[:=]|->|val(?:ue)?\s*[:=]?|\(\w[\w ]*\)(?:\s*\$\d+)?\s*=?)?\s*['"]?((?:0x)?[0-9a-f]+(?:[`_][0-9a-f]{8})?h?)['"]?$/i;
/** What tools print between question and answer. */
export const BETWEEN = /^(?:\/dev\/mem opened|Memory mapped at address)\b/i;
/** What YAML and the like say of a register between its name and its value. */
export const PROPERTY =
  /^["']?(?:off(?:set)?|addr(?:ess)?|width|bits|size|access|type|rw|desc(?:ription)?|reset|default)["']?\s*[:=]/i;
/** An address in two parts: `0x2b400000+0x20`, `0x2b400000 | 32`. */
const SECOND_PART = /^\s*([-+|])\s*((?:0x)?[0-9a-f]+)\b/i;

type BaseOf = (address: number) => number | undefined;

/** The place that a line asks for, with the value if it has one; or why it is none. */
export function questionOf(
  text: string,
  typed: boolean,
  baseOf: BaseOf,
): Question | Answered | 'written' | 'several-values' | undefined {
  const written = WRITE.test(text);
  const byteLength = widthOf(text);
  const keyed = { place: digitsOf(PLACE.exec(text)?.[1] ?? ''), value: digitsOf(VALUE.exec(text)?.[1] ?? '') };
  if (keyed.place !== undefined && keyed.value !== undefined && keyed.place.text.length <= 16) {
    if (written) return 'written';
    return { question: { where: { address: Number(`0x${keyed.place.text}`) }, byteLength }, value: keyed.value };
  }
  for (const match of text.matchAll(NUMBER_LIKE)) {
    const address = addressOf(match[0], baseOf, text);
    if (address === undefined) continue;
    if (written) return 'written';
    const rest = text.slice(match.index + match[0].length);
    const [part = '', sign, second = ''] = SECOND_PART.exec(rest) ?? [];
    const distance = Number(digitsOf(second)?.marked ? second : /^\d$/.test(second) ? second : Number.NaN);
    if (part !== '' && (sign === '-' || Number.isNaN(distance))) return 'several-values';
    const question: Question = { where: { address: address + (part === '' ? 0 : distance) }, byteLength };
    const behind = rest.slice(part.length);
    const logged = DEVMEM_BEHIND.exec(behind);
    if (logged !== null && typed) return 'written';
    const value = digitsOf((logged ?? VALUE_BEHIND.exec(behind))?.[1] ?? '');
    if (value !== undefined) return { question, value };
    return SIGN.test(behind) && /\d/.test(behind.replace(/\([^)]*\)/g, '')) ? 'several-values' : question;
  }
  return undefined;
}

/** A register that a line names without a value, as a question for it. */
export function nameAsked(text: string): Question | undefined {
  const tokens = text.split(/[\s:=,;()*&"']+|->/);
  const [part, ...others] = tokens.flatMap((token) => registerPart(token) ?? []);
  // A word that begins with digits is a value, if a damaged one.
  const damaged = tokens.some((token) => /^-?x?[0-9]/i.test(token) && registerPart(token) === undefined);
  return part === undefined || others.length > 0 || damaged
    ? undefined
    : { where: { part }, byteLength: part.byteLength };
}

function widthOf(text: string): number | undefined {
  for (const [pattern, bytes] of WIDTHS) {
    const [, said] = pattern.exec(text) ?? [];
    if (said !== undefined) return bytes(said);
  }
  return undefined;
}

/** An address in the pages of an SMMU that is imported. devmem takes decimal ones, too. */
function addressOf(token: string, baseOf: BaseOf, text: string): number | undefined {
  const digits = digitsOf(token);
  if (digits === undefined) return undefined;
  const address = Number(`0x${digits.text}`);
  if (baseOf(address) !== undefined) return address;
  const decimal = Number(token);
  return /\bdevmem2?\s/.test(text) && !digits.marked && baseOf(decimal) !== undefined ? decimal : undefined;
}

/**
 * The value that a line is, if it is nothing else. `decimal` where the tool prints decimal numbers unless it is asked
 * for others, as gdb does.
 */
export function answerOf(text: string): { readonly value: Digits; readonly decimal: boolean } | undefined {
  const match = ANSWER.exec(text);
  const value = match === null ? undefined : digitsOf(match[2] as string);
  return value && { value, decimal: match?.[1] !== undefined };
}
