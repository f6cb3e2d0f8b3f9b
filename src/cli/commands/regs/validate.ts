/** `smmu-adopt regs validate`: what a snapshot says, and what it lacks. */

import type { Command } from 'commander';
import { InputError } from '../../../errors.ts';
import { addTextOrJson, type TextOrJsonFlags } from '../../options/text-or-json.ts';
import { printReport } from '../../output/print-report.ts';
import type { Session } from '../../session.ts';

const EXAMPLES = `
Examples:
  smmu-adopt regs validate regs.json
  smmu-adopt regs validate regs.json --format json

Exit status:
  0  the snapshot can be used
  2  it cannot`;

/** Adds the command to those of `regs`, to run in `session`. */
export function addValidateCommand(regs: Command, session: Session): void {
  addTextOrJson(regs.command('validate'))
    .summary('check and explain a snapshot')
    .description(
      'Decodes every register of a snapshot, and says what is missing, what that costs, what is striking, and what ' +
        'follows for a kdump: the StreamIDs that the table covers, whether an adoption is attempted, and how much ' +
        'memory the queues take.',
    )
    .argument('<file>', 'register snapshot (JSON)')
    .addHelpText('after', EXAMPLES)
    .action((file: string, flags: TextOrJsonFlags) => runValidate(file, flags, session));
}

async function runValidate(file: string, flags: TextOrJsonFlags, session: Session): Promise<void> {
  const [{ snapshotAt }, { validateRegisters }] = await Promise.all([
    import('../../options/snapshot-argument.ts'),
    import('../../../inspect/emulation/register-outlook.ts'),
  ]);
  // No file of its memory list is opened here, so it does not matter where they are.
  const report = validateRegisters(await snapshotAt(file, session, { allowOutside: true }));
  await printReport(report, flags, session);
  if (!report.usable) throw new InputError('snapshot', 'these registers cannot be used', { file });
}
