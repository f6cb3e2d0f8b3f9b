/** `smmu-adopt check`: whether every sample still gives what is expected of it. */

import type { Command } from 'commander';
import type { CheckReport } from '../../check/check.ts';
import { renderGithub, renderJson, renderJunit, renderText } from '../../report/render.ts';
import { formatOption, jsonOption } from '../options/text-or-json.ts';
import type { Session } from '../session.ts';

const REPORTS: Readonly<Record<string, (report: CheckReport) => Promise<Iterable<string>>>> = {
  text: renderText,
  json: renderJson,
  junit: renderJunit,
  github: renderGithub,
};

interface CheckFlags {
  readonly update?: boolean;
  readonly allowOutside?: boolean;
  readonly format: string;
}

const EXAMPLES = `
A sample is a folder with a sample.json, as those of this program have it:
  { "args": ["dump.raw", "--regs", "regs.json"], "status": 1 }
and the expected results beside it: expected.json, expected.txt, or both. Or it is an entry of a manifest.json:
  { "version": 1, "samples": [ {
      "name": "bad span", "dump": ["dump.raw"], "regs": "regs.json", "options": { "insert": "all" },
      "expect": { "verdict": "fallback", "ret": -22, "findings": { "include": ["l1-span-unsupported"] },
                  "exitCode": 1, "golden": "bad-span.json" } } ] }
Results are compared as JSON values, whatever the version of the program is; text is compared line by line.

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
  program
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
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(async (path: string, flags: CheckFlags) => {
      session.status = await runCheck(path, flags, session);
    });
}

async function runCheck(
  path: string,
  { update = false, allowOutside = false, format }: CheckFlags,
  session: Session,
): Promise<number> {
  const [{ checkSamples }, { findSamples }, { runSample }] = await Promise.all([
    import('../../check/check.ts'),
    import('../../check/find.ts'),
    import('../processes/sample-runner.ts'),
  ]);
  const report = await checkSamples(
    findSamples(path),
    (sample) => runSample(sample, allowOutside, session),
    { update, allowOutside },
    session.progress,
  );
  await session.print(await (REPORTS[format] ?? renderText)(report));
  return report.summary.exitCode;
}
