/**
 * `--format ndjson`: what `--format json` says, one record a line, each beginning with its kind, so that a table of
 * millions can be filtered line by line. A record is an object of the JSON report with its parts of other kinds left
 * out, and whatever belongs to an SMMU names it.
 */

import type { Inspection, SmmuReport } from '../inspect/inspection.ts';
import { escapeJson } from './escape.ts';

type RecordKind = 'dump' | 'smmu' | 'adoption' | 'insert' | 'l1' | 'ste' | 'finding' | 'summary';

export function* ndjsonReport({ dump, smmus, findings, summary, ...root }: Inspection): Generator<string> {
  // The keys beside these parts, the schema version among them, have no other line to be in.
  yield line('dump', { ...root, ...dump });
  for (const smmu of smmus) yield* smmuLines(smmu);
  for (const finding of findings) yield line('finding', finding);
  yield line('summary', summary);
}

function* smmuLines({ adoption, inserts, l1, stes, ...rest }: SmmuReport): Generator<string> {
  const smmu = rest.name;
  yield line('smmu', rest);
  yield line('adoption', { smmu, ...adoption });
  for (const insert of inserts) yield line('insert', { smmu, ...insert });
  for (const row of l1) yield line('l1', { smmu, ...row });
  for (const row of stes) yield line('ste', { smmu, ...row });
}

function line(record: RecordKind, data: object): string {
  return `${escapeJson(JSON.stringify({ record, ...data }))}\n`;
}
