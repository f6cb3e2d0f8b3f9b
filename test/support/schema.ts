/**
 * Checks against the published schemas. They allow keys that they do not know, so that version 1 can grow; the strict
 * variants, made from them here, do not, so that nothing is ever printed that the schema does not describe.
 */

import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

export type JsonSchema = { readonly [keyword: string]: unknown };

export function readSchema(name: string): JsonSchema {
  return JSON.parse(readFileSync(new URL(`../../schema/${name}`, import.meta.url), 'utf8')) as JsonSchema;
}

export const CHECK_SCHEMA = readSchema('check.schema.json');
export const DECODE_SCHEMA = readSchema('decode.schema.json');
export const DIFF_SCHEMA = readSchema('diff.schema.json');
export const EXPLAIN_SCHEMA = readSchema('explain.schema.json');
export const INFO_SCHEMA = readSchema('info.schema.json');
export const INSPECTION_SCHEMA = readSchema('inspection.schema.json');
export const LOG_SCHEMA = readSchema('log.schema.json');
export const QUEUES_SCHEMA = readSchema('queues.schema.json');
export const SNAPSHOT_SCHEMA = readSchema('snapshot.schema.json');
export const STREAM_SCHEMA = readSchema('stream.schema.json');
export const TRANSLATION_SCHEMA = readSchema('translation.schema.json');
export const TRIAGE_SCHEMA = readSchema('triage.schema.json');
export const VALIDATION_SCHEMA = readSchema('validation.schema.json');

/** The schema with every open object closed. Maps, whose keys are data, have a schema for their values and stay. */
export function closed<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(closed) as T;
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [
      keyword,
      keyword === 'additionalProperties' && value === true ? false : closed(value),
    ]),
  ) as T;
}

/**
 * Ajv compiles on first use and keeps the result. Making its code smaller would take a third of that, more than the
 * smaller code saves.
 */
function validator(schemas: readonly JsonSchema[], validateSchema = true): Ajv2020 {
  return new Ajv2020({
    schemas: [...schemas],
    strict: true,
    allErrors: true,
    verbose: true,
    validateSchema,
    code: { optimize: false },
  });
}

const SCHEMAS = [
  CHECK_SCHEMA,
  DECODE_SCHEMA,
  DIFF_SCHEMA,
  EXPLAIN_SCHEMA,
  INFO_SCHEMA,
  INSPECTION_SCHEMA,
  LOG_SCHEMA,
  QUEUES_SCHEMA,
  SNAPSHOT_SCHEMA,
  STREAM_SCHEMA,
  TRANSLATION_SCHEMA,
  TRIAGE_SCHEMA,
  VALIDATION_SCHEMA,
];
const open = validator(SCHEMAS);
// Schemas as good as those.
const strict = validator(SCHEMAS.map(closed), false);

function find(ajv: Ajv2020, reference: string): ValidateFunction {
  const validate = ajv.getSchema(reference);
  if (validate === undefined) throw new Error(`no schema ${reference}`);
  return validate;
}

/** What is wrong with `json`, one sentence for each place; empty when nothing is. */
function problems(validate: ValidateFunction, json: unknown): string[] {
  return validate(json) ? [] : [...new Set((validate.errors ?? []).filter(saysSomething).map(sentence))];
}

/** An `if` that led to a failure says only that it did; the failure itself is among the errors, too. */
function saysSomething({ keyword }: ErrorObject): boolean {
  return keyword !== 'if';
}

function sentence({ instancePath, keyword, message, params, data }: ErrorObject): string {
  const extra: Record<string, unknown> = {
    enum: params['allowedValues'],
    const: params['allowedValue'],
    additionalProperties: params['additionalProperty'],
  };
  const detail = keyword in extra ? ` (${JSON.stringify(extra[keyword])})` : '';
  const found = JSON.stringify(data) ?? 'undefined';
  return `${instancePath || '/'} ${message}${detail}; found ${found.length > 80 ? `${found.slice(0, 77)}...` : found}`;
}

/** More than these do not help anybody. */
const MAX_SHOWN = 12;

function expectNone(schema: string, found: readonly string[]): void {
  const more = found.length > MAX_SHOWN ? [`... and ${found.length - MAX_SHOWN} more`] : [];
  const shown = [`does not fit ${schema}:`, ...found.slice(0, MAX_SHOWN), ...more].join('\n  ');
  expect(found.length, shown).toBe(0);
}

const DIFF = String(DIFF_SCHEMA['$id']);
const INFO = String(INFO_SCHEMA['$id']);
const INSPECTION = String(INSPECTION_SCHEMA['$id']);
const QUEUES = String(QUEUES_SCHEMA['$id']);
const SNAPSHOT = String(SNAPSHOT_SCHEMA['$id']);
const TRANSLATION = String(TRANSLATION_SCHEMA['$id']);

/** What is wrong with an inspection, as parsed from the JSON output. */
export function inspectionProblems(json: unknown): string[] {
  return problems(find(open, INSPECTION), json);
}

/** Fails unless `json`, an inspection as parsed from the JSON output, fits the published schema. */
export function expectValid(json: unknown): void {
  expectNone(INSPECTION, inspectionProblems(json));
}

/** The same, and every key has to be one that the schema knows. */
export function expectStrictlyValid(json: unknown): void {
  expectNone(`${INSPECTION} without unknown keys`, problems(find(strict, INSPECTION), json));
}

/** What is wrong with one finding, unknown keys included. */
export function findingProblems(json: unknown): string[] {
  return problems(find(strict, `${INSPECTION}#/$defs/finding`), json);
}

/** Fails unless `json`, as it was printed, fits the schema of this name and has no other keys. */
export function expectStrictlyValidDocument(name: string, json: unknown): void {
  const id = `urn:smmu-adopt:${name}:1`;
  expectNone(`${id} without unknown keys`, problems(find(strict, id), json));
}

/** Fails unless `json`, what `smmu-adopt log` or `smmu-adopt decode` printed, fits its schema and has no other keys. */
export function expectStrictlyValidLog(json: unknown): void {
  expectNone('urn:smmu-adopt:log:1 without unknown keys', problems(find(strict, 'urn:smmu-adopt:log:1'), json));
}

export function expectStrictlyValidDecode(json: unknown): void {
  expectNone('urn:smmu-adopt:decode:1 without unknown keys', problems(find(strict, 'urn:smmu-adopt:decode:1'), json));
}

/** Fails unless `json`, what `smmu-adopt diff` printed as JSON, fits the published schema without unknown keys. */
export function expectStrictlyValidDiff(json: unknown): void {
  expectNone(`${DIFF} without unknown keys`, problems(find(strict, DIFF), json));
}

/** Fails unless `json`, what `smmu-adopt info` printed as JSON, fits the published schema. */
export function expectValidInfo(json: unknown): void {
  expectNone(INFO, problems(find(open, INFO), json));
}

/** The same, and every key has to be one that the schema knows. */
export function expectStrictlyValidInfo(json: unknown): void {
  expectNone(`${INFO} without unknown keys`, problems(find(strict, INFO), json));
}

/** Fails unless `json`, what `smmu-adopt queues` printed as JSON, fits the published schema and has no other keys. */
export function expectStrictlyValidQueues(json: unknown): void {
  expectNone(QUEUES, problems(find(open, QUEUES), json));
  expectNone(`${QUEUES} without unknown keys`, problems(find(strict, QUEUES), json));
}

/** What is wrong with a register snapshot. */
export function snapshotProblems(json: unknown): string[] {
  return problems(find(open, SNAPSHOT), json);
}

/** Fails unless `json`, the input of a snapshot, fits its schema. */
export function expectValidSnapshot(json: unknown): void {
  expectNone(SNAPSHOT, snapshotProblems(json));
}

/** The same, and every key has to be one that the schema knows. */
export function expectStrictlyValidSnapshot(json: unknown): void {
  expectNone(`${SNAPSHOT} without unknown keys`, problems(find(strict, SNAPSHOT), json));
}

/** What is wrong with `json`, what `smmu-adopt translate` printed as JSON. */
export function translationProblems(json: unknown): string[] {
  return problems(find(open, TRANSLATION), json);
}

/** Fails unless it fits the published schema, with no key that the schema does not know. */
export function expectStrictlyValidTranslation(json: unknown): void {
  expectNone(TRANSLATION, translationProblems(json));
  expectNone(`${TRANSLATION} without unknown keys`, problems(find(strict, TRANSLATION), json));
}
