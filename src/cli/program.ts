/** The command as commander knows it: what it parses, and what its help, its completion and its manual are made of. */

import { Command } from 'commander';
import { TOOL } from '../version.ts';
import { addCheckCommand } from './check-command.ts';
import { addCompletionCommand } from './completion-command.ts';
import { addDecodeCommand } from './decode-command.ts';
import { addDiffCommand } from './diff-command.ts';
import { addExplainCommand } from './explain-command.ts';
import { addInfoCommand } from './info-command.ts';
import { addInspectCommand } from './inspect-command.ts';
import { addLogCommand } from './log-command.ts';
import { complaint, writeToStderr } from './output.ts';
import { addQueuesCommand } from './queues-command.ts';
import { addRegsCommand } from './regs-command.ts';
import { addShowCommand } from './show-command.ts';
import { addTranslateCommand } from './translate-command.ts';

/**
 * `done` receives the exit status of a command that has more than one for success, `print` the help and the version
 * that were asked for.
 */
export function makeProgram(done: (status: number) => void, print: (text: string) => void = () => {}): Command {
  const program = new Command(TOOL.name)
    .description('Predicts, from a memory dump and a register snapshot, what a kdump kernel does with a live SMMUv3.')
    .version(TOOL.version)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: writeToStderr,
      outputError: (text, write) => write(complaint(text.replace(/^error: /, ''))),
    });
  addInspectCommand(program, done);
  addInfoCommand(program);
  addRegsCommand(program);
  addShowCommand(program, done);
  addTranslateCommand(program, done);
  addQueuesCommand(program, done);
  addDiffCommand(program, done);
  addLogCommand(program, done);
  addDecodeCommand(program);
  addExplainCommand(program);
  addCheckCommand(program, done);
  addCompletionCommand(program);
  return program;
}
