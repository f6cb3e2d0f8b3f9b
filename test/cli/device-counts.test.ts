/** A device that is not accepted need not be refused: the kernel that refused one asks no other. All reports count alike. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../samples/make.ts';
import { run } from '../support/command.ts';

/** The table of bus 1 cannot be mapped, so its device is refused, and the SMMU is lost before the third is asked. */
async function report(...args: string[]): Promise<string> {
  const cwd = join(SAMPLES_FOLDER, 'l2-outside-dump');
  const command = ['inspect', 'dump.raw', '--regs', 'regs.json', '--insert', '0x8,0x100,0x10', ...args];
  const { stdout, stderr } = await run(command, { cwd });
  expect(stderr).toBe('');
  return stdout;
}

test.each(['text', 'html'])('%s', async (format) => {
  expect(await report('--format', format)).toMatch(
    /1 accepted \(1 with the attach deferred\), 1 refused, 1 never asked\b/,
  );
});

test('side by side', async () => {
  const rows = (await report('--revision', 'all')).match(/^ *Devices refused.*$/gm) ?? [];
  // In v1 and v2 the kernel dies of the device; of v4 and v5 nothing can be told; in v3, and from v8 on, none is refused.
  expect(rows.map((row) => row.trim().split(/ {2,}/).slice(1))).toEqual([
    ['-', 'none', 'unknown'],
    ['0x100', 'none'],
  ]);
});
