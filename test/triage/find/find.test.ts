/** Which crashes are found, and what of each: by content, in every layout, and nothing outside of what was named. */

import { spawnSync } from 'node:child_process';
import { cpSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import type { Crash } from '../../../src/triage/crash.ts';
import type { NameOptions } from '../../../src/triage/find/crashes-in-folder.ts';
import { CrashFinder } from '../../../src/triage/find/find.ts';
import { toldByFolder } from '../../../src/triage/find/layouts.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { deviceTree } from '../../support/writers/device-tree-writer.ts';
import { elfCore } from '../../support/writers/elf-writer.ts';
import { flatten } from '../../support/writers/flatten.ts';
import { kdump } from '../../support/writers/kdump-writer.ts';
import { limeDump } from '../../support/writers/lime-writer.ts';

const { path: top } = temporaryFolder();
const PAGE = { pfn: 0x40000, bytes: Buffer.alloc(4096, 1), as: 'plain' } as const;
const KDUMP = (nodename: string, split?: { startPfn: number; endPfn: number }, seconds = 1) =>
  kdump([PAGE, { ...PAGE, pfn: 0x40001 }], { utsname: { nodename, machine: 'aarch64' }, seconds, split }).bytes;
const ELF = elfCore([{ paddr: 0x4000_0000, bytes: PAGE.bytes }]).bytes;
const LIME = limeDump([{ paddr: 0x4000_0000, bytes: PAGE.bytes }]).bytes;
const RAW = Buffer.alloc(8192, 0xa5);
const REGS = '{ "registers": { "STRTAB_BASE": "0x0", "STRTAB_BASE_CFG": "0x10210" } }';
const LOG = '[    0.000000] Booting Linux on physical CPU 0x0\n';
const IOMEM = '40000000-5fffffff : System RAM\n';

let folders = 0;
/** A folder with these files. */
function tree(files: Readonly<Record<string, string | Uint8Array>>): string {
  folders += 1;
  const folder = join(top, `tree-${folders}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function found(place: string, names: NameOptions = {}): Promise<Crash[]> {
  const crashes: Crash[] = [];
  for await (const crash of new CrashFinder(names).find(place)) crashes.push(crash);
  return crashes;
}

const dumps = async (place: string, names: NameOptions = {}) => (await found(place, names)).map(({ dump }) => dump);

describe('dumps are known by what they hold', () => {
  test.each([
    ['an ELF core', ELF],
    ['a kdump', KDUMP('a')],
    ['a flattened dump', flatten([{ offset: 0, bytes: ELF }]).bytes],
    ['a LiME dump', LIME],
  ])('%s, whatever it is called', async (_, bytes) => {
    expect(await dumps(tree({ 'a/whatever': bytes }))).toEqual([['whatever']]);
  });

  test('memory without a container by its name, or by registers beside it', async () => {
    expect(await dumps(tree({ 'a/dump.raw': RAW }))).toEqual([['dump.raw']]);
    expect(await dumps(tree({ 'a/blob': RAW }))).toEqual([]);
    expect(await dumps(tree({ 'a/blob': RAW, 'a/regs.json': REGS }))).toEqual([['blob']]);
  });

  test('memory of which nothing is left is one that cannot be read, where registers wait for it', async () => {
    expect(await dumps(tree({ 'a/dump.raw': '', 'a/regs.json': REGS }))).toEqual([['dump.raw']]);
    expect(await dumps(tree({ 'a/dump.raw': '', 'a/ddr0.bin': RAW, 'a/regs.json': REGS }))).toEqual([['ddr0.bin']]);
    expect(await dumps(tree({ 'a/dump.raw': '' }))).toEqual([]);
  });

  test('the files that a memory list names are one', async () => {
    const regs = JSON.parse(REGS);
    const memory = ['ddr0', 'ddr1'].map((file, i) => ({ base: `0x${i + 4}0000000`, file }));
    const [crash] = await found(tree({ ddr0: RAW, ddr1: RAW, 'regs.json': JSON.stringify({ ...regs, memory }) }));
    expect(crash).toMatchObject({ dump: ['ddr0', 'ddr1'], placedBySnapshot: true });
  });

  test("Qualcomm's folder is one", async () => {
    const info = '1 0x40000000 8192 DDR bank DDRCS0_0.BIN\n';
    expect(await dumps(tree({ 'dump_info.txt': info, 'DDRCS0_0.BIN': RAW, 'OCIMEM.BIN': RAW }))).toEqual([
      ['dump_info.txt'],
    ]);
  });

  test('the parts of a split dump are one, those of another moment are another', async () => {
    const [first, second] = [
      { startPfn: 0, endPfn: 0x40001 },
      { startPfn: 0x40001, endPfn: 0x40002 },
    ];
    const files = { 'v.1': KDUMP('a', first), 'v.2': KDUMP('a', second), 'w.1': KDUMP('a', first, 2) };
    expect(await dumps(tree(files))).toEqual([['v.1', 'v.2'], ['w.1']]);
  });

  test('the parts of a split dump are one in the flattened form too, however long they are', async () => {
    const part = (startPfn: number, endPfn: number, nodename = 'a') => {
      const bytes = KDUMP(nodename, { startPfn, endPfn });
      const headers = { offset: 0, bytes: bytes.subarray(0, 3 * 4096) };
      const pages = Array.from({ length: 100 }, () => ({ offset: 3 * 4096, bytes: bytes.subarray(3 * 4096) }));
      return flatten([headers, ...pages]).bytes;
    };
    const files = { 'v.1': part(0, 0x40001), 'v.2': part(0x40001, 0x40002), 'w.1': part(0, 0x40001, 'b') };
    const crashes = await found(tree({ ...files, whole: flatten([{ offset: 0, bytes: KDUMP('a') }]).bytes }));
    expect(crashes.map(({ dump }) => dump)).toEqual([['v.1', 'v.2'], ['w.1'], ['whole']]);
    expect(crashes.map(({ missing }) => missing?.length ?? 0)).toEqual([0, 1, 0]);
  });

  test('what no part of a split dump holds is known', async () => {
    const ends = [0, 0x40000, 0x40001, 0x40002];
    const part = (i: number) => KDUMP('a', { startPfn: ends[i] as number, endPfn: ends[i + 1] as number });
    const missing = async (...parts: number[]) =>
      (await found(tree(Object.fromEntries(parts.map((i) => [`v.${i}`, part(i)])))))[0]?.missing;
    expect(await missing(0, 1, 2)).toBeUndefined();
    expect(await missing(0, 2)).toEqual([{ from: 0x4000_0000, to: 0x4000_1000 }]);
    expect(await missing(1)).toEqual([
      { from: 0, to: 0x4000_0000 },
      { from: 0x4000_1000, to: 0x4000_2000 },
    ]);
  });

  test('programs, texts, and what was packed or summed up of a dump that is there are none', async () => {
    const vmlinux = Buffer.from(ELF);
    vmlinux.writeUInt16LE(2, 16);
    const packed = Buffer.from([0x1f, 0x8b, 8, 0]);
    const texts = { 'README.md': 'STRTAB_BASE\n', 'x.json': '{}', 'vmcore.sha256': `${'0'.repeat(64)}  vmcore\n` };
    const files = { vmcore: ELF, vmlinux, 'vmcore.gz': packed, ...texts };
    expect(await dumps(tree(files))).toEqual([['vmcore']]);
  });

  test('what has the name of a dump and is none is a crash that cannot be read', async () => {
    expect(await dumps(tree({ 'a/vmcore': '', 'b/vmcore.gz': '\u001f\u008b', 'c/vmcore': '<html>' }))).toEqual([
      ['vmcore'],
      ['vmcore.gz'],
      ['vmcore'],
    ]);
    expect(await dumps(tree({ 'a/vmcore-dmesg.txt': LOG, 'a/dump-formats.md': '# Formats\n' }))).toEqual([]);
  });

  test('and so it is beside one that can be read, whatever is wrong with it', async () => {
    const outside = tree({ vmcore: ELF });
    const damaged = Buffer.alloc(8192, 0xa5);
    const files = { '1.vmcore': ELF, '2.vmcore': '', '3.vmcore': '\u001f\u008b', '4.vmcore.gz': '\u001f\u008b' };
    const folder = tree({ ...files, '8.kdump': damaged, '9.raw': RAW });
    spawnSync('mkfifo', [join(folder, '5.vmcore')]);
    symlinkSync(join(outside, 'vmcore'), join(folder, '6.vmcore'));
    symlinkSync('nothing', join(folder, '7.vmcore'));
    symlinkSync(outside, join(folder, 'a-folder'));
    const crashes = await found(folder);
    expect(crashes.map(({ path, problem }) => [path.slice(folder.length + 1), problem?.reason])).toEqual([
      ['1.vmcore', undefined],
      ['2.vmcore', undefined],
      ['3.vmcore', undefined],
      ['4.vmcore.gz', undefined],
      ['5.vmcore', 'is not a regular file; a file is needed'],
      ['6.vmcore', 'is a link out of the folder that was named'],
      ['7.vmcore', 'is a link to nothing'],
      ['8.kdump', undefined],
      ['9.raw', undefined],
    ]);
    expect(crashes[0]?.passedOver).toContainEqual({ file: 'a-folder', why: 'link-to-folder', companion: null });
    const asked = await dumps(folder, { dumpName: /^[17]\..*$/ });
    expect(asked).toEqual([['1.vmcore'], []]);
  });

  test('dumps are not lost beside a folder of another kind, or beside a snapshot that places one', async () => {
    const info = { 'dump_info.txt': '1 0x40000000 8192 DDR bank DDRCS0_0.BIN\n', 'DDRCS0_0.BIN': RAW };
    expect(await dumps(tree({ ...info, vmcore: ELF, 'b.vmcore': '' }))).toEqual([
      ['b.vmcore'],
      ['dump_info.txt'],
      ['vmcore'],
    ]);
    const placing = JSON.stringify({ ...JSON.parse(REGS), memory: [{ base: '0x40000000', file: 'a.raw' }] });
    const crashes = await found(tree({ 'a.raw': RAW, 'a.regs.json': placing, 'b.raw': RAW, 'c.vmcore': ELF }));
    expect(crashes.map(({ dump, regs, placedBySnapshot }) => [dump[0], regs, placedBySnapshot])).toEqual([
      ['a.raw', 'a.regs.json', true],
      ['b.raw', null, false],
      ['c.vmcore', null, false],
    ]);
  });

  test('a pipe is not opened', async () => {
    const folder = tree({});
    spawnSync('mkfifo', [join(folder, 'vmcore')]);
    expect((await found(folder))[0]?.problem).toMatchObject({ failure: 'file' });
  });
});

describe('companions', () => {
  const all = {
    vmcore: ELF,
    'regs.json': REGS,
    'regs-after-probe.json': REGS,
    'kexec-dmesg.log': LOG,
    'vmcore-dmesg.txt': LOG,
    'iomem.txt': IOMEM,
    fdt: deviceTree({}),
    'expected.json': '{ "schemaVersion": 1, "smmus": [] }',
  };

  test('are known by content, and of several the one with the surest name', async () => {
    const [crash] = await found(tree(all));
    const { regs, dmesg, log, iomem, dtb, iort } = crash as Crash;
    expect({ regs, dmesg, log, iomem, dtb, iort }).toEqual({
      regs: 'regs.json',
      dmesg: 'kexec-dmesg.log',
      log: 'vmcore-dmesg.txt',
      iomem: 'iomem.txt',
      dtb: 'fdt',
      iort: null,
    });
  });

  test('of several that are as sure none is taken', async () => {
    const [crash] = await found(tree({ vmcore: ELF, 'regs-1.json': REGS, 'regs-2.json': REGS }));
    expect(crash?.regs).toBeNull();
    expect(crash?.passedOver.map(({ file, why }) => [file, why])).toEqual([
      ['regs-1.json', 'ambiguous'],
      ['regs-2.json', 'ambiguous'],
    ]);
    const [picked] = await found(tree({ vmcore: ELF, 'regs-1.json': REGS, 'regs-2.json': REGS }), {
      regsName: /^regs-2.*$/,
    });
    expect(picked?.regs).toBe('regs-2.json');
  });

  test("a report is no snapshot, and another dump's files are not taken", async () => {
    const crashes = await found(
      tree({ 'a.kdump': KDUMP('a'), 'a.regs.json': REGS, 'b.kdump': KDUMP('b'), 'b.json': REGS, 'iomem.txt': IOMEM }),
    );
    expect(crashes.map(({ name, regs, iomem, host }) => [name.replace(/.*\//, ''), regs, iomem, host])).toEqual([
      ['a.kdump', 'a.regs.json', 'iomem.txt', 'a'],
      ['b.kdump', 'b.json', 'iomem.txt', 'b'],
    ]);
    expect((await found(tree({ vmcore: ELF, 'expected.json': all['expected.json'] })))[0]?.regs).toBeNull();
  });
});

describe('whose a file is, where a folder has several dumps', () => {
  const A = KDUMP('a');
  const B = KDUMP('b', undefined, 2);
  const owned = async (files: Readonly<Record<string, string | Uint8Array>>) =>
    (await found(tree(files))).map(({ dump, regs, log }) => [dump[0], regs, log]);

  test.each([
    ['dump.202611020304', 'dump.202611020555'],
    ['vmcore.1', 'vmcore.2'],
    ['vmcore', 'vmcore.1'],
    ['node1.vmcore', 'node2.vmcore'],
  ])('%s and %s: the whole name before what they have in common', async (a, b) => {
    const one = { [a]: A, [b]: B, [`${b}.regs.json`]: REGS };
    expect(await owned(one)).toEqual([
      [a, null, null],
      [b, `${b}.regs.json`, null],
    ]);
    expect(await owned({ ...one, [`${a}.regs.json`]: REGS })).toEqual([
      [a, `${a}.regs.json`, null],
      [b, `${b}.regs.json`, null],
    ]);
  });

  test.each([
    ['dump.202611020304', 'dump.202611020555', 'dmesg.202611020304'],
    ['vmcore.1', 'vmcore.2', 'dmesg.1'],
    ['node1.vmcore', 'node2.vmcore', 'dmesg-node1.txt'],
  ])('%s and %s: %s ends as one of them does', async (a, b, log) => {
    expect(await owned({ [a]: A, [b]: B, [log]: LOG })).toEqual([
      [a, null, log],
      [b, null, null],
    ]);
  });

  test('what several begin with is of all of them', async () => {
    expect(await owned({ 'vmcore.1': A, 'vmcore.2': B, 'vmcore.regs.json': REGS })).toEqual([
      ['vmcore.1', 'vmcore.regs.json', null],
      ['vmcore.2', 'vmcore.regs.json', null],
    ]);
  });

  test.each([
    ['dump.202611020555', 'dump.202611020304.regs.json'],
    ['dump.202611020555', 'regs.202611020304.json'],
    ['vmcore.1', 'vmcore.2.regs.json'],
  ])('%s does not get %s of a dump that is not there', async (dump, regs) => {
    expect(await owned({ [dump]: A, [regs]: REGS })).toEqual([[dump, null, null]]);
  });

  test('parts of one dump own what begins as all of them do', async () => {
    const [first, second] = [
      KDUMP('a', { startPfn: 0, endPfn: 0x40001 }),
      KDUMP('a', { startPfn: 0x40001, endPfn: 0x40002 }),
    ];
    expect(await owned({ 'v.1': first, 'v.2': second, 'v.regs.json': REGS, 'w.kdump': B })).toEqual([
      ['v.1', 'v.regs.json', null],
      ['w.kdump', null, null],
    ]);
  });
});

describe('what is searched', () => {
  test('hidden folders and those of packages are passed over', async () => {
    const files = { 'a/vmcore': ELF, '.b/vmcore': ELF, 'node_modules/c/vmcore': ELF };
    expect((await found(tree(files))).map(({ name }) => name)).toEqual(['a']);
  });

  test('links lead nowhere outside', async () => {
    const outside = tree({ vmcore: ELF, 'b/vmcore': ELF });
    const folder = tree({ 'a/dump': ELF, 'c/x': 'x' });
    symlinkSync(join(outside, 'vmcore'), join(folder, 'c', 'vmcore'));
    symlinkSync(outside, join(folder, 'd'));
    symlinkSync('../a/dump', join(folder, 'c', 'inside'));
    symlinkSync('..', join(folder, 'a', 'up'));
    const crashes = await found(folder);
    expect(crashes.map(({ name, dump }) => [name, dump])).toEqual([
      ['a', ['dump']],
      ['c/inside', ['inside']],
      ['c/vmcore', ['vmcore']],
    ]);
    expect(crashes[2]?.problem).toMatchObject({ failure: 'link' });
    const alone = tree({});
    symlinkSync(join(outside, 'vmcore'), join(alone, 'vmcore'));
    expect((await found(alone))[0]?.problem).toMatchObject({ failure: 'link' });
  });

  test('what is named is followed', async () => {
    const folder = tree({ 'a/vmcore': ELF });
    symlinkSync(join(folder, 'a', 'vmcore'), join(top, 'to-file'));
    symlinkSync(folder, join(top, 'to-folder'));
    expect(await dumps(join(top, 'to-file'))).toEqual([['to-file']]);
    expect(await dumps(join(top, 'to-folder'))).toEqual([['vmcore']]);
  });

  test('a folder that cannot be read, or is too deep, is said', async () => {
    const deep = tree({ 'a/b/c/d/e/f/g/h/i/vmcore': ELF, 'a/vmcore': ELF });
    const finder = new CrashFinder();
    const names: string[] = [];
    for await (const { name } of finder.find(deep)) names.push(name);
    expect(names).toEqual(['a']);
    expect(finder.notSearched).toEqual([{ path: join(deep, 'a/b/c/d/e/f/g/h'), why: 'too-deep', code: null }]);
  });

  test('what is named twice is one, however that is written, and called as it was the first time', async () => {
    const folder = tree({ 'c1/vmcore': ELF, 'c1/regs.json': REGS, 'c2/vmcore': ELF, 'c2/x.vmcore': ELF });
    const link = join(top, 'c1-again');
    symlinkSync(join(folder, 'c1'), link);
    const list = join(folder, 'list.json');
    writeFileSync(list, JSON.stringify({ version: 1, crashes: [{ dump: 'c1/vmcore', regs: 'c1/regs.json' }] }));
    const here = relative('.', folder);
    const spellings = ['c1', 'c1/', './c1', 'c1/../c1', 'c1/vmcore', '.'].map((path) => `${folder}/${path}`);
    for (const first of [...spellings.slice(0, -1), `${here}/c1`, link]) {
      const finder = new CrashFinder();
      const paths: string[] = [];
      for (const place of [first, ...spellings, `${here}/c1/`, `${here}/c2`, link, list]) {
        for await (const { path } of finder.find(place, true)) paths.push(path);
      }
      expect(paths).toEqual([first, join(folder, 'c2', 'vmcore'), join(folder, 'c2', 'x.vmcore')]);
    }
  });

  test('a loop of links that is called as a dump is said', async () => {
    const folder = tree({ vmcore: ELF, 'regs.json': REGS });
    for (const name of ['1.vmcore', '2.vmcore']) symlinkSync(name, join(folder, name));
    const crashes = await found(folder);
    expect(crashes.map(({ path, problem }) => [path.slice(folder.length), problem?.reason])).toEqual([
      ['/1.vmcore', 'is a link to nothing'],
      ['/2.vmcore', 'is a link to nothing'],
      ['/vmcore', undefined],
    ]);
  });

  test('the order is that of the paths', async () => {
    const folder = tree({});
    for (const name of ['b', 'a', 'C', 'a/z']) {
      mkdirSync(join(folder, name), { recursive: true });
      cpSync(join(SAMPLES_FOLDER, 'bad-span', 'dump.raw'), join(folder, name, 'dump.raw'));
    }
    linkSync(join(folder, 'a', 'dump.raw'), join(folder, 'a', 'ddr.raw'));
    expect((await found(folder)).map(({ name }) => name)).toEqual(['C', 'a/ddr.raw', 'a/dump.raw', 'a/z', 'b']);
  });
});

describe('folders say when and who', () => {
  test.each([
    ['127.0.0.1-2026-11-02-03:04:05', '2026-11-02T03:04:05', '127.0.0.1'],
    ['10.1.2.3-2026-11-02-03:04:05', '2026-11-02T03:04:05', '10.1.2.3'],
    ['fe80::1-2026-11-02-03:04:05', '2026-11-02T03:04:05', 'fe80::1'],
    ['202611020304', '2026-11-02T03:04:00', null],
    ['rack-12.example-202611020304', '2026-11-02T03:04:00', 'rack-12.example'],
    ['dump.202611020304', '2026-11-02T03:04:00', null],
    ['2026-11-02-node17', '2026-11-02', 'node17'],
    ['2026-11-02T03:04:05', '2026-11-02T03:04:05', null],
    ['node-2026-11-02', '2026-11-02', 'node'],
    ['2026-13-02-node17', null, null],
    ['2026-02-30', null, null],
    ['node17', null, null],
    ['123456789012345', null, null],
  ])('%s', (name, when, host) => {
    expect(toldByFolder(name)).toEqual({ when, host });
  });

  test("kdump-tools' own names", async () => {
    const [crash] = await found(tree({ '202611020304/dump.202611020304': ELF }));
    expect(crash).toMatchObject({ name: '202611020304', when: '2026-11-02T03:04:00' });
    const [flat] = await found(tree({ 'x/dump.202611020304': ELF }));
    expect(flat).toMatchObject({ name: 'x', when: '2026-11-02T03:04:00' });
  });
});
