/** Where output goes and input comes from besides regular files: pipes that are full, and what nothing can be done with. */

import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, constants, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMAND, SAMPLES_FOLDER } from '../../../samples/make.ts';
import { writeToFile } from '../../../src/cli/output/output.ts';
import { someOf } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

test.skipIf(process.platform === 'win32')(
  'a pipe gets all of what it cannot hold at once, whenever it is read',
  async () => {
    const fifo = join(folder.path, 'fifo');
    expect(spawnSync('mkfifo', [fifo]).status).toBe(0);
    const reader = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    const text = 'more than a pipe holds\n'.repeat(20_000);
    const writing = writeToFile(fifo, [text], []);
    let [isWritten, read] = [false, ''];
    void writing.then(() => {
      isWritten = true;
    });
    const piece = Buffer.alloc(1 << 16);
    while (!isWritten || read.length < text.length) {
      // What it waits for comes in between.
      await new Promise((resolve) => setTimeout(resolve, 1));
      try {
        read += piece.toString('latin1', 0, readSync(reader, piece));
      } catch (error) {
        expect(error).toMatchObject({ code: 'EAGAIN' });
      }
    }
    await writing;
    closeSync(reader);
    expect(read).toBe(text);
  },
);

test.skipIf(process.platform === 'win32')('a stdout that Node itself would drop everything for is said', () => {
  const stdout = openSync(folder.path, 'r');
  const { stderr, status } = spawnSync(process.execPath, [COMMAND, 'explain'], {
    stdio: ['ignore', stdout, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(stdout);
  expect({ stderr, status }).toEqual({ stderr: 'smmu-adopt: stdout: cannot be written (EBADF)\n', status: 2 });
});

test.each([
  ['log', '-'],
  ['decode', 'ste'],
  ['regs', 'validate', '-'],
])('a stdin that cannot be read is said: %s %s', (...args) => {
  const stdin = openSync(join(folder.path, 'written'), 'w');
  const { stderr, status } = spawnSync(process.execPath, [COMMAND, ...args], {
    stdio: [stdin, 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  closeSync(stdin);
  expect({ stderr, status }).toEqual({ stderr: 'smmu-adopt: standard input: cannot be read (EBADF)\n', status: 2 });
});

describe.skipIf(process.platform === 'win32')('what a shell has open is written on, not over', () => {
  const SAMPLE = join(SAMPLES_FOLDER, 'healthy-two-level');
  const INSPECT = `"${process.execPath}" "${COMMAND}" inspect dump.raw --regs regs.json -q`;
  const shell = (script: string) => {
    const file = join(folder.path, 'appended');
    writeFileSync(file, 'first\n');
    chmodSync(file, 0o644);
    const { stderr, status } = spawnSync('sh', ['-c', script.replaceAll('FILE', `"${file}"`)], {
      cwd: SAMPLE,
      encoding: 'utf8',
    });
    return { stderr, status, text: readFileSync(file, 'utf8'), mode: statSync(file).mode & 0o777 };
  };
  const VERDICT = /^first\ndump.raw: arm-smmu-v3.0.auto: ADOPTED, .*\n$/;

  const NAMES = [
    ['/dev/stdout', `${INSPECT} -o /dev/stdout >> FILE`],
    ['/dev/fd/1', `${INSPECT} -o /dev/fd/1 >> FILE`],
    ['/proc/self/fd/1', `${INSPECT} -o /proc/self/fd/1 >> FILE`],
    ['/dev/stderr', `${INSPECT} -o /dev/stderr 2>> FILE`],
    ['another descriptor', `${INSPECT} -o /dev/fd/3 3>> FILE`],
    ['a link to one', `ln -sf /dev/fd/3 FILE.link && ${INSPECT} -o FILE.link 3>> FILE`],
    ['what was written before', `{ echo first; ${INSPECT} -o /dev/stdout; } > FILE`],
  ] as const;

  test.each(someOf(NAMES, 4))('%s', (_, script) => {
    expect(shell(script)).toEqual({ stderr: '', status: 0, text: expect.stringMatching(VERDICT), mode: 0o644 });
  });

  test('a descriptor that is not open is said', () => {
    const { stderr, status } = shell(`${INSPECT} -o /dev/fd/99`);
    expect({ stderr, status }).toEqual({ stderr: 'smmu-adopt: /dev/fd/99: cannot be written (EBADF)\n', status: 2 });
  });

  test('an input is refused there too', () => {
    const { stderr, status, text } = shell(
      `cp regs.json FILE; "${process.execPath}" "${COMMAND}" inspect dump.raw --regs FILE -q -o /dev/fd/3 3>> FILE`,
    );
    expect(status).toBe(2);
    expect(stderr).toContain('/dev/fd/3: is an input; --output would overwrite it');
    expect(text).toBe(readFileSync(join(SAMPLE, 'regs.json'), 'utf8'));
  });

  test('two reports do not both go to stdout by two of its names', () => {
    const { stderr, status } = shell(`${INSPECT} --format text --format json -o /dev/stdout >> FILE`);
    expect(status).toBe(2);
    expect(stderr).toContain('--format text and --format json both go to stdout');
  });

  test.each(['-', '/dev/stdout'])('a snapshot goes to %s', (output) => {
    const capture = folder.write('capture.txt', 'CR0 = 0x1\nSTRTAB_BASE = 0x0\nSTRTAB_BASE_CFG = 0x0\n');
    const { status, text } = shell(
      `"${process.execPath}" "${COMMAND}" regs import - --base 0x9050000 -o ${output} < "${capture}" >> FILE && test ! -e -`,
    );
    expect(status).toBe(0);
    expect(text).toMatch(/^first\n\{/);
  });
});
