/** Where output goes and input comes from besides regular files: pipes that are full, and what nothing can be done with. */

import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMAND } from '../../../samples/make.ts';
import { writeToFile } from '../../../src/cli/output/output.ts';
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
