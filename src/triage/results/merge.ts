/** One result of the parts of a divided run. Nothing is counted twice, and nothing is missing unsaid. */

import { InputError } from '../../errors.ts';
import { Rows } from '../../rows.ts';
import { SCHEMA_VERSION, TOOL } from '../../version.ts';
import type { CrashRow, NotSearched, TriageReport } from '../crash.ts';
import { Groups } from './groups.ts';
import type { Results, RowPlace } from './results.ts';
import { isBeginningOf, isRunEnd, type RunEnd } from './row-text.ts';

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

/** What one part says of itself. */
interface Claims {
  readonly shards: Set<string>;
  /** Its last line; null where that is none. */
  end: RunEnd | null;
  rows: number;
  /** Lines that are no rows; those whose crash has no row behind them, as far as that is looked at, by their number. */
  torn: number;
  lost: { readonly line: number; readonly text: string }[];
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
  checkShards(parts, claims);
  const sorted = [...places.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
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

function checkShards(parts: readonly Part[], claims: readonly Claims[]): void {
  const seen = new Map<string, string>();
  let count: string | null = null;
  let divided = 0;
  let first: { readonly file: string; readonly end: RunEnd } | null = null;
  for (const [i, { shards, end, rows, lost }] of claims.entries()) {
    const { file } = parts[i] as Part;
    const refuse = (message: string): never => {
      throw new InputError('format', message, { file });
    };
    const names = new Set([...shards, ...(end === null ? [] : [end.shard ?? WHOLE])]);
    if (names.size === 0) refuse('holds no crashes, and does not say which part it is; run that part again');
    if (names.size > 1) refuse('has crashes of several parts');
    const [shard = WHOLE] = names;
    if (end !== null && end.crashes !== rows) {
      const what = shard === WHOLE ? '' : `is part ${shard} and `;
      refuse(`${what}has ${rows} crashes, not the ${end.crashes} of its run; --resume ${file} mends it`);
    }
    if (shard === WHOLE) {
      const [torn] = end === null ? lost : [];
      if (torn !== undefined) {
        const advice = `triage --resume ${file} does it again; where the crash is gone, delete the line`;
        refuse(`line ${torn.line} is no row, and there is none of its crash behind it: ${advice}`);
      }
      continue;
    }
    if (end === null) refuse(`is part ${shard} and not whole: its run did not end; --resume ${file} goes on with it`);
    const whole = end as RunEnd;
    first ??= { file, end: whole };
    if (whole.run !== first.end.run) {
      refuse(`is of another run than ${first.file}: of other places, with other options, or by another version`);
    }
    const other = seen.get(shard);
    if (other !== undefined) refuse(`is part ${shard}, and so is ${other}`);
    const [, of = ''] = shard.split('/');
    if (count !== null && of !== count) refuse(`is one of ${of} parts, and others are of ${count}`);
    count = of;
    divided += 1;
    seen.set(shard, file);
    if (whole.found !== first.end.found) {
      const numbers = `${whole.found} crashes in all, and ${first.file} ${first.end.found}`;
      refuse(`found ${numbers}: some came or went between the runs; --resume FILE goes on with each`);
    }
  }
  if (count === null) return;
  if (divided < parts.length)
    throw new InputError('format', `${parts.length - divided} files are no parts, and others are`);
  const missing = Array.from(
    { length: Math.min(Number(count), MAX_NAMED_SHARDS) },
    (_, i) => `${i + 1}/${count}`,
  ).filter((shard) => !seen.has(shard));
  if (missing.length === 0) return;
  const named = missing.slice(0, 5).join(', ');
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
  const verb = missing.length === 1 ? 'is missing' : 'are missing';
  throw new InputError(
    'format',
    `${missing.length === 1 ? 'part' : 'parts'} ${named}${more} ${verb}: all ${count} are needed`,
  );
}

/** In place of `2/3`, of a run that was not divided. */
const WHOLE = '';
/** A run leaves one when it is killed: a file with more of them is something else. */
const MAX_LOST = 1000;
const MAX_NAMED_SHARDS = 1 << 20;
