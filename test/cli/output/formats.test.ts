/** `--format` and `--output` of the command: every format on every sample in one run, and what goes where. */

import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { RUNS, runSample, SAMPLES_FOLDER } from '../../../samples/make.ts';
import { run } from '../../support/command.ts';
import { sarifRun } from '../../support/sarif.ts';
import { someOf } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { parseXml } from '../../support/xml.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder.path, name);
const read = (name: string) => readFileSync(inFolder(name), 'utf8');
const inspectIn = (name: string, ...args: string[]) =>
  run(['inspect', 'dump.raw', '--regs', 'regs.json', ...args], { cwd: join(SAMPLES_FOLDER, name) });

interface NdjsonRecord {
  readonly record: string;
  readonly smmu?: string;
  readonly [key: string]: unknown;
}

/** The JSON report out of the records of `--format ndjson`. */
function regrouped(ndjson: string): unknown {
  const records = ndjson
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as NdjsonRecord);
  const without = ({ record: _record, ...rest }: NdjsonRecord) => rest;
  const all = (kind: string) => records.filter(({ record }) => record === kind).map(without);
  const of = (kind: string, name: unknown) =>
    all(kind)
      .filter(({ smmu }) => smmu === name)
      .map(({ smmu: _smmu, ...rest }) => rest);
  const [{ schemaVersion, tool, later, kernel, ...dump } = {}] = all('dump') as [Record<string, unknown>?];
  const smmus = (all('smmu') as Record<string, unknown>[]).map((smmu) => ({
    ...smmu,
    adoption: of('adoption', smmu['name'])[0],
    inserts: of('insert', smmu['name']),
    l1: of('l1', smmu['name']),
    stes: of('ste', smmu['name']),
  }));
  return { schemaVersion, tool, dump, later, kernel, smmus, findings: all('finding'), summary: all('summary')[0] };
}

describe.each(someOf([...RUNS.keys()], 8))('%s in every format at once', (name) => {
  const formats = ['json', 'ndjson', 'csv', 'sarif', 'junit', 'github'];
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON.parse answers
  let json: any;
  let printed: Awaited<ReturnType<typeof runSample>>;
  beforeAll(async () => {
    const files = formats.flatMap((format) => ['--format', format, '--output', inFolder(`${name}.${format}`)]);
    printed = await runSample(name, [...files, '--format', 'text']);
    json = JSON.parse(read(`${name}.json`));
  });

  test('text and JSON are what they are alone', () => {
    const kept = (file: string) => readFileSync(join(SAMPLES_FOLDER, name, file), 'utf8');
    expect(printed.stdout).toBe(kept('expected.txt'));
    expect(read(`${name}.json`)).toBe(kept('expected.json'));
    expect(printed.stderr).toContain(`report written to ${inFolder(`${name}.github`)}\n`);
  });

  test('NDJSON has the data of JSON', () => {
    expect(regrouped(read(`${name}.ndjson`))).toEqual(json);
  });

  test('CSV has every STE', () => {
    const stes = json.smmus.flatMap((smmu: { stes: unknown[] }) => smmu.stes);
    expect(read(`${name}.csv`).split('\r\n')).toHaveLength(stes.length + 2);
  });

  test('SARIF fits its schema and has every finding', () => {
    const { results } = sarifRun(read(`${name}.sarif`));
    const rules = json.findings.map(({ rule }: { rule: string }) => rule).sort();
    expect(results.map(({ ruleId }) => ruleId).sort()).toEqual(rules);
  });

  test('JUnit XML is well-formed and has every check', () => {
    const { children } = parseXml(read(`${name}.junit`));
    for (const { adoption } of json.smmus) {
      const cases = children.flatMap((suite) => suite.children.map(({ attributes }) => attributes['name']));
      expect(cases).toEqual(expect.arrayContaining(adoption.checks.map(({ id }: { id: string }) => id)));
    }
  });

  test('GitHub has a line for each finding', () => {
    expect(read(`${name}.github`).split('\n')).toHaveLength(json.findings.length + 2);
  });
});

describe('what goes where', () => {
  const kindOf = (text: string) => (text.startsWith('{\n') ? 'json' : text.startsWith('{"record"') ? 'ndjson' : 'text');

  test.each<[string, string[], Record<string, string>]>([
    ['no option', [], { stdout: 'text' }],
    ['an output alone', ['--output', 'a'], { a: 'text' }],
    ['an output in front of the only format', ['--output', 'a', '--format', 'json'], { a: 'json' }],
    [
      'formats with outputs, the first without',
      '--format text --format json -o a'.split(' '),
      { stdout: 'text', a: 'json' },
    ],
    ['the last without', '--format ndjson -o a --format json'.split(' '), { a: 'ndjson', stdout: 'json' }],
    [
      'one in the middle without',
      '--format ndjson -o a --format json --format text -o b'.split(' '),
      { a: 'ndjson', stdout: 'json', b: 'text' },
    ],
    ['stdout by name', '--format ndjson -o - --format json -o a'.split(' '), { stdout: 'ndjson', a: 'json' }],
    ['a format twice', '--format json -o a --format json -o b'.split(' '), { a: 'json', b: 'json' }],
  ])('%s', async (_, args, expected) => {
    const paths = args.map((arg) => (arg === 'a' || arg === 'b' ? inFolder(arg) : arg));
    const { stdout, stderr, status } = await inspectIn('bad-span', ...paths);
    const { stdout: shown, ...files } = expected;
    expect(status).toBe(1);
    expect(stdout === '' ? undefined : kindOf(stdout)).toBe(shown);
    for (const [file, kind] of Object.entries(files)) {
      expect(kindOf(read(file))).toBe(kind);
      expect(statSync(inFolder(file)).mode & 0o777).toBe(0o600);
    }
    expect(stderr).toBe(
      Object.keys(files)
        .map((file) => `report written to ${inFolder(file)}\n`)
        .join(''),
    );
  });

  test('-q says nothing of files', async () => {
    expect(await inspectIn('bad-span', '-q', '--format', 'csv', '-o', inFolder('q.csv'))).toEqual({
      stdout: '',
      stderr: '',
      status: 1,
    });
  });

  test('control characters in the name of a file are shown by their code', async () => {
    const { stderr } = await inspectIn('bad-span', '-o', inFolder('\u001b[31m\nred'));
    expect(stderr).toBe(`report written to ${inFolder('\\u001b[31m\\u000ared')}\n`);
  });

  symlinkSync(inFolder('same'), inFolder('link'));
  writeFileSync(inFolder('same'), 'kept');

  test.each<[string, string[], string]>([
    [
      'two formats for stdout',
      ['--format', 'text', '--format', 'json'],
      '--format text and --format json both go to stdout; all but one format need an --output',
    ],
    [
      'the same by name',
      ['--format', 'text', '-o', '-', '--format', 'json'],
      '--format text and --format json both go to stdout; ',
    ],
    [
      'two outputs for one format',
      ['--format', 'json', '-o', 'a', '-o', 'b'],
      '--output "b" has no --format; each --output goes behind its --format',
    ],
    [
      'two outputs in front',
      ['-o', 'a', '-o', 'b', '--format', 'json', '--format', 'csv'],
      '--output "b" has no --format; ',
    ],
    [
      'one file twice',
      ['--format', 'json', '-o', inFolder('new'), '--format', 'csv', '-o', inFolder('./new')],
      'new: --format json and --format csv both go to this file',
    ],
    [
      'one file by two names',
      ['--format', 'json', '-o', inFolder('same'), '--format', 'csv', '-o', inFolder('link')],
      'link: --format json and --format csv both go to this file',
    ],
    ['an unknown format', ['--format', 'xml'], 'Allowed choices are text, json, ndjson, csv, sarif, junit, github'],
    [
      'an input',
      ['--format', 'json', '--format', 'csv', '-o', 'regs.json'],
      'regs.json: is an input; --output would overwrite it',
    ],
    [
      'a folder that is not there',
      ['--format', 'json', '--format', 'csv', '-o', '/no/such/folder/x'],
      '/no/such/folder/x: cannot be written (ENOENT)',
    ],
  ])('%s is refused in one line, and nothing is printed', async (_, args, message) => {
    const { stdout, stderr, status } = await inspectIn('bad-span', ...args);
    expect({ stdout, status, lines: stderr.split('\n').length - 1 }).toEqual({ stdout: '', status: 2, lines: 1 });
    expect(stderr).toContain(message);
    expect(read('same')).toBe('kept');
  });
});
