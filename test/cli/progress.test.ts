/** The progress line: on a terminal only, for long work only, and gone before anything else is printed. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { clearProgress, progressLine } from '../../src/cli/output.ts';

const WIPE = '\r\u001b[K';
const isTTY = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
let now = 0;
let written: string[] = [];

beforeEach(() => {
  // Later than anything that was drawn before.
  now += 100_000;
  written = [];
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  terminal(true);
});

afterEach(() => {
  clearProgress();
  vi.restoreAllMocks();
  if (isTTY === undefined) Reflect.deleteProperty(process.stderr, 'isTTY');
  else Object.defineProperty(process.stderr, 'isTTY', isTTY);
});

function terminal(value: boolean | undefined): void {
  Object.defineProperty(process.stderr, 'isTTY', { value, configurable: true, writable: true });
}

/** Reports one step at so many milliseconds after the start of the test. */
function at(milliseconds: number, done: number, total = 1000): void {
  const start = now;
  now += milliseconds;
  progressLine('indexing', done, total);
  now = start;
}

describe('progressLine', () => {
  test.each([false, undefined])('is silent where stderr is no terminal (isTTY %s)', (value) => {
    terminal(value);
    for (const milliseconds of [0, 400, 600, 5000]) at(milliseconds, milliseconds);
    clearProgress();
    expect(written).toEqual([]);
  });

  test('is silent for the first half second', () => {
    for (const milliseconds of [0, 100, 499]) at(milliseconds, milliseconds);
    clearProgress();
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

describe('clearProgress', () => {
  test('wipes the line, once', () => {
    at(0, 0);
    at(500, 500);
    clearProgress();
    clearProgress();
    expect(written).toEqual([`${WIPE}indexing: 50 %`, WIPE]);
  });

  test('makes the next work wait its own half second', () => {
    at(0, 0);
    at(500, 500);
    clearProgress();
    at(1000, 0);
    at(1499, 100);
    expect(written).toHaveLength(2);
    at(1500, 110);
    expect(written.at(-1)).toBe(`${WIPE}indexing: 11 %`);
  });
});
