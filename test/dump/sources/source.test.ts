/** Files as sources of bytes: what is not a file, reads at any offset, and files that change underneath. */

import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ByteSource, openFileSource } from '../../../src/dump/sources/source.ts';
import { openDescriptors } from '../../support/made/descriptors.ts';
import { refusalOf } from '../../support/refusal.ts';
import { patternBytes } from '../../support/sources.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

describe('refusals', () => {
  /** `message` follows the name. Nothing may stay open behind a refusal. */
  async function expectRefusal(path: string, message: string): Promise<void> {
    expect(await refusalOf(() => openFileSource('the dump', path))).toEqual({
      tag: 'file',
      message: `the dump: ${message}`,
    });
    expect(openDescriptors(folder.path)).toEqual([]);
  }

  test('a missing file', () => expectRefusal(join(folder.path, 'missing'), 'cannot be opened (ENOENT)'));

  test('a folder', () => {
    mkdirSync(join(folder.path, 'folder'));
    return expectRefusal(join(folder.path, 'folder'), 'is a directory; a file is needed');
  });

  test('a file below a file', () =>
    expectRefusal(join(folder.write('plain', 'x'), 'below'), 'cannot be opened (ENOTDIR)'));

  test('an empty file', () => expectRefusal(folder.write('empty', ''), 'is empty'));

  test('a link to nowhere', () => {
    symlinkSync('nowhere', join(folder.path, 'link'));
    return expectRefusal(join(folder.path, 'link'), 'cannot be opened (ENOENT)');
  });

  test('a name that no file can have', () => expectRefusal('a\0b', 'cannot be opened (ERR_INVALID_ARG_VALUE)'));

  test.skipIf(process.getuid?.() === 0)('a file without permission (as root, everything is permitted)', () => {
    const path = folder.write('secret', 'x');
    chmodSync(path, 0);
    return expectRefusal(path, 'cannot be opened (EACCES)');
  });

  test.skipIf(process.platform === 'win32')('a FIFO that nobody writes to does not hang', async () => {
    const fifo = join(folder.path, 'fifo');
    execFileSync('mkfifo', [fifo]);
    // Should opening wait for a writer after all, this one ends the wait, and leaves word that it had to.
    const waited = join(folder.path, 'waited');
    const script = 'sleep 100; : > "$1"; : > "$0"';
    const rescue = spawn('sh', ['-c', script, fifo, waited], { stdio: 'ignore', detached: true });
    await expectRefusal(fifo, 'is not a regular file; a file is needed');
    // With its sleep.
    if (rescue.pid !== undefined) process.kill(-rescue.pid);
    expect(existsSync(waited)).toBe(false);
  });

  test.skipIf(process.platform === 'win32')('a device', () =>
    expectRefusal('/dev/zero', 'is not a regular file; a file is needed'),
  );

  test.skipIf(process.platform === 'win32')('a socket', async () => {
    const path = join(folder.path, 'socket');
    const server = createServer();
    await new Promise<void>((done) => server.listen(path, done));
    const { tag, message } = await refusalOf(() => openFileSource('the dump', path));
    server.close();
    expect(tag).toBe('file');
    expect(message).toMatch(/^the dump: cannot be opened \(E[A-Z]+\)$/);
  });

  test('the name stands for the path when there is no other', async () => {
    const path = join(folder.path, 'missing');
    expect((await refusalOf(() => openFileSource(path))).message).toBe(`${path}: cannot be opened (ENOENT)`);
  });
});

describe('reading', () => {
  function withFile<T>(path: string, use: (source: ByteSource) => T): T {
    const source = openFileSource(path);
    try {
      return use(source);
    } finally {
      source.close();
    }
  }

  test('at any offset, as far as there is something', () => {
    const content = patternBytes(1000);
    withFile(folder.write('thousand', content), (source) => {
      expect(source.byteLength).toBe(1000);
      for (const [offset, length, expected] of [
        [0, 1000, 1000],
        [1, 10, 10],
        [990, 20, 10],
        [1000, 5, 0],
        [5000, 5, 0],
        [3, 0, 0],
      ] as const) {
        const into = new Uint8Array(length).fill(0xee);
        expect(source.read(offset, into), `${length} bytes from ${offset}`).toBe(expected);
        expect([...into.subarray(0, expected)]).toEqual([...content.subarray(offset, offset + expected)]);
        expect([...into.subarray(expected)], 'the rest is as it was').toEqual(new Array(length - expected).fill(0xee));
      }
    });
  });

  test('into a part of a larger buffer', () => {
    withFile(folder.write('four', Uint8Array.of(1, 2, 3, 4)), (source) => {
      const whole = new Uint8Array(6);
      expect(source.read(1, whole.subarray(2, 4))).toBe(2);
      expect([...whole]).toEqual([0, 0, 2, 3, 0, 0]);
    });
  });

  test('beyond 4 GiB, where 32 bits end', () => {
    const path = join(folder.path, 'large');
    const descriptor = openSync(path, 'w');
    ftruncateSync(descriptor, 2 ** 32 + 100);
    writeSync(descriptor, Uint8Array.of(7, 8, 9), 0, 3, 2 ** 32 + 50);
    closeSync(descriptor);
    withFile(path, (source) => {
      expect(source.byteLength).toBe(2 ** 32 + 100);
      const into = new Uint8Array(4);
      expect(source.read(2 ** 32 + 49, into)).toBe(4);
      expect([...into]).toEqual([0, 7, 8, 9]);
    });
  });

  test('a file that has become shorter gives what is left', () => {
    const path = folder.write('shrinking', patternBytes(100));
    withFile(path, (source) => {
      truncateSync(path, 30);
      expect(source.read(20, new Uint8Array(50))).toBe(10);
      expect(source.byteLength, 'the length when it was opened').toBe(100);
    });
  });

  test('small reads come out of pages that were read before, large ones do not', () => {
    const path = folder.write('changing', patternBytes(5000));
    withFile(path, (source) => {
      const [first, again, large] = [new Uint8Array(8), new Uint8Array(8), new Uint8Array(100)];
      source.read(4090, new Uint8Array(4));
      folder.write('changing', new Uint8Array(5000));
      source.read(8, first);
      expect(first).toEqual(patternBytes(5000).slice(8, 16));
      source.read(4092, again);
      expect(again, 'over the end of a page').toEqual(new Uint8Array(8));
      source.read(8, large);
      expect(large).toEqual(new Uint8Array(100));
    });
  });

  test('an error while reading names the offset', async () => {
    const source = openFileSource('the dump', folder.write('closed', 'content'));
    source.close();
    expect(await refusalOf(() => source.read(0x123, new Uint8Array(4)))).toEqual({
      tag: 'file',
      message: 'the dump: cannot be read at offset 0x123 (EBADF)',
    });
  });

  test('a link to a file is that file', () => {
    folder.write('target', 'abc');
    symlinkSync('target', join(folder.path, 'good-link'));
    withFile(join(folder.path, 'good-link'), (source) => expect(source.byteLength).toBe(3));
  });
});
