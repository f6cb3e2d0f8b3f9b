/** Runs samples as `smmu-adopt inspect` would run in their folders: within this process. */

import { resolve } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { answerOf, type SampleRunner } from '../../check/check.ts';
import type { JudgeOptions, SampleOutcome } from '../../check/judge.ts';
import type { Sample } from '../../check/sample.ts';
import { parseDumpName } from '../../dump/load-map.ts';
import { isUrl } from '../../dump/sources/url.ts';
import { InputError, isInputError } from '../../errors.ts';
import { liesBelow } from '../../folder.ts';
import type { Inspection } from '../../inspect/inspection.ts';
import { renderJson, renderText } from '../../report/render.ts';
import { commandLine } from '../command-line.ts';
import { addInspectCommand, type InspectFlags, namedFiles, withInspection } from '../commands/inspect.ts';
import { GuidingCommand } from '../guiding-command.ts';
import type { CommandIo } from '../output/io.ts';
import { complaint } from '../output/output.ts';
import type { Session } from '../session.ts';
import { enterFolder, notEntered } from './enter-folder.ts';

/** A result of this many characters is not one to keep beside a sample. */
const MAX_REPORT_LENGTH = 1 << 27;
/** As wide as what goes to a file. */
const TEXT_WIDTH = 100;

/** Within this process: nothing limits it. */
export function localSamples(options: JudgeOptions, session: Session): SampleRunner {
  const run = (sample: Sample) => runSample(sample, options.allowOutside, session);
  return { run: ({ sample }) => answerOf(sample, run, options), close: () => {} };
}

/** Its standard input has the tasks of a worker, which no sample may read. */
export function withoutInput(io: CommandIo): CommandIo {
  const { stdout, stderr, env } = io;
  return { stdin: NOTHING, stdout, stderr, env, cwd: () => io.cwd(), chdir: (folder) => io.chdir(folder) };
}

const NOTHING: CommandIo['stdin'] = { async *[Symbol.asyncIterator]() {} };

/** Throws InputError when it cannot be run; where that is what is expected of it, it is the outcome. */
async function runSample(sample: Sample, allowOutside: boolean, session: Session): Promise<SampleOutcome> {
  const { io } = session;
  const here = io.cwd();
  try {
    enter(sample.folder, io);
    const { names, flags, command } = await parseArguments(sample.args, session);
    if (!allowOutside) refuseOutside(sample.folder, names, flags);
    return await withInspection(names, { ...flags, verbose: false }, session, (inspection) =>
      outcomeOf(inspection, sample, flags, command),
    );
  } catch (error) {
    if (!isInputError(error) || sample.expected.exitCode !== 2) throw error;
    return { exitCode: 2, stderr: complaint(error.message), smmus: null, findings: null, json: null, text: null };
  } finally {
    enterFolder(here, io);
  }
}

/** Names are relative to it, and reports name files as they are given. */
function enter(folder: string, io: CommandIo): void {
  try {
    enterFolder(folder, io);
  } catch (cause) {
    throw new InputError('file', notEntered(cause), { file: folder, cause });
  }
}

interface Parsed {
  readonly names: string[];
  readonly flags: InspectFlags;
  /** What makes the report again. */
  readonly command: string;
}

/** With the definitions of the command itself, so that there is nothing that one knows and the other does not. */
async function parseArguments(args: readonly string[], session: Session): Promise<Parsed> {
  const silent = { writeOut: () => {}, writeErr: () => {}, outputError: () => {} };
  const program = new GuidingCommand().exitOverride().configureOutput(silent);
  addInspectCommand(program, session);
  let parsed: Parsed | undefined;
  program.commands[0]?.action((names: string[], flags: InspectFlags, command: Command) => {
    parsed = { names, flags, command: commandLine(command) };
  });
  try {
    await program.parseAsync(['inspect', ...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new InputError('usage', error.message.replace(/^error: /, ''), { cause: error });
  }
  if (parsed === undefined) throw new InputError('usage', 'asks for no inspection');
  if (parsed.flags.output !== undefined) throw new InputError('usage', 'a sample has no --output: it writes nothing');
  return parsed;
}

/** Samples may come from anybody, so they may name their own files and no others. */
function refuseOutside(folder: string, names: readonly string[], flags: InspectFlags): void {
  const dumps = [...names, ...(flags.later ?? [])].map(parseDumpName);
  const others = namedFiles(flags).map((file) => ({ given: file, file }));
  for (const { given, file } of [...dumps, ...others]) {
    if (!isUrl(file) && liesBelow(folder, resolve(file))) continue;
    throw new InputError('usage', 'leaves the folder of the sample; --allow-outside permits that', { file: given });
  }
  if (flags.allowOutside !== true) return;
  throw new InputError('usage', "a sample's own --allow-outside holds only with that of check");
}

async function outcomeOf(
  inspection: Inspection,
  { expected }: Sample,
  flags: InspectFlags,
  command: string,
): Promise<SampleOutcome> {
  const { color, quiet, full } = flags;
  const given = { files: namedFiles(flags), command };
  const text = { width: TEXT_WIDTH, color: color === 'always', quiet, full, given };
  return {
    exitCode: inspection.summary.exitCode,
    stderr: '',
    smmus: inspection.smmus.map(({ name, adoption: { verdict, ret } }) => ({ name, verdict, ret })),
    findings: inspection.findings,
    json: expected.json === undefined ? null : joined(await renderJson(inspection)),
    text: expected.text === undefined ? null : joined(await renderText(inspection, text)),
  };
}

function joined(pieces: Iterable<string>): string {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length > MAX_REPORT_LENGTH) throw new InputError('usage', 'has a result too long to be compared');
  }
  return text;
}
