/** The shape of `decode`: what is in the words of records and registers. */

import { paddedHex } from '../../hex.ts';
import {
  choice,
  count,
  define,
  derived,
  list,
  mapOf,
  matching,
  nullable,
  object,
  type Shape,
  text,
} from '../../shape.ts';
import { type DecodedWords, recordFields } from '../../smmu/decode.ts';
import type { DecodeReport } from '../../smmu/decode-words.ts';
import { problemInWords } from '../decode.ts';
import { fieldValue, preambleOfTool } from './parts/common.ts';

/** Fields of which some may not be known. */
export const maybeFields = mapOf(null, nullable(fieldValue));

const record = define(
  'record',
  'A record, a structure or a register',
  object<DecodedWords>()({
    kind: ['What it is', choice('event', 'command', 'pri', 'ste', 'cd', 'l1', 'l1cd', 'register')],
    name: ['Its name', derived(text, ({ layout }) => layout.name)],
    code: ['The number of an event or a command', nullable(count)],
    words: ['Its words in the order of the architecture', derived(list(matching(/^0x[0-9a-f]+$/)), wordsOf)],
    fields: [
      'The fields by name: addresses as hex text, everything else as integers; null for those that other bits switch off, or whose words are missing',
      derived(maybeFields, recordFields),
    ],
    meaning: ['What it is about', derived(text, ({ layout }) => layout.meaning)],
    problems: [
      'What the architecture has against it, what is missing, and how the words were read',
      derived(list(text), ({ problems }) => problems.map(problemInWords)),
    ],
  }),
);

/** All digits that a word of the record has. */
function wordsOf({ layout, words }: DecodedWords): string[] {
  const digits = 2 * Math.min(8, layout.byteLength);
  return words.map((word) => paddedHex(word, digits));
}

export const DECODE: Shape<DecodeReport> = object<DecodeReport>()({
  ...preambleOfTool,
  records: ['One for each that was given, or for each that the words could be', list(record)],
});
