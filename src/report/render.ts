/**
 * How is a report written down? One function for each format; the command prints with exactly these. All give text in
 * pieces, to be written one after the other or joined: rows of tables are read from the dump as the pieces are gone
 * through, so keep it open until then. Text from dumps and snapshots is made safe to print in every format.
 */

import type { CheckReport } from '../check/check.ts';
import type { AddressRange } from '../dump/memory.ts';
import type { Inspection } from '../inspect/inspection.ts';
import type { LogReport } from '../inspect/log/log-report.ts';
import type { TriageReport } from '../triage/crash.ts';
import { documentOf, type Report, type TextDetail } from './documents.ts';
import { jsonReport } from './json/parts/write.ts';
import { redactionInWords } from './prose/redaction.ts';
import type { Given } from './sections/input.ts';

export type { Report } from './documents.ts';
export type { Given } from './sections/input.ts';

/** Pieces of a report, in order. */
export type Pieces = Iterable<string>;

export interface TextOptions extends TextDetail {
  /** Characters in a line; 100 when left out. */
  readonly width?: number | undefined;
  /** With ANSI colours; false when left out. */
  readonly color?: boolean | undefined;
}

/** For people: any report, as the command prints it on a terminal. */
export async function renderText(report: Report, options: TextOptions = {}): Promise<Pieces> {
  const { width = 100, color = false, ...detail } = options;
  const { makeStyle, paragraph } = await import('./text/style.ts');
  const style = await makeStyle({ width, color });
  const pieces = await documentOf(report).text(report, style, detail);
  const note = detail.quiet === true ? null : redactionInWords(report);
  return note === null ? pieces : behind([...paragraph(style, '', note), ''], pieces);
}

function* behind(lines: readonly string[], pieces: Pieces): Pieces {
  for (const line of lines) yield `${line}\n`;
  yield* pieces;
}

/** For scripts: any report in its published form, by the schema in `schema/`, one table row a line. */
export async function renderJson(report: Report): Promise<Pieces> {
  return jsonReport(await documentOf(report).shape(), report);
}

/** One JSON record a line: an inspection, what a log says, or the crashes of a triage. */
export async function renderNdjson(report: Inspection | LogReport | TriageReport): Promise<Pieces> {
  if ('crashes' in report) return (await import('./triage/ndjson.ts')).triageNdjson(report);
  if ('smmuLines' in report) return (await import('./log/ndjson.ts')).logNdjson(report);
  return (await import('./ndjson.ts')).ndjsonReport(report);
}

/** For a spreadsheet: the STEs of an inspection, or the crashes of a triage. */
export async function renderCsv(report: Inspection | TriageReport): Promise<Pieces> {
  if ('crashes' in report) return (await import('./triage/csv.ts')).triageCsv(report);
  return (await import('./csv.ts')).csvReport(report);
}

/** The findings of an inspection as SARIF 2.1.0, for code scanning. */
export async function renderSarif(inspection: Inspection): Promise<Pieces> {
  return (await import('./sarif.ts')).sarifReport(inspection);
}

/** JUnit's XML, for CI: the verdicts and findings of an inspection, the samples of a check, or the crashes of a triage. */
export async function renderJunit(report: Inspection | CheckReport | TriageReport): Promise<Pieces> {
  if ('crashes' in report) return (await import('./triage/junit.ts')).triageJunit(report);
  if ('samples' in report) return (await import('./check/junit.ts')).checkJunit(report);
  return (await import('./junit.ts')).junitReport(report);
}

/** Workflow commands of GitHub Actions, which annotate a run: of an inspection, or of a check. */
export async function renderGithub(report: Inspection | CheckReport): Promise<Pieces> {
  if ('samples' in report) return (await import('./check/github.ts')).checkGithub(report);
  return (await import('./github.ts')).githubReport(report);
}

export interface HtmlOptions {
  /** The kdump kernel's own memory, which the memory map then shows; `end` is exclusive. */
  readonly kdumpRam?: readonly AddressRange[] | undefined;
  /** What an inspection was asked for with, which its page then says. */
  readonly given?: Given | undefined;
  /** Of a log the lines, too, that could not be used; true when left out. */
  readonly verbose?: boolean | undefined;
  /** Where the page of a triage will be, for its links; the working folder when left out. */
  readonly folder?: string | undefined;
}

/**
 * One page of HTML without anything from elsewhere, to look around in: an inspection, what a log says, or the crashes of a
 * triage with links to their own reports.
 */
export async function renderHtml(
  report: Inspection | LogReport | TriageReport,
  options: HtmlOptions = {},
): Promise<Pieces> {
  const { kdumpRam, given, verbose = true, folder = '.' } = options;
  if ('crashes' in report) return (await import('./triage/page.ts')).triagePage(report, folder);
  if ('smmuLines' in report) return (await import('./html/log-page.ts')).logPage(report, verbose);
  return (await import('./html/html.ts')).htmlReport(report, { kdumpRam, given });
}
