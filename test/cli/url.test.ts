/** The command on dumps behind URLs: the same reports, few requests, and no secrets in any of them. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMAND, SAMPLES_FOLDER } from '../../samples/make.ts';
import { run, runProcess } from '../support/command.ts';
import { startRangeServer } from '../support/outside/range-server.ts';
import { someOf } from '../support/slow.ts';
import { temporaryFolder } from '../support/temporary.ts';

const SAMPLE = join(SAMPLES_FOLDER, 'bad-span');
const folder = temporaryFolder();
const bytes = readFileSync(join(SAMPLE, 'dump.raw'));
folder.write('dump.raw', bytes);
folder.write('vmcore', readFileSync(join(SAMPLES_FOLDER, 'page-64k', 'dump.elf')));
folder.write('low.bin', bytes.subarray(0, 0x1000));
folder.write('high.bin', bytes.subarray(0x1000));
folder.write('dump_info.txt', '1 0x0 1 DDR x DDR.BIN\n');
const server = await startRangeServer(folder.path);
/** With a name, a password and a signature that must not come out again. */
const url = (fault: string, name: string) => `${server.url(fault, name).replace('//', '//me:s3cret@')}?sig=s3cret`;
const shown = (fault: string, name: string) => `${server.url(fault, name)}?...`;
const inspect = (dumps: readonly string[], ...args: string[]) =>
  run(['inspect', ...dumps, '--regs', 'regs.json', ...args], { cwd: SAMPLE });

test('inspect: the report of the file, but for its name, with one request', async () => {
  const { stdout, stderr, status } = await inspect([url('good', 'dump.raw')], '--format', 'json', '--verbose');
  const expected = JSON.parse(readFileSync(join(SAMPLE, 'expected.json'), 'utf8'));
  expect(JSON.parse(stdout)).toEqual({ ...expected, dump: { ...expected.dump, files: [shown('good', 'dump.raw')] } });
  expect(stderr).toBe(`${shown('good', 'dump.raw')}: 1 request, ${bytes.length} bytes\n`);
  expect(status).toBe(1);
});

test('info of a core', async () => {
  const { stdout, stderr, status } = await run(['info', url('good', 'vmcore'), '-v']);
  expect({ stderr, status }).toEqual({ stderr: expect.stringMatching(/\?\.\.\.: 1 request, \d+ bytes\n$/), status: 0 });
  expect(stdout).toContain(shown('good', 'vmcore'));
});

const TAKERS = [
  ['a file', (command: readonly string[]) => [command, openSync(join(folder.path, 'out.txt'), 'w')] as const],
  ['a pipe', (command: readonly string[]) => [['sh', '-c', '"$@" | cat', 'sh', ...command], 'pipe'] as const],
] as const;

test.each(someOf(TAKERS, 2))('the command itself, whose stdout is %s', async (_, arrange) => {
  const [[program = '', ...args], stdout] = arrange([process.execPath, COMMAND, 'info', url('good', 'vmcore')]);
  const child = spawn(program, args, { stdio: ['ignore', stdout, 'pipe'] });
  let [said, complaints] = ['', ''];
  child.stdout?.on('data', (text) => (said += text));
  child.stderr?.on('data', (text) => (complaints += text));
  await once(child, 'close');
  if (typeof stdout === 'number') {
    closeSync(stdout);
    said = readFileSync(join(folder.path, 'out.txt'), 'utf8');
  }
  expect(complaints).toBe('');
  expect(said).toContain(shown('good', 'vmcore'));
});

test.each([
  ['reads text as modules', '--input-type=module', { stdout: /^format +elf$/m, stderr: /^$/, status: 0 }],
  // Node's fetch() throws behind its own back there.
  ['has no WebAssembly', '--jitless', { stdout: /^$/, stderr: /cannot be fetched: WebAssembly/, status: 2 }],
])('the command itself, where Node %s', (_, options, { stdout, stderr, status }) => {
  const outcome = runProcess(['info', url('good', 'vmcore')], { env: { NODE_OPTIONS: options } });
  expect(outcome.stdout).toMatch(stdout);
  expect(outcome.stderr).toMatch(stderr);
  expect(outcome.status).toBe(status);
});

test('the command itself, where Node may start no thread', () => {
  const { allowedNodeEnvironmentFlags: flags } = process;
  const permission = flags.has('--permission') ? '--permission' : '--experimental-permission';
  const NODE_OPTIONS = `${permission} --allow-fs-read=* --no-warnings`;
  const { stdout, stderr, status } = runProcess(['info', url('good', 'vmcore')], { env: { NODE_OPTIONS } });
  const complaint = 'smmu-adopt: the permissions that Node was started with forbid it (WorkerThreads)\n';
  expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: complaint, status: 2 });
});

test('raw memory in two places, one of them here', async () => {
  const regs = JSON.parse(readFileSync(join(SAMPLE, 'regs.json'), 'utf8'));
  const [l1, l2] = regs.memory.map(({ base }: { base: string }) => base);
  const second = join(folder.path, 'high.bin');
  const outcome = await inspect([`${url('good', 'low.bin')}@${l1}`, `${second}@${l2}`], '-q', '--insert', '0x8');
  expect(outcome.stdout).toMatch(/: arm-smmu-v3\.0\.auto: FALLS BACK/);
  expect(outcome.stderr).toBe('');
});

test.each([
  ['inspect', join(SAMPLE, 'dump.raw'), '--regs'],
  ['inspect', join(SAMPLE, 'dump.raw'), '--regs', join(SAMPLE, 'regs.json'), '--iort'],
  ['log'],
  ['regs', 'validate'],
  ['triage'],
  ['check'],
])('%s %s %s: only dumps are read from URLs, and no secret is said', async (...args) => {
  const { stdout, stderr, status } = await run([...args.filter(Boolean), 'http://me:s3cret@host/a.json?sig=s3cret']);
  const expected = 'http://host/a.json?...: is a URL, from which only a dump is read; download it first';
  expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: `smmu-adopt: ${expected}\n`, status: 2 });
});

test('no secret in any format', async () => {
  const endings = ['txt', 'json', 'ndjson', 'csv', 'sarif', 'xml', 'html'];
  const files = endings.map((ending) => join(folder.path, `report.${ending}`));
  const outputs = files.flatMap((file) => ['-o', file]);
  const later = ['--later', url('good', 'dump.raw')];
  const { stdout, stderr } = await inspect([url('good', 'dump.raw')], ...later, '--format', 'github', ...outputs);
  for (const text of [stdout + stderr, ...files.map((file) => readFileSync(file, 'utf8'))]) {
    expect(text.length).toBeGreaterThan(100);
    expect(text).not.toContain('s3cret');
  }
});

describe('one line, exit status 2, and no secret', () => {
  test.each<[string, string[], string]>([
    ['no ranges', [url('whole', 'dump.raw')], 'the server sends only whole files, and no ranges; download it first'],
    ['not there', [url('missing', 'dump.raw')], 'HTTP 404 Not Found'],
    ['a circle', [url('circle', 'dump.raw')], 'redirects more than 5 times'],
    ['no URL', ['http://me:s3cret@:x/'], 'http://...: is not a URL'],
    ['an address too high', [`${url('good', 'dump.raw')}@0x10000000000000`], 'the load address is beyond 52 bits'],
    ['two addresses', [`${url('good', 'dump.raw')}@0x0`, '--base', '0x0'], 'has an @address and --base'],
    ['a load map beside it', [url('good', 'dump_info.txt')], 'names files beside it, which is followed on disk only'],
    ['no address', [url('good', 'low.bin'), url('good', 'high.bin')], 'could be in any of the dump files'],
  ])('%s', async (_, args, message) => {
    const { stdout, stderr, status } = await inspect(args);
    expect({ stdout, status, lines: stderr.split('\n').length - 1 }).toEqual({ stdout: '', status: 2, lines: 1 });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('s3cret');
  });
});

test('a connection that is lost and found again changes nothing', async () => {
  folder.write('padded.bin', Buffer.concat([bytes, Buffer.alloc(1 << 20), bytes]));
  const at = `@0x${(0x8800_2000 - bytes.length - (1 << 20)).toString(16)}`;
  const whole = await inspect([`${join(folder.path, 'padded.bin')}${at}`], '--format', 'json');
  const fetched = await inspect([`${server.url('cut-once', 'padded.bin')}${at}`], '--format', 'json');
  const withoutName = (stdout: string) => stdout.replace(/"files": .*/, '');
  expect(withoutName(fetched.stdout)).toBe(withoutName(whole.stdout));
  expect(fetched.stderr).toBe('');
});
