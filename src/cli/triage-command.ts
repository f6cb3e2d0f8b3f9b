/** `smmu-adopt triage`: every crash below a folder in one run, each safely, and grouped by cause. */

import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { InputError } from '../errors.ts';
import { escapeText } from '../report/escape.ts';
import type { TriageReport } from '../triage/crash.ts';
import type { Results } from '../triage/results.ts';
import { parseByteLength, parseCount, parseNamePattern, parseSeconds } from './arguments.ts';
import { excludedOption } from './dump-options.ts';
import { addSomeKernelOptions } from './kernel-options.ts';
import { writeToFile } from './output.ts';
import { addOutputOptions, type Format, type OutputFlags, planOutputs, type ReportOutput } from './report-outputs.ts';
import { type ColorChoice, type Session, STDIN, STDIN_NAME } from './session.ts';
import { selfCommand, stopSignal } from './start-again.ts';
import { colorOption } from './text-or-json.ts';
import type { SharedFlags } from './triage-worker.ts';

const FORMATS: readonly Format[] = ['text', 'json', 'ndjson', 'csv', 'junit', 'html'];

interface TriageFlags extends OutputFlags, SharedFlags {
  readonly dumpName?: RegExp;
  readonly regsName?: RegExp;
  readonly jobs?: number;
  readonly timeout: number;
  readonly memory: number;
  readonly resume?: string;
  readonly shard?: string;
  readonly merge?: boolean;
  readonly reports?: string;
  readonly color: ColorChoice;
  readonly verbose?: boolean;
  /** What the process that analyses was told. */
  readonly worker?: string;
}

const EXAMPLES = `
A crash is a folder with a dump in it; each of several dumps in a folder is one. Dumps, registers, logs, /proc/iomem, IORT
and device tree are known by what they hold, of whatever layout the folders are: /var/crash as kdump and kdump-tools
leave it, one folder for each machine, or one for all. A manifest lists crashes whose files lie apart:
  { "version": 1, "crashes": [ { "name": "node17", "dump": ["node17/vmcore"], "regs": "regs/node17.json" } ] }

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
  3  at least one could not be told, or failed`;

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
    .optionsGroup('How it is run:')
    .option('--jobs <number>', 'how many crashes at once (default: one for each processor)', parseCount)
    .option('--timeout <time>', 'for one crash: 90s, 10m', parseSeconds, 120)
    .option('--memory <size>', 'for one crash: 512M, 4G', parseByteLength, 2 ** 31)
    .option('--resume <file>', 'results of an earlier run: only what is new or changed is done, and added to them')
    .option('--shard <part>', 'only this part of them: 2/3, or auto in an array job of Slurm or Kubernetes')
    .option('--merge', 'the paths are results of the parts: make one of them');
  addSomeKernelOptions(command.optionsGroup('As for inspect, for every crash:'), [
    'revision',
    'kernel',
    'insert',
    'memremap',
    'paBits',
  ]);
  command
    .addOption(new Option('--firmware <where>', 'look for IORT or device tree in the dump').choices(['dump']))
    .option('--deep', 'walk the translation tables of every stream: what devices can reach, and damage')
    .option('--no-gate', 'attempt the adoption whatever the probe gate says')
    .addOption(excludedOption())
    .option('--allow-outside', "let a snapshot's memory list name files outside its folder");
  addOutputOptions(command, FORMATS)
    .option('--reports <folder>', 'write the HTML report of each crash there, and an index.html')
    .addOption(
      new Option('--fail-on <severity>', 'exit with 1 from this severity on')
        .choices(['error', 'warning', 'note', 'never'])
        .default('error'),
    )
    .addOption(colorOption())
    .addOption(new Option('--worker <flags>').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], flags: TriageFlags) => {
      if (flags.worker !== undefined) {
        const { serveTasks } = await import('./triage-worker.ts');
        await serveTasks(JSON.parse(flags.worker) as SharedFlags, session);
      } else
        session.status = await (flags.merge === true
          ? runMerge(paths, flags, session)
          : runTriage(paths, flags, session));
    });
}

async function runTriage(given: string[], flags: TriageFlags, session: Session): Promise<number> {
  const outputs = planTriageOutputs(flags);
  const paths = await placesOf(given, session);
  const [{ Triage }, { NamedPlaces }, { Results }, { parseShard }, { rowMaker }, { crashLine, shardLine }] =
    await Promise.all([
      import('../triage/triage.ts'),
      import('../triage/source.ts'),
      import('../triage/results.ts'),
      import('../triage/shard.ts'),
      import('../report/triage/row.ts'),
      import('../report/triage/ndjson.ts'),
    ]);
  const { takenInWords } = await import('../report/triage/taken.ts');
  const shard = flags.shard === undefined ? null : parseShard(flags.shard, session.io.env);
  const limits = { seconds: flags.timeout, byteLength: flags.memory };
  const shared = sharedFlags(flags);
  if (flags.reports !== undefined) makeFolder(flags.reports);
  const streams = outputs.some(({ format, file }) => format === 'ndjson' && file === null);
  const source = new NamedPlaces(paths, { dumpName: flags.dumpName, regsName: flags.regsName });
  const results = flags.resume === undefined ? Results.temporary() : Results.at(flags.resume);
  try {
    const self = await selfCommand(session.io);
    const triage = new Triage(source, results, {
      asked: [JSON.stringify(shared)],
      limits: [JSON.stringify(limits)],
      shard,
      reports: flags.reports ?? null,
      // Within one process they would share its working folder.
      jobs: self === null ? 1 : (flags.jobs ?? availableParallelism()),
      startRunner: await runnerStarter(self, shared, limits, session),
      rowOf: rowMaker(limits),
      stop: stopSignal(session.io),
      onRow: streams ? (row) => session.print([crashLine(row)]) : undefined,
      onCrash: flags.verbose === true ? (crash) => session.note(`${escapeText(takenInWords(crash))}\n`) : undefined,
      progress: session.progress,
    });
    const report = await triage.run();
    if (triage.torn > 0)
      session.complain(`${flags.resume}: ${triage.torn} lines are no rows; what they were of was done again`);
    const { shardEnd } = triage;
    if (streams && shardEnd !== null) await session.print([shardLine(shardEnd)]);
    if (report.totals.crashes === 0 && shardEnd === null) throw noCrashes(paths, report);
    await writeOutputs(
      report,
      outputs.filter(({ format, file }) => !(format === 'ndjson' && file === null)),
      flags,
      session,
    );
    return report.totals.crashes === 0 ? 0 : report.totals.exitCode;
  } finally {
    results.close();
  }
}

async function runMerge(files: string[], flags: TriageFlags, session: Session): Promise<number> {
  if (files.length === 0) throw new InputError('usage', 'no parts were named: --merge part*.ndjson');
  const outputs = planTriageOutputs(flags);
  const [{ mergeParts }, { Results }] = await Promise.all([
    import('../triage/merge.ts'),
    import('../triage/results.ts'),
  ]);
  const parts: { readonly file: string; readonly results: Results }[] = [];
  try {
    for (const file of files) parts.push({ file, results: Results.of(file) });
    const report = mergeParts(parts);
    await writeOutputs(report, outputs, flags, session, files);
    return report.totals.exitCode;
  } finally {
    for (const { results } of parts) results.close();
  }
}

/** The places that were named, `-` with those of its list: by line, or behind `find -print0`. */
async function placesOf(given: readonly string[], session: Session): Promise<string[]> {
  if (given.length === 0) throw new InputError('usage', 'no folder was named: smmu-adopt triage /var/crash');
  if (!given.includes(STDIN)) return [...given];
  const text = (await session.readStdin()).toString('utf8');
  const listed = text.split(text.includes('\0') ? '\0' : /\r?\n/).filter((line) => line !== '');
  if (listed.length === 0) throw new InputError('file', 'lists no paths', { file: STDIN_NAME });
  return given.flatMap((place) => (place === STDIN ? listed : [place]));
}

function sharedFlags(flags: TriageFlags): SharedFlags {
  const { revision, kernel, insert, memremap, paBits, firmware, deep, gate, excluded, failOn, allowOutside } = flags;
  return {
    revision,
    kernel,
    insert,
    memremap,
    paBits,
    firmware,
    deep,
    gate,
    excluded,
    failOn,
    allowOutside,
  } as SharedFlags;
}

/** Processes of their own; in a test, whose process cannot be started again, this one. */
async function runnerStarter(
  self: readonly string[] | null,
  shared: SharedFlags,
  limits: { readonly seconds: number; readonly byteLength: number },
  session: Session,
) {
  if (self === null) {
    const { localRunner } = await import('./triage-worker.ts');
    return () => localRunner(shared, session);
  }
  const { WorkerProcess } = await import('../triage/worker-process.ts');
  const command = [...self, 'triage', '--worker', JSON.stringify(shared)];
  return () => new WorkerProcess(command, limits);
}

function planTriageOutputs(flags: TriageFlags): ReportOutput[] {
  const outputs = planOutputs(flags);
  const other = outputs.find(({ format }) => !FORMATS.includes(format));
  if (other === undefined) return outputs;
  throw new InputError('usage', `is a name for ${other.format}, which a triage is not written as`, {
    file: other.file ?? '',
  });
}

async function writeOutputs(
  report: TriageReport,
  outputs: readonly ReportOutput[],
  { color, reports, resume }: TriageFlags,
  session: Session,
  inputs: readonly string[] = [],
): Promise<void> {
  const { renderCsv, renderHtml, renderJson, renderJunit, renderNdjson, renderText } = await import(
    '../report/render.ts'
  );
  const render = (format: Format, file: string | null) => {
    const toStdout = file === null;
    if (format === 'json') return renderJson(report);
    if (format === 'ndjson') return renderNdjson(report);
    if (format === 'csv') return renderCsv(report);
    if (format === 'junit') return renderJunit(report);
    if (format === 'html') return renderHtml(report, { folder: toStdout ? '.' : dirname(resolve(file)) });
    return renderText(report, { width: session.width(toStdout), color: session.wantsColor(color, toStdout) });
  };
  const all = [
    ...outputs,
    ...(reports === undefined ? [] : [{ format: 'html', file: join(reports, 'index.html') } as const]),
  ];
  const kept = [...inputs, ...(resume === undefined ? [] : [resume])];
  for (const { format, file } of all.filter((one) => one.file !== null)) {
    writeToFile(file as string, await render(format, file), kept);
    session.note(`report written to ${escapeText(file as string)}\n`);
  }
  for (const { format } of all.filter((one) => one.file === null)) {
    const pieces = await render(format, null);
    await (format === 'text' ? session.printPaged(pieces) : session.print(pieces));
  }
}

function noCrashes(paths: readonly string[], { notSearched }: TriageReport): InputError {
  const [first] = notSearched;
  const why = first === undefined ? '' : `; ${first.path} was not searched (${first.code ?? first.why})`;
  const message = `no crash is there: no file is a dump${why}. --dump-name NAME says what the dumps are called`;
  return new InputError('file', message, { file: paths.join(', ').slice(0, 200) });
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new InputError('file', `cannot be made (${(cause as NodeJS.ErrnoException).code})`, { file: path, cause });
  }
}
