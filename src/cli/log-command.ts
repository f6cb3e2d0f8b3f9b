/** `smmu-adopt log`: what a kernel log says of its SMMUs. */

import { type Command, createCommand, Option } from 'commander';
import { InputError } from '../errors.ts';
import type { LogReport } from '../inspect/log-report.ts';
import type { KernelLog } from '../log/facts.ts';
import type { Firmware } from '../platform/firmware.ts';
import { addPlatformOptions, type PlatformFlags } from './platform-options.ts';
import type { Session } from './session.ts';
import { colorOption, type TextOrJsonFlags } from './text-or-json.ts';

type Threshold = 'error' | 'warning' | 'note' | 'never';

interface LogFlags extends Pick<PlatformFlags, 'dtb' | 'iort'>, Pick<TextOrJsonFlags, 'color'> {
  readonly format: 'text' | 'json' | 'ndjson';
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
  const [{ logReport, severityOf }, tables] = await Promise.all([
    import('../inspect/log-report.ts'),
    loadTables(flags),
  ]);
  if (flags.regs !== undefined && flags.dump === undefined) {
    throw new InputError('usage', '--regs belongs to a dump: --dump says which');
  }
  const report =
    flags.dump === undefined
      ? logReport(...(await readText(given, session)), tables)
      : await withDump(given, flags.dump, flags.regs, tables, session);
  await printReport(report, flags, session);
  const found = severityOf(report);
  return found !== null && AT_LEAST[flags.failOn].includes(found) ? 1 : 0;
}

/** The logs, and what they are called. */
async function readText(given: readonly string[], { io }: Session): Promise<[readonly string[], KernelLog]> {
  const [{ readLogs, STDIN }, { LogReader }] = await Promise.all([
    import('./log-input.ts'),
    import('../log/kernel-log.ts'),
  ]);
  if (given.length === 0 && io.stdin.isTTY === true) {
    throw new InputError('usage', 'there is no log: name a file, or pipe one in (dmesg | smmu-adopt log)');
  }
  const files = given.length === 0 ? [STDIN] : given;
  const reader = new LogReader();
  await readLogs(files, io.stdin, (piece) => reader.push(piece));
  return [files, reader.end()];
}

/** Against a dump, of whose own log it is where no other is named. */
async function withDump(
  given: readonly string[],
  names: readonly string[],
  regs: string | undefined,
  tables: readonly Firmware[],
  session: Session,
): Promise<LogReport> {
  const [{ logAgainstDump }, { Dumps }, { loadSnapshot }] = await Promise.all([
    import('../inspect/log-in-dump.ts'),
    import('./dump-options.ts'),
    import('../snapshot/load.ts'),
  ]);
  const snapshot = regs === undefined ? null : await loadSnapshot(regs, {});
  const log = given.length === 0 ? null : await readText(given, session);
  const dumps = new Dumps({}, snapshot?.memory ?? [], session);
  try {
    return logAgainstDump(await dumps.open(names), names, log, snapshot, tables);
  } finally {
    dumps.close();
  }
}

async function printReport(report: LogReport, { format, verbose = false, color }: LogFlags, session: Session) {
  if (format === 'json') {
    const [{ logJson }, { jsonText }] = await Promise.all([
      import('../report/log/json.ts'),
      import('../report/escape.ts'),
    ]);
    await session.print([jsonText(logJson(report, verbose))]);
  } else if (format === 'ndjson') {
    await session.print((await import('../report/log/json.ts')).logNdjson(report, verbose));
  } else {
    const { logText } = await import('../report/log/text.ts');
    await session.print(logText(report, await session.style(color), verbose));
  }
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
