/** The command's entry: arguments and a process in, exit status out. Parses, runs, and turns every outcome into a status. */

import { CommanderError } from 'commander';
import { isInputError } from '../../errors.ts';
import type { CommandIo } from '../output/io.ts';
import { makeProgram, type ProgramOptions, standsAlone } from '../program.ts';
import { Session } from '../session.ts';
import { restoreFlags } from './v8-flags.ts';

const CANNOT_ANALYSE = 2;

/**
 * Runs the command with `args`, those behind its name. Never throws: what goes wrong is said on stderr. `keepCode` keeps what
 * has been compiled for the next run.
 */
export async function runCommand(args: readonly string[], io: CommandIo, keepCode = () => {}): Promise<number> {
  const session = new Session(io);
  session.keepCode = keepCode;
  try {
    await parseAndRun(args, session);
    return session.status;
  } catch (error) {
    if (isInputError(error)) session.complain(error.message);
    else if (isWithoutFolder(error)) {
      const why = error.code === 'ENOENT' ? 'is not there any more' : `cannot be named (${error.code})`;
      session.complain(`the folder that this was started in ${why}`);
    } else if (isForbidden(error))
      session.complain(`the permissions that Node was started with forbid it (${error.permission})`);
    else if (error instanceof EvalError)
      // What reads the headers of dumps is compiled from a description of their fields.
      session.complain(
        'Node was started with --disallow-code-generation-from-strings, and headers of dumps cannot be read so',
      );
    else {
      // A mistake in this program. Its trace is for a bug report, and only on request.
      const detail = io.env['SMMU_ADOPT_DEBUG'] && error instanceof Error ? error.stack : String(error);
      session.complain(`internal error, please report it: ${detail}`);
    }
    return CANNOT_ANALYSE;
  } finally {
    await restoreFlags();
  }
}

/** Whether a relative name was to be resolved in a working folder that somebody has removed, or whose name is too long. */
function isWithoutFolder(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd';
}

/** Whether Node was started with --permission, and without what this needs: a thread for URLs, processes for samples. */
function isForbidden(error: unknown): error is Error & { readonly permission: string } {
  return error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED' && 'permission' in error;
}

async function parseAndRun(args: readonly string[], session: Session): Promise<void> {
  const [name] = args;
  // What is wrong with the arguments of one command can be an option of another.
  const refused = !standsAlone(name) || (await refusal(args, session, { only: [name], silent: true }));
  // What is wrong stands on stderr then; that there is help to print is no failure.
  if (refused && (await refusal(args, session, {}))) session.status = CANNOT_ANALYSE;
}

/** Whether commander refuses the arguments; when it does not, they have been done. */
async function refusal(args: readonly string[], session: Session, options: ProgramOptions): Promise<boolean> {
  const help: string[] = [];
  const program = await makeProgram(session, { ...options, print: (text) => help.push(text) });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) return true;
  }
  if (help.length > 0) await session.print(help);
  return false;
}
