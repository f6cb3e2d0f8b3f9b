/** Analyses one crash after the other: in a process of its own, which the triage gives them to, or within that of a test. */

import { resolve } from 'node:path';
import { replaceFile } from '../../check/replace-file.ts';
import { InputError, isInputError } from '../../errors.ts';
import { renderHtml } from '../../report/render.ts';
import { smmuRows } from '../../report/triage/row.ts';
import { type Analysis, COMPANIONS, type Companion, type Crash } from '../../triage/crash.ts';
import { crashTime } from '../../triage/find/layouts.ts';
import type { Runner, Task } from '../../triage/runner.ts';
import { commandWords } from '../command-line.ts';
import { type InspectFlags, namedFiles, withInspection } from '../commands/inspect.ts';
import { withStandIns } from '../options/report-outputs.ts';
import type { Session } from '../session.ts';
import { captureBeside } from './capture-beside.ts';
import { refuseCrashFile } from './crash-files.ts';
import { enterFolder, notEntered } from './enter-folder.ts';
import type { SharedFlags } from './shared-flags.ts';

/** Within this process: nothing limits it. */
export function localRunner(shared: SharedFlags, session: Session): Runner {
  return { run: (task) => analyse(task, shared, session), close: () => {} };
}

async function analyse({ crash, report }: Task, shared: SharedFlags, session: Session): Promise<Analysis> {
  const { io } = session;
  const here = io.cwd();
  try {
    enter(crash.folder, session);
    return await withWhatCanBeRead(argumentsOf(crash, shared), session, report);
  } catch (error) {
    if (!isInputError(error)) {
      const why = `internal error, please report it: ${String(error)}`;
      return { status: 'failed', failure: 'internal', why, reason: why };
    }
    return { status: 'failed', failure: error.tag, why: error.message, reason: error.reason };
  } finally {
    enterFolder(here, io);
  }
}

/**
 * Nobody named the files beside the dump: one that cannot be used is left out, which the row says, as the dump alone may be
 * enough. Where it is not, that is the reason.
 */
async function withWhatCanBeRead(given: Arguments, session: Session, report: string | null): Promise<Analysis> {
  const unused = new Map<Companion, InputError>();
  for (;;) {
    const flags: InspectFlags = { ...given.flags };
    for (const one of unused.keys()) delete (flags as { [One in Companion]?: string })[one];
    try {
      return await inspected({ ...given, flags }, session, report, unused);
    } catch (error) {
      const culprit = isInputError(error)
        ? COMPANIONS.find((one) => flags[one] !== undefined && flags[one] === error.file)
        : undefined;
      if (culprit !== undefined) unused.set(culprit, error as InputError);
      else throw isInputError(error) ? ([...unused.values()][0] ?? error) : error;
    }
  }
}

async function inspected(
  { names, flags: given }: Arguments,
  session: Session,
  report: string | null,
  unused: ReadonlyMap<Companion, InputError>,
): Promise<Analysis> {
  const capture = given.regs === undefined ? null : await captureBeside(given.regs, names, given, session);
  const flags = capture === null ? given : { ...given, snapshot: capture };
  return withInspection(names, flags, session, async (found, { kdumpRam, dump }) => {
    const { details } = dump;
    const command = commandWords(['inspect', ...names, ...regsWords(flags)]);
    const about = { kdumpRam, given: { files: namedFiles(flags), command } };
    const { inspection, options } = flags.redact
      ? await withStandIns(found, about)
      : { inspection: found, options: about };
    const unwritten = report === null ? null : written(report, [...(await renderHtml(inspection, options))].join(''));
    return {
      status: 'ok',
      exitCode: inspection.summary.exitCode,
      kernel: inspection.kernel?.release ?? details.kernelRelease,
      when: crashTime(details.vmcoreinfo),
      smmus: smmuRows(inspection),
      unused: [...unused].map(([companion, { message, reason }]) => ({ companion, why: message, reason })),
      unwritten,
    };
  });
}

/** A verdict is worth more than its report: why that could not be written, without its name; null where it was. */
function written(report: string, html: string): string | null {
  try {
    refuseCrashFile(report);
    replaceFile(report, html, { mode: 0o600 });
    return null;
  } catch (error) {
    if (isInputError(error)) return error.reason;
    throw error;
  }
}

/** So that messages and reports name its files as they lie there. */
function enter(folder: string, { io }: Session): void {
  try {
    enterFolder(resolve(folder), io);
  } catch (cause) {
    throw new InputError('file', notEntered(cause), { cause });
  }
}

interface Arguments {
  readonly names: string[];
  readonly flags: InspectFlags;
}

/** Companions are flags of the same names. */
function argumentsOf(crash: Crash, shared: SharedFlags): Arguments {
  const given = COMPANIONS.flatMap((one) => {
    const name = crash[one];
    return name === null ? [] : [[one, plain(name)]];
  });
  return {
    names: crash.placedBySnapshot ? [] : crash.dump.map(plain),
    flags: { ...shared, ...Object.fromEntries(given), color: 'never' },
  };
}

/** `-` would be standard input. */
function plain(name: string): string {
  return name === '-' ? './-' : name;
}

function regsWords({ regs }: InspectFlags): string[] {
  return regs === undefined ? [] : ['--regs', regs];
}
