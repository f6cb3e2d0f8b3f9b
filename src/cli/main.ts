/** The command: parses, runs, and turns every outcome into an exit status. */

import { CommanderError } from 'commander';
import { isInputError } from '../errors.ts';
import { clearProgress, complaint } from './output.ts';
import { makeProgram } from './program.ts';

const CANNOT_ANALYSE = 2;

async function main(argv: readonly string[]): Promise<number> {
  let status = 0;
  const program = makeProgram((code) => {
    status = code;
  });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    // Commander has written its line (or the help, which is no failure) by itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : CANNOT_ANALYSE;
    if (!isInputError(error)) throw error;
    clearProgress();
    process.stderr.write(complaint(error.message));
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
    process.stderr.write(complaint(`internal error, please report it: ${detail}`));
    process.exitCode = CANNOT_ANALYSE;
  },
);
