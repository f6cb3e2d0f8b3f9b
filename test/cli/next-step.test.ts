/** What people type by mistake or in short: the message says the next step, and the short form does what is meant. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../samples/make.ts';
import { run } from '../support/command.ts';
import { temporaryFolder } from '../support/temporary.ts';

const cwd = join(SAMPLES_FOLDER, 'l2-hole');
const folder = temporaryFolder();
const VMCORE = join(SAMPLES_FOLDER, 'bare-vmcore', 'vmcore');
const GIVEN = ['dump.raw', '--regs', 'regs.json'] as const;

test('is a command as a shell takes it', async () => {
  const name = "Ann's dump.raw";
  folder.write(name, '');
  const { stderr } = await run([name], { cwd: folder.path });
  expect(stderr).toContain(`: to look at this file, smmu-adopt inspect 'Ann'\\''s dump.raw'\n`);
});

describe('the next step', () => {
  test.each([
    [['dump.raw'], "unknown command 'dump.raw': to look at this file, smmu-adopt inspect dump.raw"],
    [['dump.raw@0x80000000'], 'smmu-adopt inspect dump.raw@0x80000000'],
    [['https://dumps.example/vmcore'], 'to look at this URL, smmu-adopt inspect https://dumps.example/vmcore'],
    [
      ['https://ann:secret@dumps.example/vmcore?sig=secret'],
      "unknown command 'https://dumps.example/vmcore?...': to look at this URL, smmu-adopt inspect 'https://dumps.example/vmcore?...'",
    ],
    [['regs.json'], 'smmu-adopt regs validate regs.json'],
    [['iomem.txt'], 'smmu-adopt log iomem.txt'],
    [['nothing-like-it'], "unknown command 'nothing-like-it'; there are inspect, info, "],
    [['regs', 'nothing-like-it'], "unknown command 'nothing-like-it'; there are import, extract, validate and capture"],
    [['--nothing-like-it'], "unknown option '--nothing-like-it'; smmu-adopt --help lists all"],
    [['info', '--nothing-like-it'], "unknown option '--nothing-like-it'; smmu-adopt info --help lists all"],
    [['diff', 'dump.raw'], "missing required argument 'after': the later dump of the same machine"],
    [['diff', 'a', 'b', 'c'], 'got 3; the usage is smmu-adopt diff [options] <before> <after>'],
    [['completion'], "missing required argument 'shell': the shell that it is for, one of bash, zsh, fish"],
    [['show', 'dump.raw'], "required option '--sid <sid>' not specified: the StreamID: 0x100, "],
    [['regs', 'import', 'iomem.txt'], 'physical address of register page 0, where /proc/iomem has the SMMU'],
    [['regs', 'validate', 'sample.json'], 'it is a sample, which smmu-adopt check runs'],
    [['inspect', '.'], '.: is a directory; a file is needed; smmu-adopt triage finds the crashes in it'],
    [['inspect', '--regs', 'regs.json'], 'name it behind the command, or as "file" of the range'],
    [['info', 'dump.raw', '--log'], "what was saved of a console, 'smmu-adopt log FILE' reads"],
    [['info', 'dump.raw', '--iomem'], "goes to 'smmu-adopt inspect' with --iomem FILE"],
    [['inspect', 'dump.raw', '--smmu'], "option '--smmu <name>' argument missing: "],
    [
      ['inspect', 'ftp://ann:secret@dumps.example/vmcore'],
      'smmu-adopt: ftp://dumps.example/vmcore: has the scheme ftp; http and https are read: give a copy of it on this',
    ],
    [['inspect', ...GIVEN, '--dmesg', VMCORE], 'is an ELF file; a dump stands in front of the options'],
    [['inspect', ...GIVEN, '--iomem', VMCORE], 'is an ELF file; a dump stands in front of the options'],
    [['inspect', ...GIVEN, '--iort', VMCORE], 'is an ELF file; a dump stands in front of the options'],
    [['log'], 'standard input: is empty: name a log, or pipe one in, as in dmesg | smmu-adopt log'],
    [['nothing-like-it', '--help'], "unknown command 'nothing-like-it'"],
    [['nothing-like-it', '-h'], "unknown command 'nothing-like-it'"],
    [['--help', 'nothing-like-it'], "unknown command 'nothing-like-it'"],
    [['regs', '-h', 'inport'], "unknown command 'inport' (Did you mean import?)"],
    [['help', 'inspekt'], "unknown command 'inspekt' (Did you mean inspect?)"],
    [['regs', 'inport', '--help'], "unknown command 'inport' (Did you mean import?)"],
    [['dump.raw', '--help'], 'to look at this file, smmu-adopt inspect dump.raw'],
    [
      ['info', 'dump.raw', '--sid', '3'],
      'info does not have it; it belongs to inspect, show, translate, queues and diff',
    ],
    [
      ['inspect', ...GIVEN, '--iova', '1'],
      "unknown option '--iova': inspect does not have it; it belongs to translate",
    ],
    [['regs', 'validate', 'regs.json', '--captured', 'running'], 'it belongs to regs import'],
    [['--regs', 'regs.json', 'dump.raw'], 'there is no command in front of it; it belongs to inspect, '],
    [['show', 'dump.raw', '--sid', '8', 'regs.json'], 'regs.json: is a register snapshot, which is not read as a dump'],
    [['queues', 'regs.json', 'dump.raw'], 'give it with --regs FILE beside a dump'],
    [['translate', 'dump.raw', '--sid', '8', '--iova', '1'], "make a register snapshot with 'smmu-adopt regs capture'"],
    [['inspect', 'dump.raw', '--regs', ''], 'smmu-adopt: "": cannot be opened (ENOENT)'],
    [['inspect', ''], 'smmu-adopt: "": '],
    [['log', ''], 'smmu-adopt: "": cannot be opened (ENOENT)'],
    [['info'], 'no dump was named; give its file or its URL'],
    [['info', 'regs.json'], 'give it with --regs FILE beside a dump'],
    [['inspect', 'dump.raw', '--regs', 'dump.raw'], 'a dump stands before --regs'],
  ])('%j', async (args, message) => {
    const { stdout, stderr, status } = await run(args, { cwd });
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toContain(message);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  test('a file name that nobody should trust is escaped', async () => {
    folder.write('a\u001b[31m.json', '{}');
    const { stderr } = await run(['a\u001b[31m.json'], { cwd: folder.path });
    expect(stderr).toContain("regs validate $'a\\u001b[31m.json'");
  });
});

describe('--json', () => {
  test.each([
    [['inspect', ...GIVEN, '--fail-on', 'never']],
    [['info', ...GIVEN]],
    [['show', ...GIVEN, '--sid', '8']],
    [['explain', 'l1-span-unsupported']],
    [['check', '.']],
    [['log', 'iomem.txt']],
    [['regs', 'validate', 'regs.json']],
  ])('of %j is --format json', async (args) => {
    const short = await run([...args, '--json'], { cwd });
    expect(short).toEqual(await run([...args, '--format', 'json'], { cwd }));
    expect(JSON.parse(short.stdout)).toMatchObject({ schemaVersion: 1 });
  });

  test('gives way to a --format', async () => {
    const { stdout } = await run(['info', ...GIVEN, '--json', '--format', 'text'], { cwd });
    expect(stdout).toMatch(/^dump +dump\.raw\nformat +raw\n/);
  });
});

describe('--output by the ending of its name', () => {
  const BEGINS: readonly (readonly [file: string, begins: RegExp])[] = [
    ['a.html', /^<!doctype html>/i],
    ['a.json', /^\{\n {2}"schemaVersion"/],
    ['A.JSON', /^\{\n {2}"schemaVersion"/],
    ['a.ndjson', /^\{"record":"dump"/],
    ['a.csv', /^smmu,sid,/],
    ['a.sarif', /"\$schema": ?"[^"]*sarif/],
    ['a.sarif.json', /"\$schema": ?"[^"]*sarif/],
    ['a.xml', /^<\?xml/],
    ['a.txt', /^arm-smmu-v3\.0\.auto: /],
    ['a.md', /^arm-smmu-v3\.0\.auto: /],
    ['a.unknown', /^arm-smmu-v3\.0\.auto: /],
  ];
  const inspect = (...more: string[]) => run(['inspect', ...GIVEN, '--fail-on', 'never', ...more], { cwd });
  const text = (file: string) => readFileSync(join(folder.path, file), 'utf8');

  test.each(BEGINS)('%s', async (file, begins) => {
    const { stdout, status } = await inspect('-o', join(folder.path, file));
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    expect(text(file)).toMatch(begins);
  });

  test('several at once, beside one for stdout', async () => {
    const [html, json] = ['b.html', 'b.json'].map((file) => join(folder.path, file)) as [string, string];
    const { stdout } = await inspect('-o', html, '-o', json);
    expect(stdout).toBe('');
    expect([text('b.html').slice(0, 9).toLowerCase(), text('b.json').slice(0, 2)]).toEqual(['<!doctype', '{\n']);
    const both = await inspect('--format', 'csv', '-o', '-', '-o', json);
    expect(both.stdout).toMatch(/^smmu,sid,/);
  });

  test('a --format says it better', async () => {
    await inspect('--format', 'csv', '-o', join(folder.path, 'c.html'));
    expect(text('c.html')).toMatch(/^smmu,sid,/);
    await inspect('-o', join(folder.path, 'd.json'), '--format', 'csv');
    expect(text('d.json')).toMatch(/^smmu,sid,/);
    await inspect('--json', '-o', join(folder.path, 'e.txt'));
    expect(text('e.txt')).toMatch(/^\{/);
    expect(existsSync(join(folder.path, 'none'))).toBe(false);
  });
});
