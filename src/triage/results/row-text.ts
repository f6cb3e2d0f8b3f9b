/** Rows of an earlier run, out of a line of its results. Whoever wrote the file, nothing that is no row passes. */

import { COMPANIONS, type CrashRow, type CrashSmmu, type NotSearched, type RevisionsFate } from '../crash.ts';
import { FATES, VERDICTS } from './fingerprint.ts';

type Json = Readonly<Record<string, unknown>>;

/** The last line of a run, by which it is known to be whole: with anything behind it, a later run has not ended. */
export interface RunEnd {
  readonly record: 'end';
  /** `2/3`; null where the whole was not divided. */
  readonly shard: string | null;
  /** Crashes of this part, and those of all that its run found. */
  readonly crashes: number;
  readonly found: number;
  /** Paths of rows before this line that are of earlier runs alone: their crashes are not there any more. */
  readonly gone: readonly string[];
  readonly notSearched: readonly NotSearched[];
  /** What was asked of which places, as {@link fingerprintOfRun} makes it: the parts of one run have the same. */
  readonly run: string;
}

/** A row, the end of a run, or null for a line that is neither: one that was torn, mostly. */
export function parseLine(line: string): CrashRow | RunEnd | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  if (value['record'] === 'end') return fits(value, END_KEYS) ? (value as unknown as RunEnd) : null;
  return isRow(value) ? (value as unknown as CrashRow) : null;
}

/** Whether a line that is no row is what was written of this one, or of one of the same crash, before its writer ended. */
export function isBeginningOf({ crash, path }: CrashRow, line: string): boolean {
  const begins = `${JSON.stringify({ crash, path }).slice(0, -1)},`;
  // The last character may be torn, too.
  const whole = line.replace(/\uFFFD+$/, '');
  return begins.startsWith(whole) || whole.startsWith(begins);
}

/** Tells the end of a run from a row. */
export function isRunEnd(value: CrashRow | RunEnd): value is RunEnd {
  return 'record' in value;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const orNull = (is: (value: unknown) => boolean) => (value: unknown) => value === null || is(value);
const oneOf =
  (...values: readonly unknown[]) =>
  (value: unknown) =>
    values.includes(value);
const listOf = (is: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(is);
const textOrNull = orNull(isText);

const WHY_NOT_SEARCHED: Readonly<Record<NotSearched['why'], true>> = {
  unreadable: true,
  'too-deep': true,
  'too-many-folders': true,
  'too-many-files': true,
  'no-end': true,
};

const END_KEYS: Readonly<Record<keyof RunEnd, (value: unknown) => boolean>> = {
  record: oneOf('end'),
  shard: textOrNull,
  crashes: isCount,
  found: isCount,
  gone: listOf(isText),
  notSearched: listOf(
    (value) =>
      isObject(value) &&
      isText(value['path']) &&
      oneOf(...Object.keys(WHY_NOT_SEARCHED))(value['why']) &&
      textOrNull(value['code']),
  ),
  run: isText,
};

const REVISIONS_KEYS: Readonly<Record<keyof RevisionsFate, (value: unknown) => boolean>> = {
  revisions: listOf(isText),
  verdict: oneOf(...VERDICTS),
  fate: oneOf(...FATES),
  decidedBy: textOrNull,
};

const SMMU_KEYS: Readonly<Record<keyof CrashSmmu, (value: unknown) => boolean>> = {
  name: isText,
  verdict: oneOf(...VERDICTS),
  fate: oneOf(...FATES),
  decidedBy: textOrNull,
  outcome: isText,
  errors: isCount,
  warnings: isCount,
  notes: isCount,
  worst: orNull(
    (value) =>
      isObject(value) &&
      isText(value['rule']) &&
      isText(value['message']) &&
      oneOf('error', 'warning', 'note')(value['severity']),
  ),
  device: textOrNull,
  driver: textOrNull,
  fingerprint: isText,
  revisions: (value) => value === undefined || listOf((one) => isObject(one) && fits(one, REVISIONS_KEYS))(value),
};

const ROW_KEYS: Readonly<Record<Exclude<keyof CrashRow, (typeof COMPANIONS)[number]>, (value: unknown) => boolean>> = {
  crash: isText,
  path: isText,
  when: textOrNull,
  host: textOrNull,
  kernel: textOrNull,
  dump: listOf(isText),
  status: oneOf('ok', 'failed', 'timeout', 'skipped'),
  exitCode: oneOf(0, 1, 2, 3),
  seconds: (value) => typeof value === 'number' && value >= 0,
  failure: textOrNull,
  why: textOrNull,
  fingerprint: isText,
  smmus: listOf((value) => isObject(value) && fits(value, SMMU_KEYS)),
  report: textOrNull,
  shard: textOrNull,
  identity: isText,
  redacted: (value) => value === undefined || value === true,
};

function isRow(value: Json): boolean {
  return fits(value, ROW_KEYS) && COMPANIONS.every((companion) => textOrNull(value[companion]));
}

function fits(value: Json, keys: Readonly<Record<string, (value: unknown) => boolean>>): boolean {
  return Object.entries(keys).every(([key, is]) => is(value[key]));
}
