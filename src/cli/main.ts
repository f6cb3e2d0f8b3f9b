/** The command: parses, runs, and turns every outcome into an exit status. */

import { CommanderError } from 'commander';
import { isInputError } from '../errors.ts';
import { clearProgress, complaint, writeToStderr, writeToStdout } from './output.ts';
import { makeProgram } from './program.ts';

const CANNOT_ANALYSE = 2;

async function main(argv: readonly string[]): Promise<number> {
  let status = 0;
  let help = '';
  const program = makeProgram(
    (code) => {
      status = code;
    },
    (text) => {
      help += text;
    },
  );
  try {
    await program.parseAsync(argv).catch((error: unknown) => {
      if (!(error instanceof CommanderError)) throw error;
      // What was wrong stands on stderr already; that there is help to print is no failure.
      if (error.exitCode !== 0) status = CANNOT_ANALYSE;
    });
    if (help !== '') await writeToStdout([help]);
  } catch (error) {
    if (!isInputError(error)) throw error;
    clearProgress();
    writeToStderr(complaint(error.message));
    return CANNOT_ANALYSE;
  }
  return status;
}

main(process.argv).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    // A mistake in this program. Its trace is for a bug report, and only on request.
    const detail = process.env['SMMU_ADOPT_DEBUG'] && error instanceof Error ? error.stack : String(error);
    writeToStderr(complaint(`internal error, please report it: ${detail}`));
    process.exitCode = CANNOT_ANALYSE;
  },
);
