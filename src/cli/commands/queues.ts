/** `smmu-adopt queues`: what the crashed kernel left in the event, command and PRI queues. */

import type { Command } from 'commander';
import { InputError } from '../../errors.ts';
import type { AskedStream } from '../../platform/asked-streams.ts';
import { QUEUE_NAMES, type QueueName } from '../../smmu/queues/queue.ts';
import { chooseSmmus } from '../../snapshot/choose.ts';
import { listItems, parseStreams } from '../options/arguments.ts';
import { addPlacedDumpOptions, dumpArgument } from '../options/dump-options.ts';
import { type GivenFlags, withGiven } from '../options/given.ts';
import { collect } from '../options/kernel-options.ts';
import { addPlatformOptions } from '../options/platform-options.ts';
import { REGS_OPTION } from '../options/snapshot-argument.ts';
import { readStreams } from '../options/stream-options.ts';
import { addTextOrJson, redactOption, type TextOrJsonFlags } from '../options/text-or-json.ts';
import { printReport } from '../output/print-report.ts';
import type { Session } from '../session.ts';

interface QueuesFlags extends GivenFlags, TextOrJsonFlags {
  readonly smmu?: readonly string[];
  readonly all?: boolean;
  readonly queue?: readonly QueueName[];
  readonly sid?: readonly AskedStream[];
}

const EXAMPLES = `
Examples:
  smmu-adopt queues vmcore --regs regs.json
  smmu-adopt queues vmcore --regs regs.json --queue event --all
  smmu-adopt queues vmcore --regs regs.json --sid 01:00.0,0x200-0x20f
  smmu-adopt queues vmcore --regs regs.json --smmu arm-smmu-v3.0.auto --all --format json

Exit status:
  0  shown
  2  could not be shown: bad arguments, unreadable or invalid input
  3  shown, but the dump lacks entries that were pending`;

/** Adds the command to the program, to run in `session`. */
export function addQueuesCommand(program: Command, session: Session): void {
  const command = program
    .command('queues')
    .summary('what was pending in the event, command and PRI queues, and what that means')
    .description(
      'Shows what the crashed kernel left in the queues of each SMMU: events that it had not read, commands that the ' +
        'hardware had not executed, and page requests without an answer, every entry decoded, and what all that means.',
    )
    .addArgument(dumpArgument())
    .option('--regs <file>', REGS_OPTION)
    .option('--smmu <name>', 'only this SMMU; may be repeated', collect<string>)
    .option('--queue <list>', `only these queues: ${QUEUE_NAMES.join(', ')}`, parseQueues)
    .option('--sid <list>', 'only entries about these streams: 0x100,0x108-0x10f,01:00.0', parseStreams)
    .option('--all', 'entries that were consumed already too, as far as they are still in memory');
  addPlatformOptions(command);
  addPlacedDumpOptions(command);
  addTextOrJson(command.optionsGroup('The report:'))
    .addOption(redactOption())
    .addHelpText('after', EXAMPLES)
    .action(async (dumps: string[], flags: QueuesFlags) => {
      session.status = await runQueues(dumps, flags, session);
    });
}

function parseQueues(text: string): QueueName[] {
  return listItems(text, 'the name of a queue').map((item) => {
    const name = QUEUE_NAMES.find((known) => known === item);
    if (name !== undefined) return name;
    throw new InputError('usage', `${JSON.stringify(item)} is not a queue: ${QUEUE_NAMES.join(', ')}`);
  });
}

async function runQueues(names: string[], flags: QueuesFlags, session: Session): Promise<number> {
  const { all = false, queue } = flags;
  return withGiven(names, flags, session, {}, async ({ snapshot, dump, platform }) => {
    const smmus = chooseSmmus(flags.smmu, snapshot);
    const sids = flags.sid && readStreams(session, platform, smmus, (asked) => asked.read(flags.sid ?? []));
    const { lacksPending, queues } = await import('../../queues/queues.ts');
    const report = await queues(dump, snapshot, { smmus: flags.smmu, queues: queue, all, sids, platform });
    await printReport(report, flags, session, { all });
    return lacksPending(report) ? 3 : 0;
  });
}
