/**
 * Goes through the facts of a report, whatever they are, and makes the same facts of what it is told to make of each
 * address, word and text in them. Table rows stay lazy.
 */

import type { Finding } from '../../findings/findings.ts';
import type { RuleDefinition } from '../../findings/rules/rule.ts';
import { RULES } from '../../findings/rules.ts';
import { messageOf } from '../../log/messages/messages.ts';
import { isRows } from '../../rows.ts';
import type { Layout } from '../../smmu/fields.ts';
import { registerNamed } from '../../smmu/registers/registers.ts';
import { CD } from '../../smmu/structures/cd.ts';
import { L1STD } from '../../smmu/structures/l1std.ts';
import { STE } from '../../smmu/structures/ste.ts';
import { type Extent, extentsOf } from './extents.ts';
import { numberKind, type TextKind, textKind } from './kinds.ts';
import { DESCRIPTOR } from './words.ts';

/** Facts of any kind, by key. */
export type Facts = Readonly<Record<string, unknown>>;

/** What becomes of each. */
export interface Change {
  readonly address: <A extends number | bigint>(address: A) => A;
  /** `layout` is what the word is a word of, and `index` which one; null where that is not known. */
  readonly word: (word: bigint, layout: Layout | null, index: number) => bigint;
  readonly text: (text: string, kind: TextKind) => string;
  /** Of the words after the change, so that the two agree; `facts` are those around them, before it. */
  readonly fields: (layout: Layout, words: readonly bigint[], facts: Facts) => unknown;
  /** Told before the addresses of it are asked for. */
  readonly extent: (extent: Extent) => void;
  readonly rows: (rows: Iterable<unknown>, each: (row: unknown) => unknown) => unknown;
}

/** Where something stands: below which key, in an object below which other one, and in words of what. */
interface Place {
  readonly parent: string;
  readonly key: string;
  readonly layout: Layout | null;
}

/** What stands below these keys is a table of them. */
const LAYOUTS: Readonly<Record<string, Layout>> = { l1: L1STD, ste: STE, stes: STE, cds: CD };

/** What stands below these keys has keys that are data. */
const MAPS: ReadonlySet<string> = new Set(['fields', 'queueEntries', 'codecs']);

/** The same facts after the change. */
export function changed<T>(facts: T, change: Change): T {
  return changedValue(facts, { parent: '', key: '', layout: null }, change) as T;
}

function changedValue(value: unknown, place: Place, change: Change): unknown {
  if (typeof value === 'string') return change.text(value, textKind(place.parent, place.key));
  if (typeof value === 'number' || typeof value === 'bigint') return changedNumber(value, place, change);
  if (typeof value !== 'object' || value === null) return value;
  if (isRows(value)) return change.rows(value, (row) => changedValue(row, place, change));
  if (Array.isArray(value)) {
    if (place.key !== 'words') return value.map((one) => changedListed(one, place, change));
    return value.map((one, i) => (typeof one === 'bigint' ? change.word(one, place.layout, i) : one));
  }
  if (value instanceof Map) {
    return new Map([...value].map(([key, one]) => [key, changedValue(one, below(place, String(key)), change)]));
  }
  return changedFacts(value as Facts, place, change);
}

/** Maps are not listed: an object in a list has keys that are names. */
function changedListed(value: unknown, place: Place, change: Change): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? changedFacts(value as Facts, place, change, true) : changedValue(value, place, change);
}

function changedFacts(facts: Facts, place: Place, change: Change, listed = false): Facts {
  for (const one of extentsOf(facts)) change.extent(one);
  const layout = layoutOf(facts) ?? place.layout;
  const here = layout === place.layout ? place : { ...place, layout };
  const decodes = layout !== null && wordsOf(facts) !== null;
  const made: Record<string, unknown> = {};
  for (const key of Object.keys(facts)) {
    if (key === 'fields' && decodes) made[key] = facts[key];
    else made[key] = changedValue(facts[key], listed ? named(here, key) : below(here, key), change);
  }
  if (decodes) made['fields'] = change.fields(layout, wordsOf(made) ?? [], facts);
  if (isUnknownLine(facts)) made['text'] = change.text(facts.text, 'value');
  return 'message' in made && 'args' in made ? withSentence(made) : made;
}

/** A line of a log that was not predicted, and that no driver known here prints: nobody knows what is in it. */
function isUnknownLine(facts: Facts): facts is Facts & { readonly text: string } {
  const { status, text } = facts;
  return status === 'extra' && typeof text === 'string' && messageOf(text) === null;
}

/** What the words among the facts are words of, where the facts say it and not their place. */
function layoutOf({ register, what }: Facts): Layout | undefined {
  if (typeof register === 'string') return registerNamed(register);
  const isRead = typeof what === 'object' && what !== null && 'kind' in what;
  return isRead && what.kind === 'descriptor' ? DESCRIPTOR : undefined;
}

/** The words that the decoded fields beside them are of; null where there are none. */
function wordsOf({ words, value, fields }: Facts): readonly bigint[] | null {
  if (fields === undefined || Array.isArray(fields)) return null;
  if (Array.isArray(words)) return words;
  return typeof value === 'bigint' ? [value] : null;
}

/** The place of what a map or an object has below a key. */
function below(place: Place, key: string): Place {
  if (MAPS.has(place.key)) return place;
  if (place.key !== 'registers' && place.key !== 'partial') return named(place, key);
  return { parent: place.key, key: 'value', layout: registerNamed(key) ?? null };
}

function named({ key: parent, layout }: Place, key: string): Place {
  return { parent, key, layout: Object.hasOwn(LAYOUTS, key) ? (LAYOUTS[key] ?? null) : layout };
}

function changedNumber(value: number | bigint, { parent, key, layout }: Place, change: Change): number | bigint {
  const isWord = typeof value === 'bigint';
  switch (numberKind(parent, key)) {
    case 'address':
      return change.address(value);
    case 'end':
      // Of an empty range at 0, too.
      if (value <= 0) return value;
      return isWord ? change.address(value - 1n) + 1n : change.address(value - 1) + 1;
    case 'field':
      return isWord ? change.address(value) : value;
    case 'base':
      return isWord ? change.word(value, null, 0) : change.address(value);
    case 'word':
      return isWord ? change.word(value, layout, 0) : value;
    case 'kept':
      return value;
  }
}

/** A finding says what its arguments are now. */
function withSentence(facts: Facts): Facts {
  const { rule, args, location } = facts as unknown as Finding;
  const { sentence } = RULES[rule] as unknown as RuleDefinition<unknown>;
  return { ...facts, message: sentence(args, `L1[${location.l1Index}]`) };
}
