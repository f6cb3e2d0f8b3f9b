/** What a script asks for with one call is what the command prints, in every format, and its JSON fits its schema. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../samples/make.ts';
import * as library from '../../src/index.ts';
import type { Report, TextOptions } from '../../src/report/render.ts';
import { run } from '../support/command.ts';
import { expectStrictlyValidDocument } from '../support/schema.ts';

const SAMPLE = join(SAMPLES_FOLDER, 'l2-hole');
const LOG = new URL('../data/logs/kdump-with-events.txt', import.meta.url);
const at = (file: string) => join(SAMPLE, file);

// By the names that the command is given, whatever folder the tests run in.
const snapshot = library.parseSnapshot(JSON.parse(readFileSync(at('regs.json'), 'utf8')), 'regs.json');
const bytes = readFileSync(at('dump.raw'));
const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
const opened = () =>
  library.openDump({ name: 'dump.raw', byteLength: bytes.length, read }, { loadMap: snapshot.memory });
const dump = await opened();
const later = await opened();
afterAll(() => {
  dump.close();
  later.close();
});

const joined = (pieces: Iterable<string>) => [...pieces].join('');

interface Case {
  readonly document: string;
  readonly args: readonly string[];
  readonly report: () => Report | Promise<Report>;
  readonly detail?: TextOptions;
  readonly stdin?: string;
}

const GIVEN = ['dump.raw', '--regs', 'regs.json'] as const;
const EVENT = ['event', '0x0000010000000010', '0x0000020800000000', '0x00000000ffffb002', '0'] as const;

const cases: readonly Case[] = [
  {
    document: 'inspection',
    args: ['inspect', ...GIVEN, '--insert', 'all', '--fail-on', 'never'],
    report: () => library.inspect(dump, snapshot, { insert: 'all', failOn: 'never' }),
    // What the command says of itself.
    detail: {
      given: {
        files: ['regs.json'],
        command: 'smmu-adopt inspect dump.raw --regs regs.json --insert all --fail-on never',
      },
    },
  },
  { document: 'info', args: ['info', ...GIVEN], report: () => library.dumpInfo(dump) },
  {
    document: 'stream',
    args: ['show', ...GIVEN, '--sid', '0x8', '--all'],
    report: () => library.show(dump, snapshot, { sid: 8 }),
    detail: { all: true },
  },
  {
    document: 'translation',
    args: ['translate', ...GIVEN, '--sid', '0x8', '--iova', '0x1000', '--write'],
    report: () => library.translate(dump, snapshot, { sid: 8, iova: 0x1000n, access: 'write' }),
  },
  {
    document: 'translation',
    args: ['translate', ...GIVEN, '--sid', '0x8', '--all'],
    report: () => library.translate(dump, snapshot, { sid: 8 }),
  },
  {
    document: 'queues',
    args: ['queues', ...GIVEN, '--all'],
    report: () => library.queues(dump, snapshot, { all: true }),
    detail: { all: true },
  },
  {
    document: 'diff',
    args: ['diff', 'dump.raw', 'dump.raw', '--regs', 'regs.json'],
    report: () => library.diff(dump, later, snapshot),
  },
  {
    document: 'log',
    args: ['log'],
    stdin: readFileSync(LOG, 'utf8'),
    report: () => library.readLog(readFileSync(LOG), { files: ['-'] }),
  },
  { document: 'decode', args: ['decode', ...EVENT], report: () => library.decode(...EVENT) },
  {
    document: 'decode',
    args: ['decode', 'gerror', '0x1', 'cmdq_cons', '0x0100b1b7'],
    report: () => library.decode('gerror 0x1', 'cmdq_cons 0x0100b1b7'),
  },
  { document: 'explain', args: ['explain'], report: () => library.explain() },
  {
    document: 'explain',
    args: ['explain', 'l1-span-unsupported', '0x10'],
    report: () => library.explain('l1-span-unsupported', '0x10'),
  },
  {
    document: 'validation',
    args: ['regs', 'validate', 'regs.json'],
    report: () => library.validateRegisters(snapshot),
  },
];

describe.each(cases.map((one) => [one.args.join(' '), one] as const))('%s', (_, one) => {
  const command = async (...more: string[]) =>
    (await run([...one.args, ...more], { cwd: SAMPLE, ...(one.stdin === undefined ? {} : { stdin: one.stdin }) }))
      .stdout;

  test('as text', async () => {
    const text = joined(await library.renderText(await one.report(), one.detail));
    expect(text.length).toBeGreaterThan(40);
    expect(text).toBe(await command());
  });

  test('as JSON, which fits its schema', async () => {
    const json = joined(await library.renderJson(await one.report()));
    expect(json).toBe(await command('--format', 'json'));
    expectStrictlyValidDocument(one.document, JSON.parse(json));
  });
});

describe('an inspection', () => {
  test.each([
    ['ndjson', library.renderNdjson],
    ['csv', library.renderCsv],
    ['sarif', library.renderSarif],
    ['junit', library.renderJunit],
    ['github', library.renderGithub],
  ] as const)('as %s', async (format, render) => {
    const inspection = await library.inspect(dump, snapshot, { insert: 'all' });
    const { stdout } = await run(['inspect', ...GIVEN, '--insert', 'all', '--format', format], { cwd: SAMPLE });
    expect(joined(await render(inspection))).toBe(stdout);
    expect(stdout.length).toBeGreaterThan(100);
  });

  test('as HTML', async () => {
    const html = joined(await library.renderHtml(await library.inspect(dump, snapshot)));
    expect(html).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/i);
  });

  test('in colour, in few columns, and as one line', async () => {
    const inspection = await library.inspect(dump, snapshot);
    expect(joined(await library.renderText(inspection, { color: true }))).toContain('\u001b[');
    const lines = joined(await library.renderText(inspection, { quiet: true })).split('\n');
    expect(lines).toHaveLength(2);
  });
});

test('the samples of a check', async () => {
  const { stdout } = await run(['check', SAMPLE, '--format', 'json'], {});
  expectStrictlyValidDocument('check', JSON.parse(stdout));
});

test('registers that somebody printed', () => {
  const text = readFileSync(new URL('../data/regs/devmem-loop.txt', import.meta.url), 'utf8');
  const { snapshot: json } = library.importRegisters(text, { targets: [{ base: 0x905_0000, name: 'smmu0' }] });
  const { smmus, captured } = library.parseSnapshot(json, 'imported');
  expect({ names: smmus.map(({ name }) => name), captured }).toEqual({ names: ['smmu0'], captured: 'unknown' });
  expect(smmus[0]?.registers.has('STRTAB_BASE')).toBe(true);
});

test('what is no report is refused', async () => {
  await expect(library.renderJson({} as Report)).rejects.toThrow('no report of this program');
});
