/** The command: parses, runs, and turns every outcome into an exit status. */

import { Command, CommanderError } from 'commander';
import { isInputError } from '../errors.ts';
import { escapeText } from '../report/escape.ts';
import { TOOL } from '../version.ts';
import { addInfoCommand } from './info-command.ts';
import { addInspectCommand } from './inspect-command.ts';
import { clearProgress } from './output.ts';
import { addRegsCommand } from './regs-command.ts';

const CANNOT_ANALYSE = 2;

async function main(argv: readonly string[]): Promise<number> {
  let status = 0;
  const program = new Command(TOOL.name)
    .description('Predicts, from a memory dump and a register snapshot, what a kdump kernel does with a live SMMUv3.')
    .version(TOOL.version)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(complain(text.replace(/^error: /, ''))) });
  addInspectCommand(program, (code) => {
    status = code;
  });
  addInfoCommand(program);
  addRegsCommand(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    // Commander has written its line (or the help, which is no failure) by itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : CANNOT_ANALYSE;
    if (!isInputError(error)) throw error;
    clearProgress();
    process.stderr.write(complain(error.message));
    return CANNOT_ANALYSE;
  }
  return status;
}

/** One line, whatever stands in the file names and values that it quotes. */
function complain(message: string): string {
  return `${TOOL.name}: ${escapeText(message.trimEnd().replace(/\n/g, ' '))}\n`;
}

main(process.argv).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    // A mistake in this program. Its trace is for a bug report, and only on request.
    const detail = process.env['SMMU_ADOPT_DEBUG'] && error instanceof Error ? error.stack : String(error);
    process.stderr.write(complain(`internal error, please report it: ${detail}`));
    process.exitCode = CANNOT_ANALYSE;
  },
);
