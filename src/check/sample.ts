/**
 * A sample: a dump with its registers, how it is inspected, and what is expected of that. It is a folder with a
 * sample.json, or an entry of a manifest.json.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onDisk } from '../byte-names.ts';
import { readTextFile } from '../dump/sources/source.ts';
import { InputError } from '../errors.ts';
import { parseDescription } from '../snapshot/json-text.ts';
import { arrayAt, type Json, objectAt, Place, shown, stringAt } from '../snapshot/values.ts';

export interface Sample {
  /** For people: where it was found. */
  readonly name: string;
  /** What its paths are relative to. */
  readonly folder: string;
  /** Arguments of `smmu-adopt inspect`. */
  readonly args: readonly string[];
  readonly expected: Expectation;
}

/** What is not there is not looked at. */
export interface Expectation {
  readonly exitCode?: number | undefined;
  readonly stderr?: string | undefined;
  /** Of each SMMU; a list has them in the order of the snapshot. */
  readonly verdict?: string | readonly string[] | undefined;
  readonly ret?: number | null | readonly (number | null)[] | undefined;
  readonly findings?: ExpectedFindings | undefined;
  /** Files of the sample with the whole result, as JSON and as text. */
  readonly json?: string | undefined;
  readonly text?: string | undefined;
}

/** Rules by name: all that are found, in any order, or some that have to be and must not be. */
export type ExpectedFindings =
  | { readonly exactly: readonly string[] }
  | { readonly include: readonly string[]; readonly exclude: readonly string[] };

/** A sample before its description is read, so that a description that cannot be is the failure of this sample alone. */
export interface FoundSample {
  readonly name: string;
  /** The file that describes it. */
  readonly file: string;
  read(): Sample;
}

/** A description, or the results of some hundred thousand STEs. */
export const MAX_JSON_BYTES = 1 << 26;

/** Parses a file of JSON. Throws InputError (`format`) naming it. */
export function readJson(file: string): Json {
  const text = readTextFile(
    file,
    MAX_JSON_BYTES,
    (byteLength) => new InputError('format', `is ${byteLength} bytes long`, { file }),
  );
  return parseDescription(text, file);
}

/** The sample that a sample.json describes. */
export function readSample(name: string, folder: string, file: string): Sample {
  const place = new Place(file, '', 'format');
  const root = objectAt(place, readJson(file));
  const { status, stderr } = root;
  const hasText = existsSync(onDisk(join(folder, 'expected.txt')));
  // What cannot be analysed has no results.
  const needsJson = !hasText && status !== 2;
  return {
    name,
    folder,
    args: stringsAt(place.key('args'), root['args']),
    expected: {
      exitCode: status === undefined ? undefined : exitCodeAt(place.key('status'), status),
      stderr: stderr === undefined ? undefined : stringAt(place.key('stderr'), stderr),
      json: needsJson || existsSync(onDisk(join(folder, 'expected.json'))) ? 'expected.json' : undefined,
      text: hasText ? 'expected.txt' : undefined,
    },
  };
}

/** The value as a list of texts; refuses any other, naming the place. */
export function stringsAt(place: Place, value: Json | undefined): string[] {
  return arrayAt(place, value).map((element, i) => stringAt(place.index(i), element));
}

/** The value as an exit status; refuses any other, naming the place. */
export function exitCodeAt(place: Place, value: Json): number {
  if (typeof value === 'number' && [0, 1, 2, 3].includes(value)) return value;
  return place.refuse(`${shown(value)} is no exit status; 0 to 3 are`);
}
