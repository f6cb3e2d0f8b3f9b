/** `smmu-adopt decode` as text: words as fields, each with what it means. */

import { entryObservedInWords, entryRequiredInWords } from '../findings/prose/legality.ts';
import { hex, paddedHex } from '../hex.ts';
import { type DecodedWords, type DecodeProblem, recordFields } from '../smmu/decode.ts';
import type { DecodeReport } from '../smmu/decode-words.ts';
import type { Field, FieldValue } from '../smmu/fields.ts';
import { shownValue, valueInWords } from './text/streams/field-groups.ts';
import { INDENT, paragraph, type Style, title } from './text/style.ts';
import { type Column, NOTHING, table } from './text/table.ts';

const ORDERS = {
  'as-given': 'as they were given',
  'high-half-first': 'with the high half of each word first, the one order that makes sense',
  'last-word-first': 'with the last word first, the one order that makes sense',
};

/** A problem of a record in one sentence. */
export function problemInWords(problem: DecodeProblem): string {
  switch (problem.kind) {
    case 'cut':
      return `${problem.words} of ${problem.of} words: the fields of the others are not known`;
    case 'order':
      return `read ${ORDERS[problem.order]}`;
    case 'reserved-number':
      return `nothing has the number ${hex(problem.code)}`;
    case 'reserved-bits':
      return `reserved bits are set in word ${problem.word}: ${hex(problem.bits)}`;
    case 'reserved-value':
      return `${problem.field} is ${problem.value}: ${problem.meaning}`;
    case 'illegal': {
      const { observed, required } = problem.illegality;
      return `the hardware refuses it: ${observed.field} is ${entryObservedInWords(observed)}; required: ${entryRequiredInWords(required)}`;
    }
  }
}

const NOUNS: Readonly<Record<DecodedWords['kind'], string>> = {
  event: 'event',
  command: 'command',
  pri: 'entry of the PRI queue',
  ste: 'stream table entry',
  cd: 'context descriptor',
  l1: 'level 1 descriptor of a stream table',
  l1cd: 'level 1 descriptor of a CD table',
  register: 'register',
};

const COLUMNS: readonly Column[] = [
  { title: 'Field' },
  { title: 'Bits', align: 'right' },
  { title: 'Value', align: 'right' },
  { title: 'Means', yields: 'wrap' },
];

/** Every record with its fields, line by line. */
export function* decodeText({ records, guessed }: DecodeReport, style: Style): Generator<string> {
  if (guessed && records.length > 1) yield `These words could be any of ${records.length} things.\n\n`;
  for (const [i, record] of records.entries()) {
    if (i > 0) yield '\n';
    for (const line of recordLines(record, style)) yield `${line}\n`;
  }
}

function* recordLines(record: DecodedWords, style: Style): Generator<string> {
  const { kind, layout, code, problems } = record;
  const number = code === null ? '' : ` ${paddedHex(code, 2)}`;
  yield* title(style, layout.name, `${NOUNS[kind]}${number}`).slice(1);
  yield* paragraph(style, INDENT, layout.meaning);
  for (const problem of problems) yield* paragraph(style, `${INDENT}note: `, problemInWords(problem));
  const fields = recordFields(record);
  const entries = layout.fields.map((field) => ({ field, value: fields[field.name] ?? null }));
  const long = entries.length > MAX_ALL_SHOWN;
  const shown = entries.filter(({ value }) => !long || (value !== null && Number(value) !== 0));
  if (shown.length > 0)
    yield* table(
      style,
      COLUMNS,
      shown.map(({ field, value }) => cells(field, value, record)),
    );
  const off = entries.filter(({ value }) => value === null).length;
  if (long) yield `${INDENT}${entries.length - shown.length - off} more fields are 0, ${off} have no effect here`;
}

/** An STE has a hundred fields, most of them 0. */
const MAX_ALL_SHOWN = 24;

function cells(field: Field, value: FieldValue | null, { words, layout }: DecodedWords): string[] {
  const { name, word, lsb, width, meaning } = field;
  const place = layout.byteLength > 8 ? `${word}:` : '';
  const bits = width === 1 ? `${place}${lsb}` : `${place}${lsb + width - 1}..${lsb}`;
  if (value === null)
    return [name, bits, NOTHING, word >= words.length ? `${meaning}: not known` : `${meaning}: no effect here`];
  const says = valueInWords(field, value);
  return [name, bits, shownValue(field, value), says === null ? meaning : `${meaning}: ${says}`];
}
