/** What do the words say that somebody typed or piped in? What they are to be, how wide they are, and what is in them. */

import { InputError } from '../errors.ts';
import { hex } from '../hex.ts';
import { nearNames } from '../near-names.ts';
import {
  candidates,
  type DecodedWords,
  decodeRecord,
  decodeRegister,
  type GivenWords,
  RECORD_KINDS,
  RECORD_WORDS,
  type RecordKind,
} from './decode.ts';
import { REGISTERS, type Register, registerNamed } from './registers/registers.ts';

export interface DecodeReport {
  /** One for each that was given, or for each that the words could be. */
  readonly records: readonly DecodedWords[];
  /** Nobody said what some of the words are. */
  readonly guessed: boolean;
}

/**
 * Decodes words as people write them down: hexadecimal, of 32 or 64 bits, behind the name of what they are (`event`,
 * `command`, `pri`, `ste`, `cd`, `l1`, `l1cd`, or a register), as in `gerror 0x1 cmdq_cons 0x0100b1b7`. Without a name,
 * `records` has everything that so many words could be. Throws InputError (`usage`) for what is neither a name nor a word.
 */
export function decode(...text: readonly string[]): DecodeReport {
  const groups = groupsOf(text);
  return { records: groups.flatMap(decodeGroup), guessed: groups.some(({ kind }) => kind === null) };
}

/** Words behind the name of what they are; null for those without one. */
interface WordGroup {
  readonly kind: RecordKind | Register | null;
  readonly words: readonly Word[];
}

interface Word {
  readonly text: string;
  readonly value: bigint;
  /** As they were written; leading zeros tell the width. */
  readonly digits: number;
}

const WORD = /^(?:0x)?([0-9a-f]{1,16})$/i;
/** Without 0x, ten and more could be decimal, unless there are as many digits as a memory display has. */
const PLAIN = /^(?:[0-9]|[0-9a-f]{8}|[0-9a-f]{16})$/i;
/** `0x5a200000:` in front of what a memory display shows of that place. */
const ADDRESS = /^(?:0x)?[0-9a-f]+:$/i;
/** Lines of a log have words and much else. */
const LOG = /\barm-smmu-v3\b|\breceived:|\bSMMUv3: /;

/** Whether a text has a word in it, and not only names of what words are. */
export function isWord(text: string): boolean {
  return text.split(/[\s,=]+/).some((part) => WORD.test(part) && /^0x|^[0-9]/i.test(part));
}

function groupsOf(given: readonly string[]): WordGroup[] {
  const text = given.join(' ');
  if (LOG.test(text)) {
    throw new InputError('usage', 'these are lines of a kernel log: `smmu-adopt log` reads them as they are');
  }
  const groups: { kind: WordGroup['kind']; words: Word[] }[] = [];
  for (const part of text.split(/[\s,;=()[\]{}"']+/).filter((one) => one !== '')) {
    if (ADDRESS.test(part)) continue;
    const kind = kindNamed(part);
    if (kind !== null) groups.push({ kind, words: [] });
    else {
      if (groups.length === 0) groups.push({ kind: null, words: [] });
      groups.at(-1)?.words.push(wordOf(part));
    }
  }
  for (const { kind, words } of groups) {
    if (words.length > 0 || kind === null) continue;
    throw new InputError('usage', `there are no words behind ${nameOf(kind)}`);
  }
  if (groups.length === 0) throw new InputError('usage', 'there are no words to decode');
  return groups;
}

const nameOf = (kind: RecordKind | Register) => (typeof kind === 'string' ? kind : kind.name);

function kindNamed(text: string): RecordKind | Register | null {
  const known = RECORD_KINDS.find((kind) => kind === text.toLowerCase());
  // A CD may be meant, or the number: numbers begin with 0x, or are as wide as those of a memory display.
  return known ?? registerNamed(text.toUpperCase().replace(/^SMMU_/, '')) ?? null;
}

function wordOf(text: string): Word {
  const [, digits] = WORD.exec(text) ?? [];
  if (digits === undefined) throw notAWord(text);
  if (!/^0x/i.test(text) && !PLAIN.test(text)) {
    const how = /^\d+$/.test(text)
      ? `may be hexadecimal or decimal: write 0x${text} or 0x${BigInt(text).toString(16)}`
      : `is hexadecimal: write 0x${text}`;
    throw new InputError('usage', `${JSON.stringify(text)} ${how}`);
  }
  return { text, value: BigInt(`0x${digits}`), digits: digits.length };
}

function notAWord(text: string): InputError {
  if (/^[0-9a-fx]/i.test(text) && /^(?:0x)?[0-9a-f]{17,}$/i.test(text)) {
    return new InputError('usage', `${JSON.stringify(text)} has more than 64 bits`);
  }
  const near = nearNames(text.toUpperCase(), [
    ...RECORD_KINDS.map((kind) => kind.toUpperCase()),
    ...REGISTERS.map(({ name }) => name),
  ]);
  const hint =
    near.length === 0 ? `${RECORD_KINDS.join(', ')}, or a register` : `did you mean ${near.join(', ').toLowerCase()}?`;
  return new InputError('usage', `${JSON.stringify(text)} is neither a word nor a kind (${hint})`);
}

/** How wide the words are: as they were written, or as their number has it. */
function givenWords(words: readonly Word[], wide: number): GivenWords {
  const values = words.map(({ value }) => value);
  const narrow = words.every(({ digits }) => digits <= 8);
  // Of what is one word, one is all of it: no half would be given alone.
  const whole = wide === 1 && words.length === 1;
  const padded = !whole && words.every(({ digits }) => digits === 8);
  return { values, bits: narrow && (padded || words.length > wide) ? 32 : 64 };
}

function decodeGroup({ kind, words }: WordGroup): DecodedWords[] {
  if (kind === null) return guessed(words);
  if (typeof kind === 'object') return [register(kind, words)];
  const wide = RECORD_WORDS[kind];
  const { values, bits } = givenWords(words, wide);
  const size = bits === 32 ? 2 * wide : wide;
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) =>
    decodeRecord(kind, { values: values.slice(i * size, (i + 1) * size), bits }),
  );
}

function register(one: Register, words: readonly Word[]): DecodedWords {
  const bits = 8 * one.byteLength;
  const [first, second, ...more] = words.map(({ value }) => value);
  if (first === undefined || more.length > 0 || (second !== undefined && bits === 32)) {
    throw new InputError(
      'usage',
      `${one.name} has ${bits} bits: ${bits === 64 ? 'one word, or two halves' : 'one word'}`,
    );
  }
  const value = second === undefined ? first : (second << 32n) | first;
  if (value >> BigInt(bits) !== 0n) {
    throw new InputError('usage', `${hex(value)} is too large for ${one.name}, which has ${bits} bits`);
  }
  return decodeRegister(one, value);
}

function guessed(words: readonly Word[]): DecodedWords[] {
  const narrow = words.every(({ digits }) => digits <= 8);
  const wide = candidates({ values: words.map(({ value }) => value), bits: 64 });
  const halves = narrow ? candidates({ values: words.map(({ value }) => value), bits: 32 }) : [];
  const padded = words.every(({ digits }) => digits === 8);
  const all = padded ? halves : [...wide, ...halves];
  const sound = all.filter(({ problems }) => problems.every(({ kind }) => kind === 'order'));
  if (all.length > 0) return sound.length > 0 ? sound : all;
  const sizes = RECORD_KINDS.map((kind) => `${kind} ${RECORD_WORDS[kind]}`).join(', ');
  const what =
    words.length === 1
      ? 'one word of 32 bits is a register: say which (gerror 0x1)'
      : `no kind has ${words.length} words`;
  throw new InputError('usage', `${what}; words of 64 bits by kind: ${sizes}`);
}
