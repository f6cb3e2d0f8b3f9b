/** `smmu-adopt translate` from outside: one access and all of them, in text and JSON, and what it refuses. */

import { beforeAll, describe, expect, test } from 'vitest';
import { run, runProcess } from '../../support/command.ts';
import { aliased, machine, REGISTERS } from '../../support/made/one-stream.ts';
import { expectStrictlyValidTranslation } from '../../support/schema.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { elfCore } from '../../support/writers/elf-writer.ts';

const folder = temporaryFolder();
const NAMES = { one: ['smmu0'], two: ['smmu0', 'smmu1'] };

beforeAll(() => {
  folder.write('dump.elf', elfCore(machine().extents()).bytes);
  folder.write('bypass.elf', elfCore(machine({ Config: 4 }).extents()).bytes);
  folder.write('abort.elf', elfCore(machine({ Config: 0 }).extents()).bytes);
  folder.write('full.elf', elfCore(aliased(28).extents()).bytes);
  for (const [file, names] of Object.entries(NAMES)) {
    const smmus = names.map((name) => ({ name, registers: REGISTERS }));
    folder.write(`${file}.json`, JSON.stringify({ smmus }));
  }
});

const translate = (args: string, { dump = 'dump.elf', regs = 'one.json' } = {}) =>
  run(['translate', dump, '--regs', regs, ...args.split(' ').filter(Boolean)], { cwd: folder.path });

async function stdout(args: string, status: number, options?: Parameters<typeof translate>[1]): Promise<string> {
  const outcome = await translate(args, options);
  expect({ stderr: outcome.stderr, status: outcome.status }, args).toEqual({ stderr: '', status });
  return outcome.stdout;
}

const json = async (...args: Parameters<typeof stdout>) => {
  const [asked, ...rest] = args;
  const parsed = JSON.parse(await stdout(`${asked} --format json`, ...rest));
  expectStrictlyValidTranslation(parsed);
  return parsed;
};

describe('in text', () => {
  test('where an access goes, and its way there', async () => {
    expect(await stdout('--sid 0 --iova 0x1abc', 0)).toBe(`smmu0, SID 0x0, 0x1abc, read: GOES TO 0x89000abc
  4 KiB block or page: privileged rw-, unprivileged rw-; ASID 3
  Normal write-back, RW allocate, inner shareable
  0x89000abc is nothing that the dump knows of

The way there
  Read             Index          At  Value               Says                               Page
  ---------------  -----  ----------  ------------------  ---------------------------------  -------
  STRTAB_BASE          -  0x88000000  0x0000000088000000  2^6 StreamIDs, linear, at          -
                                                          0x88000000
  STE                  0  0x88000000  0x000000008801000b  V 1, Config 5: stage 1 only        present
  CD                   0  0x88010000  0x00036204c0000022  ASID 3, TTB0 0x88020000 T0SZ 34,   present
                                                          TTB1 off
  stage 1 level 2      0  0x88020000  0x0000000088021003  table 0x88021000                   present
  stage 1 level 3      1  0x88021008  0x0060000089000743  page 0x89000000, privileged rw-,   present
                                                          unprivileged rw-, AF 1, Normal
                                                          write-back, RW allocate, inner
                                                          shareable
`);
  });

  test('the fault that ends it, and who hears of it', async () => {
    const [first, ...rest] = (await stdout('--sid 0 --iova 0x2040 --write --priv', 1)).split('\n');
    expect(first).toBe('smmu0, SID 0x0, 0x2040, privileged write: F_ACCESS');
    expect(rest.slice(0, 4)).toEqual([
      '  the stage 1 level 3 descriptor has AF 0',
      '  stage 1, while fetching the data itself',
      '  the device sees an abort; an event is recorded',
      '',
    ]);
  });

  test('everything', async () => {
    expect(await stdout('--sid 0 --all', 3)).toBe(`smmu0, SID 0x0, ASID 3: WHAT IT CAN REACH
  TTB1: CD.EPD1 is 1

  IOVA           to             PA             Rights  Size       Attributes, where they change
  0x1000         0x1fff         0x89000000     rw-/rw- 4 KiB      Normal write-back, RW allocate,
    inner shareable
  0x2000         0x2fff         F_ACCESS
  0x3000         0x3fff         0x89002000     rw-/rwx 4 KiB
  0x200000       0x3fffff       0x90000000     rw-/rwx 2 MiB
  0x400000       0x5fffff       unknown: table not in the dump (hole)

  2.01 MiB mapped by 3 blocks and pages; 1 range with tables not in the dump
`);
  });

  test.each([
    ['bypass.elf', 'PASSES THROUGH AS 0x1000', 0],
    ['abort.elf', 'ABORTED, WITHOUT AN EVENT', 1],
  ])('%s', async (dump, says, status) => {
    expect(await stdout('--sid 0 --iova 0x1000', status, { dump })).toContain(`read: ${says}\n`);
  });
});

describe('in JSON', () => {
  test('with the keys that scripts rely on', async () => {
    const report = await json('--sid 0 --iova 0x1abc', 0);
    expect(report).toMatchObject({
      ...{ schemaVersion: 1, smmu: 'smmu0', sid: 0, ssid: 0, iova: '0x1abc', access: 'read', outcome: 'translated' },
      ...{ pa: '0x89000abc', size: 4096, fault: null, permissions: { read: true, write: true, execute: false } },
    });
    expect(report.steps.at(-1)).toEqual({
      ...{ what: 'stage 1 level 3 descriptor', address: '0x88021008', index: 1, value: '0x0060000089000743' },
      meaning: expect.stringMatching(/^page 0x89000000, /),
      pageState: 'present',
    });
  });

  test.each([
    ['--iova 0x1000', 'dump.elf', 'translated', null, 0],
    ['--iova 4096 --exec', 'dump.elf', 'fault', 'F_PERMISSION', 1],
    ['--iova 0x0', 'dump.elf', 'fault', 'F_TRANSLATION', 1],
    ['--iova 0x1000 --ssid 1', 'dump.elf', 'fault', 'C_BAD_SUBSTREAMID', 1],
    ['--iova 0x1000', 'abort.elf', 'abort', null, 1],
    ['--iova 0x1000', 'bypass.elf', 'bypass', null, 0],
    ['--iova 0x400000', 'dump.elf', 'indeterminate', null, 3],
    ['--iova 0xffffffffffffffff', 'dump.elf', 'fault', 'F_TRANSLATION', 1],
  ])('%s in %s: %s, %s, status %i', async (args, dump, outcome, fault, status) => {
    expect(await json(`--sid 0 ${args}`, status, { dump })).toMatchObject({ outcome, fault });
  });

  test('everything', async () => {
    const { outcome, ranges, asid } = await json('--sid 0 --all', 3);
    expect({ outcome, asid }).toEqual({ outcome: 'translated', asid: 3 });
    expect(ranges.map(({ kind }: { kind: string }) => kind)).toEqual([
      'mapped',
      'fault',
      'mapped',
      'mapped',
      'unknown',
    ]);
    expect(await json('--sid 0 --all', 0, { dump: 'bypass.elf' })).toMatchObject({ outcome: 'bypass', ranges: [{}] });
    expect(await json('--sid 0 --all', 1, { dump: 'abort.elf' })).toMatchObject({ outcome: 'abort', ranges: [] });
    expect(await json('--sid 64 --all', 1)).toMatchObject({ outcome: 'fault', fault: 'C_BAD_STREAMID', ranges: [] });
  });

  test('of one SMMU of several', async () => {
    expect(await json('--sid 0 --iova 0x1000 --smmu smmu1', 0, { regs: 'two.json' })).toMatchObject({ smmu: 'smmu1' });
  });

  // All of it in memory, or the ranges alone, would be more than the process may have.
  test('everything, streamed', () => {
    const args = ['translate', 'full.elf', '--regs', 'one.json', '--sid', '0', '--all', '--format', 'json'];
    const env = { NODE_OPTIONS: '--max-old-space-size=24' };
    const { stdout: text, ...rest } = runProcess(args, { cwd: folder.path, env });
    expect(rest).toEqual({ stderr: '', status: 0 });
    expect(text.length).toBeGreaterThan(20_000_000);
    expect(text.match(/"kind":"mapped"/g)).toHaveLength(2 ** 16);
    const last = text.lastIndexOf('{"kind":');
    const end = JSON.parse(text.slice(last, text.indexOf('\n', last)));
    expect(end).toMatchObject({ start: '0xffff000', end: '0xfffffff', pa: '0x901fe000', leaves: 1 });
  });
});

describe('what it refuses', () => {
  test.each([
    ['--sid 0', '--iova says which address, --all that all are meant'],
    ['--sid 0 --iova 0 --all', "option '--iova <address>' cannot be used with option '--all'"],
    ['--sid 0 --iova 12x', '"12x" is not an input address, hex or decimal'],
    ['--sid 0 --iova -1', '"-1" is not an input address, hex or decimal'],
    ['--sid 0 --iova 18446744073709551616', '"18446744073709551616" is too large for an input address'],
    ['--sid 0 --iova 0 --read --write', "option '--read' cannot be used with option '--write'"],
    ['--sid 0 --iova 0 --exec --write', "option '--write' cannot be used with option '--exec'"],
    ['--sid 0 --all --write', "option '--write' cannot be used with option '--all'"],
    ['--sid 0 --all --priv', "option '--priv' cannot be used with option '--all'"],
    ['--sid 0,1 --iova 0', '"0,1" is more than one StreamID; inspect --sid takes several'],
    ['--sid 0 --iova 0 --ssid 0x100000', '"0x100000" is too large for a SubstreamID'],
    ['--iova 0', "required option '--sid <sid>' not specified"],
    ['--sid 0 --iova 0 --smmu other', 'no SMMU "other"; there are smmu0'],
  ])('%s', async (args, message) => {
    const outcome = await translate(args);
    expect(outcome).toMatchObject({ status: 2, stdout: '' });
    expect(outcome.stderr).toContain(message);
    expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('several SMMUs without --smmu', async () => {
    const outcome = await translate('--sid 0 --iova 0', { regs: 'two.json' });
    expect(outcome).toMatchObject({ status: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/smmu0.*smmu1/);
  });

  test('but not to help', async () => {
    const { stdout: help, status } = await run(['translate', '--help']);
    expect(status).toBe(0);
    for (const part of ['--iova <address>', '--all', '--write', '--exec', '--priv', 'Exit status:']) {
      expect(help, part).toContain(part);
    }
  });
});
