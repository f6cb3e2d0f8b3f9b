/**
 * Registers in JSON of somebody else's making: names, addresses or offsets with values, in objects or in rows, under
 * whatever keys. What is no register is passed over and named.
 */

import { InputError } from '../../../errors.ts';
import { hex } from '../../../hex.ts';
import { parseJson } from '../../json-text.ts';
import { addressAt, type Json, type JsonObject, Place, shown } from '../../values.ts';
import { registerPart } from '../names.ts';
import type { Notes } from '../notes.ts';
import { DigitStatistics, type Digits, digitsOf } from '../numbers.ts';
import { fits, type Reading, type Where } from '../reading.ts';
import { isJson, pythonAsJson } from './python.ts';

/** Under these keys stand registers of the same names that are others: the banks of other security states. */
const OTHER_BANK = /secure|realm|root/i;
const NON_SECURE = /non.?secure/i;
/** Keys that a snapshot of any kind has and that an import gives anew. */
const KNOWN = new Set(['version', 'name', 'base']);
/** In a row or behind a name: `{ "name": "CR0", "offset": "0x20", "value": "0xd" }`. */
const NAME_KEYS = ['name', 'register', 'reg', 'symbol'] as const;
const ADDRESS_KEYS = ['address', 'addr', 'paddr', 'offset', 'off'] as const;
const VALUE_KEYS = ['value', 'val', 'data', 'hex', 'raw'] as const;

/** Deeper nesting than anybody means; a limit, so that no input can exhaust the stack. */
const MAX_DEPTH = 8;

interface Scope {
  readonly place: Place;
  readonly depth: number;
  readonly base?: number;
}

/** A value before it is known in which base the others are written. */
interface Found {
  readonly where: Where | { readonly key: string };
  readonly named?: Where | { readonly key: string };
  readonly value: Digits | bigint;
  readonly scope: Scope;
}

/** A log may begin with a bracket, too, so what begins with one has to be JSON as a whole. */
export function looksLikeJson(content: string): boolean {
  const [start] = content.replace(/^\uFEFF/, '').trimStart();
  if (start !== '[' && start !== '{') return false;
  if (start === '{' && !/^\s*\{\s*['\d]/.test(content)) return true;
  if (content.length > MAX_JSON_LENGTH) return false;
  return jsonIn(withLongIntegers(content)) !== null;
}

/** Integers beyond 2^53 become text, which keeps all of their digits. */
const LONG_INTEGER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

/** Every value takes a hundred times its length once it is parsed; registers of all SMMUs of a machine are shorter. */
const MAX_JSON_LENGTH = 1 << 22;

function parsed(text: string, file: string): Json {
  if (text.length > MAX_JSON_LENGTH) {
    throw new InputError('snapshot', `is JSON of ${text.length} characters, far more than SMMUs have registers`, {
      file,
    });
  }
  const whole = withLongIntegers(text);
  // What is not JSON is refused as such.
  const json = jsonIn(whole) ?? whole;
  return typeof json === 'string' ? parseJson(json, file) : json.map((line) => parseJson(line, file));
}

function withLongIntegers(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replace(LONG_INTEGER, (token) => (/^\d{16,20}$/.test(token) ? `"${token}"` : token));
}

/** A text as JSON, or its lines where each is one value, as tools stream it; null where it is neither. */
function jsonIn(text: string): string | string[] | null {
  const json = isJson(text) ? text : pythonAsJson(text);
  if (json !== undefined) return json;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const isStream = lines.length >= 2 && lines.every((line) => /^\s*[{[].*[}\]]\s*$/.test(line) && isJson(line));
  return isStream ? lines : null;
}

/**
 * The registers in JSON of any structure: names, addresses or offsets with values. What is passed over goes to `notes`.
 */
export function* readJson(text: string, file: string, notes: Notes): Generator<Reading> {
  const json = parsed(text, file);
  const found = [...nodes(json, { place: new Place(file), depth: 0 }, notes)];
  const statistics = new DigitStatistics();
  for (const { value } of found) if (typeof value !== 'bigint') statistics.see(value);
  const keys = keyRadix(found.flatMap(({ where }) => ('key' in where ? where.key : [])));
  for (const entry of found) {
    const reading = readingOf(entry, statistics, keys, notes);
    if (reading !== undefined) yield reading;
  }
}

function* nodes(json: Json, scope: Scope, notes: Notes): Generator<Found> {
  const { place } = scope;
  if (typeof json !== 'object' || json === null || scope.depth > MAX_DEPTH) {
    notes.add('unread-key', () => ({ kind: 'here' }), { file: place.file, place: place.path });
  } else if (Array.isArray(json)) {
    for (const [i, element] of json.entries()) {
      const inside = { ...scope, place: place.index(i), depth: scope.depth + 1 };
      const found = rowFound(element as Json, inside);
      if (found === undefined) yield* nodes(element as Json, inside, notes);
      else yield found;
    }
  } else {
    yield* members(json as JsonObject, scope, notes);
  }
}

function* members(object: JsonObject, scope: Scope, notes: Notes): Generator<Found> {
  const { place, depth } = scope;
  const own = object['base'];
  const base = own === undefined || own === null ? scope.base : addressAt(place.key('base'), own);
  for (const [key, member = null] of Object.entries(object)) {
    const inside = { place: place.key(key), depth: depth + 1, ...(base === undefined ? {} : { base }) };
    const where = whereOf(key);
    const otherBank = OTHER_BANK.test(key) && !NON_SECURE.test(key);
    const row = where === undefined || !isObject(member) ? undefined : rowFound({ name: key, ...member }, inside);
    if (row !== undefined) yield row;
    else if (where !== undefined && member !== null && !isObject(member)) {
      yield { where, value: valueAt(inside.place, member), scope: inside };
    } else if (typeof member === 'object' && member !== null && !otherBank && depth < MAX_DEPTH) {
      const nested = /@([0-9a-f]{5,16})$|^([0-9a-f]{5,16})\.(?:iommu|smmu\w*)$/i.exec(key);
      const named = nested === null ? {} : { base: Number(`0x${nested[1] ?? nested[2]}`) };
      yield* nodes(member, { ...inside, ...named }, notes);
    } else if (!KNOWN.has(key) && member !== null) {
      notes.add('unread-key', () => ({ kind: 'here' }), { file: place.file, place: inside.place.path });
    }
  }
}

function isObject(json: Json): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** `{ "name": "CR0", "offset": 32, "value": "0xd" }`, or `["CR0", "0xd"]`. */
function rowFound(element: Json, scope: Scope): Found | undefined {
  if (Array.isArray(element)) {
    const [key, value = null, ...more] = element as readonly Json[];
    const where = element.length >= 2 && typeof key !== 'object' ? whereOf(key) : undefined;
    if (where === undefined || more.length > 0 || typeof value === 'object') return undefined;
    return { where, value: valueAt(scope.place.index(1), value), scope: { ...scope, place: scope.place.index(1) } };
  }
  if (!isObject(element)) return undefined;
  const [valueKey] = VALUE_KEYS.filter((key) => element[key] !== undefined && element[key] !== null);
  if (valueKey === undefined) return undefined;
  const name = NAME_KEYS.map((key) => whereOf(element[key])).find((where) => where !== undefined);
  const address = ADDRESS_KEYS.map((key) => whereOf(element[key])).find((where) => where !== undefined);
  const where = name ?? address;
  if (where === undefined) return undefined;
  const place = scope.place.key(valueKey);
  const value = valueAt(place, element[valueKey] as Json);
  return { where, ...(name && address ? { named: address } : {}), value, scope: { ...scope, place } };
}

function whereOf(key: Json | undefined): Found['where'] | undefined {
  if (typeof key === 'number') return Number.isSafeInteger(key) && key >= 0 ? { address: key } : undefined;
  if (typeof key !== 'string') return undefined;
  if (/^\+?0x[0-9a-f]{1,16}$/i.test(key)) {
    const number = Number(key.replace('+', ''));
    return key.startsWith('+') ? { offset: number } : { address: number };
  }
  if (/^[0-9a-f]{1,16}$/i.test(key) && /^[0-9]|^[a-f]{1,2}$/i.test(key)) return { key };
  const part = registerPart(key);
  return part && { part };
}

function valueAt(place: Place, given: Json): Digits | bigint {
  if (typeof given === 'number') {
    if (Number.isSafeInteger(given) && given >= 0) return BigInt(given);
    return place.refuse(`${shown(given)} is not an integer from 0 to 2^64-1`);
  }
  const digits = typeof given === 'string' ? digitsOf(given.trim()) : undefined;
  return (
    digits ?? place.refuse(`${shown(given)} is not a number; expected "0x..." hex, a decimal string, or an integer`)
  );
}

/** Keys without a mark: offsets are multiples of four in the base in which they are written. */
function keyRadix(keys: readonly string[]): 16 | 10 | undefined {
  if (keys.some((key) => /[a-f]/i.test(key) || key.length >= 8)) return 16;
  const aligned = (radix: number) => keys.every((key) => Number.parseInt(key, radix) % 4 === 0);
  if (keys.every((key) => Number(key) < 10)) return 16;
  if (aligned(10) !== aligned(16)) return aligned(10) ? 10 : 16;
  return undefined;
}

function readingOf(
  { where: found, named, value: given, scope: { place, base } }: Found,
  statistics: DigitStatistics,
  radix: 16 | 10 | undefined,
  notes: Notes,
): Reading | undefined {
  const at = { file: place.file, place: place.path };
  const resolve = (where: Found['where']): Where | undefined => {
    if (!('key' in where)) return where;
    return radix === undefined ? undefined : { address: Number.parseInt(where.key, radix) };
  };
  const where = resolve(found);
  if (where === undefined) {
    notes.add('either-base', () => ({ kind: 'here' }), at);
    return undefined;
  }
  const value = typeof given === 'bigint' ? given : jsonValue(given, statistics);
  if (typeof value === 'string') {
    notes.add('lost-digit', () => ({ kind: 'here' }), at);
    return undefined;
  }
  const byteLength = 'part' in where ? where.part.byteLength : width(given, value);
  if (!fits(value, byteLength)) {
    return place.refuse(`${hex(value)} does not fit in ${8 * byteLength} bits`);
  }
  const reading = { value, byteLength, place: place.path, ...(base === undefined ? {} : { base }) };
  const beside = named && resolve(named);
  if (beside === undefined || !('part' in where)) return { where, ...reading };
  return { where: beside, named: where.part, ...reading };
}

/** Text of digits alone is decimal, as the snapshot format has it, unless other values show that all is hexadecimal. */
function jsonValue(digits: Digits, statistics: DigitStatistics): bigint | 'digits' {
  const value = statistics.value(digits);
  return value === 'radix' ? BigInt(digits.text) : value;
}

function width(given: Digits | bigint, value: bigint): 4 | 8 {
  if (typeof given !== 'bigint') return given.text.length > 8 ? 8 : 4;
  return value < 2n ** 32n ? 4 : 8;
}
