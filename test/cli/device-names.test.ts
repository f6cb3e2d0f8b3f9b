/** Names of devices from firmware's tables, in the commands that show streams besides `inspect` and `show`. */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Image } from '../../samples/image.ts';
import { run } from '../support/command.ts';
import { machine, REGISTERS, STRTAB, TABLES } from '../support/made/one-stream.ts';
import { QEMU_A, whyNot } from '../support/outside/real-dumps.ts';
import {
  expectStrictlyValidDiff,
  expectStrictlyValidQueues,
  expectStrictlyValidTranslation,
} from '../support/schema.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { deviceTree } from '../support/writers/device-tree-writer.ts';
import { elfCore } from '../support/writers/elf-writer.ts';

const { path: cwd, write } = temporaryFolder();
const EVENTS = 0x8a00_0000;
/** Two faults of SID 0, and one of SID 1, that nobody has read. */
const image = (): Image =>
  machine()
    .write(TABLES + 16, [0n])
    .reserve(EVENTS, 0x1000)
    .write(EVENTS, [0x10n, 0n, 0x1000n, 0n, 0x10n, 0n, 0x2000n, 0n, 0x1_0000_0010n, 0n, 0n, 0n]);
const later = image()
  .write(TABLES + 0x1008, [0n])
  .ste(STRTAB, 0, { V: 1, Config: 5, S1ContextPtr: 0x8801_0000, SHCFG: 1, S1CIR: 1 });
write('before.elf', elfCore(image().extents()).bytes);
write('after.elf', elfCore(later.extents()).bytes);
const queue = { EVENTQ_BASE: '0x8a000005', EVENTQ_PROD: '0x3', EVENTQ_CONS: '0x0' };
const smmu = { name: 'smmu0', base: '0x9050000', registers: { ...REGISTERS, ...queue } };
write('regs.json', JSON.stringify({ smmus: [smmu] }));

const tree = (device: string) =>
  deviceTree({
    smmu: {
      compatible: 'arm,smmu-v3',
      reg: [0, 0x905_0000, 2],
      '#iommu-cells': [1],
      phandle: [1],
      'dma-coherent': true,
    },
    [device]: { iommus: [1, 0] },
  });
write('machine.dtb', tree('usb@80000'));
write('hostile.dtb', tree('\u001b[31mred\u202e\r\n'));

const COMMANDS: readonly (readonly [string, readonly string[], number])[] = [
  ['diff', ['before.elf', 'after.elf', '--deep'], 1],
  ['queues', ['before.elf', '--queue', 'event'], 0],
  ['translate', ['before.elf', '--sid', '0', '--iova', '0x1000'], 0],
  ['translate', ['before.elf', '--sid', '0', '--all'], 0],
];

test('a stream is found by the name of its device, and an address that firmware does not have is pointed out', async () => {
  const translate = (sid: string) =>
    run(['translate', 'before.elf', '--iova', '0x1000', '--regs', 'regs.json', '--dtb', 'machine.dtb', '--sid', sid], {
      cwd,
    });
  const byName = await translate('usb@80000');
  expect({ ...byName, stdout: byName.stdout.split('\n')[0] }).toEqual({
    stdout: expect.stringContaining('SID 0x0 (/usb@80000)'),
    stderr: '',
    status: 0,
  });
  const byAddress = await translate('00:00.0');
  expect(byAddress.stdout).toBe(byName.stdout);
  expect(byAddress.stderr).toBe(
    "smmu-adopt: note: 00:00.0 is read as StreamID 0x0, its requester ID: firmware's tables have no such device behind the SMMU\n",
  );
});

async function output(name: string, args: readonly string[], status: number): Promise<string> {
  const outcome = await run([name, ...args, '--regs', 'regs.json'], { cwd });
  expect({ stderr: outcome.stderr, status: outcome.status }).toEqual({ stderr: '', status });
  return outcome.stdout;
}

describe.each(COMMANDS)('%s %j', (name, args, status) => {
  test('names the device, and nobody without a table', async () => {
    expect(await output(name, args, status)).not.toContain('usb@80000');
    expect(await output(name, [...args, '--dtb', 'machine.dtb'], status)).toContain('/usb@80000');
  });

  test('a name that nobody should trust is escaped', async () => {
    for (const format of ['text', 'json']) {
      const text = await output(name, [...args, '--dtb', 'hostile.dtb', '--format', format], status);
      expect(text).toMatch(/^[\n\x20-\x7e]*$/);
      expect(text).toContain('\\u001b[31mred\\u202e');
    }
  });

  test('a table that cannot be used is refused', async () => {
    const { stderr, status: refused } = await run([name, ...args, '--regs', 'regs.json', '--iort', 'regs.json'], {
      cwd,
    });
    expect(refused).toBe(2);
    expect(stderr).toContain('regs.json: does not begin with "IORT"');
  });
});

describe('as JSON, beside each StreamID', () => {
  const json = async (index: number) => {
    const [name, args, status] = COMMANDS[index] as (typeof COMMANDS)[0];
    return JSON.parse(await output(name, [...args, '--dtb', 'machine.dtb', '--format', 'json'], status));
  };

  test('diff', async () => {
    const report = await json(0);
    expectStrictlyValidDiff(report);
    const [{ stes, mappings }] = report.smmus;
    expect(stes).toMatchObject([{ sid: 0, deviceName: '/usb@80000' }]);
    expect(mappings.sets).toMatchObject([{ sids: [0], deviceNames: ['/usb@80000'] }]);
  });

  test('queues', async () => {
    const report = await json(1);
    expectStrictlyValidQueues(report);
    const [{ groups, entries }] = report.smmus[0].queues;
    expect(groups.map(({ device }: { device: string | null }) => device)).toEqual(['/usb@80000', null]);
    expect(entries.map(({ device }: { device: string | null }) => device)).toEqual(['/usb@80000', '/usb@80000', null]);
  });

  test('translate', async () => {
    for (const index of [2, 3]) {
      expectStrictlyValidTranslation(await json(index));
      expect(await json(index)).toMatchObject({ sid: 0, device: '/usb@80000' });
    }
  });
});

const reason = whyNot(QEMU_A);

test.skipIf(reason !== '')(`PCI devices of a real machine${reason}`, async () => {
  const file = (name: string) => join(QEMU_A, name);
  const args = [file('vmcore-trim.d1.zlib'), '--regs', file('regs.json'), '--dtb', file('guest.dtb')];
  const { stdout } = await run(['translate', ...args, '--sid', '0x8', '--iova', '0x0', '--format', 'json']);
  expect(JSON.parse(stdout)).toMatchObject({ sid: 8, device: '0000:00:01.0' });
});
