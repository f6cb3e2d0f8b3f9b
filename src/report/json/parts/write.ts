/**
 * `--format json`: a whole document as one JSON object, written piece by piece, so that a table of millions of
 * entries passes through without ever being in memory. One table row is one line, which makes results easy to compare.
 */

import { isRows } from '../../../rows.ts';
import type { JsonRows, Shape } from '../../../shape.ts';
import { escapeJson } from '../../escape.ts';

/** Objects down to this depth have a line for each key: the root, an SMMU, and the sections of an SMMU. */
const MAX_OPEN_DEPTH = 3;

/** The value as its shape publishes it. */
export function* jsonReport<T>(shape: Shape<T>, value: T): Generator<string> {
  yield* pieces(shape.toJson(value), 0);
  yield '\n';
}

function* pieces(value: unknown, depth: number): Generator<string> {
  const indent = '  '.repeat(depth + 1);
  const outdent = `\n${'  '.repeat(depth)}`;
  const rows = isRows(value);
  if (rows && 'lines' in value) {
    yield* rowLines(value as JsonRows, indent, outdent);
  } else if (rows || (Array.isArray(value) && value.some(isObject))) {
    let separator = `[\n${indent}`;
    for (const element of value as Iterable<unknown>) {
      yield separator;
      // A row has no rows in it, and there may be millions.
      if (!rows && hasRows(element)) yield* pieces(element, depth + 1);
      else yield line(element);
      separator = `,\n${indent}`;
    }
    yield separator.startsWith('[') ? '[]' : `${outdent}]`;
  } else if (isObject(value) && !Array.isArray(value) && (depth <= MAX_OPEN_DEPTH || hasRows(value))) {
    let separator = '{';
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined) continue;
      yield `${separator}\n${indent}${line(key)}: `;
      yield* pieces(member, depth + 1);
      separator = ',';
    }
    yield separator === '{' ? '{}' : `${outdent}}`;
  } else {
    yield line(value);
  }
}

/** A row has no rows in it, and there may be millions. */
function* rowLines({ lines }: JsonRows, indent: string, outdent: string): Generator<string> {
  let first = true;
  for (const row of lines) {
    yield `${first ? '[' : ','}\n${indent}${row}`;
    first = false;
  }
  yield first ? '[]' : `${outdent}]`;
}

/** A value that a shape has made as JSON without line breaks, rows as they come. */
export function* compactJson(value: unknown): Generator<string> {
  if (isRows(value) && 'lines' in value) {
    let separator = '[';
    for (const row of (value as JsonRows).lines) {
      yield separator + row;
      separator = ',';
    }
    yield separator === '[' ? '[]' : ']';
  } else if (isRows(value) || (Array.isArray(value) && hasRows({ value }))) {
    let separator = '[';
    for (const element of value as Iterable<unknown>) {
      yield separator;
      yield* compactJson(element);
      separator = ',';
    }
    yield separator === '[' ? '[]' : ']';
  } else if (isObject(value) && hasRows(value)) {
    let separator = '{';
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined) continue;
      yield `${separator}${line(key)}:`;
      yield* compactJson(member);
      separator = ',';
    }
    yield '}';
  } else yield line(value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Whether rows are in the object, however deep. */
function hasRows(value: unknown): boolean {
  if (!isObject(value)) return false;
  return Object.values(value).some(
    (member) => isRows(member) || (Array.isArray(member) ? member.some(hasRows) : hasRows(member)),
  );
}

function line(value: unknown): string {
  return escapeJson(JSON.stringify(value));
}
