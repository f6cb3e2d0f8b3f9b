/** What somebody called the devices of a machine: no word of it comes through, in any command and format. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { DeviceBook } from '../../../src/report/redact/device-book.ts';
import { run } from '../../support/command.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { deviceTree } from '../../support/writers/device-tree-writer.ts';
import { iort } from '../../support/writers/iort-writer.ts';

const folder = temporaryFolder();
const [dump, regs] = ['dump.raw', 'regs.json'].map((file) => join(SAMPLES_FOLDER, 'iort-rmr', file)) as [
  string,
  string,
];
/** In every name that is chosen below. */
const CHOSEN = /acme|secr/i;

const dtb = folder.write(
  'a.dtb',
  deviceTree({
    'acme-soc': {
      ranges: true,
      'acmemmu@9050000': { compatible: 'arm,smmu-v3', reg: [0, 0x905_0000, 2], '#iommu-cells': [1], phandle: [1] },
      'acme,secret@fe900000': { iommus: [1, 0x30] },
      'usb@fea00000': { iommus: [1, 0x10] },
      'acme-codec': { iommus: [1, 0x8] },
    },
    'pcie@4010000000': { device_type: 'pci', 'linux,pci-domain': [0], 'iommu-map': [0x100, 1, 0x100, 0xff00] },
  }),
);
const table = folder.write(
  'iort.bin',
  iort([
    { type: 0 },
    { smmuV3: 0x905_0000, coherent: true },
    { segment: 0, mappings: [{ firstId: 0x100, count: 0xf00, firstSid: 0x100, to: 1 }] },
    { component: '\\_SB_.ACME.SECR', mappings: [{ firstSid: 0x30, to: 1, single: true }] },
    { component: 'secret disk of ACME', mappings: [{ firstSid: 0x8, to: 1, single: true }] },
    { rmr: [[0x8820_0000, 0x10_0000]], mappings: [{ firstSid: 0x30, to: 1, single: true }] },
  ]),
);
const SMMU = 'arm-smmu-v3 9050000.acmemmu';
const log = folder.write(
  'console.log',
  [
    `Nov 12 03:04:05 acme-db17 kernel: ${SMMU}: event 0x10 received:`,
    ...['0x0000003000000010', '0x0000020800000000', '0x00000000ffffb002', '0x0000000000000000'].map(
      (word) => `Nov 12 03:04:05 acme-db17 kernel: ${SMMU}: \t${word}`,
    ),
    `Nov 12 03:04:06 acme-db17 kernel: ${SMMU}: event: F_TRANSLATION client: fe900000.acme-secret sid: 0x30 ssid: 0x0 iova: 0xffffb002 ipa: 0x0`,
    `Nov 12 03:04:07 acme-db17 kernel: acme-soc:acme-codec: Failed to add to iommu group 5: -19`,
    `Nov 12 03:04:07 acme-db17 kernel: Kernel command line: root=/dev/acme arm-smmu-v3.secret=1`,
    `Nov 12 03:04:07 acme-db17 acmed[1]: kernel: ${SMMU}: event 0x10 received: by secret`,
    `Nov 12 03:04:08 acme-db17 kernel: ${SMMU}: something of ACME that nobody knows`,
  ].join('\n'),
);
const iomem = folder.write(
  'iomem.txt',
  '88000000-8fffffff : System RAM\nfe900000-fe90ffff : fe900000.acme-secret acme-secret@fe900000\n',
);

const GIVEN = [dump, '--regs', regs];
const FORMATS = ['json', 'ndjson', 'csv', 'sarif', 'junit', 'github', 'html'] as const;

describe.each([
  ['--dtb', dtb],
  ['--iort', table],
])('%s', (option, file) => {
  test('inspect, in every format', async () => {
    const files = FORMATS.map((format) => [format, join(folder.path, `${option}.${format}`)] as const);
    const outputs = files.flatMap(([format, path]) => ['--format', format, '--output', path]);
    const args = [
      'inspect',
      ...GIVEN,
      option,
      file,
      '--dmesg',
      log,
      '--iomem',
      iomem,
      '--full',
      '--deep',
      '--insert',
      'all',
    ];
    const plain = await run([...args, '--revision', 'all']);
    expect(plain.stdout).toMatch(CHOSEN);
    const { stdout, stderr, status } = await run([...args, '--redact', '--format', 'text', ...outputs]);
    expect(status, stderr).not.toBe(2);
    for (const [format, path] of [['text', ''], ...files] as const) {
      const text = format === 'text' ? stdout : readFileSync(path, 'utf8');
      expect(CHOSEN.exec(text), format).toBeNull();
      expect(text, format).toMatch(format === 'csv' ? /^smmu,sid/ : /redacted/);
    }
    expect(stdout).toContain('node-1');
  });

  test.each([
    ['show', [...GIVEN, '--sid', '0x30', '--all']],
    ['translate', [...GIVEN, '--sid', '0x30', '--iova', '0xfe900000', '--iomem', iomem]],
    ['translate', [...GIVEN, '--sid', '0x8', '--all', '--iomem', iomem]],
    ['queues', [...GIVEN, '--all']],
    ['diff', [dump, dump, '--regs', regs, '--all']],
    ['log', [log, '--verbose']],
    ['log', [log, '--verbose', '--dump', dump, '--regs', regs]],
  ] as const)('%s %j', async (command, args) => {
    for (const format of ['text', 'json']) {
      const { stdout, stderr, status } = await run([command, ...args, option, file, '--redact', '--format', format]);
      expect(status, stderr).not.toBe(2);
      expect(CHOSEN.exec(stdout), format).toBeNull();
      expect(CHOSEN.exec(stderr), format).toBeNull();
    }
  });
});

test('a StreamID that was asked for by such a name is in the command line by its stand-in', async () => {
  const name = '/acme-soc/acme,secret@fe900000';
  const { stdout } = await run(['inspect', ...GIVEN, '--dtb', dtb, '--sid', name, '--redact', '--json']);
  expect(CHOSEN.exec(stdout)).toBeNull();
  const { stdout: text } = await run(['inspect', ...GIVEN, '--dtb', dtb, '--sid', name, '--redact', '--full']);
  expect(CHOSEN.exec(text)).toBeNull();
  expect(text).toMatch(/--sid [\\\s]*\/node-\d\/node-\d@fade[0-9a-f]{9} /);
});

describe('the parts of a name', () => {
  test.each([
    ['/soc/usb@fe900000', '/soc/usb@fe900000'],
    ['/soc/acme@fe900000', '/soc/node-1@fe900000'],
    ['/acme/usb@fe900000/acme@1,0', '/node-1/usb@fe900000/node-1@1,0'],
    ['\\_SB_.PCI0.ACME.SECR', '\\_SB_.PCI0.node-1.node-2'],
    ['fe900000.usb', 'fe900000.usb'],
    ['fe900000.acme', 'fe900000.node-1'],
    ['acme', 'node-1'],
    ['soc:acme-codec', 'soc:node-1'],
    ['a disk of ACME', 'node-1 disk node-2 node-3'],
    ['PCI Bus 0000:00', 'PCI Bus 0000:00'],
    ['PCI segment 0000', 'PCI segment 0000'],
    ['(unassigned sid)', '(unassigned sid)'],
    ['0000:01:00.0', '0000:01:00.0'],
    ['01:00.0', '01:00.0'],
    ['HISI0162:00', 'HISI0162:00'],
    ['arm-smmu-v3.0.auto', 'arm-smmu-v3.0.auto'],
  ])('%s', (name, expected) => {
    const devices = new DeviceBook();
    devices.note(name, true);
    expect(devices.replaced(name)).toBe(expected);
    expect(devices.replaced(`of ${name}: no`)).toBe(/^acme$/.test(name) ? `of ${name}: no` : `of ${expected}: no`);
  });

  test.each(['6.12.107+deb13-arm64', '/proc/iomem', 'two-level.l1-mapping', 'a sentence. With dots', 'F_TRANSLATION'])(
    'of what is none: %s',
    (text) => {
      const devices = new DeviceBook();
      devices.note(text, false);
      expect(devices.replaced(text)).toBe(text);
    },
  );
});
