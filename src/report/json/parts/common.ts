/** Shapes that several documents share: dumps, ranges, page states, decoded fields. */

import type { AddressRange, PageCounts } from '../../../dump/memory.ts';
import type { DumpReport, Inspection } from '../../../inspect/inspection.ts';
import { remembered } from '../../../remembered.ts';
import {
  choice,
  count,
  define,
  derived,
  flag,
  hex,
  list,
  mapOf,
  mapped,
  matching,
  nullable,
  object,
  optional,
  type Shape,
  text,
  words,
} from '../../../shape.ts';
import { decodeFields, type Field, type FieldValue, fieldBits, type Layout } from '../../../smmu/fields.ts';
import type { Assumption } from '../../../snapshot/assumption.ts';
import { SCHEMA_VERSION, TOOL } from '../../../version.ts';
import { type AssumptionWords, assumptionInWords } from '../../prose/assumptions.ts';
import { dumpAssumptionInWords } from '../../prose/dump.ts';

/** A decoded field: an address is a bigint and becomes hex text, a number stays one. */
export const fieldValue: Shape<FieldValue> = {
  schema: () => ({ anyOf: [count.schema(), hex.schema()] }),
  toJson: (value) => (typeof value === 'bigint' ? hex.toJson(value) : value),
  toText: (value) => (typeof value === 'bigint' ? hex.toText?.(value) : String(value)),
};

export const fields = define(
  'fields',
  'Decoded fields by name: addresses as hex text, all others as integers',
  mapOf(/^[A-Za-z][A-Za-z0-9_]*$/, fieldValue),
);

/**
 * The fields of a layout, decoded from its words. Rows by the million are alike in most of their words, so the text of
 * the fields of a word is remembered.
 */
export function fieldsOf(layout: Layout): Shape<readonly bigint[]> {
  let texts: readonly WordText[] | null = null;
  return {
    schema: fields.schema,
    toJson: (words) => fields.toJson(decodeFields(layout, words)),
    toText: (words) => {
      texts ??= wordTexts(layout);
      let made = '{';
      for (const { word, textOf } of texts) made += textOf(words[word] ?? 0n);
      return `${made}}`;
    },
  };
}

/** The text of fields that follow each other and lie in the same word. */
interface WordText {
  readonly word: number;
  readonly textOf: (value: bigint) => string;
}

function wordTexts({ fields: all }: Layout): WordText[] {
  const groups: Field[][] = [];
  for (const field of all) {
    const group = groups.at(-1);
    if (group?.[0]?.word === field.word) group.push(field);
    else groups.push([field]);
  }
  return groups.map((group, i) => {
    const { word } = group[0] as Field;
    const inFirst = group.map((field) => ({ ...field, word: 0 }));
    const textOf = remembered((value: bigint) => {
      const decoded = inFirst.map((field) => {
        const bits = fieldBits(field, [value]);
        return `"${field.name}":${fieldValue.toText?.(field.kind === 'address' ? bits : Number(bits))}`;
      });
      return (i === 0 ? '' : ',') + decoded.join(',');
    });
    return { word, textOf };
  });
}

export const pageCounts = define(
  'pageCounts',
  'Pages by state',
  object<PageCounts>()({
    present: ['Pages whose bytes are in the dump', count],
    zero: ['Pages that the dump says are zero', count],
    excluded: ['Pages that the capture tool left out', count],
    hole: ['Pages that are not RAM', count],
    lost: ['Pages lost to truncation or damage', count],
  }),
);

const assumptionWords = define(
  'assumption',
  'A value taken for granted because the input lacks it',
  object<AssumptionWords>()({
    what: ['What was assumed', text],
    value: ['The value assumed', text],
    why: ['Why, and why this value', text],
  }),
);

export const assumption: Shape<Assumption> = mapped(assumptionWords, assumptionInWords);

export const range = define(
  'range',
  'Physical addresses from start to end, both included',
  object<AddressRange>()({
    start: ['First address', hex],
    end: ['Last address', derived(hex, ({ end }) => end - 1)],
  }),
);

/** The keys of every dump. */
export const dumpMembers = {
  files: ['The files, named as the user named them', list(text)],
  format: ['Container format: raw, elf, and others to come', words],
  wrapper: ['Container around the container, such as flattened; null for none', nullable(text)],
  pageSize: ['Page size of the crashed kernel in bytes', choice(4096, 16384, 65536)],
  complete: ['Whether it is known that all is there that should be', flag],
  completeness: [
    'unknown: the format has no mark at its end, so a dump that was cut may look like a whole one',
    choice('whole', 'short', 'unknown'),
  ],
  memory: ['What the dump says is RAM, ascending', list(range)],
  memoryComplete: ['Whether memory lists all RAM there is. If it may not, what lies elsewhere is unknown', flag],
  assumptions: ['What was taken for granted to read the dump', list(mapped(assumptionWords, dumpAssumptionInWords))],
} as const;

export const dump = define('dump', 'A memory dump', object<DumpReport>()(dumpMembers));

const toolShape = object<Inspection['tool']>()({
  name: ['Name of the tool', derived(choice('smmu-adopt'), () => 'smmu-adopt' as const)],
  version: ['Its version', matching(/^[0-9]+\.[0-9]+\.[0-9]+/)],
});

/** Of every document that can be redacted. It is no fact: whoever redacts a report says so. */
export const redacted = [
  'There only where it is true: addresses, names of files and hosts, what firmware calls devices, and build IDs are stand-ins, each the same wherever it stands for the same; the sizes of what memory lists are not kept',
  derived(optional(flag), (report: object) => (report as { readonly redacted?: true }).redacted),
] as const;

/** The keys with which every document begins. */
export const preamble = {
  schemaVersion: ['Version of this format', choice(1)],
  tool: ['What made the report', toolShape],
} as const;

/** The same for facts that do not say who found them. */
export const preambleOfTool = {
  schemaVersion: ['Version of this format', derived(choice(1), () => SCHEMA_VERSION)],
  tool: ['What made the report', derived(toolShape, () => TOOL)],
} as const;
