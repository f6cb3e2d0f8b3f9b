/** No line of any text is longer than the terminal that it is for. */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RUNS, SAMPLES_FOLDER } from '../../samples/make.ts';
import { run } from '../support/command.ts';

const tooLong = (text: string, columns: number) => text.split('\n').filter((line) => line.length > columns);

describe.each([60, 80, 100, 200])('at %i columns', (columns) => {
  test.each([...RUNS])('the whole report of %s', async (name, { args }) => {
    const options = { cwd: join(SAMPLES_FOLDER, name), columns };
    const { stdout } = await run(['inspect', ...args, '--revision', 'all', '--full', '--color', 'never'], options);
    expect(stdout.length).toBeGreaterThan(0);
    expect(tooLong(stdout, columns)).toEqual([]);
  });
});

describe.each([60, 80, 100])('other commands at %i columns', (columns) => {
  test.each([
    ['info', 'dump.elf'],
    ['show', 'dump.elf', '--regs', 'regs.json', '--sid', '0x8', '--all'],
    ['translate', 'dump.elf', '--regs', 'regs.json', '--sid', '0x8', '--all'],
    ['translate', 'dump.elf', '--regs', 'regs.json', '--sid', '0x8', '--iova', '0xffffb002'],
    ['queues', 'dump.elf', '--regs', 'regs.json', '--all'],
    ['diff', 'dump.elf', 'dump.elf', '--regs', 'regs.json', '--all'],
    ['regs', 'validate', 'regs.json'],
    ['explain'],
    ['explain', 'l1-span-unsupported', 'ids.scan'],
  ])('%s %s %s %s %s %s', async (...args) => {
    const options = { cwd: join(SAMPLES_FOLDER, 'real-qemu'), columns };
    const { stdout, stderr } = await run([...args.filter((one) => one !== undefined), '--color', 'never'], options);
    expect(stderr).toBe('');
    expect(tooLong(stdout, columns)).toEqual([]);
  });
});
