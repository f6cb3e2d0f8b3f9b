/** Reads and checks a register snapshot (format version 1). */

import { dirname, resolve } from 'node:path';
import { readFile } from '../dump/sources/source.ts';
import { InputError } from '../errors.ts';
import { liesBelow } from '../folder.ts';
import { hex } from '../hex.ts';
import { registerNamed } from '../smmu/registers/registers.ts';
import { textOfFile } from '../wide-encoding.ts';
import { parseJson } from './json-text.ts';
import { parseMasters } from './masters.ts';
import { withProvenance } from './provenance.ts';
import { parseRegisters } from './registers.ts';
import {
  CAPTURE_MOMENTS,
  type CaptureMoment,
  type SmmuSnapshot,
  type Snapshot,
  type SnapshotMemory,
  type SnapshotWarning,
} from './snapshot.ts';
import {
  addressAt,
  arrayAt,
  booleanAt,
  type Json,
  type JsonObject,
  objectAt,
  Place,
  quote,
  shown,
  stringAt,
} from './values.ts';

export interface SnapshotOptions {
  /** Let `memory[].file` name files outside the snapshot's folder. */
  readonly allowOutside?: boolean | undefined;
}

/** A machine has a few dozen SMMUs, and ranges of memory. */
const MAX_ENTRIES = 8192;

/** A machine has a few dozen SMMUs of a few dozen registers; this is thousands. */
const MAX_SNAPSHOT_BYTES = 1 << 24;

/** Loads a snapshot file. Throws InputError (`file` or `snapshot`) naming the file and the JSON path at fault. */
export async function loadSnapshot(path: string, options: SnapshotOptions = {}): Promise<Snapshot> {
  const bytes = readFile(path, MAX_SNAPSHOT_BYTES, (byteLength) => tooLong(byteLength, path));
  return parseSnapshotBytes(bytes, path, options);
}

/** The memory list of a snapshot file that names files: where it names none, nothing of the file is looked at, or refused. */
export async function loadMemoryFiles(path: string, options: SnapshotOptions = {}): Promise<readonly SnapshotMemory[]> {
  const bytes = readFile(path, MAX_SNAPSHOT_BYTES, (byteLength) => tooLong(byteLength, path));
  const text = textOfFile(bytes);
  // JSON has a second way to write a key, which needs a backslash.
  if (!text.includes('"file"') && !text.includes('\\')) return [];
  return parseSnapshot(parseJson(text, path), path, options).memory;
}

/** {@link loadSnapshot} for the bytes of a file that is read already; {@link parseSnapshot} says what `name` is for. */
export function parseSnapshotBytes(bytes: Uint8Array, name: string, options: SnapshotOptions = {}): Snapshot {
  if (bytes.byteLength > MAX_SNAPSHOT_BYTES) throw tooLong(bytes.byteLength, name);
  const text = textOfFile(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return parseSnapshot(parseJson(text, name), name, options);
}

function tooLong(byteLength: number, file: string): InputError {
  return new InputError('snapshot', `is ${byteLength} bytes long; is it the dump?`, { file });
}

/** Checks a snapshot that is parsed already. `name` is its file: `memory[].file` is relative to its folder. */
export function parseSnapshot(json: unknown, name: string, options: SnapshotOptions = {}): Snapshot {
  const place = new Place(name);
  const root = objectAt(place, json as Json);
  if (root['version'] !== undefined && root['version'] !== 1) {
    place.key('version').refuse(`${shown(root['version'])} is not known; only version 1 is`);
  }
  const warnings: SnapshotWarning[] = [];
  const smmus = smmuEntries(place, root).map(([at, entry], i) => smmuEntry(at, objectAt(at, entry), i, warnings));
  refuseSameNames(place, smmus);
  return {
    name,
    captured: captureMoment(place.key('captured'), root['captured']),
    memory: optionalArray(place.key('memory'), root['memory']).map(([at, entry]) => memoryEntry(at, entry, options)),
    kdump: kdumpSection(place.key('kdump'), root['kdump']),
    smmus,
    warnings,
  };
}

function captureMoment(place: Place, value: Json | undefined): CaptureMoment {
  if (value === undefined) return 'unknown';
  const moment = CAPTURE_MOMENTS.find((candidate) => candidate === value);
  return moment ?? place.refuse(`${shown(value)} is not one of ${CAPTURE_MOMENTS.join(', ')}`);
}

function kdumpSection(place: Place, value: Json | undefined): Snapshot['kdump'] {
  if (value === undefined) return { revision: undefined, systemRam: [] };
  const section = objectAt(place, value);
  const revision = section['revision'];
  return {
    revision: revision === undefined ? undefined : stringAt(place.key('revision'), revision),
    systemRam: optionalArray(place.key('systemRam'), section['systemRam']).map(([at, entry]) => {
      const range = objectAt(at, entry);
      const start = addressAt(at.key('start'), range['start']);
      const last = addressAt(at.key('end'), range['end']);
      if (last < start) at.refuse('ends before it starts');
      return { start, end: last + 1 };
    }),
  };
}

function memoryEntry(place: Place, value: Json, options: SnapshotOptions): SnapshotMemory {
  const entry = objectAt(place, value);
  const size = entry['size'];
  const byteLength = size === undefined ? undefined : addressAt(place.key('size'), size);
  if (byteLength === 0) place.key('size').refuse('is 0');
  const offset = entry['offset'];
  return {
    paddr: addressAt(place.key('base'), entry['base']),
    byteLength,
    fileOffset: offset === undefined ? 0 : addressAt(place.key('offset'), offset),
    file: entry['file'] === undefined ? undefined : memoryFile(place.key('file'), entry['file'], options),
    where: `${place.file}: ${place.path}`,
  };
}

function memoryFile(place: Place, value: Json, options: SnapshotOptions): { name: string; path: string } {
  const name = stringAt(place, value);
  if (name === '' || name.includes('\0')) place.refuse(`${quote(name)} is not a file name`);
  const folder = resolve(dirname(place.file));
  const path = resolve(folder, name);
  if (options.allowOutside !== true && !liesBelow(folder, path)) {
    place.refuse(`${quote(name)} leaves the snapshot's folder; --allow-outside permits that`);
  }
  return { name, path };
}

/** The list under `smmus`, or the snapshot itself when it has its `registers` at the top. */
function smmuEntries(place: Place, root: JsonObject): [Place, Json][] {
  if (root['smmus'] !== undefined && root['registers'] !== undefined) {
    place.key('registers').refuse('stands beside "smmus"; give one of them');
  }
  if (root['smmus'] === undefined) {
    if (root['registers'] === undefined) place.refuse(`has neither "smmus" nor "registers"${whatElse(root)}`);
    return [[place, root]];
  }
  const entries = optionalArray(place.key('smmus'), root['smmus']);
  if (isInspection(root)) place.refuse(`is no register snapshot${whatElse(root)}`);
  if (entries.length === 0) place.key('smmus').refuse('is empty; at least one SMMU is needed');
  return entries;
}

/** What `inspect --format json` writes: its SMMUs hold results, not registers alone. */
function isInspection(root: JsonObject): boolean {
  return root['schemaVersion'] !== undefined && root['tool'] !== undefined;
}

/** What a JSON file is that is no snapshot, and what to do with it. */
function whatElse(root: JsonObject): string {
  if (isInspection(root)) return '; it is a report of smmu-adopt, not what the report was made from';
  if (Array.isArray(root['samples'])) return '; it is a manifest of samples, which smmu-adopt check runs';
  const isSample = (root['dump'] !== undefined && root['expect'] !== undefined) || Array.isArray(root['args']);
  if (isSample) return '; it is a sample, which smmu-adopt check runs';
  const named = Object.keys(root).some((key) => registerNamed(key.toUpperCase().replace(/^(ARM_)?SMMU_/, '')));
  return named ? '; of a capture of registers smmu-adopt regs import FILE --base ADDRESS makes a snapshot' : '';
}

/** Every result is told by the name of its SMMU, so two of one name could not be kept apart. */
function refuseSameNames(place: Place, smmus: readonly SmmuSnapshot[]): void {
  const first = new Map<string, number>();
  for (const [i, { name }] of smmus.entries()) {
    const before = first.get(name);
    if (before !== undefined) {
      const both = `${quote(name)} is the name of smmus[${before}], too`;
      place.key('smmus').index(i).refuse(`${both}; give every SMMU a name of its own`);
    }
    first.set(name, i);
  }
}

function smmuEntry(place: Place, entry: JsonObject, index: number, warnings: SnapshotWarning[]): SmmuSnapshot {
  const base = entry['base'] === undefined ? null : addressAt(place.key('base'), entry['base']);
  const all = parseRegisters(place.key('registers'), entry['registers'], warnings);
  const firmware = entry['firmware'] === undefined ? {} : objectAt(place.key('firmware'), entry['firmware']);
  const coherent = firmware['coherent'];
  return {
    name:
      entry['name'] === undefined
        ? base === null
          ? `smmu${index}`
          : `smmu@${hex(base)}`
        : stringAt(place.key('name'), entry['name']),
    base,
    firmwareCoherent: coherent === undefined ? null : booleanAt(place.key('firmware').key('coherent'), coherent),
    ...withProvenance(place.key('provenance'), entry['provenance'], all, warnings),
    ...(entry['masters'] === undefined ? {} : { masters: parseMasters(place.key('masters'), entry['masters']) }),
  };
}

function optionalArray(place: Place, value: Json | undefined): [Place, Json][] {
  if (value === undefined) return [];
  const list = arrayAt(place, value);
  if (list.length > MAX_ENTRIES)
    place.refuse(`has ${list.length} entries; ${MAX_ENTRIES} are more than any machine needs`);
  return list.map((entry, i) => [place.index(i), entry]);
}
