/** What the command prints of a crashed kernel's own state: its registers as a snapshot, its memory map, its log. */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSnapshot } from '../../src/snapshot/load.ts';
import { run } from '../support/command.ts';
import { elfOf } from '../support/made/made-dump-file.ts';
import { LOG_STRUCTS, writeLog } from '../support/made/made-log.ts';
import { madeMachine } from '../support/made/made-smmus.ts';
import { expectStrictlyValidInfo, expectValidSnapshot } from '../support/schema.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
const inFolder = { cwd: folder.path };

function write(): void {
  const machine = madeMachine({
    structs: LOG_STRUCTS,
    smmus: [
      {
        events: 9,
        eventsSeen: 4,
        masters: [{ sid: 8, device: '0000:00:01.0', driver: 'nvme', group: 1, domainType: 3, asid: 4 }],
      },
      { probe: 'running' },
    ],
  });
  const { kernel } = machine;
  writeLog(kernel, [{ text: 'Booting Linux' }, { text: 'event 0x10 received:\n\t0x10\u001b[2J', level: 3 }]);
  const child = kernel.object('resource', { start: 0x4000_0000, end: 0x7fff_ffff, name: kernel.text('System RAM') });
  const root = kernel.object('resource', { end: 2n ** 52n - 1n, name: kernel.text('PCI mem'), child }, kernel.data(64));
  kernel.export('iomem_resource', root);
  folder.write('vmcore', elfOf(kernel));
  folder.write('empty', elfOf(madeMachine({ smmus: [] }).kernel));
}
write();

describe('regs extract', () => {
  test('prints a snapshot that the other commands take', async () => {
    const { stdout, stderr, status } = await run(['regs', 'extract', 'vmcore'], inFolder);
    expect(status).toBe(0);
    expect(stderr).toBe(
      '9000000.smmuv3: EVENTQ_PROD counts 5 records in memory that the driver had not noticed\n' +
        'left out: 9010000.smmuv3: its probe had not come to its end\n',
    );
    const json = JSON.parse(stdout);
    expectValidSnapshot(json);
    expect(json).toMatchObject({
      version: 1,
      source: 'reconstructed from the dump: kernel 6.1.0-made, types from BTF',
      captured: 'before-kdump-probe',
      smmus: [
        {
          name: '9000000.smmuv3',
          base: '0x9000000',
          firmware: { coherent: true },
          registers: { STRTAB_BASE_CFG: '0x00010210', EVENTQ_PROD: '0x00000009', CR0: '0x0000000d' },
          provenance: {
            STRTAB_BASE: { how: 'driver-wrote' },
            EVENTQ_PROD: { how: 'inferred' },
            EVENTQ_CONS: { how: 'driver-copy' },
            IDR1: { how: 'derived', known: '0x000007ff' },
          },
          masters: [{ sid: 8, device: '0000:00:01.0', driver: 'nvme', group: 1, domain: 'DMA', asid: 4 }],
        },
      ],
    });
    expect(parseSnapshot(json, 'regs.json').warnings).toEqual([]);
  });

  test('writes it to a file of its own, never over the dump', async () => {
    const { stdout, stderr, status } = await run(['regs', 'extract', 'vmcore', '-o', 'regs.json'], inFolder);
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    expect(stderr).toMatch(/snapshot written to regs\.json\n$/);
    const file = join(folder.path, 'regs.json');
    expect(JSON.parse(readFileSync(file, 'utf8')).version).toBe(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await run(['regs', 'extract', 'vmcore', '-o', 'vmcore'], inFolder)).toMatchObject({ status: 2, stdout: '' });
    expect(await run(['regs', 'validate', 'regs.json'], inFolder)).toMatchObject({ status: 0 });
  });

  test('says why there is none, and what to do', async () => {
    const { stdout, stderr, status } = await run(['regs', 'extract', 'empty'], inFolder);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toMatch(
      /^smmu-adopt: empty: no state of the crashed kernel was found, because none of its \d+ devices was an SMMUv3 bound to a driver; make a register snapshot with 'smmu-adopt regs capture'.*\n$/,
    );
  });
});

describe('info', () => {
  test('--iomem', async () => {
    expect(await run(['info', 'vmcore', '--iomem'], inFolder)).toEqual({
      stdout: '40000000-7fffffff : System RAM\n',
      stderr: '',
      status: 0,
    });
    const json = JSON.parse((await run(['info', 'vmcore', '--iomem', '--format', 'json'], inFolder)).stdout);
    expectStrictlyValidInfo(json);
    expect(json).toEqual({
      schemaVersion: 1,
      iomem: [{ start: '0x40000000', end: '0x7fffffff', name: 'System RAM', depth: 0 }],
      complete: true,
      unnamed: 0,
    });
  });

  test('--log', async () => {
    expect(await run(['info', 'vmcore', '--log'], inFolder)).toEqual({
      stdout: '[    0.000000] Booting Linux\n[    0.001500] event 0x10 received:\n[    0.001500] \t0x10\\u001b[2J\n',
      stderr: '',
      status: 0,
    });
    const json = JSON.parse((await run(['info', 'vmcore', '--log', '--format', 'json'], inFolder)).stdout);
    expectStrictlyValidInfo(json);
    expect(json).toMatchObject({
      log: [
        { sequence: 0, seconds: 0, level: 6, text: 'Booting Linux' },
        { sequence: 1, seconds: 0.0015, level: 3 },
      ],
      unreadable: 0,
    });
  });

  test('what is damaged is said, on stderr', async () => {
    const { kernel } = madeMachine({ structs: LOG_STRUCTS, smmus: [] });
    // The text of the oldest has been written over.
    writeLog(
      kernel,
      Array.from({ length: 21 }, (_, i) => ({ text: `line ${i} ${'x'.repeat(24)}` })),
    );
    const child = kernel.object('resource', { start: 0x4000_0000, end: 0x7fff_ffff, name: kernel.text('System RAM') });
    kernel.object('resource', { sibling: child }, child);
    const root = kernel.object(
      'resource',
      { end: 2n ** 52n - 1n, name: kernel.text('PCI mem'), child },
      kernel.data(64),
    );
    kernel.export('iomem_resource', root);
    folder.write('damaged', elfOf(kernel));
    expect(await run(['info', 'damaged', '--iomem'], inFolder)).toEqual({
      stdout: '40000000-7fffffff : System RAM\n',
      stderr: 'a part of the tree of resources is not in the dump, or damaged: there may be more\n',
      status: 0,
    });
    const log = await run(['info', 'damaged', '--log'], inFolder);
    expect(log.stderr).toMatch(/^\d+ records are not in the dump, or damaged\n$/);
    expect(log.stdout).toContain(`line 20 ${'x'.repeat(24)}\n`);
  });

  test('--find-tables', async () => {
    const { kernel } = madeMachine();
    const l2 = kernel.paddrOf(kernel.allocate(16384, 16384));
    for (let i = 0; i < 256; i++) kernel.memory.u64(l2 + 64 * i, 1n);
    const table = kernel.paddrOf(kernel.allocate(4096, 4096));
    kernel.memory.u64(table + 8 * 3, BigInt(l2) | 9n);
    folder.write('tables', elfOf(kernel));
    const hex = `0x${table.toString(16)}`;
    const line = `${hex}: 1 level 1 descriptor, which leads to 256 valid STEs; the last is L1[3], up to SID 0x3ff\n`;
    expect(await run(['info', 'tables', '--find-tables'], inFolder)).toEqual({ stdout: line, stderr: '', status: 0 });
    const json = JSON.parse((await run(['info', 'tables', '--find-tables', '--format', 'json'], inFolder)).stdout);
    expectStrictlyValidInfo(json);
    expect(json).toEqual({
      schemaVersion: 1,
      tables: [{ paddr: hex, used: 1, good: 1, lastIndex: 3 }],
    });
    expect((await run(['info', 'empty', '--find-tables'], inFolder)).stdout).toMatch(
      /^nothing in this memory looks like/,
    );
  });

  test('what the dump does not have', async () => {
    const { stderr, status } = await run(['info', 'empty', '--log'], inFolder);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^smmu-adopt: empty: no log of the crashed kernel was found, because VMCOREINFO does not lead/,
    );
    expect((await run(['info', 'empty', '--iomem'], inFolder)).stderr).toMatch(
      /no memory map .* iomem_resource is not among/,
    );
    expect(await run(['info', 'vmcore', '--iomem', '--log'], inFolder)).toMatchObject({ status: 2, stdout: '' });
  });
});
