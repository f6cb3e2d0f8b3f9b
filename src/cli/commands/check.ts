/** `smmu-adopt check`: whether every sample still gives what is expected of it. */

import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import type { CheckReport, SampleRunner } from '../../check/check.ts';
import type { JudgeOptions } from '../../check/judge.ts';
import { renderGithub, renderJson, renderJunit, renderText } from '../../report/render.ts';
import type { Limits } from '../../triage/worker-process.ts';
import { addRunOptions, type RunFlags } from '../options/run-options.ts';
import { formatOption, jsonOption } from '../options/text-or-json.ts';
import type { Session } from '../session.ts';
import { selfCommand } from '../start/start-again.ts';

const REPORTS: Readonly<Record<string, (report: CheckReport) => Promise<Iterable<string>>>> = {
  text: renderText,
  json: renderJson,
  junit: renderJunit,
  github: renderGithub,
};

interface CheckFlags extends RunFlags {
  readonly update?: boolean;
  readonly allowOutside?: boolean;
  readonly format: string;
  /** What the process that runs samples was told. */
  readonly worker?: string;
}

/** So many samples take as long as it takes to start another process for some of them. */
const SAMPLES_PER_PROCESS = 16;

const EXAMPLES = `
A sample is a folder with a sample.json, as those of this program have it:
  { "args": ["dump.raw", "--regs", "regs.json"], "status": 1 }
and the expected results beside it: expected.json, expected.txt, or both. Or it
is an entry of a manifest.json:
  { "version": 1, "samples": [ {
      "name": "bad span", "dump": ["dump.raw"], "regs": "regs.json",
      "options": { "insert": "all" },
      "expect": { "verdict": "fallback", "ret": -22, "exitCode": 1,
                  "findings": { "include": ["l1-span-unsupported"] },
                  "golden": "bad-span.json" } } ] }
Results are compared as JSON values, whatever the version of the program is;
text is compared line by line.

Examples:
  smmu-adopt check samples
  smmu-adopt check samples/manifest.json --format junit > check.xml
  smmu-adopt check samples --update

Exit status:
  0  every sample gives what is expected
  1  at least one does not, or cannot be run
  2  could not check: no samples, or a manifest that cannot be used`;

/** Adds the command to the program, to run in `session`. */
export function addCheckCommand(program: Command, session: Session): void {
  const command = program
    .command('check')
    .summary('whether sample dumps still give the expected results')
    .description(
      'Inspects every sample below a folder, or in a manifest, and compares what comes out with what is expected: ' +
        'for smoke tests in CI.',
    )
    .argument('<path>', 'a folder with samples anywhere below it, or a manifest.json')
    .option('--update', 'write expected results anew that differ or are not there yet')
    .option('--allow-outside', 'let samples name files outside their folders, and URLs')
    .addOption(formatOption(Object.keys(REPORTS)))
    .addOption(jsonOption());
  addRunOptions(command.optionsGroup('How it is run:'), 'sample')
    .addOption(new Option('--worker <options>').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: CheckFlags) => {
      if (flags.worker === undefined) session.status = await runCheck(path, flags, session);
      else await serveSamples(JSON.parse(flags.worker) as JudgeOptions, session);
    });
}

async function runCheck(path: string, flags: CheckFlags, session: Session): Promise<number> {
  const { update = false, allowOutside = false, format, timeout, memory } = flags;
  const [{ checkSamples }, { findSamples }] = await Promise.all([
    import('../../check/check.ts'),
    import('../../check/find.ts'),
  ]);
  const found = findSamples(path);
  const running = await runnersFor({ update, allowOutside }, { seconds: timeout, byteLength: memory }, session);
  const enough = Math.ceil(found.length / SAMPLES_PER_PROCESS);
  const jobs = running.isGuarded ? (flags.jobs ?? Math.min(enough, availableParallelism())) : 1;
  const report = await checkSamples(found, { jobs, start: running.start }, session.progress);
  await session.print(await (REPORTS[format] ?? renderText)(report));
  return report.summary.exitCode;
}

interface Runners {
  readonly isGuarded: boolean;
  readonly start: () => SampleRunner;
}

/** Processes of their own; in a test, whose process cannot be started again, this one, whose folder samples would share. */
async function runnersFor(options: JudgeOptions, limits: Limits, session: Session): Promise<Runners> {
  const self = await selfCommand(session.io);
  if (self === null) {
    const { localSamples } = await import('../processes/sample-runner.ts');
    return { isGuarded: false, start: () => localSamples(options, session) };
  }
  const { guardedSamples } = await import('../processes/guarded-samples.ts');
  const command = [...self, 'check', '.', '--worker', JSON.stringify(options)];
  return { isGuarded: true, start: () => guardedSamples(command, limits) };
}

async function serveSamples(options: JudgeOptions, session: Session): Promise<void> {
  const [{ serveTasks }, { localSamples, withoutInput }, { Session: Own }] = await Promise.all([
    import('../processes/worker.ts'),
    import('../processes/sample-runner.ts'),
    import('../session.ts'),
  ]);
  await serveTasks(localSamples(options, new Own(withoutInput(session.io))), session);
}
