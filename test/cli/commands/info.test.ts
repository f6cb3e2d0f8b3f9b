/** `smmu-adopt info` from outside, on every kind of dump: what it says, its JSON, and what it refuses. */

import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import type { DumpInfo } from '../../../src/inspect/dump-info.ts';
import { run } from '../../support/command.ts';
import { asEveryContainer } from '../../support/containers.ts';
import { QEMU_A, whyNot } from '../../support/outside/real-dumps.ts';
import { expectStrictlyValidInfo, expectValidInfo } from '../../support/schema.ts';
import { SLOW } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { elfCore, note, PT_NULL } from '../../support/writers/elf-writer.ts';
import { cutIntoRecords, flatten } from '../../support/writers/flatten.ts';
import { type KdumpOptions, type KdumpPage, kdump } from '../../support/writers/kdump-writer.ts';
import { limeDump } from '../../support/writers/lime-writer.ts';

const folder = temporaryFolder();
const containers = temporaryFolder();
const inFolder = { cwd: folder.path };

/** Text from a dump that a terminal would obey. */
const HOSTILE = 'red\u001b[31m\u0007\u007f\u009b2J';
const HOSTILE_SHOWN = 'red\\u001b[31m\\u0007\\u007f\\u009b2J';
const VMCOREINFO = `OSRELEASE=7.1.0-test\nBUILD-ID=00c0ffee\nPAGESIZE=4096\n`;

async function text(args: readonly string[], options: Parameters<typeof run>[1] = inFolder): Promise<string> {
  const { stdout, stderr, status } = await run(['info', ...args], options);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect(stdout).toMatch(/^[\n\x20-\x7e]*$/);
  return stdout;
}

/** What `--format json` says, which always has to fit the schema. */
async function info(args: readonly string[], options: Parameters<typeof run>[1] = inFolder): Promise<DumpInfo['dump']> {
  const json = JSON.parse(await text([...args, '--format', 'json'], options));
  expectValidInfo(json);
  expectStrictlyValidInfo(json);
  return json.dump;
}

const NONE = { present: 0, zero: 0, excluded: 0, lost: 0 };
/** Eight pages of RAM from 1 MiB on, the last two of them left out. Page by page as the codec says. */
const pages = (as: (i: number) => KdumpPage['as']): KdumpPage[] =>
  Array.from({ length: 8 }, (_, i) => ({
    pfn: 0x100 + i,
    as: i < 6 ? as(i) : 'excluded',
    bytes: new Uint8Array(4096).fill(i),
  }));
const kdumpFile = (name: string, options: KdumpOptions = {}, as: (i: number) => KdumpPage['as'] = () => 'zlib') =>
  folder.write(name, kdump(pages(as), { vmcoreinfo: VMCOREINFO, ...options }).bytes) && name;

describe('text', () => {
  test('a raw dump that the snapshot places', async () => {
    const cwd = join(SAMPLES_FOLDER, 'healthy-two-level');
    expect(await text(['dump.raw', '--regs', 'regs.json'], { cwd })).toBe(
      `dump          dump.raw
format        raw
kernel        the dump does not say
page size     4 KiB
complete      yes
pages         10 present
stored        10 plain
assumed       page size = 4096 (a raw dump does not say)

Memory map  what the dump says is RAM
        From          To    Size
  ----------  ----------  ------
  0x88002000  0x88002fff   4 KiB
  0x88010000  0x88017fff  32 KiB
  0x88020000  0x88020fff   4 KiB
`,
    );
  });

  test('the sample of a real kernel', async () => {
    expect(await text(['dump.elf'], { cwd: join(SAMPLES_FOLDER, 'real-qemu') })).toBe(
      `dump          dump.elf
format        elf
kernel        6.1.0-56-arm64
build id      0ed29847cba3cbd9114b826b3a1ad39dd624ffa0
machine       aarch64
page size     4 KiB
complete      yes
pages         46 present, 98258 excluded
stored        46 plain

Memory map  what the dump says is RAM
        From          To     Size
  ----------  ----------  -------
  0x40000000  0x57ffffff  384 MiB
`,
    );
  });

  test('a format without a mark at its end', async () => {
    folder.write('dump.lime', limeDump([{ paddr: 0x10_0000, bytes: new Uint8Array(4096) }]).bytes);
    expect(await text(['dump.lime'])).toBe(
      `dump          dump.lime
format        lime
kernel        the dump does not say
page size     4 KiB
complete      cannot be told: the format has no mark at its end, and a cut between two records shows
              nowhere
pages         1 present
stored        1 plain
assumed       page size = 4096 (a LiME dump does not say)

Memory map  what the dump says is RAM; what is elsewhere is unknown
      From        To   Size
  --------  --------  -----
  0x100000  0x100fff  4 KiB
`,
    );
  });

  test('an unfinished ELF core', async () => {
    const page = { paddr: 0x10_0000, bytes: new Uint8Array(4096) };
    folder.write('killed.elf', elfCore([page, { paddr: 0, type: PT_NULL, fileOffset: 0 }]).bytes);
    const said = await text(['killed.elf']);
    expect(said).toContain('\ncomplete      NO, see below\n');
    expect(said).toContain('what the dump says is RAM; what is elsewhere is unknown');
    expect(said).toContain('1 of 2 program headers are empty');
  });

  test('more ranges than anybody reads: the cut is said', async () => {
    const segments = Array.from({ length: 1203 }, (_, i) => ({ paddr: i * 0x2000, bytes: Uint8Array.of(i) }));
    folder.write('scattered.elf', elfCore(segments).bytes);
    const lines = await (await text(['scattered.elf'])).trimEnd().split('\n');
    expect(lines.at(-1)).toBe('  and 203 more ranges; --format json has all of them');
    expect(lines.length).toBeLessThan(1020);
    expect((await info(['scattered.elf'])).memory).toHaveLength(1203);
  });

  test('one part of a split dump, without the others', async () => {
    const file = kdumpFile('part.kdump', { split: { startPfn: 0x102, endPfn: 0x104 } });
    expect(await text([file])).toBe(
      `dump          part.kdump
format        kdump
kernel        7.1.0-test
build id      00c0ffee
machine       aarch64
page size     4 KiB
dump level    31: without zero, page cache, private page cache, user, free pages
complete      NO, see below
pages         2 present, 2 excluded, 4 lost
stored        2 zlib

Memory map  what the dump says is RAM
      From        To    Size
  --------  --------  ------
  0x100000  0x107fff  32 KiB

Damage
  part.kdump, offset 0x1050: is one part of a split dump and holds memory from 0x102000 to 0x103fff;
  the memory of other parts is lost
`,
    );
  });

  test.each([
    [0, '0: nothing left out'],
    [1, '1: without zero pages'],
    [17, '17: without zero, free pages'],
  ])('dump level %i in words', async (dumpLevel, words) => {
    expect(await text([kdumpFile('level.kdump', { dumpLevel })])).toContain(`\ndump level    ${words}\n`);
  });

  test('points to the damage only where some is listed', async () => {
    const marked = await text([kdumpFile('marked.kdump', { status: 8 })]);
    expect(marked).toContain('\ncomplete      NO, by its own account\n');
    expect(marked).not.toContain('Damage');
    folder.write('cut.kdump', kdump(pages(() => 'plain')).bytes.subarray(0, -5000));
    const cut = await text(['cut.kdump']);
    expect(cut).toContain('\ncomplete      NO, see below\n');
    expect(cut).toContain('\npages         4 present, 2 excluded, 2 lost\n');
    expect(cut).toMatch(/\nDamage\n {2}cut\.kdump, offset 0x\w+: the bytes of the last pages are not there/);
  });

  test('colour only when it is asked for', async () => {
    const cwd = join(SAMPLES_FOLDER, 'real-qemu');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
    expect((await run(['info', 'dump.elf', '--color', 'always'], { cwd })).stdout).toMatch(/\u001b\[/);
  });
});

describe('JSON', () => {
  test('a raw dump, and one that a real kernel wrote', async () => {
    const raw = await info(['dump.raw', '--regs', 'regs.json'], { cwd: join(SAMPLES_FOLDER, 'healthy-two-level') });
    expect(raw).toMatchObject({ format: 'raw', kernelRelease: null, buildId: null, machine: null, dumpLevel: null });
    expect(raw).toMatchObject({ pages: { ...NONE, present: 10 }, codecs: { plain: 10 }, vmcoreinfo: {}, problems: [] });
    const elf = await info(['dump.elf'], { cwd: join(SAMPLES_FOLDER, 'real-qemu') });
    expect(elf).toMatchObject({ format: 'elf', kernelRelease: '6.1.0-56-arm64', machine: 'aarch64', dumpLevel: null });
    expect(elf.pages).toEqual({ ...NONE, present: 46, excluded: 98258 });
    expect(elf.vmcoreinfo).toMatchObject({ OSRELEASE: '6.1.0-56-arm64', 'BUILD-ID': elf.buildId, PAGESIZE: '4096' });
  });

  test.each(['plain', 'zlib', 'lzo', 'snappy', 'zstd'] as const)('pages stored as %s', async (codec) => {
    expect(await info([kdumpFile(`${codec}.kdump`, {}, () => codec)])).toEqual({
      files: [`${codec}.kdump`],
      format: 'kdump',
      wrapper: null,
      pageSize: 4096,
      complete: true,
      completeness: 'whole',
      memory: [{ start: '0x100000', end: '0x107fff' }],
      memoryComplete: true,
      assumptions: [],
      kernelRelease: '7.1.0-test',
      buildId: '00c0ffee',
      machine: 'aarch64',
      dumpLevel: 31,
      codecs: { [codec]: 6 },
      pages: { ...NONE, present: 6, excluded: 2 },
      vmcoreinfo: { OSRELEASE: '7.1.0-test', 'BUILD-ID': '00c0ffee', PAGESIZE: '4096' },
      problems: [],
    });
  });

  test('an incomplete dump, with pages stored in every way', async () => {
    const every = ['plain', 'zlib', 'lzo', 'snappy', 'zstd', 'zlib'] as const;
    expect(await info([kdumpFile('all.kdump', { status: 8 }, (i) => every[i] ?? 'excluded')])).toMatchObject({
      complete: false,
      codecs: { plain: 1, zlib: 2, lzo: 1, snappy: 1, zstd: 1 },
      pages: { ...NONE, present: 6, excluded: 2 },
    });
  });

  test('what is damaged', async () => {
    const level = { at: 4096 + 8, value: 99, width: 4 } as const;
    folder.write(
      'damaged.kdump',
      kdump(
        pages(() => 'plain'),
        { patches: [level] },
      ).bytes.subarray(0, -5000),
    );
    const { problems, ...rest } = await info(['damaged.kdump']);
    expect(rest).toMatchObject({
      complete: false,
      dumpLevel: null,
      pages: { ...NONE, present: 4, excluded: 2, lost: 2 },
    });
    expect(problems.map(({ file, fileOffset }) => [file, fileOffset])).toEqual([
      ['damaged.kdump', '0x4000'],
      ['damaged.kdump', '0x1008'],
    ]);
  });

  test('a flattened dump, and one without its end mark', async () => {
    const records = cutIntoRecords(kdump(pages(() => 'zlib')).bytes, [1000, 17]).reverse();
    folder.write('whole.flat', flatten(records).bytes);
    folder.write('endless.flat', flatten(records, { endMark: false }).bytes);
    const whole = { format: 'kdump', wrapper: 'flattened', pages: { ...NONE, present: 6, excluded: 2 } };
    expect(await info(['whole.flat'])).toMatchObject({ ...whole, complete: true, problems: [] });
    expect(await info(['endless.flat'])).toMatchObject({
      ...whole,
      complete: false,
      problems: [{ file: 'endless.flat' }],
    });
  });

  describe('the same memory in every container', () => {
    const memory = new Image().write(0x10_0000, [1n]).reserve(0x10_1000, 8192).write(0x20_0000, [2n]);
    const ranges = [
      { start: '0x100000', end: '0x102fff' },
      { start: '0x200000', end: '0x200fff' },
    ];
    test.each(asEveryContainer(memory.extents(), containers))('$name', async ({ name, dump }) => {
      const { pages: counts, codecs, memory: map, complete, completeness, memoryComplete, problems } = await info(dump);
      expect({ counts, map, problems }).toEqual({ counts: { ...NONE, present: 4 }, map: ranges, problems: [] });
      // Nobody can tell that no record is missing at the end of these.
      const endless = /^(LiME|AVML)/.test(name);
      expect({ complete, completeness, memoryComplete }).toEqual({
        complete: !endless,
        completeness: endless ? 'unknown' : 'whole',
        memoryComplete: !endless,
      });
      expect(Object.values(codecs).reduce((sum, count) => sum + count, 0)).toBe(4);
    });
  });

  test('the files that a dump_info.txt names', async () => {
    const beside = join(folder.path, 'qualcomm');
    mkdirSync(beside);
    writeFileSync(join(beside, 'DDRCS0_0.BIN'), new Uint8Array(8192));
    writeFileSync(join(beside, 'DDRCS0_1.BIN'), new Uint8Array(4096));
    const rows = [
      '1 0x80000000 8192 DDR DDRCS0_0.BIN',
      '1 0x90000000 8192 DDR DDRCS0_1.BIN',
      '8 0x100 64 RAM OCIMEM.BIN',
    ];
    writeFileSync(join(beside, 'dump_info.txt'), rows.join('\n'));
    expect(await info(['qualcomm/dump_info.txt'])).toMatchObject({
      files: ['DDRCS0_0.BIN', 'DDRCS0_1.BIN'],
      format: 'raw',
      complete: false,
      pages: { ...NONE, present: 3, lost: 1 },
      problems: [{ file: 'DDRCS0_1.BIN' }],
    });
  });
});

describe('text from a dump that a terminal would obey', () => {
  const info8bit = Buffer.from(`OSRELEASE=${HOSTILE}\nBUILD-ID=${HOSTILE}\n${HOSTILE}=${HOSTILE}\n`, 'latin1');
  folder.write(
    'hostile.elf',
    elfCore([{ paddr: 4096, bytes: new Uint8Array(4096) }], {
      notes: note('VMCOREINFO', info8bit),
    }).bytes,
  );
  kdumpFile('hostile.kdump', { vmcoreinfo: undefined, utsname: { release: HOSTILE } });

  test.each(['hostile.elf', 'hostile.kdump'])('%s', async (file) => {
    // `text` takes nothing but printable ASCII.
    expect(await text([file])).toContain(`\nkernel        ${HOSTILE_SHOWN}\n`);
    expect((await info([file])).kernelRelease).toBe(HOSTILE);
  });

  test('in VMCOREINFO, keys and values', async () => {
    expect(await text(['hostile.elf'])).toContain(`\nbuild id      ${HOSTILE_SHOWN}\n`);
    expect((await info(['hostile.elf'])).vmcoreinfo).toEqual({
      OSRELEASE: HOSTILE,
      'BUILD-ID': HOSTILE,
      [HOSTILE]: HOSTILE,
    });
  });

  test('in the name of a file', async () => {
    const file = 'odd\u001b[31m\u009bname.bin';
    folder.write(file, new Uint8Array(4096));
    expect(await text([file])).toMatch(/^dump {10}odd\\u001b\[31m\\u009bname\.bin\n/);
    expect((await info([file])).files).toEqual([file]);
  });

  test('a machine that is none of ours is refused, and said safely', async () => {
    const { stderr, status } = await run(['info', kdumpFile('m.kdump', { utsname: { machine: HOSTILE } })], inFolder);
    expect({ stderr, status }).toEqual({
      stderr: `smmu-adopt: m.kdump: offset 0x110: machine ${HOSTILE_SHOWN}; aarch64 is needed\n`,
      status: 2,
    });
  });
});

describe('what cannot be used: one line on stderr, nothing on stdout, exit status 2', () => {
  const file = kdumpFile('sound.kdump');
  folder.write('short.kdump', kdump(pages(() => 'zlib')).bytes.subarray(0, 300));
  folder.write('x86.elf', elfCore([], { machine: 62 }).bytes);
  folder.write('empty.bin', '');

  test.each<[string, string[], string]>([
    ['no dump', [], 'no dump was named'],
    ['a missing file', ['no.bin'], 'no.bin: cannot be opened (ENOENT)'],
    ['an empty file', ['empty.bin'], 'empty.bin: is empty'],
    ['a missing snapshot', [file, '--regs', 'no.json'], 'no.json: cannot be opened (ENOENT)'],
    ['another machine', ['x86.elf'], 'x86.elf: offset 0x12: is a 64-bit little-endian ELF core for x86-64; '],
    ['a header that is cut off', ['short.kdump'], 'short.kdump: offset 0x0: the header is cut off'],
    ['a whole dump twice', [file, file], 'sound.kdump: is a whole kdump-compressed dump; give it alone'],
    ['an address for a container', [file, '--base', '0x1000'], 'has its own addresses'],
    ['an unknown format', [file, '--format', 'xml'], 'Allowed choices are text, json.'],
    ['an unknown option', [file, '--insert', 'all'], "unknown option '--insert'"],
  ])('%s', async (_, args, message) => {
    const { stdout, stderr, status } = await run(['info', ...args], inFolder);
    expect({ stdout, status, lines: stderr.split('\n').length - 1 }).toEqual({ stdout: '', status: 2, lines: 1 });
    expect(stderr).toMatch(/^smmu-adopt: /);
    expect(stderr).toContain(message);
  });
});

const skipped = whyNot(QEMU_A, { xz: true });

describe.skipIf(skipped !== '')(`dumps of a real kernel${skipped}`, () => {
  const release = '6.1.0-56-arm64';
  const dumps: [string, Partial<DumpInfo['dump']>][] = [
    ['live-trim.elf.xz', { format: 'elf', wrapper: null, kernelRelease: release }],
    ['live-trim.raw.xz', { format: 'raw', wrapper: null, kernelRelease: null }],
    // Made by a QEMU that knew only the memory: without VMCOREINFO.
    ['live-trim.kdump-zlib.flat', { format: 'kdump', wrapper: 'flattened', kernelRelease: null }],
    ['live.kdump-zlib.flat', { format: 'kdump', wrapper: 'flattened', kernelRelease: release }],
    ['vmcore-trim.elf.xz', { format: 'elf', wrapper: null, kernelRelease: release }],
    ['vmcore-trim.d1.elf.xz', { format: 'elf', wrapper: null, kernelRelease: release }],
    ['vmcore-trim.d1.lzo', { format: 'kdump', wrapper: null, kernelRelease: release, dumpLevel: 1 }],
    ['vmcore-trim.d1.lzo.flat', { format: 'kdump', wrapper: 'flattened', kernelRelease: release, dumpLevel: 1 }],
    ['vmcore-trim.d1.none.xz', { format: 'kdump', wrapper: null, kernelRelease: release, dumpLevel: 1 }],
    ['vmcore-trim.d1.snappy', { format: 'kdump', wrapper: null, kernelRelease: release, dumpLevel: 1 }],
    ['vmcore-trim.d1.zlib', { format: 'kdump', wrapper: null, kernelRelease: release, dumpLevel: 1 }],
    ['vmcore-trim.d1.zstd', { format: 'kdump', wrapper: null, kernelRelease: release, dumpLevel: 1 }],
    ['vmcore.d31.zlib', { format: 'kdump', wrapper: null, kernelRelease: release, dumpLevel: 31, machine: 'aarch64' }],
  ];
  // To unpack an ELF or a raw file of half a gigabyte takes longer than all other dumps together.
  const isLarge = (name: string) => /\.(elf|raw)\.xz$/.test(name) && !name.includes('.d1.');
  test.each(dumps.filter(([name]) => SLOW || !isLarge(name)))('%s', async (name, expected) => {
    const packed = join(QEMU_A, name);
    const path = name.endsWith('.xz') ? unpack(packed) : packed;
    expect(await info([path])).toMatchObject({ pageSize: 4096, complete: true, problems: [], ...expected });
    if (path !== packed) rmSync(path);
  });
});

/** Unpacks one dump into the temporary folder. Writing straight to a file lets xz leave the zeros out. */
function unpack(packed: string): string {
  const target = join(folder.path, 'unpacked');
  const descriptor = openSync(target, 'w');
  try {
    expect(spawnSync('xz', ['-dc', packed], { stdio: ['ignore', descriptor, 'inherit'] }).status).toBe(0);
  } finally {
    closeSync(descriptor);
  }
  return target;
}
