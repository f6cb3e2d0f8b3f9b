/**
 * manifest.json: samples that are listed in one file, each with its dump, its registers, the options of `inspect` and
 * what is expected. Paths are relative to the manifest's folder.
 */

import { dirname, resolve } from 'node:path';
import { RULES } from '../findings/rules.ts';
import {
  arrayAt,
  type Json,
  type JsonObject,
  objectAt,
  Place,
  refuseUnknownKeys,
  shown,
  stringAt,
} from '../snapshot/values.ts';
import { type Expectation, type ExpectedFindings, exitCodeAt, readJson, type Sample, stringsAt } from './sample.ts';

/** More than anybody keeps; a file of this many is a mistake. */
const MAX_SAMPLES = 100_000;

/** Options of `inspect` that take one list of StreamIDs, and those that are given once for each value. */
const LISTS = ['insert', 'sid', 'hotplug', 'rmr'];
const REPEATED = ['device', 'fail', 'later', 'smmu'];

const SAMPLE_KEYS = ['name', 'dump', 'regs', 'options', 'args', 'expect'];
const EXPECT_KEYS = ['verdict', 'ret', 'findings', 'exitCode', 'golden'];

/** Throws InputError (`format`) naming the place of what is wrong. */
export function readManifest(file: string): Sample[] {
  const place = new Place(file, '', 'format');
  const root = objectAt(place, readJson(file));
  if (root['version'] !== 1) place.key('version').refuse(`${shown(root['version'])} is not known; only version 1 is`);
  refuseUnknownKeys(place, root, ['version', 'description', 'samples']);
  const entries = arrayAt(place.key('samples'), root['samples']);
  if (entries.length > MAX_SAMPLES) place.key('samples').refuse(`${entries.length} samples; ${MAX_SAMPLES} are enough`);
  const folder = resolve(dirname(file));
  const names = new Set<string>();
  return entries.map((entry, i) => {
    const at = place.key('samples').index(i);
    const sample = sampleAt(at, objectAt(at, entry), folder);
    if (names.has(sample.name)) at.key('name').refuse(`${shown(sample.name)} is the name of another sample, too`);
    names.add(sample.name);
    return sample;
  });
}

function sampleAt(place: Place, entry: JsonObject, folder: string): Sample {
  refuseUnknownKeys(place, entry, SAMPLE_KEYS);
  const name = stringAt(place.key('name'), entry['name']);
  if (name === '') place.key('name').refuse('is empty');
  const dumps = entry['dump'] === undefined ? [] : [entry['dump']].flat();
  const options = entry['options'];
  const expect = place.key('expect');
  return {
    name,
    folder,
    args: [
      ...(entry['regs'] === undefined ? [] : [`--regs=${stringAt(place.key('regs'), entry['regs'])}`]),
      ...(options === undefined ? [] : argsOf(place.key('options'), objectAt(place.key('options'), options))),
      ...(entry['args'] === undefined ? [] : stringsAt(place.key('args'), entry['args'])),
      // What comes behind is a file, whatever it begins with.
      '--',
      ...stringsAt(place.key('dump'), dumps as Json),
    ],
    expected: expectationAt(expect, objectAt(expect, entry['expect'])),
  };
}

/** `{ "insert": [8, 256], "noGate": true, "paBits": 44 }` as arguments. */
function argsOf(place: Place, options: JsonObject): string[] {
  return Object.entries(options).flatMap(([key, value = null]) => {
    const at = place.key(key);
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (!/^[a-z][a-z-]*$/.test(name)) at.refuse('is not the name of an option');
    const text = (one: Json) =>
      typeof one === 'string' || typeof one === 'number'
        ? String(one)
        : at.refuse(`${shown(one)} is no value for an option`);
    if (typeof value === 'boolean') {
      // "gate" is there unless it is said that it is not.
      if (name === 'gate') return value ? [] : ['--no-gate'];
      return value ? [`--${name}`] : [];
    }
    if (!Array.isArray(value)) return [`--${name}=${text(value)}`];
    const values = (value as readonly Json[]).map(text);
    if (LISTS.includes(name)) return [`--${name}=${values.join(',')}`];
    if (REPEATED.includes(name)) return values.map((one) => `--${name}=${one}`);
    return at.refuse(`takes one value; a list is for ${[...LISTS, ...REPEATED].join(', ')}`);
  });
}

function expectationAt(place: Place, expect: JsonObject): Expectation {
  refuseUnknownKeys(place, expect, EXPECT_KEYS);
  if (Object.keys(expect).length === 0) place.refuse(`expects nothing; known: ${EXPECT_KEYS.join(', ')}`);
  const { verdict, ret, findings, exitCode, golden } = expect;
  return {
    verdict: verdict === undefined ? undefined : oneOrMany(place.key('verdict'), verdict, stringAt),
    ret: ret === undefined ? undefined : oneOrMany(place.key('ret'), ret, returnValueAt),
    findings: findings === undefined ? undefined : findingsAt(place.key('findings'), findings),
    exitCode: exitCode === undefined ? undefined : exitCodeAt(place.key('exitCode'), exitCode),
    json: golden === undefined ? undefined : stringAt(place.key('golden'), golden),
  };
}

function oneOrMany<T>(place: Place, value: Json, read: (place: Place, value: Json) => T): T | T[] {
  return Array.isArray(value) ? value.map((one, i) => read(place.index(i), one as Json)) : read(place, value);
}

/** What the driver's function returns: an errno, negative, or null where it cannot be told. */
function returnValueAt(place: Place, value: Json): number | null {
  if (value === null || (typeof value === 'number' && Number.isInteger(value))) return value;
  return place.refuse(`${shown(value)} is no return value: 0, -22, null`);
}

function findingsAt(place: Place, value: Json): ExpectedFindings {
  if (Array.isArray(value)) return { exactly: rulesAt(place, value as Json) };
  const object = objectAt(place, value);
  refuseUnknownKeys(place, object, ['include', 'exclude']);
  return {
    include: rulesAt(place.key('include'), object['include'] ?? []),
    exclude: rulesAt(place.key('exclude'), object['exclude'] ?? []),
  };
}

function rulesAt(place: Place, value: Json): string[] {
  const rules = stringsAt(place, value);
  const unknown = rules.findIndex((rule) => !Object.hasOwn(RULES, rule));
  if (unknown >= 0) place.index(unknown).refuse(`${shown(rules[unknown])} is not a rule of this version`);
  return rules;
}
