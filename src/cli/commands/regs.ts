/** `smmu-adopt regs`: makes, checks and captures the register snapshot that the other commands read. */

import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { addCaptureCommand } from './regs/capture.ts';
import { addExtractCommand } from './regs/extract.ts';
import { addImportCommand } from './regs/import.ts';
import { addValidateCommand } from './regs/validate.ts';

const EXAMPLES = `
Examples:
  smmu-adopt regs capture --base 0x9050000 > capture.sh
  smmu-adopt regs extract vmcore > regs.json
  smmu-adopt regs import devmem.log --base 0x9050000 > regs.json
  smmu-adopt regs validate regs.json`;

/** Adds the command and those below it to the program, to run in `session`. */
export function addRegsCommand(program: Command, session: Session): void {
  const regs = program
    .command('regs')
    .summary('make, check and capture register snapshots')
    .description('Makes, checks and captures the register snapshot that the other commands read.')
    .addHelpText('after', EXAMPLES);
  addImportCommand(regs, session);
  addExtractCommand(regs, session);
  addValidateCommand(regs, session);
  addCaptureCommand(regs, session);
}
