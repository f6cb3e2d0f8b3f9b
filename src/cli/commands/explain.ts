/** `smmu-adopt explain`: what a finding, a check, an event, an error or a message means. Reads no dump. */

import type { Command } from 'commander';
import { addTextOrJson, type TextOrJsonFlags } from '../options/text-or-json.ts';
import { printReport } from '../output/print-report.ts';
import type { Session } from '../session.ts';

const EXAMPLES = `
Examples:
  smmu-adopt explain
  smmu-adopt explain l1-span-unsupported
  smmu-adopt explain two-level.split ids.scan asid-zero
  smmu-adopt explain F_TRANSLATION 0x07 CERROR_ILL
  smmu-adopt explain "arm-smmu-v3 arm-smmu-v3.0.auto: SMMU currently enabled! Resetting..."
  smmu-adopt explain --format json

Exit status:
  0  explained
  2  there is no such name`;

/** Adds the command to the program, to run in `session`. */
export function addExplainCommand(program: Command, session: Session): void {
  const command = program
    .command('explain')
    .summary('what a finding, a check, an event, an error or a kernel message means')
    .description(
      'Says what a finding, a check of the driver, a rule of its ID scan, an event, an error of the SMMU or a message of ' +
        'the kernel means: what the hardware and the kernel make of it, what causes it, and where to look next. Without ' +
        'a name, lists them all.',
    )
    .argument('[rule...]', 'names as they stand in a report, numbers of events, or lines of a kernel log');
  addTextOrJson(command)
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: TextOrJsonFlags) => runExplain(names, flags, session));
}

async function runExplain(names: string[], flags: TextOrJsonFlags, session: Session): Promise<void> {
  const { explain } = await import('../../findings/explanations/explain.ts');
  await printReport(explain(...names), flags, session);
}
