/**
 * What published JSON looks like, said once: a shape is the way from a value of the program (numbers, tagged values) to
 * its JSON (hex text, keys in the contract's order), and the JSON Schema of what comes out. Types, writer and schema
 * cannot drift apart, because they are one declaration.
 */

import { paddedHex, word } from './hex.ts';
import { remembered } from './remembered.ts';
import { isRows, Rows } from './rows.ts';
import { visible } from './visible-text.ts';

export type JsonSchema = { readonly [key: string]: unknown };

/** How values of type T are published. */
export interface Shape<T> {
  /** Made where schemas are, which is not where reports are written. */
  readonly schema: () => JsonSchema;
  /** The value as JSON has it. Table rows stay lazy. */
  readonly toJson: (value: T) => unknown;
  /**
   * What JSON.stringify makes of that, safe to print; undefined where the key is left out. Rows by the million are
   * written so, without an object for each. Made of `toJson` where a shape does not say it.
   */
  readonly toText?: (value: T) => string | undefined;
}

/** {@link Shape.toText} of any shape. */
export function textOf<T>({ toJson, toText }: Shape<T>): (value: T) => string | undefined {
  return toText ?? ((value) => jsonText(toJson(value)));
}

/** Safe to print; the same value for every JSON parser. */
function jsonText(json: unknown): string | undefined {
  if (typeof json === 'number' && Number.isFinite(json)) return String(json);
  if (json === null || typeof json === 'boolean') return String(json);
  const made: string | undefined = JSON.stringify(json);
  return made === undefined ? undefined : visible(made);
}

const same = (value: unknown): unknown => value;

function leaf<T>(schema: JsonSchema): Shape<T> {
  return { schema: () => schema, toJson: same, toText: jsonText };
}

export const text: Shape<string> = leaf({ type: 'string' });
export const flag: Shape<boolean> = leaf({ type: 'boolean' });
/** Any number: seconds, with what comes behind the point. */
export const numeric: Shape<number> = leaf({ type: 'number' });
/** Whatever JSON can say. */
export const anything: Shape<unknown> = leaf({});
/** Text that is never empty. */
export const words: Shape<string> = leaf({ type: 'string', minLength: 1 });

/** A fact that is published as what `from` makes of it. */
export function mapped<T, V>(shape: Shape<V>, from: (fact: T) => V): Shape<T> {
  const { schema, toJson } = shape;
  const toText = textOf(shape);
  return { schema, toJson: (fact) => toJson(from(fact)), toText: (fact) => toText(from(fact)) };
}

/** A fact that is published as the text which says it. */
export function said<T>(inWords: (fact: T) => string): Shape<T> {
  return mapped(text, inWords);
}

/** Text that the pattern finds something in. */
export function matching(pattern: RegExp): Shape<string> {
  return leaf({ type: 'string', pattern: pattern.source });
}

/** A count, a size, an index or an ID. */
export function integer(minimum: number | null = 0, maximum: number | null = null): Shape<number> {
  return leaf({
    type: 'integer',
    ...(minimum === null ? {} : { minimum }),
    ...(maximum === null ? {} : { maximum }),
  });
}

export const count = integer();
export const sid = integer(0, 2 ** 32 - 1);

/** One of these values and no other. The program's type of a number need not be as narrow. */
export function choice<const V extends string | number>(...values: readonly V[]): Shape<V extends number ? number : V> {
  const texts = new Map<V | unknown, string | undefined>(values.map((value) => [value, jsonText(value)]));
  return {
    ...leaf(values.length === 1 ? { const: values[0] } : { enum: values }),
    toText: (value) => texts.get(value) ?? jsonText(value),
  };
}

/** One of the keys of a table, such as one of the words for each. */
export function keyOf<K extends string>(table: Readonly<Record<K, unknown>>): Shape<K> {
  return choice(...(Object.keys(table) as K[])) as Shape<K>;
}

/** A shape with a name in the schema's `$defs`, which everybody who uses it refers to. */
export function define<T>(name: string, description: string, shape: Shape<T>): Shape<T> {
  const schema = () => ({
    $ref: `#/$defs/${name}`,
    [DEFINITION]: { name, schema: { description, ...shape.schema() } },
  });
  return { ...shape, schema };
}

/** Carries what a reference refers to along wherever it is copied, and is nothing that JSON shows. */
const DEFINITION: unique symbol = Symbol('definition');

interface Definition {
  readonly name: string;
  readonly schema: JsonSchema;
}

/** An address or a register value. */
export const hex: Shape<number | bigint> = define('hex', 'Address or register value: lower-case hex text', {
  schema: () => ({ title: 'Hex', type: 'string', pattern: '^0x[0-9a-f]+$' }),
  ...digits(0),
});

/** A register of 32 bits: all of its digits. */
export const word32: Shape<number> = define('word32', '32-bit word: lower-case hex text of 8 digits', {
  schema: () => ({ title: 'Word', type: 'string', pattern: '^0x[0-9a-f]{8}$' }),
  ...digits(8),
});

/** What half of all words are. */
const ZERO_WORD = `"${word(0n)}"`;

/** A 64-bit word: all of its digits. */
export const word64: Shape<bigint> = define('word', '64-bit word: lower-case hex text of 16 digits', {
  schema: () => ({ title: 'Word', type: 'string', pattern: '^0x[0-9a-f]{16}$' }),
  toJson: word,
  toText: (value) => (value === 0n ? ZERO_WORD : `"${word(value)}"`),
});

/** Hex text of at least so many digits. */
function digits(least: number): Pick<Shape<number | bigint>, 'toJson' | 'toText'> {
  const inHex = (value: number | bigint) => paddedHex(value, least);
  return { toJson: inHex, toText: (value) => `"${inHex(value)}"` };
}

/** The same, or null. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  const toText = textOf(shape);
  return {
    schema: () => orNull(shape.schema()),
    toJson: (value) => (value === null ? null : shape.toJson(value)),
    toText: (value) => (value === null ? 'null' : toText(value)),
  };
}

function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema;
  if (typeof type === 'string') return { ...schema, type: [type, 'null'] };
  return Array.isArray(values) ? { enum: [...values, null] } : { anyOf: [{ type: 'null' }, schema] };
}

/** A list, or rows that are made when they are read. */
export function list<T>(shape: Shape<T>, length: number | null = null): Shape<Iterable<T>> {
  const bounds = length === null ? {} : { minItems: length, maxItems: length };
  const { toJson } = shape;
  const toText = textOf(shape);
  return {
    schema: () => ({ type: 'array', items: shape.schema(), ...bounds }),
    toJson: (values) => {
      if (toJson === same && !isRows(values)) return values;
      const long = isRows(values) || (Array.isArray(values) && values.length > MAX_MADE_AT_ONCE);
      return long
        ? new JsonRows(values as Iterable<T>, toJson, (value) => toText(value) ?? 'null')
        : Array.from(values, toJson);
    },
    toText: (values) => {
      let made = '';
      for (const value of values) made += `${made === '' ? '[' : ','}${toText(value) ?? 'null'}`;
      return made === '' ? '[]' : `${made}]`;
    },
  };
}

/** Rows as JSON has them, which need not become objects to be written. */
export class JsonRows<T = unknown> extends Rows<unknown> {
  /** Each as one line of JSON, safe to print. */
  readonly lines: Iterable<string>;

  constructor(values: Iterable<T>, toJson: (value: T) => unknown, toText: (value: T) => string) {
    super(() => each(values, toJson));
    this.lines = { [Symbol.iterator]: () => each(values, toText) };
  }
}

function* each<T, V>(values: Iterable<T>, make: (value: T) => V): Generator<V> {
  for (const value of values) yield make(value);
}

/** The JSON of longer lists is made element by element, as they are written. */
const MAX_MADE_AT_ONCE = 1 << 12;

/** An object whose keys are data; `keys` is what they look like, where that can be said. */
export function mapOf<T>(keys: RegExp | null, shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  const toText = textOf(shape);
  const keyText = remembered((key: string) => `${jsonText(key)}:`);
  return {
    schema: () => ({
      type: 'object',
      ...(keys === null ? {} : { propertyNames: { pattern: keys.source } }),
      additionalProperties: shape.schema(),
    }),
    toJson: (value) => Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shape.toJson(member)])),
    toText: (value) => {
      let made = '';
      for (const key of Object.keys(value)) {
        const said = toText(value[key] as T);
        if (said !== undefined) made += (made === '' ? '{' : ',') + keyText(key) + said;
      }
      return made === '' ? '{}' : `${made}}`;
    },
  };
}

/** A key that is only there where it applies. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  const toText = textOf(shape);
  const open: Shape<T | undefined> = {
    schema: shape.schema,
    toJson: (value) => (value === undefined ? undefined : shape.toJson(value)),
    toText: (value) => (value === undefined ? undefined : toText(value)),
  };
  optionals.add(open);
  return open;
}

const optionals = new WeakSet<object>();

/** A key that the program's value has under another name or in another form. */
export interface Derived<T> {
  readonly shape: Shape<never>;
  readonly from: (value: T) => unknown;
}

/** A key of shape `shape` whose value is made of the whole object by `from`. */
export function derived<T, V>(shape: Shape<V>, from: (value: T) => V): Derived<T> {
  return { shape: shape as Shape<never>, from };
}

/** Of each key, in the contract's order: what it says, and its shape. Without a description, that of the definition. */
type Members<T, M> = {
  readonly [K in keyof M]: readonly [
    description: string,
    shape: (K extends keyof T ? Shape<T[K]> : never) | Derived<T>,
  ];
};

interface Entry<T> {
  readonly key: string;
  readonly description: string;
  readonly shape: Shape<unknown>;
  readonly from: (value: T) => unknown;
}

/** An object with just these keys; further ones may come within a schema version. */
export function object<T>(): <M extends Members<T, M>>(members: M) => Shape<T> {
  return (members) => objectOf(entriesOf<T>(members));
}

function entriesOf<T>(members: object): Entry<T>[] {
  type Given = readonly [description: string, what: Shape<unknown> | Derived<T>];
  return Object.entries(members as Readonly<Record<string, Given>>).map(([key, [description, what]]) =>
    'from' in what
      ? { key, description, shape: what.shape as Shape<unknown>, from: what.from }
      : { key, description, shape: what, from: (value) => value[key as keyof T] },
  );
}

function objectOf<T>(entries: readonly Entry<T>[]): Shape<T> {
  const texts = entries.map(({ key, shape, from }) => ({ name: `${jsonText(key)}:`, from, toText: textOf(shape) }));
  return {
    schema: () => ({
      type: 'object',
      required: entries.filter(({ shape }) => !optionals.has(shape)).map(({ key }) => key),
      properties: Object.fromEntries(entries.map(described)),
      additionalProperties: true,
    }),
    toJson: (value) => {
      const json: Record<string, unknown> = {};
      for (const { key, shape, from } of entries) {
        const member = shape.toJson(from(value));
        if (member !== undefined) json[key] = member;
      }
      return json;
    },
    toText: (value) => {
      let made = '';
      for (const { name, from, toText } of texts) {
        const member = toText(from(value));
        if (member !== undefined) made += (made === '' ? '{' : ',') + name + member;
      }
      return made === '' ? '{}' : `${made}}`;
    },
  };
}

function described<T>({ key, description, shape }: Entry<T>): [key: string, schema: JsonSchema] {
  return [key, description === '' ? shape.schema() : { description, ...shape.schema() }];
}

/** A value that is published in one of several ways, by what it is. */
export function variants<T>(...ways: readonly Way<T>[]): Shape<T> {
  const shapeOf = (value: T): Shape<never> => {
    const way = ways.find(({ is }) => is(value));
    if (way === undefined) throw new Error('a value that no variant of its shape fits');
    return way.shape;
  };
  return {
    schema: () => ({ oneOf: ways.map(({ shape }) => shape.schema()) }),
    toJson: (value) => shapeOf(value).toJson(value as never),
    toText: (value) => textOf(shapeOf(value))(value as never),
  };
}

interface Way<T> {
  readonly is: (value: T) => boolean;
  readonly shape: Shape<never>;
}

/** One of several ways: `shape` for the values that `is` tells to be its own. */
export function way<T, V extends T>(is: (value: T) => value is V, shape: Shape<V>): Way<T> {
  return { is, shape: shape as Shape<never> };
}

/** The published schema of a whole document, with the definitions that it refers to. */
export function schemaOf(id: string, title: string, description: string, shape: Shape<never>): JsonSchema {
  const schema = shape.schema();
  const $defs: Record<string, JsonSchema> = {};
  const collect = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    const definition = (part as { readonly [DEFINITION]?: Definition })[DEFINITION];
    if (definition !== undefined) {
      const known = $defs[definition.name];
      if (known === undefined) {
        $defs[definition.name] = definition.schema;
        collect(definition.schema);
      } else if (JSON.stringify(known) !== JSON.stringify(definition.schema)) {
        throw new Error(`two definitions are called ${definition.name}`);
      }
    }
    for (const member of Object.values(part)) collect(member);
  };
  collect(schema);
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: id, title, description, ...schema, $defs };
}
