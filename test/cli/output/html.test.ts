/** The HTML report of the command: what only it can know beside the inspection. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { run } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary.ts';

test("the memory map has the kdump kernel's memory, as /proc/iomem of the crashed kernel says", async () => {
  const file = join(temporaryFolder().path, 'report.html');
  const args = ['dump.raw', '--regs', 'regs.json', '--iomem', 'iomem.txt', '--format', 'html', '--output', file];
  const cwd = join(SAMPLES_FOLDER, 'l2-in-kdump-memory');
  expect(await run(['inspect', ...args, '--insert', '0x100'], { cwd })).toMatchObject({ status: 0 });
  const report = readFileSync(file, 'utf8');
  expect(report).toMatch(/L2[\s\S]{0,300}in the kdump kernel&#39;s memory/);
});
