/** The conformance set: cases whose expectations were made by running the driver's own functions. */

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type OpenedDump, openDump, parseSnapshot, type Snapshot } from '../../src/index.ts';
import { inputOf } from './sources.ts';

interface Slice {
  readonly offset: number;
  readonly length: number;
}

export interface Case {
  readonly id: string;
  readonly family: string;
  readonly description: string;
  readonly regs: unknown;
  readonly image: Slice;
  readonly later_image: Slice | null;
  readonly insert_sids: readonly number[];
  readonly expected: Readonly<Record<string, unknown>>;
}

/** A case as `inspect` takes it. */
export interface CaseInput {
  readonly dump: OpenedDump;
  readonly snapshot: Snapshot;
  readonly later: OpenedDump | undefined;
}

const here = new URL('../data/conformance/', import.meta.url);
const images = gunzipSync(readFileSync(new URL('images.bin.gz', here)));

export const CASES: readonly Case[] = readFileSync(new URL('cases.jsonl', here), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

/** Opens a case's images for the length of `use`, and answers what that answers. They are read where they lie in memory. */
export async function withCase<T>(
  { id, regs, image, later_image }: Case,
  use: (input: CaseInput) => Promise<T>,
): Promise<T> {
  const snapshot = parseSnapshot(regs, `${id}.regs.json`);
  const opened: OpenedDump[] = [];
  const open = async (name: string, { offset, length }: Slice): Promise<OpenedDump> => {
    const input = inputOf(images.subarray(offset, offset + length), name);
    const dump = await openDump(input, { loadMap: snapshot.memory });
    opened.push(dump);
    return dump;
  };
  try {
    const dump = await open(`${id}.raw`, image);
    const later = later_image === null ? undefined : await open(`${id}.later.raw`, later_image);
    return await use({ dump, snapshot, later });
  } finally {
    for (const dump of opened) dump.close();
  }
}
