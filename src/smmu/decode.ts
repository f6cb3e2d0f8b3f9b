/**
 * What is in these words? One record, structure or register, with all that the architecture says against it. Pure: words
 * in, facts out; the order in which somebody wrote the words down is found where only one makes sense.
 */

import { type FieldValue, fieldBits, isReserved, type Layout, meaningOf } from './fields.ts';
import { commandType } from './queues/commands.ts';
import { eventType } from './queues/events.ts';
import { PAGE_REQUEST } from './queues/page-requests.ts';
import { hardwareFeatures } from './registers/hardware-features.ts';
import type { Register } from './rows.ts';
import { CD, L1CD } from './structures/cd.ts';
import { cdIllegalities } from './structures/cd-legality.ts';
import { countingFields, fieldCounts } from './structures/counting-fields.ts';
import { L1STD } from './structures/l1std.ts';
import type { Illegality } from './structures/legality.ts';
import { reservedBitsSet } from './structures/reserved-bits.ts';
import { STE } from './structures/ste.ts';
import { steIllegalities } from './structures/ste-legality.ts';

/** What people have the words of, and how many of 64 bits there are. `l1cd` is a descriptor of a CD table. */
export const RECORD_WORDS = { event: 4, command: 2, pri: 2, ste: 8, cd: 8, l1: 1, l1cd: 1 } as const;
export type RecordKind = keyof typeof RECORD_WORDS;
export const RECORD_KINDS = Object.keys(RECORD_WORDS) as RecordKind[];

/** How the words were written down. */
export type WordOrder = 'as-given' | 'high-half-first' | 'last-word-first';

export type DecodeProblem =
  | { readonly kind: 'cut'; readonly words: number; readonly of: number }
  | { readonly kind: 'order'; readonly order: WordOrder }
  /** No record has this number. */
  | { readonly kind: 'reserved-number'; readonly code: number }
  | { readonly kind: 'reserved-bits'; readonly word: number; readonly bits: bigint }
  | { readonly kind: 'reserved-value'; readonly field: string; readonly value: number; readonly meaning: string }
  | { readonly kind: 'illegal'; readonly illegality: Illegality };

export interface DecodedWords {
  readonly kind: RecordKind | 'register';
  readonly layout: Layout;
  /** The number of an event or a command. */
  readonly code: number | null;
  /** In the order of the architecture. Those that are missing are not among them. */
  readonly words: readonly bigint[];
  readonly problems: readonly DecodeProblem[];
}

/** Words as somebody wrote them: of 64 bits, or of 32. */
export interface GivenWords {
  readonly values: readonly bigint[];
  readonly bits: 32 | 64;
}

/** Nothing is known of the hardware: only rules that need nothing of it apply. */
const ANY_HARDWARE = hardwareFeatures(new Map());

/** One record. Fewer words than it has are decoded as far as they go; more are the caller's mistake. */
export function decodeRecord(kind: RecordKind, given: GivenWords): DecodedWords {
  const of = RECORD_WORDS[kind];
  const readings = ordersOf(given).map(({ order, words }) => ({ order, record: judged(kind, words, of) }));
  const first = readings[0] as (typeof readings)[number];
  if (first.record.problems.length === 0) return first.record;
  // Another order is taken where it alone makes sense.
  const sensible = readings.filter(({ record }) => record.problems.length === 0);
  const [only] = sensible;
  if (sensible.length !== 1 || only === undefined) return first.record;
  return { ...only.record, problems: [{ kind: 'order', order: only.order }] };
}

function ordersOf({ values, bits }: GivenWords): { readonly order: WordOrder; readonly words: readonly bigint[] }[] {
  const reversed = values.toReversed();
  if (bits === 64) {
    return [
      { order: 'as-given', words: values },
      { order: 'last-word-first', words: reversed },
    ];
  }
  return [
    { order: 'as-given', words: joined(values, false) },
    { order: 'high-half-first', words: joined(values, true) },
    { order: 'last-word-first', words: joined(reversed, false) },
  ];
}

/** Words of 64 bits out of halves; a half without the other one is left out. */
function joined(halves: readonly bigint[], highFirst: boolean): bigint[] {
  return Array.from({ length: halves.length >> 1 }, (_, i) => {
    const [one = 0n, other = 0n] = halves.slice(2 * i, 2 * i + 2);
    return highFirst ? (one << 32n) | other : (other << 32n) | one;
  });
}

function judged(kind: RecordKind, words: readonly bigint[], of: number): DecodedWords {
  const number = Number((words[0] ?? 0n) & 0xffn);
  const { layout, code } = typeOf(kind, number);
  const problems: DecodeProblem[] = [];
  if (layout.name === 'reserved') problems.push({ kind: 'reserved-number', code: number });
  problems.push(...fieldProblems(layout, words));
  if (kind === 'ste' && words.length === of) problems.push(...illegal(steIllegalities(words, ANY_HARDWARE)));
  // A CD is judged as that of a stream that translates by it and nothing else.
  if (kind === 'cd' && words.length === of) problems.push(...illegal(cdIllegalities(words, PLAIN_STE, ANY_HARDWARE)));
  if (words.length < of) problems.push({ kind: 'cut', words: words.length, of });
  return { kind, layout, code, words, problems };
}

const PLAIN_STE: readonly bigint[] = [0xbn, 0n, 0n, 0n, 0n, 0n, 0n, 0n];

const illegal = (list: readonly Illegality[]): DecodeProblem[] =>
  list.map((illegality) => ({ kind: 'illegal', illegality }));

function typeOf(kind: RecordKind, number: number): { layout: Layout; code: number | null } {
  if (kind === 'event') return { layout: eventType(number), code: number };
  if (kind === 'command') return { layout: commandType(number), code: number };
  return { layout: { pri: PAGE_REQUEST, ste: STE, cd: CD, l1: L1STD, l1cd: L1CD }[kind], code: null };
}

/** A register; `value` has no more bits than it. */
export function decodeRegister(register: Register, value: bigint): DecodedWords {
  const problems = fieldProblems(register, [value]);
  return { kind: 'register', layout: register, code: null, words: [value], problems };
}

/** The fields by name. Those of words that are missing, and those that others switch off, are null. */
export function recordFields({ layout, words }: DecodedWords): Record<string, FieldValue | null> {
  const whole = Array.from({ length: Math.ceil(layout.byteLength / 8) }, (_, i) => words[i] ?? 0n);
  const fields = countingFields(layout, whole);
  for (const { name, word } of layout.fields) if (word >= words.length) fields[name] = null;
  return fields;
}

/** Layouts that have more in them than their tables say; those bits are left to the raw words. */
const HAS_MORE: ReadonlySet<string> = new Set(['reserved', 'F_BAD_ATS_TREQ', 'CMD_DPTI_PA', 'IMPDEF']);

function fieldProblems(layout: Layout, words: readonly bigint[]): DecodeProblem[] {
  const whole = Array.from({ length: Math.ceil(layout.byteLength / 8) }, (_, i) => words[i] ?? 0n);
  const open = HAS_MORE.has(layout.name) || layout.name.startsWith('IMPDEF');
  const bits = open ? [] : reservedBitsSet(layout, whole);
  return [
    ...bits.map(({ word, bits: set }) => ({ kind: 'reserved-bits', word, bits: set }) as const),
    ...layout.fields.flatMap((field): DecodeProblem[] => {
      if (field.kind === 'address' || field.word >= words.length || !fieldCounts(layout, field, whole)) return [];
      const value = Number(fieldBits(field, whole));
      if (!isReserved(field, value)) return [];
      return [{ kind: 'reserved-value', field: field.name, value, meaning: meaningOf(field, value) ?? '' }];
    }),
  ];
}

/** The kinds of record that so many words can be, those against which nothing speaks first. */
export function candidates(given: GivenWords): DecodedWords[] {
  const perWord = given.bits === 32 ? 2 : 1;
  const kinds = RECORD_KINDS.filter((kind) => RECORD_WORDS[kind] * perWord === given.values.length);
  const records = kinds.map((kind) => decodeRecord(kind, given));
  const sound = records.filter(({ problems }) => problems.every(({ kind }) => kind === 'order'));
  return sound.length > 0 ? sound : records;
}
