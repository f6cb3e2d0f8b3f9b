/** Parts of one triage, run as docs/fleet.md says, come to what one run does. */

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { type Outcome, run } from '../../support/command.ts';
import { type Slurm, startSlurm, whyNoSlurm } from '../../support/outside/slurm.ts';
import { SLOW } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const DOCUMENT = readFileSync(fileURLToPath(new URL('../../../docs/fleet.md', import.meta.url)), 'utf8');
const COMMAND = fileURLToPath(new URL('../../../bin/smmu-adopt.cjs', import.meta.url));

const folder = temporaryFolder();
/** Good and bad ones, enough for every part to have some. */
const CRASHES = ['asid-zero', 'bad-span', 'bare-vmcore', 'l2-hole', 'span-mismatch', 'wrong-split'].filter((name) =>
  existsSync(join(SAMPLES_FOLDER, name)),
);
const crash = join(folder.path, 'crash');
mkdirSync(crash);
for (const name of CRASHES) {
  cpSync(join(SAMPLES_FOLDER, name), join(crash, name), {
    recursive: true,
    filter: (from) => !/(?:expected|sample)\.\w+$/.test(from),
  });
}
folder.write('smmu-adopt', `#!/bin/sh\nexec "${process.execPath}" "${COMMAND}" "$@"\n`);
chmodSync(join(folder.path, 'smmu-adopt'), 0o755);
process.env['PATH'] = [folder.path, process.env['PATH']].join(delimiter);

/** The first block of that language below a heading, about the crashes here. */
function example(heading: string): string {
  const [, block = ''] = new RegExp(`## ${heading}\\n[\\s\\S]*?\`\`\`sh\\n([\\s\\S]*?)\`\`\``).exec(DOCUMENT) ?? [];
  expect(block).toContain('/srv/crash');
  return block.replaceAll('/srv/crash', crash);
}

const rows = (json: string) => {
  const { crashes, groups, totals } = JSON.parse(json);
  const plain = crashes.map(({ seconds, shard, ...row }: Record<string, unknown>) => row);
  return { crashes: plain, groups, totals: { ...totals, seconds: null } };
};

/** Asked once, and by the first that wants to know. */
let asked: Promise<Outcome> | undefined;
const whole = () => {
  asked ??= run(['triage', crash, '--format', 'json']);
  return asked;
};

/** One run over all of them, and the parts in a folder merged. */
async function expectSameAsOneRun(parts: string): Promise<void> {
  const files = readdirSync(parts).filter((name) => name.startsWith('part-'));
  const merged = await run(['triage', '--merge', ...files, '--format', 'json'], { cwd: parts });
  expect(merged.stderr).toBe('');
  const { stdout, status } = await whole();
  expect(rows(merged.stdout)).toEqual(rows(stdout));
  expect(merged.status).toBe(status);
}

const slurm: { started?: Slurm } = {};
afterAll(() => slurm.started?.stop());

/** A cluster takes half a minute to start, and hangs where nobody waits for the processes of its jobs. */
const noSlurm = SLOW ? whyNoSlurm() : 'among the slow tests';
test.skipIf(noSlurm !== '')(`an array job of Slurm${noSlurm && ` (${noSlurm})`}`, async () => {
  const [state, jobs] = ['slurm', 'jobs'].map((name) => join(folder.path, name));
  for (const path of [state, jobs]) mkdirSync(path as string);
  slurm.started = await startSlurm(state as string);
  // As many tasks as a small machine runs in a moment.
  const script = example('Slurm').replace('--array=0-15 --cpus-per-task=4 --mem=8G', '--array=0-2');
  await slurm.started.submit(folder.write('job.sh', script), jobs as string);
  await expectSameAsOneRun(jobs as string);
});

const noParallel = spawnSync('parallel', ['--version'], { encoding: 'utf8' }).stdout?.startsWith('GNU parallel')
  ? ''
  : 'GNU parallel is not installed';
test.skipIf(noParallel !== '')(`GNU parallel${noParallel && ` (${noParallel})`}`, async () => {
  const cwd = join(folder.path, 'parallel');
  mkdirSync(cwd);
  const { stderr } = spawnSync('sh', ['-c', example('GNU parallel')], { cwd, encoding: 'utf8' });
  expect(stderr).not.toMatch(/smmu-adopt: |Error/);
  await expectSameAsOneRun(cwd);
});
