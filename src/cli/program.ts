/** The command as commander knows it: what it parses, and what its help, its completion and its manual are made of. */

import type { Command } from 'commander';
import { TOOL } from '../version.ts';
import { addCheckCommand } from './check-command.ts';
import { addCompletionCommand } from './completion-command.ts';
import { addDecodeCommand } from './decode-command.ts';
import { addDiffCommand } from './diff-command.ts';
import { addExplainCommand } from './explain-command.ts';
import { GuidingCommand } from './guiding-command.ts';
import { addInfoCommand } from './info-command.ts';
import { addInspectCommand } from './inspect-command.ts';
import type { TextSink } from './io.ts';
import { addLogCommand } from './log-command.ts';
import { addQueuesCommand } from './queues-command.ts';
import { addRegsCommand } from './regs-command.ts';
import type { Session } from './session.ts';
import { addShowCommand } from './show-command.ts';
import { addTranslateCommand } from './translate-command.ts';
import { addTriageCommand } from './triage-command.ts';

const EXAMPLES = `
Examples:
  smmu-adopt inspect vmcore --regs regs.json
  smmu-adopt regs capture --base 0x9050000 > capture.sh
  smmu-adopt log dmesg.txt
  smmu-adopt explain
  smmu-adopt help translate`;

/** Its commands run in `session`; `print` receives the help and the version that were asked for. */
export function makeProgram(session: Session, print: (text: string) => void = () => {}): Command {
  const { io } = session;
  const program = new GuidingCommand(TOOL.name)
    .description('Predicts, from a memory dump and a register snapshot, what a kdump kernel does with a live SMMUv3.')
    .version(TOOL.version)
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: (text) => session.note(text),
      outputError: (text) => session.complain(text.replace(/^error: /, '')),
      getOutHelpWidth: () => helpWidth(io.stdout),
      getErrHelpWidth: () => helpWidth(io.stderr),
      // Help has no colour, so that there is none to take away.
      getOutHasColors: () => true,
      getErrHasColors: () => true,
    });
  addInspectCommand(program, session);
  addInfoCommand(program, session);
  addRegsCommand(program, session);
  addShowCommand(program, session);
  addTranslateCommand(program, session);
  addQueuesCommand(program, session);
  addDiffCommand(program, session);
  addLogCommand(program, session);
  addDecodeCommand(program, session);
  addExplainCommand(program, session);
  addTriageCommand(program, session);
  addCheckCommand(program, session);
  addCompletionCommand(program, session);
  return program;
}

/** Where it is no terminal that help is for. */
const HELP_WIDTH = 80;

function helpWidth({ isTTY, columns }: TextSink): number {
  return isTTY && columns ? columns : HELP_WIDTH;
}
