/**
 * `--format ndjson`: what `--format json` says, one record a line, each beginning with its kind, so that a table of
 * millions can be filtered line by line. A record is an object of the JSON report with its parts of other kinds left
 * out, and whatever belongs to an SMMU names it.
 */

import type { Inspection } from '../inspect/inspection.ts';
import { isRows } from '../rows.ts';
import type { JsonRows } from '../shape.ts';
import { escapeJson } from './escape.ts';
import { INSPECTION } from './json/inspection.ts';
import { compactJson } from './json/parts/write.ts';

type RecordKind = 'dump' | 'smmu' | 'adoption' | 'insert' | 'l1' | 'ste' | 'finding' | 'summary';

type Json = Readonly<Record<string, unknown>>;
type JsonList = Iterable<Json>;

/**
 * One line for the dump, then for each SMMU with its adoption, insertions, L1 descriptors and STEs, for each finding,
 * and for the summary.
 */
export function* ndjsonReport(inspection: Inspection): Generator<string> {
  const { dump, smmus, findings, summary, ...root } = INSPECTION.toJson(inspection) as Json;
  // The keys beside these parts, the schema version among them, have no other line to be in.
  yield line('dump', { ...root, ...(dump as Json) });
  for (const smmu of smmus as JsonList) yield* smmuLines(smmu);
  for (const finding of findings as JsonList) yield line('finding', finding);
  yield line('summary', summary as Json);
}

function* smmuLines({ adoption, inserts, l1, stes, ...rest }: Json): Generator<string> {
  const smmu = rest['name'];
  yield* longLine('smmu', rest);
  yield line('adoption', { smmu, ...(adoption as Json) });
  for (const insert of inserts as JsonList) yield line('insert', { smmu, ...insert });
  yield* rowLines('l1', smmu, l1);
  yield* rowLines('ste', smmu, stes);
}

/** Rows by the million, which have members all of them. */
function* rowLines(record: RecordKind, smmu: unknown, rows: unknown): Generator<string> {
  if (!isRows(rows)) {
    for (const row of rows as JsonList) yield line(record, { smmu, ...row });
    return;
  }
  const start = escapeJson(JSON.stringify({ record, smmu })).slice(0, -1);
  for (const row of (rows as JsonRows).lines) yield `${start},${row.slice(1)}\n`;
}

/** Text that is handed on at once. */
const PIECE_LENGTH = 1 << 16;

/** With all revisions there may be tens of thousands of insertions in one line. */
function* longLine(record: RecordKind, data: object): Generator<string> {
  let piece = '';
  for (const part of compactJson({ record, ...data })) {
    piece += part;
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}\n`;
}

function line(record: RecordKind, data: object): string {
  return `${escapeJson(JSON.stringify({ record, ...data }))}\n`;
}
