/** No line of any text is longer than the terminal that it is for. */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RUNS, SAMPLES_FOLDER } from '../../samples/make.ts';
import { plainStyle } from '../../src/report/text/style.ts';
import { textReport } from '../../src/report/text/text.ts';
import { run } from '../support/command.ts';
import { SLOW, someOf } from '../support/slow.ts';
import { withSample } from './html/reports.ts';

const tooLong = (text: string, columns: number) => text.split('\n').filter((line) => line.length > columns);

const WIDTHS = [60, 80, 100, 200];

/** The narrowest, where most has to be broken, and of every other sample a wider one in turn; all where time is no matter. */
const widthsOf = (i: number) =>
  WIDTHS.filter((_, at) => SLOW || at === 0 || 2 * (at - 1) === i % (2 * (WIDTHS.length - 1)));

test.each([...RUNS.keys()].map((name, i) => [name, widthsOf(i)] as const))(
  'the whole report of %s fits %j columns',
  async (name, widths) => {
    const given = {
      files: ['regs.json'],
      command: `smmu-adopt inspect 'a dump' ${'--regs regs.json '.repeat(9)}--full`,
    };
    await withSample(name, { revision: 'all' }, (inspection) => {
      for (const width of widths) {
        const text = [...textReport(inspection, plainStyle(width), { full: true, given })].join('');
        expect(tooLong(text, width), `at ${width} columns`).toEqual([]);
        // At every width it is all there.
        expect(text).toContain('Driver state afterwards');
      }
    });
  },
);

test.each([60, 80, 100])('names as long as they like fit %i columns', async (width) => {
  await withSample('iort-rmr', {}, (inspection) => {
    const long = `\\_SB.${'PCI0.'.repeat(40)}SMMU`;
    const smmus = inspection.smmus.map((smmu) => ({ ...smmu, name: long }));
    const findings = inspection.findings.map((finding) => ({ ...finding, smmu: long }));
    const dump = { ...inspection.dump, files: [`/${'very/'.repeat(40)}long`] };
    const style = plainStyle(width);
    const text = [...textReport({ ...inspection, smmus, findings, dump }, style, { full: true })].join('');
    expect(tooLong(text, width)).toEqual([]);
  });
});

test.each([80, 100, 140])('at %i columns what stands in a column begins where it does', async (width) => {
  await withSample('l2-hole', { revision: 'all' }, (inspection) => {
    const text = [...textReport(inspection, plainStyle(width))].join('');
    const lines = /Revisions side by side.*\n([\s\S]*?)\n {2}(?=In all of them|v\d)/.exec(text)?.[1]?.split('\n') ?? [];
    const at = lines.findIndex((line) => /^[ -]+$/.test(line));
    const [rule = '', ...cells] = lines.slice(at);
    const starts = [...rule.matchAll(/-+/g)].map(({ index }) => index);
    expect(starts.length).toBeGreaterThan(2);
    expect(cells.length).toBeGreaterThan(4);
    for (const row of cells) {
      // Nothing stands in the gap before a column, and most rows have something in each.
      for (const at of starts.slice(1)) expect(row.slice(at - 2, at).trim(), row).toBe('');
    }
    const filled = cells.filter((row) => starts.every((at) => /\S/.test(row[at] ?? '')));
    expect(filled.length).toBeGreaterThan(4);
  });
});

test('the command asks the terminal', async () => {
  const cwd = join(SAMPLES_FOLDER, 'two-smmus');
  const lengthsAt = async (columns: number) => {
    const { stdout } = await run(['inspect', 'dump.raw', '--regs', 'regs.json', '--color', 'never'], { cwd, columns });
    return Math.max(...stdout.split('\n').map(({ length }) => length));
  };
  const [narrow, wide] = [await lengthsAt(80), await lengthsAt(160)];
  expect(narrow).toBeLessThanOrEqual(80);
  expect(wide).toBeGreaterThan(80);
});

test.each([60, 80, 100])('queues with entries fit %i columns', async (columns) => {
  const args = ['queues', 'dump.raw', '--regs', 'regs.json', '--all', '--color', 'never'];
  const { stdout, stderr } = await run(args, { cwd: join(SAMPLES_FOLDER, 'queues-left'), columns });
  expect(stderr).toBe('');
  expect(stdout).toContain('entry by entry');
  expect(tooLong(stdout, columns)).toEqual([]);
});

describe.each(someOf([60, 100, 80], 3))('other commands at %i columns', (columns) => {
  test.each([
    [['info', 'dump.elf']],
    [['show', 'dump.elf', '--regs', 'regs.json', '--sid', '0x8', '--all']],
    [['translate', 'dump.elf', '--regs', 'regs.json', '--sid', '0x8', '--all']],
    [['translate', 'dump.elf', '--regs', 'regs.json', '--sid', '0x8', '--iova', '0xffffb002']],
    [['queues', 'dump.elf', '--regs', 'regs.json', '--all']],
    [['diff', 'dump.elf', 'dump.elf', '--regs', 'regs.json', '--all']],
    [['regs', 'validate', 'regs.json']],
    [['explain', 'l1-span-unsupported', 'ids.scan']],
  ])('%s', async (args) => {
    const options = { cwd: join(SAMPLES_FOLDER, 'real-qemu'), columns };
    const { stdout, stderr } = await run([...args, '--color', 'never'], options);
    expect(stderr).toBe('');
    expect(tooLong(stdout, columns)).toEqual([]);
  });
});
