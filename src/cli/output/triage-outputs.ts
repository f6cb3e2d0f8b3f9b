/** Where do the reports of a triage go? As those of `inspect`, and with --reports an index beside those of the crashes. */

import { lstatSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onDisk } from '../../byte-names.ts';
import { InputError } from '../../errors.ts';
import { escapeText } from '../../report/escape.ts';
import { count } from '../../report/prose/quantities.ts';
import { renderCsv, renderHtml, renderJson, renderJunit, renderNdjson, renderText } from '../../report/render.ts';
import { endLine } from '../../report/triage/ndjson.ts';
import type { TriageReport } from '../../triage/crash.ts';
import type { RunEnd } from '../../triage/results/row-text.ts';
import { type Format, type OutputFlags, planOutputs, type ReportOutput } from '../options/report-outputs.ts';
import { refuseCrashFile } from '../processes/crash-files.ts';
import type { ColorChoice, Session } from '../session.ts';
import { cannotWrite, writeToFile } from './output.ts';

/** What a triage can be written as. */
export const TRIAGE_FORMATS: readonly Format[] = ['text', 'json', 'ndjson', 'csv', 'junit', 'html'];

export interface TriageOutputFlags extends OutputFlags {
  readonly color: ColorChoice;
  readonly reports?: string;
  readonly resume?: string;
  readonly merge?: boolean;
  /** Ends the rows of a part; null where the whole was not divided, or not gone through. */
  readonly shardEnd?: RunEnd | null;
}

/** Whether its rows are printed as they become known. */
export function isStream({ format, file }: ReportOutput): boolean {
  return format === 'ndjson' && file === null;
}

/** What goes where. Throws InputError (`usage`) for what a triage is not written as, and for what would be overwritten. */
export function planTriageOutputs(flags: TriageOutputFlags): ReportOutput[] {
  const outputs = planOutputs(flags);
  const other = outputs.find(({ format }) => !TRIAGE_FORMATS.includes(format));
  if (other !== undefined) {
    const message = `is a name for ${other.format}, which a triage is not written as`;
    throw new InputError('usage', message, { file: other.file ?? '' });
  }
  for (const { file } of [...indexOf(flags), ...outputs]) if (file !== null) refuseCrashFile(file);
  return outputs;
}

/** Beside the reports of the crashes. */
function indexOf({ reports }: TriageOutputFlags): ReportOutput[] {
  return reports === undefined ? [] : [{ format: 'html', file: join(reports, 'index.html') }];
}

/** Writes every report, files first. `inputs` are not to be overwritten. What was printed row by row is printed. */
export async function writeOutputs(
  report: TriageReport,
  outputs: readonly ReportOutput[],
  flags: TriageOutputFlags,
  session: Session,
  inputs: readonly string[] = [],
): Promise<void> {
  const { color, resume, merge: isMerge, shardEnd = null } = flags;
  const kept = [...inputs, ...(resume === undefined ? [] : [resume])];
  const left = outputs.filter((output) => isMerge === true || !isStream(output));
  const index = indexOf(flags);
  for (const { file } of index) if (file !== null) removeLink(file);
  for (const { format, file } of [...index, ...left]) {
    if (file === null) continue;
    const pieces = await rendered(report, format, file, color, session);
    await writeToFile(file, format === 'ndjson' && shardEnd !== null ? ended(pieces, shardEnd) : pieces, kept);
    session.note(`report written to ${escapeText(file)}\n`);
  }
  for (const { format, file } of left) {
    if (file !== null) continue;
    const pieces = await rendered(report, format, null, color, session);
    await (format === 'text' ? session.printPaged(pieces) : session.print(pieces));
  }
}

/** Nobody named this file, so that a link there is not what somebody wants written to. */
function removeLink(file: string): void {
  try {
    if (lstatSync(onDisk(file), { throwIfNoEntry: false })?.isSymbolicLink()) unlinkSync(onDisk(file));
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
}

function* ended(pieces: Iterable<string>, end: RunEnd): Generator<string> {
  yield* pieces;
  yield endLine(end);
}

function rendered(
  report: TriageReport,
  format: Format,
  file: string | null,
  color: ColorChoice,
  session: Session,
): Promise<Iterable<string>> {
  switch (format) {
    case 'json':
      return renderJson(report);
    case 'ndjson':
      return renderNdjson(report);
    case 'csv':
      return renderCsv(report);
    case 'junit':
      return renderJunit(report);
    case 'html':
      return renderHtml(report, { folder: file === null ? '.' : dirname(file) });
    default:
      return renderText(report, {
        width: session.width(file === null),
        color: session.wantsColor(color, file === null),
      });
  }
}

/** Formats that have what was not searched; the others are rows and nothing else. */
const SAYS_PLACES: readonly string[] = ['text', 'json', 'html'];

/** Says on stderr what was not searched, where no output does. */
export function complainOfPlaces(
  { notSearched: [place, ...others] }: TriageReport,
  outputs: readonly ReportOutput[],
  session: Session,
): void {
  if (place === undefined || outputs.some(({ format }) => SAYS_PLACES.includes(format))) return;
  const { path, why, code } = place;
  const what = why === 'no-end' ? `${path}: does not say that its run ended` : `not searched: ${path} (${code ?? why})`;
  const more = others.length > 0 ? `, and ${count(others.length, 'more place', 'more places')}` : '';
  session.complain(`${escapeText(what)}${more}`);
}
