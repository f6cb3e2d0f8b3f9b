/** The command from outside: streams, exit status, options, and what it says of things it cannot use. */

import { spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMAND, SAMPLES_FOLDER } from '../../samples/make.ts';
import { REVISIONS } from '../../src/adopt/revisions/revisions.ts';
import { TOOL } from '../../src/version.ts';
import { run } from '../support/command.ts';
import { someOf } from '../support/slow.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { elfCore } from '../support/writers/elf-writer.ts';

const folder = temporaryFolder();
const sample = (name: string, file: string) => join(SAMPLES_FOLDER, name, file);
const inspectIn = (name: string, ...args: string[]) =>
  run(['inspect', 'dump.raw', '--regs', 'regs.json', ...args], { cwd: join(SAMPLES_FOLDER, name) });

/** The memory of the healthy sample from 0x88000000 on, as one stretch, and its snapshot without a load map. */
const image = Buffer.alloc(0x30000);
readFileSync(sample('healthy-two-level', 'dump.raw')).copy(image, 0x2000, 0, 0x1000);
readFileSync(sample('healthy-two-level', 'dump.raw')).copy(image, 0x10000, 0x1000, 0x9000);
const placedRegs = folder.write('placed.json', withoutMemory('healthy-two-level'));

test('where Node may not compile text, it says so', () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--disallow-code-generation-from-strings', COMMAND, 'info', sample('bare-vmcore', 'vmcore')],
    { encoding: 'utf8' },
  );
  const complaint =
    'smmu-adopt: Node was started with --disallow-code-generation-from-strings, and headers of dumps cannot be read so\n';
  expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: complaint, status: 2 });
});

describe('streams and options', () => {
  test('--version', async () => {
    expect(await run(['--version'])).toEqual({ stdout: `${TOOL.version}\n`, stderr: '', status: 0 });
  });

  test('help has examples and the exit statuses, and fits the terminal', async () => {
    const { stdout, status } = await run(['inspect', '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('Examples:\n  smmu-adopt inspect vmcore --regs regs.json\n');
    expect(stdout).toMatch(/Exit status:\n( {2}[0-3] {2}.+\n){4}/);
  });

  test('-q prints one line for each SMMU', async () => {
    expect(await inspectIn('two-smmus', '-q')).toEqual({
      stdout:
        'dump.raw: arm-smmu-v3.0.auto: ADOPTED, revision v6; worst note gbpa-bypass, of 0 errors, 0 warnings, 3 notes\n' +
        'dump.raw: off\\u001b[31m\\u000ared: ADOPTION NOT ATTEMPTED, revision v6; ' +
        'worst note smmu-disabled, of 0 errors, 0 warnings, 1 note\n',
      stderr: '',
      status: 0,
    });
  });

  test('--smmu picks one', async () => {
    const { stdout } = await inspectIn('two-smmus', '--smmu', 'arm-smmu-v3.0.auto', '--format', 'json');
    expect(JSON.parse(stdout).smmus).toHaveLength(1);
  });

  test.each([
    ['bad-span', 'error', 1],
    ['bad-span', 'never', 0],
    ['null-l2-pointer', 'error', 0],
    ['null-l2-pointer', 'warning', 1],
    ['thin-snapshot', 'warning', 0],
  ])('%s with --fail-on %s exits with %i', async (name, failOn, status) => {
    expect((await inspectIn(name, '--fail-on', failOn, '-q')).status).toBe(status);
  });

  test('a note fails with --fail-on note', async () => {
    expect((await inspectIn('thin-snapshot', '--sid', '0x500', '--fail-on', 'note', '-q')).status).toBe(1);
  });

  test('--all lists unused descriptors and every STE', async () => {
    const { stdout } = await inspectIn('healthy-two-level', '--all', '--format', 'json');
    const [smmu] = JSON.parse(stdout).smmus;
    expect(smmu.l1).toHaveLength(16);
    expect(smmu.stes).toHaveLength(512);
    expect(smmu.census).toMatchObject({ stes: 4096, located: 512, unknown: 0, valid: 512 });
  });

  test('colour only when it is asked for', async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
    const escapes = /\u001b/;
    expect((await inspectIn('bad-span')).stdout).not.toMatch(escapes);
    expect((await inspectIn('bad-span', '--color', 'always')).stdout).toMatch(escapes);
    expect((await inspectIn('two-smmus')).stdout).not.toMatch(escapes);
  });

  test('the plain report is ASCII', async () => {
    expect((await inspectIn('bad-span')).stdout).toMatch(/^[\n\x20-\x7e]*$/);
  });

  test('--output writes a file for its owner only, and says so on stderr', async () => {
    const file = join(folder.path, 'report.json');
    writeFileSync(file, 'x'.repeat(1_000_000), { mode: 0o644 });
    const outcome = await inspectIn('bad-span', '--format', 'json', '--output', file);
    expect(outcome).toEqual({ stdout: '', stderr: `report written to ${file}\n`, status: 1 });
    expect(readFileSync(file, 'utf8')).toBe(readFileSync(sample('bad-span', 'expected.json'), 'utf8'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await inspectIn('bad-span', '-q', '--output', file)).stderr).toBe('');
  });

  test('--output refuses to overwrite an input', async () => {
    for (const file of ['dump.raw', 'regs.json']) copyFileSync(sample('bad-span', file), join(folder.path, file));
    for (const file of ['dump.raw', './regs.json']) {
      const before = readFileSync(join(folder.path, file));
      expect(await run(['inspect', 'dump.raw', '--regs', 'regs.json', '-o', file], { cwd: folder.path })).toEqual({
        stdout: '',
        stderr: `smmu-adopt: ${file}: is an input; --output would overwrite it\n`,
        status: 2,
      });
      expect(readFileSync(join(folder.path, file)).equals(before)).toBe(true);
    }
  });

  test('--output refuses to overwrite a file that only a load map names', async () => {
    const bank = readFileSync(sample('bad-span', 'dump.raw'));
    folder.write('DDRCS0.BIN', bank);
    const info = folder.write('dump_info.txt', `1 0x88002000 ${bank.length} DDR bank DDRCS0.BIN\n`);
    for (const file of ['DDRCS0.BIN', 'dump_info.txt']) {
      const path = join(folder.path, file);
      const before = readFileSync(path);
      expect(await run(['inspect', info, '--regs', sample('bad-span', 'regs.json'), '-o', path])).toEqual({
        stdout: '',
        stderr: `smmu-adopt: ${path}: is an input; --output would overwrite it\n`,
        status: 2,
      });
      expect(readFileSync(path).equals(before)).toBe(true);
    }
  });

  test.skipIf(!existsSync('/dev/full'))('a full disk behind stdout is one line on stderr', () => {
    const command = `"${process.execPath}" ../../bin/smmu-adopt.cjs inspect dump.raw --regs regs.json > /dev/full`;
    const { stderr, status } = spawnSync('sh', ['-c', command], {
      cwd: join(SAMPLES_FOLDER, 'bad-span'),
      encoding: 'utf8',
    });
    expect({ stderr, status }).toEqual({ stderr: 'smmu-adopt: stdout: cannot be written (ENOSPC)\n', status: 2 });
  });

  test('a reader that goes away ends it without a word', () => {
    const command = `"${process.execPath}" ../../bin/smmu-adopt.cjs inspect dump.raw --regs regs.json --all | head -n 1`;
    const { stdout, stderr } = spawnSync('sh', ['-c', command], {
      cwd: join(SAMPLES_FOLDER, 'healthy-two-level'),
      encoding: 'utf8',
    });
    expect({ lines: stdout.split('\n').length, stderr }).toEqual({ lines: 2, stderr: '' });
  });

  const UNREAD: readonly (readonly [string, string, number])[] = [
    ['help', '--help', 0],
    ['help of a command', 'inspect --help', 0],
    ['the version', '--version', 0],
    ['a complaint', 'inspect 2>&1', 2],
    ['help for want of a command', '2>&1', 2],
  ];
  test.each(someOf(UNREAD, 2))(
    'nobody to read %s: the exit status is the same, and there is no trace',
    (_, args, expected) => {
      // The reader is gone long before the command has started.
      const command = `{ "${process.execPath}" ../../bin/smmu-adopt.cjs ${args}; echo $? >&3; } 3>&2 | :`;
      const { stderr } = spawnSync('sh', ['-c', command], { cwd: join(SAMPLES_FOLDER, 'bad-span'), encoding: 'utf8' });
      expect(stderr).toBe(`${expected}\n`);
    },
  );
});

describe('placing a raw dump', () => {
  const dump = folder.write('placed.bin', image);
  const verdict = async (...args: string[]) => (await run(['inspect', '--regs', placedRegs, '-q', ...args])).stdout;

  test('with --base, with @address, and in two files', async () => {
    const [low, high] = [
      folder.write('low.bin', image.subarray(0, 0x10000)),
      folder.write('high.bin', image.subarray(0x10000)),
    ];
    const adopted = expect.stringContaining(': arm-smmu-v3.0.auto: ADOPTED, revision v6; ');
    expect(await verdict(dump, '--base', '0x88000000')).toEqual(adopted);
    expect(await verdict(`${dump}@0x88000000`)).toEqual(adopted);
    expect(await verdict(`${high}@0x88010000`, `${low}@0x88000000`)).toEqual(adopted);
  });

  test('without any of them it starts at 0, and that is said', async () => {
    const { stdout, status } = await run(['inspect', dump, '--regs', placedRegs]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/Assumed +load address = 0x0 \(a raw dump without a load map or an address\)/);
    expect(stdout).toContain('[dump-load-address-assumed]');
  });
});

function withoutMemory(name: string): string {
  const { memory: _, ...rest } = JSON.parse(readFileSync(sample(name, 'regs.json'), 'utf8'));
  return JSON.stringify(rest);
}

describe('what cannot be used: one line on stderr, nothing on stdout, exit status 2', () => {
  const regs = sample('bad-span', 'regs.json');
  const dump = sample('bad-span', 'dump.raw');
  const fifo = join(folder.path, 'fifo');
  spawnSync('mkfifo', [fifo]);
  const directory = join(folder.path, 'directory');
  mkdirSync(directory);
  const write = (name: string, content: string | Uint8Array) => folder.write(name, content);
  const regsWith = (name: string, change: (regs: Record<string, unknown>) => unknown) =>
    write(name, JSON.stringify(change(JSON.parse(readFileSync(regs, 'utf8')))));

  test.each<[string, string[], string]>([
    ['no arguments', ['inspect'], 'no dump was named'],
    ['unknown command', ['inspcet'], "unknown command 'inspcet' (Did you mean inspect?)"],
    ['unknown option', ['inspect', '--regs', 'x', '--al'], "unknown option '--al' (Did you mean --all?)"],
    ['missing snapshot', ['inspect', dump, '--regs', 'no.json'], 'no.json: cannot be opened (ENOENT)'],
    ['missing dump', ['inspect', 'no.bin', '--regs', regs], 'no.bin: cannot be opened (ENOENT)'],
    ['no dump', ['inspect', '--regs', regs], 'memory[0]: no dump was named for this range'],
    ['directory', ['inspect', directory, '--regs', regs], `${directory}: is a directory; a file is needed`],
    ['fifo', ['inspect', fifo, '--regs', regs], `${fifo}: is not a regular file; a file is needed`],
    ['fifo as snapshot', ['inspect', dump, '--regs', fifo], `${fifo}: is not a regular file; a file is needed`],
    ['empty dump', ['inspect', write('empty.bin', ''), '--regs', regs], 'empty.bin: is empty'],
    ['empty snapshot', ['inspect', dump, '--regs', write('empty.json', '')], 'empty.json: is empty'],
    ['not JSON', ['inspect', dump, '--regs', write('not.json', '{"a":')], 'not.json: is not JSON: '],
    ['the files swapped', ['inspect', regs, '--regs', dump], 'dump.raw: is not JSON: '],
    [
      'hex that is not hex',
      [
        'inspect',
        dump,
        '--regs',
        regsWith('hex.json', (r) => ({ ...r, registers: { CR0: '0xzz' }, smmus: undefined })),
      ],
      'hex.json: registers.CR0: "0xzz" is not a number; expected "0x..." hex, a decimal string, or an integer',
    ],
    [
      'no STRTAB_BASE',
      ['inspect', dump, '--regs', regsWith('nobase.json', () => ({ registers: { STRTAB_BASE_CFG: 0 } }))],
      'nobase.json: registers: STRTAB_BASE is missing; STRTAB_BASE and STRTAB_BASE_CFG are required',
    ],
    [
      'a file outside the folder',
      ['inspect', dump, '--regs', regsWith('outside.json', (r) => ({ ...r, memory: [{ base: 0, file: '../x' }] }))],
      'outside.json: memory[0].file: "../x" leaves the snapshot\'s folder; --allow-outside permits that',
    ],
    [
      'overlapping memory',
      [
        'inspect',
        dump,
        '--regs',
        regsWith('overlap.json', (r) => ({
          ...r,
          memory: [
            { base: 0, size: 4096 },
            { base: 4095, size: 1 },
          ],
        })),
      ],
      'overlap.json: memory[1]: overlaps',
    ],
    [
      'an x86 core',
      ['inspect', write('x86.elf', elfCore([], { machine: 62 }).bytes), '--regs', regs],
      'x86.elf: offset 0x12: is a 64-bit little-endian ELF core for x86-64; ',
    ],
    [
      'a container that is known and not read',
      ['inspect', write('vmss.bin', Uint8Array.of(0xd2, 0xbe, 0xd2, 0xbe, 0, 0)), '--regs', regs],
      'vmss.bin: is a VMware snapshot, which is not read as a dump; ',
    ],
    [
      'unknown revision',
      ['inspect', dump, '--regs', regs, '--revision', 'v99'],
      `Allowed choices are ${[...REVISIONS.keys()].join(', ')}, all.`,
    ],
    ['unknown SMMU', ['inspect', dump, '--regs', regs, '--smmu', 'x'], 'no SMMU "x"; there are arm-smmu-v3.0.auto'],
    ['not a SID', ['inspect', dump, '--regs', regs, '--sid', 'x'], '"x" is not a StreamID'],
    [
      'control characters in a name',
      ['inspect', 'no\u001b[31m\nsuch\u009bfile', '--regs', regs],
      'no\\u001b[31m such\\u009bfile: cannot be opened (ENOENT)',
    ],
    ['output into nowhere', ['inspect', dump, '--regs', regs, '-o', '/no/such/folder/x'], 'cannot be written (ENOENT)'],
    [
      'revision in the snapshot',
      ['inspect', dump, '--regs', regsWith('rev.json', (r) => ({ ...r, kdump: { revision: 'v99' } }))],
      'rev.json: kdump.revision: revision "v99" is not emulated; known: v1',
    ],
  ])('%s', async (_, args, message) => {
    const { stdout, stderr, status } = await run(args);
    expect({ stdout, status, lines: stderr.split('\n').length - 1 }).toEqual({ stdout: '', status: 2, lines: 1 });
    expect(stderr).toMatch(/^smmu-adopt: /);
    expect(stderr).toContain(message);
  });
});

test('a sparse dump far larger than memory is read only where its tables are', async () => {
  const dump = join(folder.path, 'huge.bin');
  const file = openSync(dump, 'w');
  ftruncateSync(file, 2 ** 40);
  writeSync(file, image, 0, image.length, 0x8800_0000);
  closeSync(file);
  expect(await run(['inspect', dump, '--base', '0x0', '--regs', placedRegs, '-q'])).toEqual({
    stdout: expect.stringContaining(': arm-smmu-v3.0.auto: ADOPTED, revision v6; '),
    stderr: '',
    status: 0,
  });
});
