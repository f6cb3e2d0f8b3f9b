/**
 * Registers in JSON of somebody else's making: a flat object of names or addresses to values, or such objects under a
 * key that says what they are, or lists of rows. What is no register is passed over and named.
 */

import { InputError } from '../../errors.ts';
import { addressAt, integerAt, type Json, type JsonObject, Place } from '../values.ts';
import { fitting } from './list.ts';
import { registerPart } from './names.ts';
import type { Notes } from './notes.ts';
import { type Reading, type Where, widthOfDigits } from './reading.ts';

/** Keys whose value holds registers. */
const CONTAINER = /^(registers?|regs|values?|smmus?|smmu_?v?3?(@[0-9a-f]+)?|page_?[01]|dump|data)$/i;
/** Keys that a snapshot of any kind has and that an import gives anew. */
const KNOWN = new Set(['version', 'name', 'base']);
/** In a row or behind a name: `{ "name": "CR0", "offset": "0x20", "value": "0xd" }`. */
const NAME_KEYS = ['name', 'register', 'reg'] as const;
const ADDRESS_KEYS = ['address', 'addr', 'offset'] as const;

/** Deeper nesting than anybody means; a limit, so that no input can exhaust the stack. */
const MAX_DEPTH = 8;

interface Scope {
  readonly place: Place;
  readonly depth: number;
  readonly base?: number;
  readonly notes: Notes;
}

export function* readJson(text: string, file: string, notes: Notes): Generator<Reading> {
  let json: Json;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, '')) as Json;
  } catch (cause) {
    // The parser quotes the text around the mistake, control characters and all.
    const reason = (cause as Error).message.replace(/[\s\p{Cc}]+/gu, ' ');
    throw new InputError('snapshot', `is not JSON: ${reason}`, { file, cause });
  }
  yield* nodes(json, { place: new Place(file), depth: 0, notes });
}

function* nodes(json: Json, scope: Scope): Generator<Reading> {
  const { place, notes } = scope;
  if (typeof json !== 'object' || json === null || scope.depth > MAX_DEPTH) {
    notes.add('unread-key', () => `${place.path || 'its whole content'} (${place.file})`);
  } else if (Array.isArray(json)) {
    for (const [i, element] of json.entries()) {
      const inside = { ...scope, place: place.index(i), depth: scope.depth + 1 };
      const reading = rowReading(element as Json, inside);
      if (reading === undefined) yield* nodes(element as Json, inside);
      else yield reading;
    }
  } else {
    yield* members(json as JsonObject, scope);
  }
}

function* members(object: JsonObject, scope: Scope): Generator<Reading> {
  const { place, notes, depth } = scope;
  const own = object['base'];
  const base = own === undefined || own === null ? scope.base : addressAt(place.key('base'), own);
  const inner = (key: string): Scope => ({
    place: place.key(key),
    depth: depth + 1,
    notes,
    ...(base === undefined ? {} : { base }),
  });
  for (const [key, member = null] of Object.entries(object)) {
    const inside = inner(key);
    const where = whereOf(key);
    if (where !== undefined && member !== null) yield readingOf(where, givenValue(member), inside);
    else if (CONTAINER.test(key) && typeof member === 'object') yield* nodes(member, inside);
    else if (!KNOWN.has(key)) notes.add('unread-key', () => `${inside.place.path} (${place.file})`);
  }
}

function rowReading(element: Json, scope: Scope): Reading | undefined {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return undefined;
  const row = element as JsonObject;
  const value = row['value'];
  const key = [...NAME_KEYS, ...ADDRESS_KEYS].find((candidate) => whereOf(row[candidate]) !== undefined);
  if (key === undefined || value === undefined || value === null) return undefined;
  return readingOf(whereOf(row[key]) as Where, value, { ...scope, place: scope.place.key('value') });
}

/** `"CR0": "0xd"`, or `"CR0": { "value": "0xd", … }`. */
function givenValue(member: Json): Json {
  const value = typeof member === 'object' && member !== null ? (member as JsonObject)['value'] : undefined;
  return value ?? member;
}

function whereOf(key: Json | undefined): Where | undefined {
  if (typeof key === 'number' && Number.isSafeInteger(key) && key >= 0) return { address: key };
  if (typeof key !== 'string') return undefined;
  if (/^0x[0-9a-f]{1,16}$/i.test(key)) return { address: Number(key) };
  const part = registerPart(key);
  return part && { part };
}

function readingOf(where: Where, given: Json, { place, base }: Scope): Reading {
  const value = integerAt(place, given, 64);
  const byteLength = 'part' in where ? where.part.byteLength : width(given, value);
  fitting(value, byteLength, { file: place.file, place: place.path });
  return { where, value, byteLength, place: place.path, ...(base === undefined ? {} : { base }) };
}

function width(given: Json, value: bigint): 4 | 8 {
  if (typeof given === 'string' && /^0x/i.test(given)) return widthOfDigits(given);
  return value < 2n ** 32n ? 4 : 8;
}
