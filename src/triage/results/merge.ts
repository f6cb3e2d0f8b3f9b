/** One result of the parts of a divided run. Nothing is counted twice, and nothing is missing unsaid. */

import { InputError } from '../../errors.ts';
import { compareText } from '../../lists.ts';
import { Rows } from '../../rows.ts';
import { SCHEMA_VERSION, TOOL } from '../../version.ts';
import type { CrashRow, NotSearched, TriageReport } from '../crash.ts';
import { Groups } from './groups.ts';
import type { Results, RowPlace } from './results.ts';
import { isBeginningOf, isRunEnd } from './row-text.ts';
import { type Claims, ShardCheck, WHOLE } from './shard-check.ts';

/** A file of rows. */
export interface Part {
  readonly file: string;
  readonly results: Results;
}

interface Place extends RowPlace {
  readonly part: Part;
  readonly path: string;
  readonly shard: string | null;
}

export interface Merged {
  readonly report: TriageReport;
  /** Lines that are no rows, by file: those whose crashes were done again. */
  readonly torn: readonly { readonly file: string; readonly lines: number }[];
}

/**
 * Groups again, over all parts. Throws InputError (`format`) for a crash that two of them have, a part that is not whole,
 * and a part that is not there. Rows are read from the parts, so keep those open.
 */
export function mergeParts(parts: readonly Part[]): Merged {
  const groups = new Groups();
  const places = new Map<string, Place>();
  const claims = parts.map((part) => readPart(part, places));
  const shards = new ShardCheck();
  for (const [i, claim] of claims.entries()) shards.add((parts[i] as Part).file, claim);
  shards.end();
  const sorted = [...places.values()].sort((a, b) => compareText(a.path, b.path));
  const read = ({ part, ...place }: Place) => [...part.results.rows([place])][0] as CrashRow;
  const crashes = new Rows(function* () {
    for (const place of sorted) yield read(place);
  });
  for (const row of crashes) groups.add(row);
  const totals = groups.totals({ resumed: 0, complete: true });
  return {
    report: {
      schemaVersion: SCHEMA_VERSION,
      tool: TOOL,
      crashes,
      groups: groups.all,
      totals,
      notSearched: notSearchedOf(parts, claims),
    },
    torn: claims.flatMap(({ torn }, i) => (torn === 0 ? [] : [{ file: (parts[i] as Part).file, lines: torn }])),
  };
}

/** What the runs could not search, each place once: every part goes through all of them. And what may not be all of a run. */
function notSearchedOf(parts: readonly Part[], claims: readonly Claims[]): NotSearched[] {
  const places = claims.flatMap(({ end }, i): readonly NotSearched[] =>
    end === null ? [{ path: (parts[i] as Part).file, why: 'no-end', code: null }] : end.notSearched,
  );
  return [...new Map(places.map((place) => [JSON.stringify([place.path, place.why]), place])).values()];
}

function readPart(part: Part, places: Map<string, Place>): Claims {
  const claims: Claims = { shards: new Set(), end: null, rows: 0, torn: 0, lost: [] };
  const own = new Map<string, Place>();
  let line = 0;
  for (const { value, offset, byteLength, text } of part.results.lines()) {
    line += 1;
    if (byteLength === 0) continue;
    // Whatever follows it is of a run that was begun behind it.
    claims.end = value !== null && isRunEnd(value) ? value : null;
    if (value === null) {
      claims.torn += 1;
      if (claims.lost.length < MAX_LOST) claims.lost.push({ line, text });
    } else if (!isRunEnd(value)) {
      own.set(value.path, { part, path: value.path, shard: value.shard, offset, byteLength });
      claims.lost = claims.lost.filter((torn) => !isBeginningOf(value, torn.text));
    }
  }
  for (const path of claims.end?.gone ?? []) own.delete(path);
  for (const [path, place] of own) {
    const other = places.get(path);
    if (other !== undefined) {
      const message = `has ${JSON.stringify(path)}, which ${other.part.file} has, too: parts must not overlap`;
      throw new InputError('format', message, { file: part.file });
    }
    places.set(path, place);
    claims.shards.add(place.shard ?? WHOLE);
  }
  claims.rows = own.size;
  return claims;
}

/** A run leaves one when it is killed: a file with more of them is something else. */
const MAX_LOST = 1000;
