/**
 * `npm run bench`: the budgets of the project, each as a ratio to something measured in the same run on the same
 * machine, so that the result means the same on a slow one. Exits with 1 when a budget is missed. Everything runs on the
 * Node that runs this; `npm run bench -- --node PATH` does it on another. With `--dumps FOLDER`, what only real dumps can
 * show is measured with those in the folder.
 */

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inspect, openDump, parseSnapshot } from '../src/index.ts';
import { writeFullQueues } from './full-queues.ts';
import { writeSparseKdump } from './huge-kdump.ts';
import { compileLoop, writeLinearTable } from './linear-table.ts';
import { crashIn, readAllPages, realDumps } from './real-dumps.ts';
import { makeCrashes, measureJobs, measureTriage } from './triage.ts';

const COMMAND = fileURLToPath(new URL('../bin/smmu-adopt.cjs', import.meta.url));
const PEAK_MEMORY = fileURLToPath(new URL('peak-memory.cjs', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../samples/healthy-two-level', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'smmu-adopt-bench-'));
// Of the runs here only: the first of each kind makes its code cache.
process.env['XDG_CACHE_HOME'] = folder;
let missed = 0;

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}

/** Of runs so short that what else the machine does lengthens most of them. */
const shortest = (times: readonly number[]) => Math.min(...times);

async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** The times of works that take turns, so that a busy moment of the machine meets all of them. */
async function takeTurns(rounds: number, works: readonly (() => unknown)[], typical = median): Promise<number[]> {
  const times = works.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, work] of works.entries()) times[i]?.push(await timed(work));
  }
  return times.map(typical);
}

function report(what: string, measured: number, budget: number, unit: string, detail: string): void {
  const met = measured <= budget;
  if (!met) missed += 1;
  const figures = `${measured.toFixed(2)} of ${budget} ${unit}`;
  console.log(`${met ? 'met   ' : 'MISSED'}  ${what.padEnd(44)} ${figures.padEnd(18)} (${detail})`);
}

/** Starting an empty Node takes half as long from this version on, so that there is less to be a multiple of. */
const QUICK_NODE = 22;
const isQuick = Number.parseInt(process.versions.node, 10) >= QUICK_NODE;

async function coldStart(): Promise<void> {
  const without = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' };
  const node = (args: readonly string[], env = process.env) =>
    spawnSync(process.execPath, args, { cwd: SAMPLE, stdio: 'ignore', env });
  const inspection = [COMMAND, 'inspect', 'dump.raw', '--regs', 'regs.json'];
  const works = [
    () => node(['-e', '0']),
    () => node([COMMAND, '--version']),
    () => node(inspection),
    () => node([...inspection, '--format', 'json']),
    () => node(inspection, without),
  ];
  const [bare = 1, version = 0, text = 0, json = 0, first = 0] = await takeTurns(40, works, shortest);
  const budget = isQuick ? 2.2 : 1.5;
  const ms = (time: number) => `${time.toFixed(0)} ms against ${bare.toFixed(0)} ms`;
  report('--version, cold', version / bare, 1.15, 'x node -e 0', ms(version));
  report('inspect a small sample, cold, as text', text / bare, budget, 'x node -e 0', ms(text));
  report('inspect a small sample, cold, as JSON', json / bare, budget, 'x node -e 0', ms(json));
  const detail = `${(first / bare).toFixed(2)} x node -e 0`.padEnd(18);
  console.log(`        ${'  and without a code cache'.padEnd(44)} ${detail} (${ms(first)})`);
}

/** A file of `byteLength` with `entry` over and over again. */
function tableFile(name: string, byteLength: number, entry: Buffer): string {
  const path = join(folder, name);
  const chunk = Buffer.alloc(Math.min(byteLength, 1 << 22), entry);
  const file = openSync(path, 'w');
  ftruncateSync(file, byteLength);
  for (let at = 0; at < byteLength; at += chunk.length) writeSync(file, chunk, 0, chunk.length, at);
  closeSync(file);
  return path;
}

const snapshotOf = (registers: Record<string, string>) =>
  parseSnapshot({ registers: { CR0: '0x1', IDR0: '0x0c080010', ...registers } }, 'bench');

/** The whole command, against a loop in C that reads the file and counts. */
async function linearTable(): Promise<void> {
  const loop = compileLoop(folder);
  if (loop === null) {
    console.log('        linear table of 2^24 STEs: not measured, there is no C compiler');
    return;
  }
  const { dump, regs, active } = writeLinearTable(folder);
  const counted = `, ${active.toLocaleString('en')} bypass`;
  const [bare = 1, whole = 0] = await takeTurns(9, [
    () => spawnSync(loop, [dump]),
    () => {
      const { stdout } = spawnSync(process.execPath, [COMMAND, 'inspect', dump, '--regs', regs], { encoding: 'utf8' });
      if (!stdout.includes(counted)) throw new Error('not every STE was counted');
    },
  ]);
  const detail = `${whole.toFixed(0)} ms against ${bare.toFixed(0)} ms`;
  report('linear table of 2^24 STEs, whole command', whole / bare, 2.5, 'x C loop', detail);
}

/** Every entry of a full event queue of the largest size, written to a file: two seconds where an empty Node starts in 90 ms. */
async function fullQueue(): Promise<void> {
  const { dump, regs, entries } = writeFullQueues(folder);
  const args = ['queues', dump, '--regs', regs, '--queue', 'event', '--all'];
  const listed = (format: string) => {
    const path = join(folder, `events.${format}`);
    const file = openSync(path, 'w');
    spawnSync(process.execPath, [COMMAND, ...args, '--format', format], { stdio: ['ignore', file, 'inherit'] });
    closeSync(file);
    const { size } = statSync(path);
    const end = Buffer.alloc(Math.min(size, 1 << 16));
    const written = openSync(path, 'r');
    readSync(written, end, 0, end.length, size - end.length);
    closeSync(written);
    if (!end.includes(`${entries - 1}`)) throw new Error('not every entry was listed');
  };
  // By itself: behind seconds of work it takes a third longer every other time.
  const [bare = 1] = await takeTurns(20, [() => spawnSync(process.execPath, ['-e', '0'])], shortest);
  const [json = 0, text = 0] = await takeTurns(3, [() => listed('json'), () => listed('text')]);
  const ms = (time: number) => `${time.toFixed(0)} ms against ${bare.toFixed(0)} ms`;
  const budget = isQuick ? 150 : 75;
  report('2^19 events listed as JSON', json / bare, budget, 'x node -e 0', ms(json));
  report('2^19 events listed as text', text / bare, budget, 'x node -e 0', ms(text));
}

/** The L1 checks alone: what inspecting 2^17 descriptors takes longer than inspecting 16 of the same table. */
async function l1Descriptors(): Promise<void> {
  // Span 0 with a stale pointer, so that no L2 table is read.
  const descriptor = Buffer.alloc(8);
  descriptor.writeBigUInt64LE(0x8800_0000n);
  const path = tableFile('l1.raw', 2 ** 17 * 8, descriptor);
  const dump = await openDump(path, { base: 0 });
  const small = snapshotOf({ IDR1: '0x19', STRTAB_BASE: '0x0', STRTAB_BASE_CFG: '0x1020c' });
  const large = snapshotOf({ IDR1: '0x19', STRTAB_BASE: '0x0', STRTAB_BASE_CFG: '0x10219' });
  const [few = 0, all = 0] = await takeTurns(25, [() => inspect(dump, small), () => inspect(dump, large)]);
  dump.close();
  report('2^17 L1 descriptors checked', all - few, 10, 'ms', 'the whole inspection against one of 16 descriptors');
}

/** The whole command on a dump that is far larger than memory, against the same on one of 1 GiB. */
async function hugeDump(): Promise<void> {
  const peaks: number[][] = [];
  const runs = [2 ** 40, 2 ** 30].map((byteLength, i) => {
    const dump = join(folder, `${i}.kdump`);
    const regs = join(folder, `${i}.json`);
    const registers = { CR0: '0x1', IDR0: '0x0c080010', ...writeSparseKdump(dump, byteLength) };
    writeFileSync(regs, JSON.stringify({ registers }));
    const args = ['--require', PEAK_MEMORY, COMMAND, 'inspect', dump, '--regs', regs, '--insert', '0x100'];
    return () => {
      const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (!stdout.includes('1 accepted (1 with the attach deferred)')) throw new Error(stdout + stderr);
      peaks[i] = [...(peaks[i] ?? []), Number(stderr.trim().split('\n').at(-1)) / 1024];
    };
  });
  const [huge = 0, small = 1] = await takeTurns(9, runs);
  const detail = `${huge.toFixed(0)} ms against ${small.toFixed(0)} ms`;
  report('kdump of a 1 TiB machine, whole command', huge / small, 1.6, 'x small dump', detail);
  report('  and its memory', median(peaks[0] ?? []), 120, 'MiB', 'largest resident size, Node itself included');
}

/** What a warm worker is worth: twenty crashes take no longer than one by itself. */
function manyCrashes(): void {
  const tree = makeCrashes(folder);
  const { crash, inspect: alone } = measureTriage(tree);
  const detail = `${(crash * 1000).toFixed(1)} ms for each, against ${(alone * 1000).toFixed(0)} ms`;
  report('20 crashes of a triage, on one processor', (20 * crash) / alone, 1, 'x inspect', detail);
  const jobs = measureJobs(tree);
  if (jobs === null) {
    console.log('        triage with two jobs: not measured, there is one processor');
    return;
  }
  // No budget: the process that finds crashes and keeps rows has its share of the two as well.
  const ratio = `${(jobs.two / jobs.one).toFixed(2)} x --jobs 1`.padEnd(18);
  const seconds = `${jobs.two.toFixed(2)} s against ${jobs.one.toFixed(2)} s`;
  console.log(`        ${'triage --jobs 2, on two processors'.padEnd(44)} ${ratio} (${seconds})`);
}

/** The kernel's own state instead of registers from a file; and all pages, at the speed of the library others use. */
async function fromRealDumps(dumps: string): Promise<void> {
  const crash = await crashIn(dumps);
  if (crash !== null) {
    const inspection = [COMMAND, 'inspect', crash.dump];
    const inspected = (...args: string[]) => spawnSync(process.execPath, [...inspection, ...args], { stdio: 'ignore' });
    const [bare = 0, given = 1] = await takeTurns(9, [() => inspected(), () => inspected('--regs', crash.regs)]);
    const detail = `${bare.toFixed(0)} ms against ${given.toFixed(0)} ms`;
    report(`${basename(crash.dump)} without registers`, bare / given, 3, 'x with them', detail);
  }
  for await (const { path, dump } of realDumps(dumps)) {
    const { codecs, pages, seconds, libkdumpfileSeconds } = await readAllPages(path, dump);
    const what = `${pages} pages of ${basename(path)}`;
    const detail = `${(seconds * 1000).toFixed(0)} ms; ${codecs}`;
    if (libkdumpfileSeconds === null)
      console.log(`        ${what}: not compared, no libkdumpfile for Python (${detail})`);
    else report(what, seconds / libkdumpfileSeconds, 1, 'x libkdumpfile', detail);
  }
}

/** Starts all of this again on another Node, and returns how that ended. */
function onNode(path: string, args: readonly string[]): number {
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const tsx = [file('../node_modules/tsx/dist/cli.mjs'), '--tsconfig', file('../tools/tsconfig.run.json')];
  const { status, error } = spawnSync(path, [...tsx, file('run.ts'), ...args], { stdio: 'inherit' });
  if (error !== undefined) console.error(`${path}: ${error.message}`);
  return status ?? 1;
}

async function measureAll(dumps: string | undefined): Promise<number> {
  console.log(`Node ${process.version}`);
  await coldStart();
  manyCrashes();
  await hugeDump();
  await linearTable();
  await fullQueue();
  await l1Descriptors();
  if (dumps === undefined) console.log('        real dumps: not measured; --dumps FOLDER names them');
  else await fromRealDumps(dumps);
  return missed > 0 ? 1 : 0;
}

const USAGE = 'Usage: npm run bench [-- --node PATH] [--dumps FOLDER]';

/** Null, and it is said, where they are none that it knows. */
function argumentsGiven(): { readonly node?: string | undefined; readonly dumps?: string | undefined } | null {
  try {
    return parseArgs({ options: { node: { type: 'string' }, dumps: { type: 'string' } } }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return null;
  }
}

try {
  const given = argumentsGiven();
  if (given === null) process.exitCode = 2;
  else if (given.node === undefined) process.exitCode = await measureAll(given.dumps);
  else process.exitCode = onNode(given.node, given.dumps === undefined ? [] : ['--dumps', given.dumps]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
