/** Processes that analyse: what one does to itself costs the one crash that it was at work on, and never the others. */

import { describe, expect, test } from 'vitest';
import type { Analysis } from '../../src/triage/crash.ts';
import { runAll, type Task } from '../../src/triage/runner.ts';
import { type Limits, WorkerProcess } from '../../src/triage/worker-process.ts';
import { someOf } from '../support/slow.ts';

/** A worker that does what the name of the crash says. */
const WORKER = `
const { createInterface } = require('node:readline');
process.stdout.write('ready\\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const { crash: { name } } = JSON.parse(line);
  if (name === 'hangs') for (;;) ;
  if (name === 'sleeps') return;
  if (name === 'dies') process.exit(3);
  if (name === 'aborts') process.abort();
  if (name === 'babbles') return process.stdout.write('what?\\n');
  if (name === 'prints JSON') return process.stdout.write('{}\\n');
  if (name === 'grows') { globalThis.kept = Buffer.alloc(200 << 20, 1); return; }
  process.stdout.write(JSON.stringify({ analysis: { status: 'ok', pid: process.pid, name }, residentBytes: 0 }) + '\\n');
});`;

const task = (name: string) => ({ crash: { name }, report: null }) as unknown as Task;

async function outcomes(names: readonly string[], limits: Partial<Limits> = {}, jobs = 1) {
  const found = new Map<string, Analysis & { readonly pid?: number }>();
  const start = () =>
    new WorkerProcess([process.execPath, '-e', WORKER], { seconds: 600, byteLength: 2 ** 32, ...limits });
  const tasks = (async function* () {
    for (const name of names) yield task(name);
  })();
  await runAll(tasks, { jobs, start, stop: new AbortController().signal }, ({ task: { crash }, analysis }) => {
    found.set(crash.name, analysis);
  });
  return found;
}

test('a worker stays warm from one crash to the next', async () => {
  const found = await outcomes(['a', 'b', 'c']);
  expect(new Set([...found.values()].map(({ pid }) => pid)).size).toBe(1);
});

test('several work at once', async () => {
  const found = await outcomes(['a', 'b', 'c', 'd', 'e', 'f'], {}, 2);
  expect([...found.keys()].sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

describe('ends one crash and no other', () => {
  const ENDS: readonly (readonly [string, string, { readonly seconds?: number; readonly byteLength?: number }])[] = [
    ['hangs', 'time', { seconds: 0.2 }],
    ['sleeps', 'time', { seconds: 0.2 }],
    ['babbles', 'died', {}],
    ['dies', 'died', {}],
    ['prints JSON', 'died', {}],
    ['aborts', 'memory', {}],
    ['grows', 'memory', { byteLength: 2 ** 27 }],
  ];

  test.each(someOf(ENDS, 3))('one that %s', async (name, failure, limits) => {
    const found = await outcomes([name, 'behind'], name === 'hangs' || name === 'sleeps' ? limits : { ...limits });
    expect(found.get(name)).toEqual({ status: 'failed', failure, why: null, reason: null });
    // Its own limit of time may be too short for this machine; that it was tried is what counts.
    expect(found.has('behind')).toBe(true);
  });
});

test('what goes wrong with a row ends all, and makes no rows of what was ended with it', async () => {
  const done: string[] = [];
  const tasks = (async function* () {
    for (const name of ['sleeps', 'a', 'b']) yield task(name);
  })();
  const start = () => new WorkerProcess([process.execPath, '-e', WORKER], { seconds: 600, byteLength: 2 ** 32 });
  const full = runAll(tasks, { jobs: 2, start, stop: new AbortController().signal }, ({ task: { crash } }) => {
    done.push(crash.name);
    throw new Error('disk full');
  });
  await expect(full).rejects.toThrow('disk full');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(done).toEqual(['a']);
});

test('a command that cannot be started is a failure of each', async () => {
  const runner = new WorkerProcess(['/nowhere/at/all'], { seconds: 600, byteLength: 2 ** 32 });
  expect(await runner.run(task('a'))).toMatchObject({ failure: 'died' });
  expect(await runner.run(task('b'))).toMatchObject({ failure: 'died' });
});

test('stopped, it ends at once with what is there', async () => {
  const stop = new AbortController();
  const done: string[] = [];
  const tasks = (async function* () {
    for (const name of ['a', 'hangs', 'never']) yield task(name);
  })();
  const start = () => new WorkerProcess([process.execPath, '-e', WORKER], { seconds: 600, byteLength: 2 ** 32 });
  await runAll(tasks, { jobs: 1, start, stop: stop.signal }, ({ task: { crash } }) => {
    done.push(crash.name);
    setTimeout(() => stop.abort(), 50);
  });
  expect(done).toEqual(['a']);
});
