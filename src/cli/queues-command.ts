/** `smmu-adopt queues`: what the crashed kernel left in the event, command and PRI queues. */

import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { chooseSmmus } from '../inspect/inspect.ts';
import type { AskedStream } from '../platform/asked-streams.ts';
import { QUEUE_NAMES, type QueueName } from '../smmu/queue.ts';
import { parseStreams } from './arguments.ts';
import { addPlacedDumpOptions, DUMP_ARGUMENT, type DumpFlags, Dumps } from './dump-options.ts';
import { collect } from './kernel-options.ts';
import { addPlatformOptions, loadPlatform, type PlatformFlags } from './platform-options.ts';
import type { Session } from './session.ts';
import { completed, givenSnapshot, noteOrigin, REGS_OPTION } from './snapshot-argument.ts';
import { readStreams } from './stream-options.ts';
import { addTextOrJson, type TextOrJsonFlags } from './text-or-json.ts';

interface QueuesFlags extends DumpFlags, PlatformFlags, TextOrJsonFlags {
  readonly regs?: string;
  readonly smmu?: readonly string[];
  readonly all?: boolean;
  readonly queue?: readonly QueueName[];
  readonly sid?: readonly AskedStream[];
  readonly allowOutside?: boolean;
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
    .argument('[dump...]', DUMP_ARGUMENT)
    .option('--regs <file>', REGS_OPTION)
    .option('--smmu <name>', 'only this SMMU; may be repeated', collect<string>)
    .option('--queue <list>', `only these queues: ${QUEUE_NAMES.join(', ')}`, parseQueues)
    .option('--sid <list>', 'only entries about these streams: 0x100,0x108-0x10f,01:00.0', parseStreams)
    .option('--all', 'entries that were consumed already too, as far as they are still in memory');
  addPlatformOptions(command);
  addPlacedDumpOptions(command);
  addTextOrJson(command.optionsGroup('The report:'))
    .addHelpText('after', EXAMPLES)
    .action(async (dumps: string[], flags: QueuesFlags) => {
      session.status = await runQueues(dumps, flags, session);
    });
}

function parseQueues(text: string): QueueName[] {
  return text.split(',').map((item) => {
    const name = QUEUE_NAMES.find((known) => known === item.trim());
    if (name !== undefined) return name;
    throw new InputError('usage', `${JSON.stringify(item)} is not a queue: ${QUEUE_NAMES.join(', ')}`);
  });
}

async function runQueues(names: string[], flags: QueuesFlags, session: Session): Promise<number> {
  const { all = false, queue: queues, format, color } = flags;
  const given = await givenSnapshot(flags, session);
  const dumps = new Dumps(flags, given?.memory ?? [], session);
  try {
    const dump = await dumps.open(names);
    const evidence = await completed(dump, { snapshot: given, iomem: undefined });
    const { snapshot } = evidence;
    await noteOrigin(evidence, session);
    const smmus = chooseSmmus(flags.smmu, snapshot);
    const platform = await loadPlatform(flags, dump, snapshot, session.progress);
    const sids = flags.sid && readStreams(session, platform, smmus, (asked) => asked.read(flags.sid ?? []));
    const { lacksPending, queuesReport } = await import('../queues/queues.ts');
    const report = queuesReport(dump, snapshot, smmus, { all, queues, sids, platform });
    if (format === 'json') {
      const [{ jsonReport }, { QUEUES }] = await Promise.all([
        import('../report/json/write.ts'),
        import('../report/json/queues.ts'),
      ]);
      await session.print(jsonReport(QUEUES, report));
    } else {
      const { queuesText } = await import('../report/text/queues.ts');
      await session.print(queuesText(report, await session.style(color), all));
    }
    return lacksPending(report) ? 3 : 0;
  } finally {
    dumps.close();
  }
}
