/** `smmu-adopt regs capture`: a script that reads the registers on the machine. */

import type { Command } from 'commander';
import { InputError } from '../../../errors.ts';
import type { Session } from '../../session.ts';
import { addTargetOptions, type TargetFlags, targetsOf } from './targets.ts';

const EXAMPLES = `
Examples:
  smmu-adopt regs capture --base 0x9050000 > capture.sh
  smmu-adopt regs capture --base 0x9050000 --base 0x9090000 --devmem 'busybox devmem' > capture.sh
  smmu-adopt regs capture > capture.sh

On the machine:
  sh capture.sh before-kdump-probe > regs.json
  sh capture.sh before-kdump-probe 0x9050000=arm-smmu-v3.0.auto > regs.json`;

interface CaptureFlags extends TargetFlags {
  readonly devmem: string;
}

/** Adds the command to those of `regs`, to run in `session`. */
export function addCaptureCommand(regs: Command, session: Session): void {
  addTargetOptions(regs.command('capture'), { needed: false })
    .summary('print a shell script that reads the registers')
    .description(
      'Prints a POSIX shell script that reads the registers with devmem and prints a snapshot. Without --base, the ' +
        'script is told where they are when it runs.',
    )
    .option('--devmem <command>', 'how devmem is called there', 'devmem')
    .addHelpText('after', EXAMPLES)
    .action((flags: CaptureFlags) => runCapture(flags, session));
}

async function runCapture(flags: CaptureFlags, session: Session): Promise<void> {
  const [{ captureScript }, { checkBases }] = await Promise.all([
    import('../../../snapshot/capture-script.ts'),
    import('../../../snapshot/import/import.ts'),
  ]);
  const targets = targetsOf(flags);
  checkBases(targets.map(({ base }) => base));
  const devmem = flags.devmem.trim();
  if (devmem === '' || /\p{Cc}/u.test(devmem)) {
    throw new InputError('usage', `--devmem ${JSON.stringify(flags.devmem)} is not a command`);
  }
  await session.print([captureScript(targets, devmem)]);
}
