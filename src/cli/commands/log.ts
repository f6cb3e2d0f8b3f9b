/** `smmu-adopt log`: what a kernel log says of its SMMUs. */

import { type Command, createCommand } from 'commander';
import { InputError } from '../../errors.ts';
import type { LogReport } from '../../inspect/log/log-report.ts';
import type { ReadLogOptions } from '../../inspect/log/read-log.ts';
import type { Platform } from '../../platform/platform.ts';
import { renderHtml, renderNdjson } from '../../report/render.ts';
import { addPlatformOptions, loadTables, type PlatformFlags } from '../options/platform-options.ts';
import {
  colorOption,
  failOnOption,
  formatOption,
  jsonOption,
  redactOption,
  type TextOrJsonFlags,
} from '../options/text-or-json.ts';
import { printReport, withStandIns } from '../output/print-report.ts';
import { type Session, STDIN } from '../session.ts';

type Threshold = 'error' | 'warning' | 'note' | 'never';

interface LogFlags extends Pick<PlatformFlags, 'dtb' | 'iort'>, Pick<TextOrJsonFlags, 'color' | 'redact'> {
  readonly format: 'text' | 'json' | 'ndjson' | 'html';
  readonly verbose?: boolean;
  readonly dump?: readonly string[];
  readonly regs?: string;
  readonly failOn: Threshold;
}

const EXAMPLES = `
Examples:
  smmu-adopt log dmesg.txt
  dmesg | smmu-adopt log
  smmu-adopt log serial.log --iort IORT --verbose
  smmu-adopt log --dump vmcore
  smmu-adopt log dmesg.txt --dump vmcore --regs regs.json
  smmu-adopt log dmesg.txt --format json
  smmu-adopt log dmesg.txt --format html > faults.html
  smmu-adopt log dmesg.txt --fail-on error

Exit status:
  0  read, whatever it says
  1  read, and it says something at or above --fail-on
  2  could not be read: bad arguments, unreadable input, no log`;

/** Adds the command to the program, to run in `session`. */
export function addLogCommand(program: Command, session: Session): void {
  const command = program
    .command('log')
    .summary('what a kernel log says of its SMMUs: faults decoded, grouped, with the devices that made them')
    .description(
      'Reads a kernel log and says what is in the words below "event 0x10 received:": which access of which device ' +
        'failed, where, why and how often. Decodes page requests, command queue errors and global errors, too, and ' +
        'shows what the driver said when it started. Reads what dmesg, journalctl, syslog, serial consoles and mail make of a ' +
        'log, also of Xen and FreeBSD.',
    )
    .argument(
      '[file...]',
      'logs, read one after the other, lines counted through all; standard input without any, or as -',
    );
  command
    .optionsGroup('Against a dump of the same machine:')
    .option(
      '--dump <dump...>',
      'what the tables in this dump say of each fault; without a file, of the log in the dump',
    )
    .option('--regs <file>', 'register snapshot (JSON) of the dump (default: as the dump tells)');
  const names = addPlatformOptions(createCommand()).options.filter(({ long }) => long === '--dtb' || long === '--iort');
  command.optionsGroup("Names for StreamIDs, from firmware's tables:");
  for (const option of names) command.addOption(option);
  command
    .optionsGroup('The report:')
    .addOption(formatOption(['text', 'json', 'ndjson', 'html']))
    .addOption(jsonOption())
    .addOption(redactOption())
    .option('-v, --verbose', 'show the lines of an SMMU that could not be used')
    .addOption(failOnOption('exit with 1 for what is at least this: faults and errors, lost events, oddities', 'never'))
    .addOption(colorOption())
    .addHelpText('after', EXAMPLES)
    .action(async (files: string[], flags: LogFlags) => {
      session.status = await runLog(files, flags, session);
    });
}

async function runLog(given: readonly string[], flags: LogFlags, session: Session): Promise<number> {
  if (flags.regs !== undefined && flags.dump === undefined) {
    throw new InputError('usage', '--regs belongs to a dump: --dump says which');
  }
  const platform = { tables: await loadTables(flags), search: null };
  const report = await (flags.dump === undefined
    ? readText(given, { platform }, session)
    : withDump(given, flags.dump, flags.regs, platform, session));
  const { format, verbose = false, failOn } = flags;
  // Text says how many there are and how to see them.
  const said = verbose || format === 'text' ? report : { ...report, passedOverLines: [] };
  const shown = flags.redact ? await withStandIns(said) : said;
  if (format === 'ndjson') await session.print(await renderNdjson(shown));
  else if (format === 'html') await session.print(await renderHtml(shown, { verbose }));
  else await printReport(shown, { ...flags, redact: false }, session, { verbose });
  const { severityOf } = await import('../../inspect/log/log-report.ts');
  const found = severityOf(report);
  return found !== null && AT_LEAST[failOn].includes(found) ? 1 : 0;
}

async function readText(given: readonly string[], options: ReadLogOptions, session: Session): Promise<LogReport> {
  if (given.length === 0 && session.io.stdin.isTTY === true) {
    throw new InputError('usage', 'there is no log: name a file, or pipe one in (dmesg | smmu-adopt log)');
  }
  const [{ distinctLogs, piecesOf }, { readLog }] = await Promise.all([
    import('../options/log-input.ts'),
    import('../../inspect/log/read-log.ts'),
  ]);
  const { names: files, again } = distinctLogs(given.length === 0 ? [STDIN] : given);
  for (const { name, first } of again) session.complain(`note: ${name} is ${first} again, and is read once`);
  return readLog(piecesOf(files, session.stdin()), { ...options, files });
}

/** Against a dump, of whose own log it is where no other is named. */
async function withDump(
  given: readonly string[],
  names: readonly string[],
  regs: string | undefined,
  platform: Platform,
  session: Session,
): Promise<LogReport> {
  const [{ readLog }, { Dumps }, { dumpNamesIn }, { loadSnapshot }] = await Promise.all([
    import('../../inspect/log/read-log.ts'),
    import('../options/dump-options.ts'),
    import('../../dump/load-map.ts'),
    import('../../snapshot/load.ts'),
  ]);
  const snapshot = regs === undefined ? undefined : await loadSnapshot(regs, {});
  const dumps = new Dumps({}, snapshot?.memory ?? [], session);
  try {
    const options = { dump: await dumps.open(names.flatMap(dumpNamesIn)), snapshot, platform };
    return await (given.length === 0 ? readLog(null, { ...options, files: names }) : readText(given, options, session));
  } finally {
    dumps.close();
  }
}

const AT_LEAST: Readonly<Record<Threshold, readonly string[]>> = {
  error: ['error'],
  warning: ['error', 'warning'],
  note: ['error', 'warning', 'note'],
  never: [],
};
