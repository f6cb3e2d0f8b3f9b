/** `smmu-adopt log`: what a kernel log says of its SMMUs. */

import { type Command, createCommand, Option } from 'commander';
import { InputError } from '../errors.ts';
import { renderNdjson } from '../report/render.ts';
import { addPlatformOptions, type PlatformFlags } from './platform-options.ts';
import { printReport } from './print-report.ts';
import { type Session, STDIN } from './session.ts';
import { colorOption, type TextOrJsonFlags } from './text-or-json.ts';

type Threshold = 'error' | 'warning' | 'note' | 'never';

interface LogFlags extends Pick<PlatformFlags, 'dtb' | 'iort'>, Pick<TextOrJsonFlags, 'color'> {
  readonly format: 'text' | 'json' | 'ndjson';
  readonly verbose?: boolean;
  readonly failOn: Threshold;
}

const EXAMPLES = `
Examples:
  smmu-adopt log dmesg.txt
  dmesg | smmu-adopt log
  smmu-adopt log serial.log --iort IORT --verbose
  smmu-adopt log dmesg.txt --format json
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
    .argument('[file...]', 'logs, read one after the other; standard input without any, or as -');
  const names = addPlatformOptions(createCommand()).options.filter(({ long }) => long === '--dtb' || long === '--iort');
  command.optionsGroup("Names for StreamIDs, from firmware's tables:");
  for (const option of names) command.addOption(option);
  command
    .optionsGroup('The report:')
    .addOption(new Option('--format <name>', 'output format').choices(['text', 'json', 'ndjson']).default('text'))
    .option('-v, --verbose', 'show the lines of an SMMU that could not be used')
    .addOption(
      new Option(
        '--fail-on <severity>',
        'exit with 1 for what is at least this: faults and errors, lost events, oddities',
      )
        .choices(['error', 'warning', 'note', 'never'])
        .default('never'),
    )
    .addOption(colorOption())
    .addHelpText('after', EXAMPLES)
    .action(async (files: string[], flags: LogFlags) => {
      session.status = await runLog(files, flags, session);
    });
}

async function runLog(given: readonly string[], flags: LogFlags, session: Session): Promise<number> {
  if (given.length === 0 && session.io.stdin.isTTY === true) {
    throw new InputError('usage', 'there is no log: name a file, or pipe one in (dmesg | smmu-adopt log)');
  }
  const [{ piecesOf }, { readLog, severityOf }] = await Promise.all([
    import('./log-input.ts'),
    import('../inspect/read-log.ts'),
  ]);
  const files = given.length === 0 ? [STDIN] : given;
  const platform = { tables: await loadTables(flags) };
  const report = await readLog(piecesOf(files, session.io.stdin), { files, platform });
  const { format, verbose = false, failOn } = flags;
  // Text says how many there are and how to see them.
  const shown = verbose || format === 'text' ? report : { ...report, passedOverLines: [] };
  if (format === 'ndjson') await session.print(await renderNdjson(shown));
  else await printReport(shown, flags, session, { verbose });
  const found = severityOf(report);
  return found !== null && AT_LEAST[failOn].includes(found) ? 1 : 0;
}

const AT_LEAST: Readonly<Record<Threshold, readonly string[]>> = {
  error: ['error'],
  warning: ['error', 'warning'],
  note: ['error', 'warning', 'note'],
  never: [],
};

async function loadTables({ dtb, iort }: LogFlags) {
  if (dtb === undefined && iort === undefined) return [];
  const { loadDeviceTree, loadIort } = await import('../platform/load.ts');
  return [
    ...(dtb === undefined ? [] : [await loadDeviceTree(dtb)]),
    ...(iort === undefined ? [] : [await loadIort(iort)]),
  ];
}
