/**
 * `--format` and `--output` of `inspect`, each as often as there are reports to write. An --output names the file of the
 * --format before it, so that `--format text --format json --output r.json` reads as it works; in front of every
 * --format it belongs to the first. One that has none gets the format that its file's name ends with. A format without a
 * file, of which there can be one, goes to stdout, as with `--output -`.
 */

import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { onDisk, realPath } from '../../byte-names.ts';
import type { AddressRange } from '../../dump/memory.ts';
import { InputError } from '../../errors.ts';
import type { Inspection } from '../../inspect/inspection.ts';
import { escapeText } from '../../report/escape.ts';
import {
  renderCsv,
  renderGithub,
  renderHtml,
  renderJson,
  renderJunit,
  renderNdjson,
  renderSarif,
  renderText,
} from '../../report/render.ts';
import type { Given } from '../../report/sections/input.ts';
import { isStdout } from '../output/descriptor.ts';
import { writeToFile } from '../output/output.ts';
import type { ColorChoice, Session } from '../session.ts';
import { repeatable } from './repeatable.ts';
import { redactOption } from './text-or-json.ts';

/** How the text is to look, which only the text report asks. */
export interface TextFlags {
  readonly color: ColorChoice;
  readonly quiet?: boolean;
  /** Every section, instead of those that most readers look for. */
  readonly full?: boolean;
  /** A terminal gets a report that is longer than it by way of a pager. */
  readonly pager?: boolean;
}

/** What reports say or look like that the inspection does not hold. */
export interface ReportOptions extends TextFlags {
  /** With stand-ins for addresses and names, so that the reports can be passed on. */
  readonly redact?: boolean;
  readonly kdumpRam: readonly AddressRange[];
  readonly given: Given;
}

type Report = (
  inspection: Inspection,
  options: ReportOptions,
  session: Session,
  toStdout: boolean,
) => Promise<Iterable<string>>;

const REPORTS = {
  text: (inspection, { color, quiet, full, given }, session, toStdout) => {
    const style = { width: session.width(toStdout), color: session.wantsColor(color, toStdout) };
    return renderText(inspection, { ...style, quiet, full, given });
  },
  json: renderJson,
  ndjson: renderNdjson,
  csv: renderCsv,
  sarif: renderSarif,
  junit: renderJunit,
  github: renderGithub,
  html: (inspection, { kdumpRam, given }) =>
    renderHtml(inspection, { kdumpRam, given: { ...given, command: `${given.command} --format html` } }),
} as const satisfies Readonly<Record<string, Report>>;

export type Format = keyof typeof REPORTS;

const STDOUT = '-';

/** The formats that people mean by the names of files. */
const ENDINGS: Readonly<Record<string, Format>> = {
  '.html': 'html',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.csv': 'csv',
  '.sarif': 'sarif',
  '.xml': 'junit',
  '.txt': 'text',
  '.md': 'text',
};

function formatByName(file: string): Format | undefined {
  // Code scanning takes both.
  const name = file.toLowerCase().replace(/\.sarif\.json$/, '.sarif');
  return Object.entries(ENDINGS).find(([ending]) => name.endsWith(ending))?.[1];
}

/** The two options as they came, in one list, because their order decides. */
type OutputArgument = { readonly format: Format } | { readonly output: string };

export interface OutputFlags {
  readonly redact?: boolean;
  readonly format?: readonly OutputArgument[];
  /** The same list. */
  readonly output?: readonly OutputArgument[];
}

/** `file` is null for stdout. */
export interface ReportOutput {
  readonly format: Format;
  readonly file: string | null;
}

/** Adds the options of {@link OutputFlags} for these formats; all where none are said. */
export function addOutputOptions(
  command: Command,
  formats: readonly Format[] = Object.keys(REPORTS) as Format[],
): Command {
  const given: OutputArgument[] = [];
  const take = (argument: OutputArgument) => {
    given.push(argument);
    return given;
  };
  const endings = Object.keys(ENDINGS).filter((ending) => formats.includes(ENDINGS[ending] as Format));
  return command
    .optionsGroup('The report:')
    .addOption(
      new Option('--format <name>', 'output format, text when left out; may be repeated').choices(formats).argParser(
        repeatable((name: string) => {
          if (!(formats as readonly string[]).includes(name))
            throw new InvalidArgumentError(`Allowed choices are ${formats.join(', ')}.`);
          return take({ format: name as Format });
        }),
      ),
    )
    .option(
      '-o, --output <file>',
      'write the report of the --format before it to a file, readable by its owner only; "-" is stdout. Without one, ' +
        `the name tells the format: ${endings.join(' ')}`,
      repeatable((file: string) => take({ output: file })),
    )
    .addOption(redactOption())
    .option('--json', 'short for --format json')
    .on('option:json', () => {
      command.setOptionValueWithSource('format', take({ format: 'json' }), 'cli');
    });
}

/** What goes where. Throws InputError (`usage`) before anything is read when that is not clear. */
export function planOutputs({ format, output }: OutputFlags): ReportOutput[] {
  const planned: { format: Format; output: string | undefined }[] = [];
  let inFront: string | undefined;
  for (const argument of format ?? output ?? []) {
    const last = planned.at(-1);
    if ('format' in argument) {
      planned.push({ format: argument.format, output: inFront });
      inFront = undefined;
    } else if (last !== undefined && last.output === undefined) last.output = argument.output;
    else if (last === undefined && inFront === undefined) inFront = argument.output;
    else {
      const behind = planByName(argument.output);
      if (inFront !== undefined) planned.push(planByName(inFront));
      inFront = undefined;
      planned.push(behind);
    }
  }
  if (planned.length === 0) planned.push({ format: formatByName(inFront ?? '') ?? 'text', output: inFront });
  const outputs = planned.map(({ format: name, output: file = STDOUT }) => ({
    format: name,
    file: isStdout(file) ? null : file,
  }));
  refuseClashes(outputs);
  return outputs;
}

/** An output without a --format of its own. */
function planByName(file: string): { format: Format; output: string } {
  const format = formatByName(file);
  if (format !== undefined) return { format, output: file };
  const message = `--output ${JSON.stringify(file)} has no --format; each --output goes behind its --format`;
  throw new InputError('usage', message);
}

function refuseClashes(outputs: readonly ReportOutput[]): void {
  const takenBy = new Map<string | null, Format>();
  for (const { format, file } of outputs) {
    const place = file === null ? null : identity(file);
    const other = takenBy.get(place);
    if (other !== undefined && file === null) {
      const message = `--format ${other} and --format ${format} both go to stdout; all but one format need an --output`;
      throw new InputError('usage', message);
    }
    if (other !== undefined) {
      throw new InputError('usage', `--format ${other} and --format ${format} both go to this file`, {
        file: file ?? '',
      });
    }
    takenBy.set(place, format);
  }
}

/** Equal for two names of one file, whether it exists already or not. */
function identity(file: string): string {
  try {
    const stat = statSync(onDisk(file), { throwIfNoEntry: false });
    return stat === undefined ? join(realPath(dirname(file)), basename(file)) : `${stat.dev}:${stat.ino}`;
  } catch {
    // Whatever is wrong with it shows when it is written.
    return resolve(file);
  }
}

/** The same stand-ins in every report, and in what they are shown with. */
export async function withStandIns<T extends Pick<ReportOptions, 'kdumpRam' | 'given'>>(
  inspection: Inspection,
  options: T,
): Promise<{ readonly inspection: Inspection; readonly options: T }> {
  const { Redactor } = await import('../../report/redact/redact.ts');
  const { kdumpRam, given } = options;
  const { report, beside } = new Redactor().redactWith(inspection, { kdumpRam, given });
  return { inspection: report, options: { ...options, ...beside } };
}

/**
 * Writes every report; `inputs` are the files that none may overwrite. Files come first, so that stdout stays empty
 * when one of them cannot be written. The rows of the inspection are read anew for each.
 */
export async function writeReports(
  found: Inspection,
  outputs: readonly ReportOutput[],
  asked: ReportOptions,
  inputs: readonly string[],
  session: Session,
): Promise<void> {
  const { inspection, options } = asked.redact
    ? await withStandIns(found, asked)
    : { inspection: found, options: asked };
  const toStdout = outputs.filter(({ file }) => file === null);
  for (const { format, file } of outputs) {
    if (file === null) continue;
    await writeToFile(file, await REPORTS[format](inspection, options, session, false), inputs);
    if (!options.quiet) session.note(`report written to ${escapeText(file)}\n`);
  }
  for (const { format } of toStdout) {
    const pieces = await REPORTS[format](inspection, options, session, true);
    await (format === 'text' && options.pager !== false ? session.printPaged(pieces) : session.print(pieces));
  }
}
