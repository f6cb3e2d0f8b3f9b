/** Firmware's tables from the command line: what is read, what is refused, and how names reach every report. */

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { run } from '../../support/command.ts';
import { expectStrictlyValid } from '../../support/schema.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { deviceTree } from '../../support/writers/device-tree-writer.ts';
import { iort } from '../../support/writers/iort-writer.ts';

const folder = temporaryFolder();
const SAMPLE = join(SAMPLES_FOLDER, 'device-tree-beyond-table');

const command = (name: 'inspect' | 'show', ...args: string[]) =>
  run([name, 'dump.raw', '--regs', 'regs.json', ...args], { cwd: SAMPLE });

const HOSTILE = '\u001b[31mred\u202e\r\n';
const hostileTree = folder.write(
  'hostile.dtb',
  deviceTree({
    smmu: {
      compatible: 'arm,smmu-v3',
      reg: [0, 0x905_0000, 2],
      '#iommu-cells': [1],
      phandle: [1],
      'dma-coherent': true,
    },
    [HOSTILE]: { iommus: [1, 8] },
  }),
);

describe('a file that cannot be used is refused in one line', () => {
  test.each([
    ['--dtb', 'no-such.dtb', 'no-such.dtb: cannot be opened (ENOENT)'],
    ['--dtb', 'regs.json', /^regs\.json: does not begin with the magic number of a device tree/],
    [
      '--dtb',
      folder.sparse('large.dtb', 2 ** 24 + 1),
      /large\.dtb: is 16777217 bytes long, too long for a device tree$/,
    ],
    ['--iort', 'regs.json', 'regs.json: does not begin with "IORT"; is it that table of ACPI?'],
    ['--iort', folder.sparse('large.iort', 2 ** 25 + 1), /large\.iort: is 33554433 bytes long, too long for an IORT$/],
    ['--iort', folder.write('no-smmu.bin', iort([{ segment: 0 }])), /no-smmu\.bin: has no SMMUv3 node$/],
    ['--firmware', 'disk', /--firmware <where>' argument 'disk' is invalid. Allowed choices are dump\.$/],
  ])('%s %s', async (option, file, message) => {
    const { stdout, stderr, status } = await command('inspect', option, file);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    const line = stderr.trimEnd().replace(/^smmu-adopt: |^error: /, '');
    if (typeof message === 'string') expect(line).toBe(message);
    else expect(line).toMatch(message);
  });
});

describe('names of devices', () => {
  test('in JSON, which fits the schema', async () => {
    const { stdout } = await command('inspect', '--dtb', 'machine.dtb', '--format', 'json');
    const report = JSON.parse(stdout);
    expectStrictlyValid(report);
    expect(report.smmus[0].stes.map(({ device }: { device: string | null }) => device)).toEqual([
      '0000:00:01.0',
      '0000:00:02.0',
      '0000:00:06.0',
      '0000:01:00.0',
      null,
    ]);
  });

  test('in CSV and in the page', async () => {
    expect((await command('inspect', '--dtb', 'machine.dtb', '--format', 'csv')).stdout).toContain(
      '0x100,01:00.0,0000:01:00.0,',
    );
    const page = (await command('inspect', '--dtb', 'machine.dtb', '--format', 'html')).stdout;
    const has = (text: string) => ({ text, found: page.includes(text) });
    for (const text of ['>/pcie@4010000000<', '"ranges":[{"kind":"platform","name":"/soc/usb@80000"']) {
      expect(has(text)).toEqual({ text, found: true });
    }
  });

  test('of a stream that is shown alone, with an entry or without', async () => {
    const shown = async (sid: string) =>
      (await command('show', '--dtb', 'machine.dtb', '--sid', sid)).stdout.split('\n')[0];
    expect(await shown('0x100')).toBe('arm-smmu-v3.0.auto, SID 0x100 (0000:01:00.0): TERMINATED, NO VALID CD');
    expect(await shown('0x1008')).toBe('arm-smmu-v3.0.auto, SID 0x1008 (0001:01:01.*): TERMINATED, THERE IS NO STE');
    expect(await shown('0x1f0')).toBe('arm-smmu-v3.0.auto, SID 0x1f0: TERMINATED, NO VALID CD');
    const { device, bdf } = JSON.parse(
      (await command('show', '--dtb', 'machine.dtb', '--sid', '0x1f8', '--format', 'json')).stdout,
    );
    expect({ device, bdf }).toEqual({ device: '/soc/usb@80000', bdf: '01:1f.0' });
  });

  test.each(['text', 'json', 'ndjson', 'csv', 'html', 'sarif', 'github', 'junit'])(
    'hostile ones are safe in %s',
    async (format) => {
      const { stdout, status } = await command('inspect', '--dtb', hostileTree, '--insert', 'all', '--format', format);
      expect(status).toBe(0);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what is looked for
      expect(stdout).not.toMatch(/[\u001b\u202e]/);
    },
  );
});

describe('in the dump', () => {
  const tree = folder.write(
    'tree.bin',
    Buffer.concat([
      Buffer.alloc(64),
      deviceTree({
        smmu: { compatible: 'arm,smmu-v3', reg: [0, 0x905_0000, 2], '#iommu-cells': [1], phandle: [1] },
        usb: { iommus: [1, 8] },
      }),
    ]),
  );

  test('a device tree is found, and used', async () => {
    const report = await run(
      ['inspect', `${tree}@0x80000000`, '--regs', join(SAMPLE, 'regs.json'), '--firmware', 'dump', '--format', 'json'],
      { cwd: folder.path },
    );
    const [smmu] = JSON.parse(report.stdout).smmus;
    expect(smmu.platform).toMatchObject({ source: 'dump at 0x80000040', instance: '/smmu', coherent: false });
    expect(smmu.platform.searched).toBeGreaterThan(0);
    expect(smmu.adoption.verdict).toBe('not-attempted');
  });

  test('nothing is found, and that is said', async () => {
    const { stdout, status } = await command('inspect', '--firmware', 'dump');
    expect(status).toBe(0);
    expect(stdout).toContain('was found in the memory of the dump: 1 MiB were\n');
  });
});

test('a report does not overwrite a table', async () => {
  const table = join(folder.path, 'copy.dtb');
  copyFileSync(join(SAMPLE, 'machine.dtb'), table);
  const { stderr, status } = await command('inspect', '--dtb', table, '--output', table);
  expect(status).toBe(2);
  expect(stderr).toContain('copy.dtb');
});
