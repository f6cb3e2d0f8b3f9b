/** The options about the kdump kernel, its machine and its devices: what they refuse, and what they read. */

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { parseDevice, parseFailure, parseKernel, parsePaBits } from '../../../src/cli/options/arguments.ts';
import { type KernelFlags, kernelOptionFiles, kernelOptions } from '../../../src/cli/options/kernel-options.ts';
import type { DeviceReport } from '../../../src/index.ts';
import { run } from '../../support/command.ts';
import { refusalOf, refused } from '../../support/refusal.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const fifo = join(folder.path, 'fifo');
spawnSync('mkfifo', [fifo]);
const largeMap = folder.sparse('iomem.bin', 2 ** 22 + 1);
const packed = folder.write('log.gz', gzipSync('[    0.1] x\n'));
const largeLog = folder.sparse('dmesg.bin', 2 ** 26 + 1);

const inspectHealthy = (...args: string[]) =>
  run(['inspect', 'dump.raw', '--regs', 'regs.json', ...args], { cwd: join(SAMPLES_FOLDER, 'healthy-two-level') });

describe('values', () => {
  test.each([
    ['6.12', { major: 6, minor: 12 }],
    ['v7.2', { major: 7, minor: 2 }],
    ['6.12.107+deb13-arm64', { major: 6, minor: 12 }],
    ['7.1-rc3', { major: 7, minor: 1 }],
    ['5.4.0-200-generic', { major: 5, minor: 4 }],
  ])('--kernel %s', (text, version) => expect(parseKernel(text)).toEqual(version));

  test.each([
    ['nvme0=0x100', 'nvme0', ['0x100']],
    ['0000:01:00.0=01:00.0,0x108-0x109', '0000:01:00.0', ['01:00.0', '0x108-0x109']],
    ['a b=2,1,2', 'a b', ['2', '1', '2']],
    ['0000:01:00.0', '0000:01:00.0', ['0000:01:00.0']],
    ['/soc/usb@1', '/soc/usb@1', ['/soc/usb@1']],
  ])('--device %s', (given, name, texts) => {
    const device = parseDevice(given);
    expect([device.name, device.streams.map(({ text }) => text)]).toEqual([name, texts]);
  });

  test.each([
    ['32', 32],
    ['0x28', 40],
    ['52', 52],
  ])('--pa-bits %s', (text, bits) => expect(parsePaBits(text)).toBe(bits));

  test.each([
    ['kcalloc', 'kcalloc'],
    ['devm-action', 'devm-action'],
    ['memremap:1', 1],
    ['memremap:9999999', 9_999_999],
  ])('--fail %s', (text, failure) => expect(parseFailure(text)).toBe(failure));
});

describe('values that are refused', () => {
  const message = async (call: () => unknown) => {
    const { tag, what } = await refused(call);
    expect(tag).toBe('usage');
    return what;
  };

  test.each(['', '6', '6.', '.12', 'six.twelve', '6,12', '-6.12', '6.12345', '1234.5', 'linux-6.12'])(
    '--kernel "%s"',
    async (text) => {
      const expected = `${JSON.stringify(text)} is not a kernel version: 6.12, or 7.2.13-something`;
      expect(await message(() => parseKernel(text))).toBe(expected);
    },
  );

  test.each(['', 'nvme0', 'nvme0=', '=0x100', '='])('--device "%s"', async (text) => {
    expect(await message(() => parseDevice(text))).toBe(`${JSON.stringify(text)} is not a device: NAME=SID,SID`);
  });

  test.each([
    ['a=1=2', '"1=2" is not a StreamID: hex (0x100), decimal, bus:device.function (01:00.0, 0000:01:00.0), or a name'],
    ['a=2-1', 'the range "2-1" ends before it starts'],
    ['a=0-0x10000', 'a list of more than 65536 SIDs'],
  ])('--device %s', async (text, expected) => expect(await message(() => parseDevice(text))).toBe(expected));

  test.each([
    ['31', '"31" address bits are too few: 32 to 52'],
    ['53', '"53" is too large for a number of address bits'],
    ['', '"" is not a number of address bits'],
    ['48.5', '"48.5" is not a number of address bits'],
    ['-48', '"-48" is not a number of address bits'],
  ])('--pa-bits "%s"', async (text, expected) => expect(await message(() => parsePaBits(text))).toBe(expected));

  test.each([
    '',
    'memremap',
    'memremap:',
    'memremap:0',
    'memremap:-1',
    'memremap:x',
    'memremap:12345678',
    'kzalloc',
    'KCALLOC',
  ])('--fail "%s"', async (text) => {
    const expected = `${JSON.stringify(text)} cannot be made to fail: kcalloc, devm-action, memremap:N`;
    expect(await message(() => parseFailure(text))).toBe(expected);
  });
});

describe('files that cannot be used', () => {
  const directory = join(folder.path, 'directory');
  mkdirSync(directory);
  const text = (name: string, content: string) => folder.write(name, content);

  test.each<[string, KernelFlags, string]>([
    ['no map', { iomem: 'no.txt' }, 'no.txt: cannot be opened (ENOENT)'],
    ['no log', { dmesg: 'no.txt' }, 'no.txt: cannot be opened (ENOENT)'],
    ['a folder as map', { iomem: directory }, `${directory}: is a directory; a file is needed`],
    ['a folder as log', { dmesg: directory }, `${directory}: is a directory; a file is needed`],
    ['a FIFO as map', { iomem: fifo }, `${fifo}: is not a regular file; a file is needed`],
    ['a FIFO as log', { dmesg: fifo }, `${fifo}: is not a regular file; a file is needed`],
    ['an empty map', { iomem: text('a.txt', '') }, `${text('a.txt', '')}: is empty`],
    ['an empty log', { dmesg: text('b.txt', '') }, `${text('b.txt', '')}: is empty`],
    ['a map too large', { iomem: largeMap }, `${largeMap}: is 4194305 bytes long, too long for a copy of /proc/iomem`],
    ['a packed log', { dmesg: packed }, `${packed}: is a gzip file; unpack it first: gzip -d`],
    ['a packed memory map', { iomem: packed }, `${packed}: is a gzip file; unpack it first: gzip -d`],
    ['a log too large', { dmesg: largeLog }, `${largeLog}: is 67108865 bytes long, too long for a kernel log`],
  ])('%s', async (_, flags, message) => {
    expect((await refusalOf(() => kernelOptions(flags))).message).toBe(message);
  });

  test('a map that is none', async () => {
    const { file, place, what } = await refused(() => kernelOptions({ iomem: text('regs.json', '{}\n') }));
    expect({ file, place }).toEqual({ file: join(folder.path, 'regs.json'), place: 'line 1' });
    expect(what).toContain('expected "40000000-5fffffff : System RAM" or the like, found "{}"');
  });
});

describe('what becomes of them', () => {
  test('failures by name and by number', async () => {
    const { fail } = await kernelOptions({ fail: ['devm-action', 7, 1] });
    expect(fail).toEqual({ kcalloc: false, devmAction: true, memremaps: new Set([1, 7]) });
  });

  test('a log without its byte order mark', async () => {
    const file = folder.write('bom.txt', '\ufeffkdump: x\n');
    expect((await kernelOptions({ dmesg: file })).dmesg).toEqual({ file, text: 'kdump: x\n' });
    const wide = folder.write('wide.txt', Buffer.from('\ufeffkdump: x\r\n', 'utf16le'));
    expect((await kernelOptions({ dmesg: wide })).dmesg).toEqual({ file: wide, text: 'kdump: x\r\n' });
  });

  test('nothing that nobody asked for', async () => {
    const { iomem, dmesg, fail } = await kernelOptions({});
    expect({ iomem, dmesg }).toEqual({ iomem: undefined, dmesg: undefined });
    expect(fail).toEqual({ kcalloc: false, devmAction: false, memremaps: new Set() });
  });

  test('the files are inputs, which no report may overwrite', () => {
    expect(kernelOptionFiles({ iomem: 'a', dmesg: 'b' })).toEqual(['a', 'b']);
    expect(kernelOptionFiles({ dmesg: 'b' })).toEqual(['b']);
  });
});

describe('the command', () => {
  test.each<[string, string[], string]>([
    ['--device', ['--device', 'a=1', '--device', 'nvme0'], '"nvme0" is not a device: NAME=SID,SID'],
    ['--kernel', ['--kernel', '6\u001b[31m\n12'], 'is not a kernel version: 6.12, or 7.2.13-something'],
    ['--pa-bits', ['--pa-bits', '64'], '"64" is too large for a number of address bits'],
    ['--fail', ['--fail', 'luck'], '"luck" cannot be made to fail: kcalloc, devm-action, memremap:N'],
    ['--hotplug', ['--hotplug', '0x100,'], '"0x100," has nothing behind the last comma where a StreamID belongs'],
    ['--memremap', ['--memremap', 'magic'], "argument 'magic' is invalid. Allowed choices are dump, kernel."],
    ['--powered-down', ['--powered-down', 'live'], "argument 'live' is invalid. Allowed choices are zeros, ones."],
    ['--iomem', ['--iomem', fifo], `${fifo}: is not a regular file; a file is needed`],
    ['--dmesg', ['--dmesg', largeLog], `${largeLog}: is 67108865 bytes long, too long for a kernel log`],
  ])('%s: one line on stderr, nothing on stdout, exit status 2', async (_, args, message) => {
    const { stdout, stderr, status } = await inspectHealthy(...args);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters must not reach a terminal
    expect(stderr).toMatch(/^smmu-adopt: [^\u0000-\u001f\u007f]+\n$/);
    expect(stderr).toContain(message);
  });

  test('several devices, in their order, before those that are plugged in', async () => {
    const args = ['--device', 'b=0x100,0x101', '--device', 'a=0x8', '--insert', '0x30', '--hotplug', '0x10'];
    const [smmu] = JSON.parse((await inspectHealthy('--format', 'json', ...args)).stdout).smmus;
    const shown = smmu.devices.map(({ name, sids, hotplugged }: DeviceReport) => ({ name, sids, hotplugged }));
    expect(shown).toEqual([
      { name: null, sids: [0x30], hotplugged: false },
      { name: 'b', sids: [0x100, 0x101], hotplugged: false },
      { name: 'a', sids: [0x8], hotplugged: false },
      { name: null, sids: [0x10], hotplugged: true },
    ]);
  });
});
