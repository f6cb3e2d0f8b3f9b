/** A vmcore is enough: what every command says of one without a register snapshot, of made kernels and of real dumps. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../support/command.ts';
import { madeCrash } from '../support/made/made-crash.ts';
import { elfOf } from '../support/made/made-dump-file.ts';
import { type MadeMachineOptions, madeMachine } from '../support/made/made-smmus.ts';
import { BARE, QEMU_A, whyNot } from '../support/outside/real-dumps.ts';
import { expectValid } from '../support/schema.ts';
import { someOf } from '../support/slow.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
const inFolder = { cwd: folder.path };

function write(name: string, options: MadeMachineOptions = {}): void {
  folder.write(name, elfOf(madeMachine(options).kernel));
}

write('vmcore', {
  smmus: [
    {
      masters: [
        { sid: 0x18, device: '0000:00:03.0', driver: 'e1000e', group: 0, domainType: 3, asid: 1 },
        { sid: 0x8, device: '0000:00:01.0', driver: 'nvme', group: 1, domainType: 3, asid: 4 },
        { sid: 0x9, device: '0000:00:01.0', driver: 'nvme', group: 1, domainType: 3, asid: 4 },
      ],
    },
  ],
});
write('none', { smmus: [] });

const inspected = async (...args: string[]) => {
  const { stdout, stderr, status } = await run(['inspect', ...args, '--format', 'json'], inFolder);
  expect(stderr).toBe('');
  return { status, json: JSON.parse(stdout) };
};

describe('inspect', () => {
  test('reads registers, devices and version from the dump, and says so', async () => {
    const { json } = await inspected('vmcore');
    expectValid(json);
    expect(json.kernel).toMatchObject({
      release: '6.1.0-made',
      types: 'btf',
      taken: ['registers', 'devices', 'version'],
      notes: [],
    });
    const [smmu] = json.smmus;
    expect(smmu).toMatchObject({ name: '9000000.smmuv3', base: '0x9000000', registersFrom: 'dump' });
    expect(smmu.registers.STRTAB_BASE).toMatchObject({ how: 'driver-wrote' });
    expect(smmu.masters.map(({ sid }: { sid: number }) => sid)).toEqual([0x8, 0x9, 0x18]);
    const { stdout } = await run(['inspect', 'vmcore', '--full'], inFolder);
    expect(stdout).toMatch(
      /^registers reconstructed from the crashed kernel's own state \(6\.1\.0-made, types from BTF\)\n/,
    );
    expect(stdout).toContain('as the driver wrote it');
  });

  test('of a register that is known in part, nothing else is there', async () => {
    const { json } = await inspected('vmcore');
    const { IDR0, IDR1, GERROR, GBPA } = json.smmus[0].registers;
    expect(IDR0).toMatchObject({ how: 'derived', fields: { ST_LEVEL: 1 } });
    expect(Object.keys(IDR0.fields)).not.toContain('COHACC');
    expect(IDR1).toMatchObject({ known: '0x7ff', fields: { SIDSIZE: 16, SSIDSIZE: 0 } });
    expect(Object.keys(IDR1.fields)).toEqual(['SIDSIZE', 'SSIDSIZE']);
    expect([GERROR, GBPA]).toEqual([undefined, undefined]);
    for (const format of ['text', 'html']) {
      const { stdout } = await run(['inspect', 'vmcore', '--format', format], inFolder);
      expect(stdout).not.toMatch(/COHACC (0|1)|ATTR_PERMS_OVR 0|GBPA\.ABORT is 0/);
    }
  });

  test('inserts the devices of the crashed kernel in the order in which it came to them', async () => {
    const { json } = await inspected('vmcore');
    expect(json.smmus[0].devices.map(({ name, sids }: { name: string; sids: number[] }) => [name, sids])).toEqual([
      ['0000:00:03.0', [0x18]],
      ['0000:00:01.0', [0x8, 0x9]],
    ]);
    for (const args of [
      ['--insert', 'none'],
      ['--insert', '0x8'],
      ['--device', 'disk=0x8,0x9'],
    ]) {
      const { json: other } = await inspected('vmcore', ...args);
      expect(other.kernel.taken).toEqual(['registers', 'version']);
      expect(other.smmus[0].devices).toHaveLength(args[1] === 'none' ? 0 : 1);
    }
    const { json: later } = await inspected('vmcore', '--hotplug', '0x8');
    expect(later.smmus[0].devices.map(({ name }: { name: string | null }) => name)).toEqual(['0000:00:03.0', null]);
  });

  test('what --kernel says goes before the version in the dump', async () => {
    const { json } = await inspected('vmcore', '--kernel', '7.3');
    expect(json.kernel.taken).toEqual(['registers', 'devices']);
  });

  test('without anything of the kernel it ends with what to do', async () => {
    for (const command of [['inspect'], ['queues'], ['show', '--sid', '8'], ['translate', '--sid', '8', '--all']]) {
      const { stdout, stderr, status } = await run([...command, 'none'], inFolder);
      expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
      expect(stderr).toMatch(
        /^smmu-adopt: none: no state of the crashed kernel was found, because .* 'smmu-adopt regs capture' or 'smmu-adopt regs import'.*--find-tables'\n$/,
      );
    }
  });
});

test('faults in the log of the crashed kernel are shown with their devices', async () => {
  folder.write('crash', elfOf(madeCrash().kernel));
  const { json } = await inspected('crash');
  expectValid(json);
  expect(json.smmus[0].faults).toEqual([
    {
      what: 'F_TRANSLATION',
      sid: 0x100,
      address: '0xdead0000',
      count: 1,
      device: '0000:01:00.0',
      inDump: expect.stringMatching(/^still F_TRANSLATION/),
    },
  ]);
  const { stdout } = await run(['inspect', 'crash'], inFolder);
  expect(stdout).toMatch(/^Faults of the crashed kernel {2}1 event in its log$/m);
  const { json: silent } = await inspected('vmcore');
  expect(silent.smmus[0]).not.toHaveProperty('faults');
});

describe('the other commands', () => {
  test.each([
    [['queues', 'vmcore']],
    [['show', 'vmcore', '--sid', '0x8']],
    [['translate', 'vmcore', '--sid', '0x8', '--iova', '0x1000']],
    [['diff', 'vmcore', 'vmcore']],
  ])('%j says where its registers are from', async (args) => {
    const { stdout, stderr } = await run(args, inFolder);
    expect(stdout).not.toBe('');
    expect(stderr).toMatch(/^registers reconstructed from the crashed kernel's own state \(6\.1\.0-made, types/);
  });

  test('name the device of a stream', async () => {
    const { stdout } = await run(['show', 'vmcore', '--sid', '0x8', '--format', 'json'], inFolder);
    expect(JSON.parse(stdout)).toMatchObject({ sid: 8, device: '0000:00:01.0' });
  });
});

describe('with --regs too', () => {
  const given = async (change: (registers: Record<string, string>) => void, base = '0x9000000') => {
    const { stdout } = await run(['regs', 'extract', 'vmcore'], inFolder);
    const { smmus, ...rest } = JSON.parse(stdout);
    const [{ provenance: _provenance, masters: _masters, ...smmu }] = smmus;
    for (const partial of ['IDR0', 'IDR3', 'IDR5']) delete smmu.registers[partial];
    change(smmu.registers);
    folder.write('regs.json', Buffer.from(JSON.stringify({ ...rest, smmus: [{ ...smmu, base }] })));
    const { json } = await inspected('vmcore', '--regs', 'regs.json');
    expect(json.smmus[0].registersFrom).toBe('snapshot');
    return json.findings.filter(({ rule }: { rule: string }) => rule.startsWith('registers-'));
  };

  test('the same registers are told in no finding, and the rest is still taken from the dump', async () => {
    expect(await given(() => {})).toEqual([]);
    const { json } = await inspected('vmcore', '--regs', 'regs.json');
    expect(json.kernel.taken).toEqual(['devices', 'version']);
  });

  test("firmware's word on coherency is the crashed kernel's, where nobody else gives it; else a difference is said", async () => {
    write('non-coherent', { smmus: [{ nonCoherent: true }] });
    const { stdout } = await run(['regs', 'extract', 'non-coherent'], inFolder);
    const snapshot = JSON.parse(stdout);
    const inspectedAs = async (firmware: object | undefined) => {
      const smmus = [{ ...snapshot.smmus[0], firmware }];
      folder.write('coherency.json', Buffer.from(JSON.stringify({ ...snapshot, smmus })));
      const { json } = await inspected('non-coherent', '--regs', 'coherency.json');
      expectValid(json);
      const [{ adoption, assumptions }] = json.smmus;
      return {
        verdict: adoption.verdict,
        why: assumptions.find(({ what }: { what: string }) => what === 'firmware.coherent')?.why,
        rules: json.findings.map(({ rule }: { rule: string }) => rule).filter((rule: string) => /coheren/.test(rule)),
      };
    };
    expect(await inspectedAs(undefined)).toEqual({
      verdict: 'not-attempted',
      why: 'not in the snapshot; taken from the driver of the kernel in the dump',
      rules: ['smmu-non-coherent'],
    });
    expect(await inspectedAs({ coherent: false })).toMatchObject({ why: undefined, rules: ['smmu-non-coherent'] });
    expect(await inspectedAs({ coherent: true })).toEqual({
      verdict: 'adopted',
      why: undefined,
      rules: ['coherency-not-of-dump'],
    });
  });

  test('a log is put to the tables with the devices that the kernel in the dump had', async () => {
    const words = ['0x0000000800000010', '0x0000020800000000', '0x0000000012345000', '0x0000000000000000'];
    const lines = ['event 0x10 received:', ...words.map((word) => `\t${word}`)];
    folder.write('fault.txt', Buffer.from(lines.map((line) => `arm-smmu-v3 9000000.smmuv3: ${line}\n`).join('')));
    await given(() => {});
    const args = ['log', 'fault.txt', '--dump', 'vmcore', '--regs', 'regs.json', '--format', 'json'];
    const { stdout } = await run(args, inFolder);
    const [event] = JSON.parse(stdout).smmus[0].events;
    expect(event).toMatchObject({ device: '0000:00:01.0', deviceFrom: 'dump' });
  });

  test('ID registers that the snapshot lacks are as the driver noted them, the others are assumed', async () => {
    write('few-streams', { smmus: [{ sidBits: 9 }] });
    const { stdout } = await run(['regs', 'extract', 'few-streams'], inFolder);
    const { STRTAB_BASE, STRTAB_BASE_CFG } = JSON.parse(stdout).smmus[0].registers;
    folder.write('thin.json', Buffer.from(JSON.stringify({ registers: { STRTAB_BASE, STRTAB_BASE_CFG } })));
    const { json } = await inspected('few-streams', '--regs', 'thin.json');
    expectValid(json);
    const bare = (await inspected('few-streams')).json;
    const [smmu] = json.smmus;
    expect(smmu.features).toEqual(bare.smmus[0].features);
    expect(smmu.features).toMatchObject({ sidBits: 9, ssidBits: 0, twoLevelCdTable: false });
    expect(smmu.registers).toMatchObject({
      IDR1: { how: 'derived', known: '0x7ff' },
      STRTAB_BASE: { how: 'hardware' },
    });
    expect(smmu.registers).not.toHaveProperty('CR0');
    expect(smmu.assumptions).toContainEqual({
      what: 'CR0.SMMUEN',
      value: '1',
      why: 'register missing from the snapshot; a snapshot is taken of an SMMU that was in use',
    });
  });

  test('a kernel that is not to be read is named, with why nothing of it is used', async () => {
    const { kernel } = madeMachine();
    kernel.vmcoreinfo.set('SYMBOL(swapper_pg_dir)', 'ffff800000000000');
    folder.write('unreadable', elfOf(kernel));
    const { json } = await inspected('unreadable', '--regs', 'regs.json');
    expect(json.kernel).toEqual({
      release: '6.1.0-made',
      buildId: '0123456789abcdef0123456789abcdef01234567',
      types: 'none',
      taken: ['version'],
      notes: [expect.stringMatching(/^no state of the crashed kernel was found, because the page tables/)],
    });
    expect(json.smmus[0]).toMatchObject({ registersFrom: 'snapshot', masters: [], inserts: [] });
  });

  test('those of another moment, boot or machine are', async () => {
    expect(await given((registers) => Object.assign(registers, { EVENTQ_PROD: '0x7' }))).toMatchObject([
      { rule: 'registers-of-other-moment', args: { registers: 'EVENTQ_PROD', release: '6.1.0-made' } },
    ]);
    expect(await given((registers) => Object.assign(registers, { CMDQ_BASE: '0x4000000041000008' }))).toMatchObject([
      { rule: 'registers-not-of-dump', args: { registers: 'CMDQ_BASE', origin: 'another-boot' } },
    ]);
    expect(await given((registers) => Object.assign(registers, { IDR1: '0x0e739d18' }))).toMatchObject([
      { rule: 'registers-not-of-dump', args: { registers: 'IDR1', origin: 'another-machine' } },
    ]);
    expect(await given((registers) => Object.assign(registers, { CR0: '0x9' }))).toMatchObject([
      { rule: 'registers-after-probe' },
      { rule: 'registers-not-of-dump', args: { registers: 'CR0', origin: 'kdump-kernel' } },
    ]);
    const off = (registers: Record<string, string>) => {
      for (const name of Object.keys(registers)) registers[name] = '0x0';
    };
    expect((await given(off)).filter(({ rule }: { rule: string }) => rule === 'registers-not-of-dump')).toMatchObject([
      { args: { origin: 'unpowered' } },
    ]);
    expect(await given(() => {}, '0xa000000')).toMatchObject([
      { rule: 'registers-not-of-dump', args: { registers: '', origin: 'no-such-smmu' } },
    ]);
  });
});

const REAL: readonly (readonly [name: string, dump: string, regs: string])[] = [
  ['6.1', join(QEMU_A, 'vmcore.d31.zlib'), join(QEMU_A, 'regs-panic.json')],
  ...['b618', 'b7316l', 'k64', 'k64late', 'kmod'].map(
    (name) => [name, join(BARE, `${name}.kdump`), join(BARE, `${name}.regs.json`)] as const,
  ),
];

describe(`real dumps${whyNot(BARE)}`, () => {
  test.runIf(existsSync(BARE)).each(someOf(REAL, 3))('%s: the same with and without --regs', async (_, dump, regs) => {
    const bare = await inspected(dump);
    const { json, status } = await inspected(dump, '--regs', regs);
    expect(bare.status).toBe(status);
    for (const key of ['adoption', 'l1', 'stes', 'census', 'inserts', 'devices', 'panic', 'lost']) {
      expect({ [key]: bare.json.smmus[0][key] }).toEqual({ [key]: json.smmus[0][key] });
    }
    expect(json.findings.filter(({ rule }: { rule: string }) => rule.startsWith('registers-'))).toEqual([]);
  });
});
