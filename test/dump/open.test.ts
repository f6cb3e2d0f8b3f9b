/** The one way in: names, addresses, load maps and containers, and which of them go together. */

import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { INPUT_FORMATS, type InputFormat } from '../../src/dump/containers.ts';
import { dumpNamesIn, type LoadMapEntry, parseDumpName } from '../../src/dump/load-map.ts';
import { type OpenedDump, type OpenOptions, openDump } from '../../src/dump/open.ts';
import { openDescriptors } from '../support/made/descriptors.ts';
import { refusalOf } from '../support/refusal.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { elfCore } from '../support/writers/elf-writer.ts';

const folder = temporaryFolder();
const raw1 = folder.write('raw1.bin', page(1, 2, 3, 4));
const raw2 = folder.write('raw2.bin', page(5, 6, 7, 8));
const elf = folder.write('core.elf', elfCore([{ paddr: 0x1000, bytes: Uint8Array.of(9, 10) }]).bytes);
/** A header, a program header, and its two bytes. */
const ELF_BYTE_LENGTH = 64 + 56 + 2;
const kdump = folder.write('vmcore.kdump', page(...Buffer.from('KDUMP   and more')));
const missing = join(folder.path, 'missing.bin');

/** Raw memory is whole pages: zeros behind `bytes`. */
function page(...bytes: number[]): Uint8Array {
  const whole = new Uint8Array(4096);
  whole.set(bytes);
  return whole;
}

const opened: OpenedDump[] = [];
/** Opens a dump that is closed behind the test. */
async function open(names: string | readonly string[], options?: OpenOptions): Promise<OpenedDump> {
  const dump = await openDump(names, options);
  opened.push(dump);
  return dump;
}
afterEach(() => {
  for (const dump of opened.splice(0)) dump.close();
  expect(openDescriptors(folder.path), 'files left open').toEqual([]);
});

/** `message` is what follows the folder in the message; `usage` is the tag of most refusals here. */
async function expectRefusal(
  names: string | readonly string[],
  options: OpenOptions,
  message: string,
  tag = 'usage',
): Promise<void> {
  const before = openDescriptors(folder.path);
  const refusal = await refusalOf(() => open(names, options));
  expect({ ...refusal, message: refusal.message.replaceAll(`${folder.path}/`, '') }).toEqual({ tag, message });
  expect(openDescriptors(folder.path), 'files left open behind the refusal').toEqual(before);
}

/** Ranges with their content, `start: bytes`, as far as the dump has it. The zeros of a fixture are one `…`. */
function show({ memory }: OpenedDump): string[] {
  return memory.ranges.map(({ start, end }) => {
    const into = new Uint8Array(end - start);
    const states = memory.read(start, into).map(({ state }) => state);
    const bytes = into.join(' ').replace(/( 0){16,}(?= |$)/g, ' …');
    return `0x${start.toString(16)}: ${bytes} (${states.join(', ')})`;
  });
}

/** An entry of a load map; where it stands is its name in messages. */
function entry(where: string, paddr: number, more: Partial<LoadMapEntry> = {}): LoadMapEntry {
  return { paddr, fileOffset: 0, where, ...more };
}
const fileOf = (path: string) => ({ name: path, path });

describe('dump names', () => {
  test.each([
    ['ddr0.bin@0x80000000', 'ddr0.bin', 0x8000_0000],
    ['ddr0.bin@0X10', 'ddr0.bin', 16],
    ['ddr0.bin@0xAbC', 'ddr0.bin', 0xabc],
    ['ddr0.bin@4096', 'ddr0.bin', 4096],
    ['ddr0.bin@0', 'ddr0.bin', 0],
    ['ddr0.bin@1073741824', 'ddr0.bin', 0x4000_0000],
    ['ddr0.bin@c0000000', 'ddr0.bin', 0xc000_0000],
    ['a@b@0x10', 'a@b', 16],
    ['a@0x10@0x20', 'a@0x10', 32],
    ['folder@0x1/ddr0.bin@0x20', 'folder@0x1/ddr0.bin', 32],
    ['ddr0.bin@0xfffffffffffff', 'ddr0.bin', 2 ** 52 - 1],
    ['ddr0.bin', 'ddr0.bin', undefined],
    ['ddr0.bin@', 'ddr0.bin@', undefined],
    ['ddr0.bin@0x', 'ddr0.bin@0x', undefined],
    ['ddr0.bin@10h', 'ddr0.bin@10h', undefined],
    ['ddr0.bin@-1', 'ddr0.bin@-1', undefined],
    ['@0x10', '@0x10', undefined],
    ['folder@0x10/ddr0.bin', 'folder@0x10/ddr0.bin', undefined],
  ])('%s', (given, file, paddr) => expect(parseDumpName(given)).toEqual({ given, file, paddr }));

  test('a file whose name ends that way is taken by its whole name', async () => {
    const real = folder.write('real.bin@0x10', page(200));
    expect(parseDumpName(real)).toEqual({ given: real, file: real, paddr: undefined });
    expect(show(await open(real))).toEqual(['0x0: 200 … (present)']);
    expect(show(await open(`${real}@0x2000`))).toEqual(['0x2000: 200 … (present)']);
  });

  test('digits that are the address of a page in hexadecimal alone are not guessed at', () => {
    const reading = 'may be hexadecimal or decimal: write @0x80000000 or @0x4c4b400';
    return expectRefusal(`${raw1}@80000000`, {}, `raw1.bin@80000000: 80000000 ${reading}`);
  });

  test('several in one argument, as crash takes them', () => {
    expect(dumpNamesIn('a.bin@0x40000000,b.bin@0xc0000000')).toEqual(['a.bin@0x40000000', 'b.bin@0xc0000000']);
    expect(dumpNamesIn('a,b@0x1000,c.bin@c0000000')).toEqual(['a,b@0x1000', 'c.bin@c0000000']);
    for (const one of ['a.bin@0x1000', 'a,b', 'a@0x1000,b', 'https://a/b@0x0,c@0x1']) {
      expect(dumpNamesIn(one)).toEqual([one]);
    }
    const whole = folder.write('x@0x0,y@0x1', Uint8Array.of(1));
    expect(dumpNamesIn(whole)).toEqual([whole]);
  });

  test.each(['0x10000000000000', '4503599627370496', '0xffffffffffffffffffffffffffffffffff'])(
    'an address beyond 52 bits: %s',
    (address) => expectRefusal(`${raw1}@${address}`, {}, `raw1.bin@${address}: the load address is beyond 52 bits`),
  );
});

describe('a raw dump', () => {
  test('of one file, without anything: from address 0, said to be an assumption', async () => {
    const dump = await open(raw1);
    expect(show(dump)).toEqual(['0x0: 1 2 3 4 … (present)']);
    expect(dump).toMatchObject({
      files: [raw1],
      format: 'raw',
      loadMapIgnored: false,
      assumptions: [
        { kind: 'load-address', paddr: 0 },
        { kind: 'page-size', byteLength: 4096, unsaidBy: 'raw' },
      ],
    });
  });

  test.each([
    ['--base', [raw1], { base: 0x2000 }, ['0x2000: 1 2 3 4 … (present)']],
    ['--base 0', [raw1], { base: 0 }, ['0x0: 1 2 3 4 … (present)']],
    ['@address', [`${raw1}@0x3000`], {}, ['0x3000: 1 2 3 4 … (present)']],
    [
      'several with @address',
      [`${raw2}@0x3000`, `${raw1}@0x1000`],
      {},
      ['0x1000: 1 2 3 4 … (present)', '0x3000: 5 6 7 8 … (present)'],
    ],
    ['two that touch', [`${raw1}@0x1000`, `${raw2}@8192`], {}, ['0x1000: 1 2 3 4 … 5 6 7 8 … (present)']],
    [
      'one file at two addresses',
      [`${raw1}@0`, `${raw1}@8192`],
      {},
      ['0x0: 1 2 3 4 … (present)', '0x2000: 1 2 3 4 … (present)'],
    ],
  ])('with %s: no address is assumed', async (_, names, options, expected) => {
    const dump = await open(names, options);
    expect(show(dump)).toEqual(expected);
    expect(dump.assumptions.map(({ kind }) => kind)).toEqual(['page-size']);
    expect(dump.files).toEqual(names.map((name) => name.replace(/@.*/, '')));
  });

  test('cut off within a page: behind its end nothing is known, and that is said', async () => {
    const cut = folder.write('cut.bin', page(1, 2, 3, 4).subarray(0, 100));
    const dump = await open([`${cut}@0x1000`, `${raw2}@0x8000`]);
    expect(show(dump)).toEqual(['0x1000: 1 2 3 4 … (present, lost)', '0x8000: 5 6 7 8 … (present)']);
    expect(dump).toMatchObject({ complete: false, mapComplete: false });
    expect(dump.problems).toEqual([
      { file: cut, fileOffset: 100, what: { kind: 'raw-ends-within-page', part: `${cut}@0x1000`, end: 0x1064 } },
    ]);
  });

  test.each([4096, 16384, 65536])('with a page size of %i', async (pageSize) => {
    expect(await open(`${raw1}@0`, { pageSize })).toMatchObject({ pageSize, assumptions: [] });
  });

  test('a file that becomes shorter while it is open: the rest is lost', async () => {
    const shrinking = folder.write('shrinking.bin', new Uint8Array(8192).fill(7));
    const dump = await open(shrinking);
    truncateSync(shrinking, 4097);
    const bytes = new Uint8Array(4);
    expect(dump.memory.read(4096, bytes).map(({ offset, state }) => [offset, state])).toEqual([
      [0, 'present'],
      [1, 'lost'],
    ]);
    expect([...bytes]).toEqual([7, 0, 0, 0]);
  });

  test.each([
    ['no name', [], {}, 'no dump was named'],
    ['no name, but --base', [], { base: 0 }, 'no dump was named for --base'],
    [
      'several without addresses',
      [raw1, raw2],
      {},
      'raw1.bin: several raw files need addresses, as in ddr0.bin@0x80000000',
    ],
    ['several of which one has none', [`${raw1}@0x10`, raw2], {}, 'raw2.bin: has no @address, but another file has'],
    ['several and --base', [raw1, raw2], { base: 0 }, '--base places a single file; give each of several its @address'],
    [
      '@address and --base',
      [`${raw1}@0x10`],
      { base: 0x10 },
      'raw1.bin@0x10: has an @address and --base; one of them is enough',
    ],
    ['a page size that no kernel has', [raw1], { pageSize: 8192 }, 'page size 8192; 4096, 16384, 65536 are possible'],
    [
      'beyond 52 bits',
      [`${raw1}@0xffffffffff800`],
      {},
      'raw1.bin@0xffffffffff800: 0xffffffffff800 + 0x1000 is beyond 52 address bits',
    ],
  ])('refused: %s', (_, names, options, message) => expectRefusal(names, options, message));

  test('refused: overlap, naming both places', () =>
    expectRefusal([`${raw2}@0x13`, `${raw1}@0x10`], {}, 'raw2.bin@0x13: overlaps raw1.bin@0x10 at 0x13', 'snapshot'));
});

describe('a load map', () => {
  test('places ranges of the dump, with and without a size', async () => {
    const loadMap = [entry('memory[0]', 0x100, { byteLength: 1 }), entry('memory[1]', 0x2002, { fileOffset: 2 })];
    const dump = await open(raw1, { loadMap });
    expect(show(dump)).toEqual(['0x100: 1 (present)', '0x2002: 3 4 … (present)']);
    expect(dump).toMatchObject({ loadMapIgnored: false, files: [raw1], complete: true });
  });

  test('places the ranges of other files, each opened once', async () => {
    const file = fileOf(raw2);
    const loadMap = [entry('memory[0]', 0x100, { file, byteLength: 1 }), entry('memory[1]', 0x2000, { file })];
    const dump = await open([], { loadMap });
    expect(show(dump)).toEqual(['0x100: 5 (present)', '0x2000: 5 6 7 8 … (present)']);
    expect(dump.files).toEqual([raw2]);
    if (process.platform === 'linux') expect(openDescriptors(folder.path)).toEqual([raw2]);
  });

  test('may do both', async () => {
    const dump = await open(raw1, {
      loadMap: [entry('memory[0]', 0), entry('memory[1]', 0x2000, { file: fileOf(raw2) })],
    });
    expect(show(dump)).toEqual(['0x0: 1 2 3 4 … (present)', '0x2000: 5 6 7 8 … (present)']);
    expect(dump.files).toEqual([raw1, raw2]);
  });

  test('names files as the snapshot does, and opens them where they are', async () => {
    const file = { name: 'beside.bin', path: raw2 };
    const dump = await open([], { loadMap: [entry('memory[0]', 0, { file })] });
    expect(dump.files).toEqual(['beside.bin']);
    await expectRefusal(
      [],
      { loadMap: [entry('memory[0]', 0, { file: { name: 'beside.bin', path: missing } })] },
      'beside.bin: cannot be opened (ENOENT)',
      'file',
    );
  });

  test('a file too short for its range: the rest is lost', async () => {
    const dump = await open(raw1, { loadMap: [entry('regs.json: memory[0]', 0, { byteLength: 4102 })] });
    expect(show(dump)).toEqual(['0x0: 1 2 3 4 … (present, lost)']);
    expect(dump.complete).toBe(false);
    const what = { kind: 'raw-part-cut', part: 'regs.json: memory[0]', neededEnd: 4102 };
    expect(dump.problems).toEqual([{ file: raw1, fileOffset: 4096, what }]);
  });

  test.each([
    ['@address', [`${raw1}@0x1000`], {}],
    ['--base', [raw1], { base: 0x1000 }],
  ])('gives way to %s, and that is said', async (_, names, options) => {
    const dump = await open(names, { ...options, loadMap: [entry('memory[0]', 0x100)] });
    expect(show(dump)).toEqual(['0x1000: 1 2 3 4 … (present)']);
    expect(dump.loadMapIgnored).toBe(true);
  });

  test('gives way to an ELF core, and that is said', async () => {
    const dump = await open(elf, { loadMap: [entry('memory[0]', 0x100)] });
    expect(show(dump)).toEqual(['0x1000: 9 10 (present)']);
    expect(dump.loadMapIgnored).toBe(true);
  });

  test('an empty one is none', async () => {
    expect((await open(raw1, { loadMap: [] })).assumptions.map(({ kind }) => kind)).toEqual([
      'load-address',
      'page-size',
    ]);
    expect(await open(elf, { loadMap: [] })).toMatchObject({ loadMapIgnored: false });
  });

  const other = { file: fileOf(raw2) };
  const refusals: [string, string[], LoadMapEntry[], string, string?][] = [
    [
      'an offset beyond the file',
      [raw1],
      [entry('regs.json: memory[0]', 0, { fileOffset: 4097 })],
      'regs.json: memory[0]: begins at offset 0x1001, beyond the end of raw1.bin',
      'snapshot',
    ],
    [
      'ranges that overlap, naming both',
      [raw1],
      [entry('memory[0]', 0x100), entry('memory[1]', 0x103, other)],
      'memory[1]: overlaps memory[0] at 0x103',
      'snapshot',
    ],
    [
      'a range beyond 52 bits',
      [raw1],
      [entry('memory[0]', 2 ** 52 - 1)],
      'memory[0]: 0xfffffffffffff + 0x1000 is beyond 52 address bits',
    ],
    [
      'a range without a dump',
      [],
      [entry('memory[0]', 0)],
      'memory[0]: no dump was named for this range: name it behind the command, or as "file" of the range',
    ],
    [
      'a range that could be in two dumps',
      [raw1, raw2],
      [entry('memory[0]', 0)],
      'memory[0]: could be in any of the dump files; give each an @address, as in ddr0.bin@0x80000000',
    ],
    [
      'a dump that no range needs',
      [raw1],
      [entry('memory[0]', 0, other)],
      'raw1.bin: is not needed: the load map names the file of every range. Leave it away, or give it an @address',
    ],
    [
      'a file that is missing',
      [raw1],
      [entry('memory[0]', 0), entry('memory[1]', 0x2000, other), entry('memory[2]', 0x4000, { file: fileOf(missing) })],
      'missing.bin: cannot be opened (ENOENT)',
      'file',
    ],
    [
      'an ELF core among its files',
      [],
      [entry('memory[0]', 0, { file: fileOf(elf) })],
      'core.elf: is an ELF core; a load map places raw files (or say --input-format raw)',
    ],
    [
      'another container among its files',
      [],
      [entry('memory[0]', 0, { file: fileOf(kdump) })],
      'vmcore.kdump: is a kdump-compressed dump; a load map places raw files (or say --input-format raw)',
    ],
  ];
  test.each(refusals)('refused: %s', (_, names, loadMap, message, tag) =>
    expectRefusal(names, { loadMap }, message, tag),
  );

  test('a file that the load map names may be named on the command line too, beside the dump itself', async () => {
    const loadMap = [entry('memory[0]', 0), entry('memory[1]', 0x2000, { file: fileOf(raw2) })];
    const dump = await open([raw1, raw2], { loadMap });
    expect(dump.files).toEqual([raw1, raw2]);
    expect(show(dump)).toEqual(show(await open([raw1], { loadMap })));
  });

  test('with --input-format raw, a container is bytes like any other', async () => {
    const dump = await open([], { inputFormat: 'raw', loadMap: [entry('memory[0]', 0, { file: fileOf(kdump) })] });
    expect(show(dump)).toEqual([`0x0: ${[...Buffer.from('KDUMP   and more')].join(' ')} … (present)`]);
  });
});

describe('an ELF core', () => {
  test('has its own addresses', async () => {
    const dump = await open(elf);
    expect(show(dump)).toEqual(['0x1000: 9 10 (present)']);
    expect(dump).toMatchObject({ format: 'elf', files: [elf], loadMapIgnored: false });
  });

  test('has its own page size, or takes the one that was given', async () => {
    const { bytes } = elfCore([{ paddr: 0, bytes: Uint8Array.of(1) }], { vmcoreinfo: 'PAGESIZE=16384\n' });
    const says = folder.write('says.elf', bytes);
    expect(await open(says, { pageSize: 65536 })).toMatchObject({ pageSize: 16384, assumptions: [] });
    expect(await open(elf, { pageSize: 65536 })).toMatchObject({ pageSize: 65536, assumptions: [] });
    const assumptions = [{ kind: 'page-size', byteLength: 4096, unsaidBy: 'elf' }];
    expect(await open(elf)).toMatchObject({ pageSize: 4096, assumptions });
  });

  const ownAddresses = 'core.elf: an ELF core has its own addresses; leave the address away, or say --input-format raw';
  test('a program is none, so that memory which begins with its first page can be named with an address', async () => {
    const { bytes } = elfCore([{ paddr: 0, bytes: Uint8Array.of(1) }], { type: 2 });
    const program = folder.write('program.raw', bytes);
    const message = /is a .* ELF program .* is needed \(or --input-format raw, for memory that begins with one\)$/;
    await expect(open(`${program}@0x40000000`)).rejects.toThrow(message);
    const raw = await open(`${program}@0x40000000`, { inputFormat: 'raw' });
    expect(raw.memory.ranges).toEqual([{ start: 0x4000_0000, end: 0x4000_1000 }]);
  });

  const alone = 'core.elf: an ELF core is a whole dump; give it alone';
  test.each([
    ['@address', [`${elf}@0x1000`], {}, ownAddresses],
    ['--base', [elf], { base: 0 }, ownAddresses],
    ['a raw file behind it', [elf, raw1], {}, alone],
    ['a raw file before it', [raw1, elf], {}, alone],
    ['a raw file with an address', [`${raw1}@0`, elf], {}, alone],
    ['itself', [elf, elf], {}, alone],
    [
      'another name, by --input-format elf',
      [raw1, raw2],
      { inputFormat: 'elf' as const },
      alone.replace('core.elf', 'raw1.bin'),
    ],
  ])('refused: with %s', (_, names, options, message) => expectRefusal(names, options, message));

  test('refused: damaged, with the offset', async () => {
    const { bytes } = elfCore([{ paddr: 0, bytes: Uint8Array.of(1) }], { machine: 62 });
    const message =
      'x86.elf: offset 0x12: is a 64-bit little-endian ELF core for x86-64; ' +
      'a 64-bit little-endian ELF core for AArch64 is needed';
    await expectRefusal(folder.write('x86.elf', bytes), {}, message, 'format');
  });

  test('as --input-format raw it is bytes like any other, with an address or without', async () => {
    expect((await open(elf, { inputFormat: 'raw' })).memory.runs(0, 0x200)).toEqual([
      { offset: 0, byteLength: ELF_BYTE_LENGTH, state: 'present' },
      { offset: ELF_BYTE_LENGTH, byteLength: 0x200 - ELF_BYTE_LENGTH, state: 'lost' },
    ]);
    expect((await open(`${elf}@0x1000`, { inputFormat: 'raw' })).memory.ranges).toEqual([
      { start: 0x1000, end: 0x2000 },
    ]);
  });
});

describe('--input-format', () => {
  test('elf: a file of something else is refused as an ELF file', async () => {
    const text = folder.write('text.bin', 'plain text, and long enough to be taken for an ELF header of 64 bytes');
    const message = 'text.bin: offset 0x0: does not begin as an ELF file';
    await expectRefusal(text, { inputFormat: 'elf' }, message, 'format');
    const four = folder.write('four.bin', Uint8Array.of(1, 2, 3, 4));
    await expectRefusal(four, { inputFormat: 'elf' }, 'four.bin: offset 0x0: the ELF header is cut off', 'format');
  });

  test('elf: a core is read', async () => {
    expect(show(await open(elf, { inputFormat: 'elf' }))).toEqual(['0x1000: 9 10 (present)']);
  });

  test('one that is not known is refused, not passed over', async () => {
    await expectRefusal(
      raw1,
      { inputFormat: 'vmem' as InputFormat },
      'input format vmem; raw, elf, kdump, lime, avml are possible',
    );
    expect(INPUT_FORMATS).toEqual(['raw', 'elf', 'kdump', 'lime', 'avml']);
  });
});

describe('containers that are known but not read', () => {
  const toElf = 'turn it into an ELF core first: makedumpfile -E -x vmlinux';
  const cases: [string, number[], string][] = [
    ['DISKDUMP', [], `an old diskdump, which is not read as a dump; ${toElf}`],
    [
      '',
      [0xd2, 0xbe, 0xd2, 0xbe],
      'a VMware snapshot, which is not read as a dump; give the .vmem file with the addresses of its regions',
    ],
    ['', [0x1f, 0x8b, 8, 0], 'a gzip file, which is not read as a dump; unpack it first: gzip -d'],
    ['', [0x28, 0xb5, 0x2f, 0xfd], 'a zstd file, which is not read as a dump; unpack it first: zstd -d'],
    ['', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], 'an xz file, which is not read as a dump; unpack it first: xz -d'],
    ['', [0x1f, 0x9d, 0x90], 'a compress(1) file, which is not read as a dump; unpack it first: uncompress'],
  ];
  test.each(cases)('%s%j', async (text, magic, advice) => {
    const content = [...Buffer.from(text), ...magic, 1, 2, 3, 4];
    const file = folder.write('container', page(...content));
    const message = `container: is ${advice} (or --input-format raw)`;
    await expectRefusal(file, {}, message, 'format');
    await expectRefusal([file, raw1], {}, message, 'format');
    await expectRefusal([`${raw1}@0x100`, `${file}@0x1000`], {}, message, 'format');

    const dump = await open(`${file}@0x1000`, { inputFormat: 'raw' });
    expect(show(dump)).toEqual([`0x1000: ${content.join(' ')} … (present)`]);
    expect(dump.format).toBe('raw');
  });

  test.each([
    ['gzip with another method', [0x1f, 0x8b, 7, 1]],
    ['compress with a reserved bit', [0x1f, 0x9d, 0xb0, 1]],
    ['two bytes of either alone', [0x1f, 0x8b]],
  ])('%s is raw memory that happens to begin so', async (_, bytes) => {
    const dump = await open(folder.write('near-miss', page(...bytes)));
    expect(show(dump)).toEqual([`0x0: ${bytes.join(' ')} … (present)`]);
  });
});

describe('files that cannot be read', () => {
  test.each([
    ['missing', () => missing, 'missing.bin: cannot be opened (ENOENT)'],
    ['missing, with an address', () => `${missing}@0x10`, 'missing.bin: cannot be opened (ENOENT)'],
    ['empty', () => folder.write('empty.bin', ''), 'empty.bin: is empty'],
    [
      'a folder',
      () => folder.path,
      `${folder.path}: is a directory; a file is needed; smmu-adopt triage finds the crashes in it`,
    ],
  ])('%s', (_, name, message) => expectRefusal(name(), {}, message, 'file'));

  test('the files before one that is missing are closed again', () =>
    expectRefusal([`${raw1}@0`, `${raw2}@16`, `${missing}@32`], {}, 'missing.bin: cannot be opened (ENOENT)', 'file'));
});

describe('closing', () => {
  test.skipIf(process.platform !== 'linux')('gives every descriptor back, and may be done twice', async () => {
    const loadMap = [entry('memory[0]', 0), entry('memory[1]', 0x2000, { file: fileOf(raw2) })];
    const dump = await openDump(raw1, { loadMap });
    expect(openDescriptors(folder.path)).toEqual([raw1, raw2]);
    dump.close();
    expect(openDescriptors(folder.path)).toEqual([]);
    dump.close();
  });
});
