/** `smmu-adopt triage`: every crash below a folder in one run, each safely, and grouped by cause. */

import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { InputError } from '../../errors.ts';
import { escapeText } from '../../report/escape.ts';
import { count } from '../../report/prose/quantities.ts';
import type { TriageRedactor } from '../../report/triage/redact.ts';
import { totalsInWords } from '../../report/triage/totals.ts';
import type { CrashRow, TriageReport } from '../../triage/crash.ts';
import type { RunOptions } from '../../triage/run.ts';
import { textOfFile } from '../../wide-encoding.ts';
import { parseNamePattern } from '../options/arguments.ts';
import { excludedOption } from '../options/dump-options.ts';
import { addSomeKernelOptions, KERNEL_OPTIONS } from '../options/kernel-options.ts';
import { addOutputOptions } from '../options/report-outputs.ts';
import { addRunOptions, type RunFlags } from '../options/run-options.ts';
import { colorOption, failOnOption } from '../options/text-or-json.ts';
import { makeFolder } from '../output/make-folder.ts';
import {
  complainOfPlaces,
  isStream,
  planTriageOutputs,
  TRIAGE_FORMATS,
  type TriageOutputFlags,
  writeOutputs,
} from '../output/triage-outputs.ts';
import { type SharedFlags, sharedFlags } from '../processes/shared-flags.ts';
import { type Session, STDIN, STDIN_NAME } from '../session.ts';
import { selfCommand, stopper } from '../start/start-again.ts';
import { optimiseLate } from '../start/v8-flags.ts';

interface TriageFlags extends TriageOutputFlags, SharedFlags, RunFlags {
  readonly dumpName?: RegExp;
  readonly regsName?: RegExp;
  readonly shard?: string;
  readonly verbose?: boolean;
  /** What the process that analyses was told. */
  readonly worker?: string;
}

const EXAMPLES = `
A crash is a folder with a dump in it; each of several dumps in a folder is one.
Dumps, registers, logs, /proc/iomem, IORT and device tree are known by what they
hold, of whatever layout the folders are: /var/crash as kdump and kdump-tools
leave it, one folder for each machine, or one for all. A manifest lists crashes
whose files lie apart:
  { "version": 1, "crashes": [
      { "name": "node17", "dump": ["node17/vmcore"], "regs": "regs/node17.json" } ] }

Examples:
  smmu-adopt triage /var/crash
  smmu-adopt triage /var/crash --reports reports
  smmu-adopt triage /var/crash --resume results.ndjson --timeout 10m --memory 4G
  smmu-adopt triage - --format ndjson < paths.txt
  smmu-adopt triage /srv/crashes --shard 2/3 --format ndjson > part2.ndjson
  smmu-adopt triage --merge part1.ndjson part2.ndjson part3.ndjson

Exit status:
  0  all were analysed; nothing found at or above --fail-on
  1  all were analysed; at least one has such a finding
  2  nothing could be analysed: bad arguments, no crashes, or none that can be read
  3  at least one could not be told, failed, or was not reached`;

/** Adds the command to the program, to run in `session`. */
export function addTriageCommand(program: Command, session: Session): void {
  const command = program
    .command('triage')
    .summary('every crash below a folder, grouped by cause')
    .description(
      'Finds the crashes below folders, does with each what `inspect` does, in processes that a bad dump cannot hold up, ' +
        'and groups them by cause: one row a crash, and for each cause how many there are, since when, and an example.',
    )
    .argument('[path...]', 'folders with crashes anywhere below them, dumps, or manifests; - reads a list from stdin')
    .option('--dump-name <pattern>', 'only files of this name are dumps: vmcore, *.elf', parseNamePattern)
    .option('--regs-name <pattern>', 'files of this name are the registers: smmu-*.json', parseNamePattern)
    .option('-v, --verbose', 'say on stderr what was taken for what')
    .optionsGroup('How it is run:');
  addRunOptions(command, 'crash')
    // What is kept has the names of everything: it is redacted when it is merged.
    .addOption(
      new Option(
        '--resume <file>',
        'results of an earlier run: only what is new or changed is done, and added to them',
      ).conflicts('redact'),
    )
    .addOption(
      new Option(
        '--shard <part>',
        'only this part of them: 2/3, or auto in an array job of Slurm or Kubernetes',
      ).conflicts('redact'),
    )
    .option('--merge', 'the paths are results of the parts: make one of them');
  addSomeKernelOptions(command.optionsGroup(KERNEL_OPTIONS), ['revision', 'kernel', 'insert', 'memremap', 'paBits']);
  command
    .addOption(new Option('--firmware <where>', 'look for IORT or device tree in the dump').choices(['dump']))
    .option('--deep', 'walk the translation tables of every stream: what devices can reach, and damage')
    .option('--no-gate', 'attempt the adoption whatever the probe gate says')
    .addOption(excludedOption())
    .option('--allow-outside', "let a snapshot's memory list name files outside its folder");
  addOutputOptions(command, TRIAGE_FORMATS)
    .option('--reports <folder>', 'write the HTML report of each crash there, and an index.html')
    .addOption(failOnOption())
    .addOption(colorOption())
    .addOption(new Option('--worker <flags>').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], flags: TriageFlags) => {
      if (flags.worker !== undefined) {
        const [{ serveTasks }, { localRunner }] = await Promise.all([
          import('../processes/worker.ts'),
          import('../processes/triage-worker.ts'),
        ]);
        await serveTasks(localRunner(JSON.parse(flags.worker) as SharedFlags, session), session);
      } else session.status = await (flags.merge === true ? merge : triage)(paths, flags, session);
    });
}

async function triage(given: string[], flags: TriageFlags, session: Session): Promise<number> {
  const outputs = planTriageOutputs(flags);
  await optimiseLate();
  const places = await placesOf(given, session);
  if (flags.reports !== undefined) makeFolder(flags.reports);
  const redactor = await redactorOf(flags, true);
  const [{ runTriage }, { endLine }] = await Promise.all([
    import('../../triage/run.ts'),
    import('../../report/triage/ndjson.ts'),
  ]);
  // Rows of this one are printed as they become known.
  const streams = outputs.some(isStream);
  const options = await runOptions(places, flags, redactor, streams, session);
  return runTriage(options, async ({ report, end, torn }) => {
    const shardEnd = end?.shard == null ? null : end;
    if (torn > 0) session.complain(passedOver(flags.resume ?? '', torn));
    if (streams && shardEnd !== null) await session.print([endLine(shardEnd)]);
    const { crashes, complete, exitCode } = report.totals;
    if (crashes === 0 && complete && shardEnd === null) throw noCrashes(places, report);
    await writeOutputs(redactor?.report(report) ?? report, outputs, { ...flags, shardEnd }, session, places);
    complainOfPlaces(report, outputs, session);
    if (!complete && !session.isUnread)
      session.complain(`${totalsInWords(report.totals)}; --resume FILE goes on there`);
    return crashes === 0 && complete ? (report.notSearched.length === 0 ? 0 : 3) : exitCode;
  });
}

/** Null where nobody asked for stand-ins. `wasRedacted`: the analyses have theirs already. */
async function redactorOf({ redact }: TriageFlags, wasRedacted: boolean): Promise<TriageRedactor | null> {
  return redact === true ? new (await import('../../report/triage/redact.ts')).TriageRedactor(wasRedacted) : null;
}

/** `streams`: each row is printed when it is known. */
async function runOptions(
  places: readonly string[],
  flags: TriageFlags,
  redactor: TriageRedactor | null,
  streams: boolean,
  session: Session,
): Promise<RunOptions> {
  const { reports, resume, verbose, timeout, memory, dumpName, regsName } = flags;
  const [{ rowMaker }, { crashLine }, { noCrashInWords, takenInWords }, { reportName }] = await Promise.all([
    import('../../report/triage/row.ts'),
    import('../../report/triage/ndjson.ts'),
    import('../../report/triage/taken.ts'),
    import('../../triage/results/report-name.ts'),
  ]);
  const limits = { seconds: timeout, byteLength: memory };
  const shared = sharedFlags(flags);
  const stop = stopper(session.io);
  const printRow = async (row: CrashRow) => {
    await session.print([crashLine(redactor?.row(row) ?? row)]);
    if (session.isUnread) stop.abort();
  };
  const tell = (text: string) => session.note(`${escapeText(text)}\n`);
  return {
    places,
    names: {
      dumpName,
      regsName,
      onNoCrash: verbose === true ? (folder, passed) => tell(noCrashInWords(folder, passed)) : undefined,
    },
    resume,
    shard: flags.shard,
    env: session.io.env,
    reports,
    reportName: redactor === null ? reportName : (path) => `${redactor.crash(path)}.html`,
    limits,
    asked: JSON.stringify(shared),
    jobs: flags.jobs ?? availableParallelism(),
    worker: await workerFor(shared, session),
    rowOf: rowMaker(limits, redactor !== null),
    onRow: streams ? printRow : undefined,
    onCrash: verbose === true ? (crash) => tell(takenInWords(crash)) : undefined,
    stop: stop.signal,
    progress: session.progress,
  };
}

async function merge(files: string[], flags: TriageFlags, session: Session): Promise<number> {
  if (files.length === 0) throw new InputError('usage', 'no parts were named: --merge part*.ndjson');
  const outputs = planTriageOutputs(flags);
  const { mergeTriage } = await import('../../triage/run.ts');
  const redactor = await redactorOf(flags, false);
  return mergeTriage(files, async ({ report, torn }) => {
    for (const { file, lines } of torn) session.complain(passedOver(file, lines));
    await writeOutputs(redactor?.report(report) ?? report, outputs, flags, session, files);
    complainOfPlaces(report, outputs, session);
    return report.totals.exitCode;
  });
}

function passedOver(file: string, lines: number): string {
  return `${file}: passed over ${count(lines, 'line')} that ${lines === 1 ? 'is no row' : 'are no rows'}`;
}

/** The places that were named, `-` with those of its list: by line, or behind `find -print0`. */
async function placesOf(given: readonly string[], session: Session): Promise<string[]> {
  if (given.length === 0) throw new InputError('usage', 'no folder was named: smmu-adopt triage /var/crash');
  if (!given.includes(STDIN)) return [...given];
  const text = textOfFile(await session.readStdin());
  const listed = text.split(text.includes('\0') ? '\0' : /\r?\n/).filter((line) => line !== '');
  if (listed.length === 0) throw new InputError('file', 'lists no paths', { file: STDIN_NAME });
  return given.flatMap((place) => (place === STDIN ? listed : [place]));
}

/** Processes of their own; in a test, whose process cannot be started again, this one. */
async function workerFor(shared: SharedFlags, session: Session): Promise<RunOptions['worker']> {
  const self = await selfCommand(session.io);
  if (self !== null) return [...self, 'triage', '--worker', JSON.stringify(shared)];
  const { localRunner } = await import('../processes/triage-worker.ts');
  return localRunner(shared, session);
}

function noCrashes(paths: readonly string[], { notSearched }: TriageReport): InputError {
  const [first] = notSearched;
  const why = first === undefined ? '' : `; ${first.path} was not searched (${first.code ?? first.why})`;
  const message = `no crash is there: no file is a dump${why}. --dump-name NAME says what the dumps are called`;
  return new InputError('file', message, { file: paths.join(', ').slice(0, 200) });
}
