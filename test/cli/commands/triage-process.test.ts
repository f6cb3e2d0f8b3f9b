/** The triage in processes of its own: workers, kill -9 and what is left of it, Ctrl-C. Needs a build. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { COMMAND } from '../../../samples/make.ts';
import type { CrashRow } from '../../../src/triage/crash.ts';
import type { RunEnd } from '../../../src/triage/results/row-text.ts';
import { runProcess } from '../../support/command.ts';
import { makeCrashTree } from '../../support/made/crash-tree.ts';
import { SLOW, someOf } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const { path: cwd } = temporaryFolder();
/** So many that none of those that are ended early gets through. */
const CRASHES = 100;
/** Enough to be killed among, and done once more. */
const FEW = { crashes: 30, failed: 2 };
const NOBODY = 65534;

beforeAll(() => {
  makeCrashTree(join(cwd, 'tree'), CRASHES);
  makeCrashTree(join(cwd, 'few'), FEW.crashes);
});

const startOn = (tree: string, ...args: string[]) =>
  spawn(process.execPath, [COMMAND, 'triage', tree, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
const start = (...args: string[]) => startOn('tree', ...args);

/** When the file has so many lines. */
async function lines(file: string, number: number): Promise<void> {
  const path = join(cwd, file);
  const has = () => existsSync(path) && readFileSync(path, 'utf8').split('\n').length > number;
  while (!has()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function textOf(child: ChildProcess): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (piece: string) => {
      text[name] += piece;
    });
  }
  await once(child, 'close');
  return text;
}

const rowsIn = (file: string): CrashRow[] =>
  readFileSync(join(cwd, file), 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const value = JSON.parse(line) as CrashRow | RunEnd;
        return 'record' in value ? [] : [value];
      } catch {
        return [];
      }
    });

test('killed at any moment, it goes on where it was, and loses no row', async () => {
  const child = startOn('few', '--resume', 'killed.ndjson', '--jobs', '2');
  await lines('killed.ndjson', 10);
  child.kill('SIGKILL');
  await once(child, 'close');
  const before = rowsIn('killed.ndjson');
  expect(before.length).toBeGreaterThanOrEqual(10);

  const { stdout, status } = runProcess(
    ['triage', 'few', '--resume', 'killed.ndjson', '--jobs', '2', '--format', 'json'],
    { cwd },
  );
  expect(status).toBe(3);
  const { crashes, totals } = JSON.parse(stdout);
  const { crashes: count, failed } = FEW;
  expect(totals).toMatchObject({ crashes: count, ok: count - failed, failed, resumed: before.length, complete: true });
  expect(crashes).toEqual(expect.arrayContaining(before));
  expect(new Set(rowsIn('killed.ndjson').map(({ path }) => path)).size).toBe(count);
});

test('Ctrl-C ends it with what is there, and no process stays behind', async () => {
  const child = start('--resume', 'stopped.ndjson', '--jobs', '1', '--format', 'json');
  const text = textOf(child);
  await lines('stopped.ndjson', 5);
  child.kill('SIGINT');
  const { stdout, stderr } = await text;
  const { crashes, totals } = JSON.parse(stdout);
  expect(totals.complete).toBe(false);
  expect(crashes.length).toBe(rowsIn('stopped.ndjson').length);
  expect(stderr).toContain('ended before all were looked at; --resume');
  expect(child.exitCode).toBe(3);
});

test('a terminal that is closed ends it, too, and no temporary file stays behind', async () => {
  const temporary = join(cwd, 'temporary');
  mkdirSync(temporary);
  const env = { ...process.env, TMPDIR: temporary };
  const args = [COMMAND, 'triage', 'tree', '--format', 'ndjson', '--jobs', '1'];
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ours = () => readdirSync(temporary).filter((name) => name.startsWith('smmu-adopt-triage-')).length;
  child.stdout.once('data', () => {
    expect(ours()).toBe(1);
    child.kill('SIGHUP');
  });
  await once(child, 'close');
  expect({ status: child.exitCode, left: ours() }).toEqual({ status: 3, left: 0 });
});

test.skipIf(spawnSync('script', ['--version']).status !== 0)(
  'on a terminal that is closed it dies of that, and leaves no core',
  async () => {
    const command = `"${process.execPath}" "${COMMAND}" triage tree --resume closed.ndjson --jobs 1`;
    // What closes the terminal is not to end the shell.
    const inTerminal = `trap : HUP; ${command}; echo $? > status.new; mv status.new status`;
    const terminal = spawn('script', ['-qec', inTerminal, '/dev/null'], { cwd, stdio: ['pipe', 'ignore', 'ignore'] });
    await lines('closed.ndjson', 5);
    terminal.kill('SIGKILL');
    await lines('status', 1);
    expect(readFileSync(join(cwd, 'status'), 'utf8')).toBe('129\n');
  },
);

/** Whether it runs. Where nobody waits for an orphan, its number stays taken: what has ended (Z, or X) is gone all the same. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // The state follows the name, which is in brackets and may hold any (proc(5), /proc/PID/stat).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !'ZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
  } catch {
    // It went meanwhile, or this system has no /proc.
    return !existsSync('/proc/self/stat');
  }
}

test('a worker does not outlive who started it, whatever it is at work on', async () => {
  // Who starts it ends as soon as it is ready, while the pipe to it stays open.
  const script = `
    const { spawn } = require('node:child_process');
    const args = [process.argv[1], 'triage', '--worker', '{}'];
    const worker = spawn(process.execPath, args, { stdio: [3, 'pipe', 'ignore'] });
    worker.stdout.once('data', () => { console.log(worker.pid); process.exit(); });`;
  const starter = spawn(process.execPath, ['-e', script, COMMAND], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
  const { stdout } = await textOf(starter);
  const pid = Number(stdout);
  expect(pid).toBeGreaterThan(1);
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 50));
});

test('what ends all processes of a terminal or a service, a worker leaves to who started it', async () => {
  const worker = spawn(process.execPath, [COMMAND, 'triage', '--worker', '{}'], {
    cwd,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(worker.stdout, 'data');
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) worker.kill(signal);
  worker.stdin.end();
  expect(await once(worker, 'close')).toEqual([0, null]);
});

test('it ends with its reader', async () => {
  const child = start('--format', 'ndjson', '--jobs', '1', '--resume', 'unread.ndjson');
  child.stdout.once('data', () => child.stdout.destroy());
  await once(child, 'close');
  expect(rowsIn('unread.ndjson').length).toBeLessThan(CRASHES);
});

test.skipIf(process.platform !== 'linux')(
  'a folder for reports that nobody can make is said, and not tried for ever',
  () => {
    const { stderr, status } = runProcess(['triage', 'tree', '--reports', '/proc/reports/new'], { cwd });
    expect(stderr).toMatch(/^smmu-adopt: \/proc\/reports\/new: cannot be made \(E[A-Z]+\)\n$/);
    expect(status).toBe(2);
  },
);

test.skipIf(process.platform !== 'linux')('in a folder that its user may not enter', () => {
  const shut = join(cwd, 'shut');
  mkdirSync(shut);
  // Root may enter any.
  const uid = process.getuid?.() === 0 ? NOBODY : undefined;
  if (uid !== undefined) chownSync(shut, uid, uid);
  const sample = fileURLToPath(new URL('../../../samples/bad-span', import.meta.url));
  const commands = [
    ['triage', '1 crash: 1 analysed\n'],
    ['check', '1 sample: 1 as expected\n'],
  ] as const;
  for (const [command, said] of someOf(commands, 2)) {
    const words = ['-c', 'chmod 000 . && exec "$@"', 'sh', COMMAND, command, sample];
    const { stdout } = spawnSync('/bin/sh', words, { cwd: shut, uid, gid: uid, encoding: 'utf8' });
    chmodSync(shut, 0o700);
    expect(stdout).toContain(said);
  }
});

test.skipIf(process.platform !== 'linux')('in a folder that somebody has removed', () => {
  const run = (...args: string[]) =>
    spawnSync('/bin/sh', ['-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', 'sh', COMMAND, ...args], {
      cwd,
      encoding: 'utf8',
    });
  const sample = fileURLToPath(new URL('../../../samples/bad-span', import.meta.url));
  expect(run('check', sample).stdout).toContain('1 sample: 1 as expected\n');
  // In the test before, a triage is run whatever the time.
  if (SLOW) expect(run('triage', sample).stdout).toContain('1 crash: 1 analysed\n');
  expect(run('triage', '.')).toMatchObject({
    stderr: 'smmu-adopt: the folder that this was started in is not there any more\n',
    status: 2,
  });
});
