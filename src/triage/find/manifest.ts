/**
 * A list of crashes in a file: `{ "version": 1, "crashes": [ { "dump": ["vmcore"], "regs": "regs.json" } ] }`, for those
 * whose files lie apart. Paths are relative to the manifest's folder.
 */

import { dirname, join } from 'node:path';
import { readTextFile } from '../../dump/sources/source.ts';
import { InputError } from '../../errors.ts';
import { liesBelow } from '../../folder.ts';
import { parseDescription } from '../../snapshot/json-text.ts';
import {
  arrayAt,
  type Json,
  type JsonObject,
  objectAt,
  Place,
  refuseUnknownKeys,
  shown,
  stringAt,
} from '../../snapshot/values.ts';
import { COMPANIONS, type Companion, type Crash } from '../crash.ts';

const MAX_MANIFEST_BYTES = 1 << 26;
const KEYS: readonly string[] = ['name', 'dump', ...COMPANIONS, 'when', 'host'];
const WHEN = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z?)?$/;

/** By its name: a file that is JSON is no dump. */
export function isManifest(path: string): boolean {
  return /\.json$/i.test(path);
}

/** Throws InputError (`file`) for what cannot be read, and (`format`) naming the place of what is wrong. */
export function crashesOfManifest(file: string): Crash[] {
  const text = readTextFile(file, MAX_MANIFEST_BYTES, (byteLength) => {
    return new InputError('format', `is ${byteLength} bytes long, too long for a list of crashes`, { file });
  });
  const place = new Place(file, '', 'format');
  const root = objectAt(place, parseDescription(text, file));
  if (root['crashes'] === undefined && ['registers', 'smmus', 'memory'].some((key) => root[key] !== undefined)) {
    const advice = 'name the folder or the dump that it belongs to, and it is found there';
    throw new InputError('format', `is a register snapshot, and no list of crashes; ${advice}`, { file });
  }
  if (root['version'] !== 1) place.key('version').refuse(`${shown(root['version'])} is not known; only version 1 is`);
  refuseUnknownKeys(place, root, ['version', 'description', 'crashes']);
  const names = new Set<string>();
  return arrayAt(place.key('crashes'), root['crashes']).map((entry, i) => {
    const at = place.key('crashes').index(i);
    const crash = crashAt(at, objectAt(at, entry), dirname(file));
    if (names.has(crash.path)) at.refuse(`${shown(crash.name)} is the name of another crash, too; say "name"`);
    names.add(crash.path);
    return crash;
  });
}

function crashAt(place: Place, entry: JsonObject, folder: string): Crash {
  refuseUnknownKeys(place, entry, KEYS);
  const fileAt = (at: Place, value: Json | undefined): string => {
    const name = stringAt(at, value);
    if (name === '' || name.includes('\0') || !liesBelow(folder, join(folder, name))) {
      at.refuse(`${shown(name)} leaves the folder of the manifest`);
    }
    return name;
  };
  const dumps = [entry['dump'] ?? []].flat() as Json[];
  const dump = dumps.map((one, i) => fileAt(place.key('dump').index(i), one));
  const companions = Object.fromEntries(
    COMPANIONS.map((one) => [one, entry[one] === undefined ? null : fileAt(place.key(one), entry[one])]),
  ) as Record<Companion, string | null>;
  const name = entry['name'] === undefined ? (dump[0] ?? '') : stringAt(place.key('name'), entry['name']);
  if (name === '') place.key('dump').refuse('is missing, and so is a name');
  if (dump.length === 0 && companions.regs === null) place.refuse('has neither a dump nor registers that name one');
  const when = entry['when'] === undefined ? null : stringAt(place.key('when'), entry['when']);
  if (when !== null && !WHEN.test(when)) place.key('when').refuse(`${shown(when)} is no time; 2026-11-02T03:04:05Z is`);
  return {
    name,
    path: join(folder, name),
    folder,
    dump,
    placedBySnapshot: false,
    ...companions,
    when,
    host: entry['host'] === undefined ? null : stringAt(place.key('host'), entry['host']),
    problem: null,
    passedOver: [],
  };
}
