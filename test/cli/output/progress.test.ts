/** The progress line: on a terminal only, for long work only, and gone before anything else is printed. */

import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CommandIo, TextSink } from '../../../src/cli/output/io.ts';
import { ProgressLine } from '../../../src/cli/output/progress-line.ts';
import { Session } from '../../../src/cli/session.ts';

const WIPE = '\r\u001b[K';
const start = 100_000;
let now = start;
let written: string[];
let line: ProgressLine;

/** Where the line is drawn, from here on. */
function stderrIs(isTTY: boolean | undefined): TextSink {
  written = [];
  const sink = { isTTY, write: (text: string) => written.push(text), on: () => {} };
  line = new ProgressLine(() => sink);
  return sink;
}

beforeEach(() => {
  vi.spyOn(Date, 'now').mockImplementation(() => now);
  stderrIs(true);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Reports one step at so many milliseconds after the start of the test. */
function at(milliseconds: number, done: number, total = 1000): void {
  now = start + milliseconds;
  line.show('indexing', done, total);
}

describe('show', () => {
  test.each([false, undefined])('is silent where stderr is no terminal (isTTY %s)', (value) => {
    stderrIs(value);
    for (const milliseconds of [0, 400, 600, 5000]) at(milliseconds, milliseconds);
    line.clear();
    expect(written).toEqual([]);
  });

  test('is silent for the first half second', () => {
    for (const milliseconds of [0, 100, 499]) at(milliseconds, milliseconds);
    line.clear();
    expect(written).toEqual([]);
  });

  test('draws over itself from then on, not too often', () => {
    at(0, 0);
    at(500, 100);
    at(600, 150);
    at(699, 199);
    at(700, 209);
    at(900, 1000);
    expect(written).toEqual([`${WIPE}indexing: 10 %`, `${WIPE}indexing: 20 %`, `${WIPE}indexing: 100 %`]);
  });

  test('knows work of no size', () => {
    at(0, 0, 0);
    at(500, 0, 0);
    expect(written).toEqual([`${WIPE}indexing: 0 %`]);
  });
});

describe('clear', () => {
  test('wipes the line, once', () => {
    at(0, 0);
    at(500, 500);
    line.clear();
    line.clear();
    expect(written).toEqual([`${WIPE}indexing: 50 %`, WIPE]);
  });

  test('makes the next work wait its own half second', () => {
    at(0, 0);
    at(500, 500);
    line.clear();
    at(1000, 0);
    at(1499, 100);
    expect(written).toHaveLength(2);
    at(1500, 110);
    expect(written.at(-1)).toBe(`${WIPE}indexing: 11 %`);
  });
});

test('a session wipes its line before it prints or notes anything, and shares it with no other session', async () => {
  const stderr = stderrIs(true);
  const stdout: TextSink = {
    write: (text, taken) => {
      written.push(text);
      taken?.();
    },
    on: () => {},
  };
  const io = { stdout, stderr, env: {} } as unknown as CommandIo;
  const [session, another] = [new Session(io), new Session(io)];
  const work = () => {
    for (const milliseconds of [0, 500]) {
      now += milliseconds;
      session.progress('reading', 1, 2);
    }
  };
  work();
  another.note('of another session\n');
  await session.print(['report\n']);
  work();
  session.note('note\n');
  expect(written).toEqual([
    ...[`${WIPE}reading: 50 %`, 'of another session\n', WIPE, 'report\n'],
    ...[`${WIPE}reading: 50 %`, WIPE, 'note\n'],
  ]);
});

test('a line that cannot be written, as on a terminal that is closed, is no matter', () => {
  const failing = new EventEmitter();
  const stderr: TextSink = Object.assign(failing, {
    isTTY: true,
    write: () => failing.emit('error', new Error('EIO')),
  });
  const session = new Session({ stderr, env: {} } as unknown as CommandIo);
  session.progress('reading', 1, 2);
  now += 500;
  session.progress('reading', 1, 2);
  expect(() => session.note('note\n')).not.toThrow();
  expect(failing.listenerCount('error')).toBe(1);
});
