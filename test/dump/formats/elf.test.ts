/** ELF cores: what is refused and in which words, what damage leaves, and properties that no damage may break. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openElf } from '../../../src/dump/formats/elf.ts';
import type { AddressRange, PageState } from '../../../src/dump/memory.ts';
import { InputError } from '../../../src/errors.ts';
import { holds } from '../../support/holds.ts';
import { refusalOf } from '../../support/refusal.ts';
import { runs, SLOW } from '../../support/slow.ts';
import { MemorySource, patternBytes } from '../../support/sources.ts';
import { expectPartition } from '../../support/states.ts';
import {
  type ElfImage,
  type ElfOptions,
  type ElfSegment,
  elfCore,
  note,
  PT_NOTE,
  PT_NULL,
} from '../../support/writers/elf-writer.ts';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;
const KIB = 1024;

function open(image: ElfImage | Uint8Array, pageSize?: number) {
  return openElf(new MemorySource('bytes' in image ? image.bytes : image), pageSize);
}

/** Memory as text, from `start` on: hex for the bytes that are there, a letter for those that are not. */
function show(image: ElfImage | Uint8Array, start: number, byteLength: number): string {
  const into = new Uint8Array(byteLength);
  const letters: Record<PageState, string> = { present: '', zero: 'zz', excluded: 'xx', hole: '--', lost: '??' };
  return open(image)
    .memory.read(start, into)
    .flatMap(({ offset, byteLength: length, state }) =>
      Array.from(
        into.subarray(offset, offset + length),
        (byte) => letters[state] || byte.toString(16).padStart(2, '0'),
      ),
    )
    .join(' ');
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const PT_GNU_STACK = 0x6474_e551;
const page = { paddr: 0x1000, bytes: bytes(1, 2, 3, 4) };

describe('refusals', () => {
  const cases: [string, string, readonly ElfSegment[], ElfOptions][] = [
    ...(
      [
        ['0x4', '32-bit little-endian ELF core for Arm (32-bit)', { class: 1, machine: 40 }],
        ['0x4', '32-bit little-endian ELF core for AArch64', { class: 1 }],
        ['0x4', 'class 7 little-endian ELF core for AArch64', { class: 7 }],
        // Its numbers have the other byte order.
        ['0x5', '64-bit big-endian ELF core for s390x', { data: 2, type: 0x400, machine: 0x1600 }],
        ['0x10', '64-bit little-endian ELF program (vmlinux, perhaps) for AArch64', { type: 2 }],
        ['0x10', '64-bit little-endian ELF file of type 0 for AArch64', { type: 0 }],
        ['0x12', '64-bit little-endian ELF core for x86-64', { machine: 62 }],
        ['0x12', '64-bit little-endian ELF core for RISC-V', { machine: 243 }],
        ['0x12', '64-bit little-endian ELF core for machine 9999', { machine: 9999 }],
      ] as [string, string, ElfOptions][]
    ).map(([offset, what, options]): [string, string, readonly ElfSegment[], ElfOptions] => [
      what,
      `offset ${offset}: is a ${what}; a 64-bit little-endian ELF core for AArch64 is needed${
        / core /.test(what) ? '' : ' (or --input-format raw, for memory that begins with one)'
      }`,
      [page],
      options,
    ]),
    ...[32, 64].map((phentsize): [string, string, readonly ElfSegment[], ElfOptions] => [
      `program headers of ${phentsize} bytes`,
      `offset 0x36: program headers of ${phentsize} bytes, but those of ELF64 have 56: the header is damaged, so copy the ` +
        'dump again, or write bytes 38 00 here into a copy of it',
      [page],
      { phentsize },
    ]),
    ['no program headers', 'offset 0x38: no program headers, so no memory', [], {}],
    [
      'a program header table beyond the file',
      'offset 0x20: 1 program headers at offset 0x1000 reach beyond the end of the file',
      [page],
      { phoff: 0x1000 },
    ],
    [
      'more program headers than the file holds',
      'offset 0x20: 2 program headers at offset 0x40 reach beyond the end of the file',
      [page],
      { phnum: 2 },
    ],
    ['an absurd table offset', 'offset 0x20: e_phoff is not a file offset', [page], { phoff: 2n ** 53n }],
    [
      'PN_XNUM with its section header beyond the file',
      'offset 0x28: the section header that counts the program headers lies beyond the file',
      [page],
      { extendedCount: true, shoff: 0x10000 },
    ],
    [
      'PN_XNUM with an absurd section header offset',
      'offset 0x28: e_shoff is not a file offset',
      [page],
      { extendedCount: true, shoff: ALL_ONES },
    ],
    ['PN_XNUM without a count', 'offset 0x38: no program headers, so no memory', [page], { extendedCount: 0 }],
    [
      'PN_XNUM with an absurd count',
      'offset 0x38: 4294967295 program headers; at most 1048576 are read',
      [page],
      { extendedCount: 0xffff_ffff },
    ],
    [
      'PN_XNUM with more headers than the file holds',
      'offset 0x20: 70000 program headers at offset 0x80 reach beyond the end of the file',
      [page],
      { extendedCount: 70000 },
    ],
  ];
  test.each(cases)('%s', async (_, message, segments, options) => {
    expect(await refusalOf(() => open(elfCore(segments, options)))).toEqual({
      tag: 'format',
      message: `dump: ${message}`,
    });
  });

  test.each([0, 1, 4, 63])('a header cut off after %i bytes', async (length) => {
    expect(await refusalOf(() => open(elfCore([page]).bytes.subarray(0, length)))).toEqual({
      tag: 'format',
      message: 'dump: offset 0x0: the ELF header is cut off',
    });
  });

  test('carry the file and the place for programs too', () => {
    try {
      open(elfCore([page], { machine: 62 }));
      expect.unreachable('the file is for another machine');
    } catch (error) {
      expect(error).toMatchObject({ name: 'InputError', tag: 'format', file: 'dump', place: 'offset 0x12' });
    }
  });

  test('an absurd count is refused before any header is read', async () => {
    const { bytes: file } = elfCore([page], { extendedCount: 0xffff_ffff });
    const source = new MemorySource(file);
    await refusalOf(() => openElf(source));
    expect(source.reads.map(({ offset, byteLength }) => [offset, byteLength])).toEqual([
      [0, 64],
      [64, 64],
    ]);
  });
});

describe('virtual addresses only', () => {
  const KERNEL = 0xffff_8000_0000_0000n;
  const USER = 0xaaaa_d000_0000n;
  const at = (vaddr: bigint, paddr: number | bigint = 0) => ({ vaddr, paddr, bytes: bytes(1, 2, 3, 4) });
  const processNotes = (type: number) => note('CORE', patternBytes(32), { type });
  const machineNotes = Buffer.concat([
    note('CORE', patternBytes(336), { type: 1 }),
    note('CORE', patternBytes(136), { type: 3 }),
  ]);

  test.each<[string, string, ElfSegment[], ElfOptions]>([
    [
      '/proc/kcore of an old kernel',
      'all of its 3 segments have the physical address 0, as in /proc/kcore before Linux 4.11',
      [at(KERNEL), at(KERNEL + 0x8000_0000n), at(KERNEL + 0xc000_0000n)],
      { notes: machineNotes },
    ],
    [
      'the same with VMCOREINFO',
      'all of its 3 segments have the physical address 0',
      [at(KERNEL), at(KERNEL + 0x8000_0000n), at(KERNEL + 0xc000_0000n)],
      { vmcoreinfo: 'PAGESIZE=4096\n' },
    ],
    [
      '/proc/kcore without RAM',
      'none of its segments has a physical address',
      [at(KERNEL, ALL_ONES), at(KERNEL + 0x8000n, ALL_ONES)],
      {},
    ],
    ['a process, by its addresses', 'is the core of a process', [at(USER), at(USER + 0x10000n)], {}],
    ['a process of one segment', 'is the core of a process', [at(USER)], {}],
    ['a process, by NT_AUXV', 'is the core of a process', [at(0n, 0x1000)], { notes: processNotes(6) }],
    ['a process, by NT_FILE', 'is the core of a process', [at(USER)], { notes: processNotes(0x4649_4c45) }],
    ['a process, by NT_SIGINFO', 'is the core of a process', [at(USER)], { notes: processNotes(0x5349_4749) }],
  ])('%s', async (_, why, segments, options) => {
    const { tag, message } = await refusalOf(() => open(elfCore(segments, options)));
    expect(tag).toBe('format');
    expect(message).toContain(`dump: ${why}`);
    expect(message).toContain('Tables are found by physical addresses');
  });

  test.each<[string, ElfSegment[], ElfOptions]>([
    ['one bank at 0', [at(KERNEL)], {}],
    ['a bank at 0 and one above', [at(KERNEL), at(KERNEL + 0x8000n, 0x8000)], {}],
    [
      'the kernel at 0 and the bank around it',
      [at(KERNEL), at(KERNEL + 0x100_0000n)],
      { vmcoreinfo: 'PAGESIZE=4096\n' },
    ],
    ['vmalloc beside RAM', [at(KERNEL, ALL_ONES), at(KERNEL + 0x8000n, 0x8000)], { notes: machineNotes }],
    ['addresses of QEMU, which are physical', [{ ...at(0x4000_0000n, 0x4000_0000) }], {}],
  ])('none of these: %s', (_, segments, options) => {
    const dump = open(elfCore(segments, options));
    expect(dump.memory.ranges.length).toBeGreaterThan(0);
    expect(dump).toMatchObject({ complete: true, problems: [] });
  });
});

describe('memory', () => {
  test('one segment', () => {
    const dump = open(elfCore([page]));
    expect(show(elfCore([page]), 0xffe, 8)).toBe('-- -- 01 02 03 04 -- --');
    expect(dump).toMatchObject({ format: 'elf', wrapper: null, complete: true, zeroPagesFiltered: null, problems: [] });
    expect(dump.memory.ranges).toEqual([{ start: 0x1000, end: 0x1004 }]);
  });

  test('p_filesz below p_memsz: the rest was left out', () => {
    expect(show(elfCore([{ ...page, memByteLength: 6 }]), 0x1000, 7)).toBe('01 02 03 04 xx xx --');
  });

  test('p_filesz 0: all was left out, and offset 0 does not mean the ELF header', () => {
    const image = elfCore([{ paddr: 0x1000, memByteLength: 4, fileOffset: 0 }]);
    expect(show(image, 0x1000, 5)).toBe('xx xx xx xx --');
    expect(open(image).complete).toBe(true);
  });

  test('p_filesz 0 with an offset beyond the file: nothing is missing from it', () => {
    const image = elfCore([{ paddr: 0x1000, memByteLength: 4, fileOffset: 2 ** 40 }]);
    expect(show(image, 0x1000, 4)).toBe('xx xx xx xx');
    expect(open(image)).toMatchObject({ complete: true, problems: [] });
  });

  test.each([0, 2])('p_filesz above p_memsz %i: which of them is wrong nobody knows', (memByteLength) => {
    const image = elfCore([
      { ...page, memByteLength },
      { paddr: 0x2000, bytes: bytes(9) },
    ]);
    const dump = open(image);
    const [first, second] = dump.memory.ranges;
    expect(second ?? first).toEqual({ start: 0x2000, end: 0x2001 });
    expect(show(image, 0x1000, 4)).toBe(memByteLength === 0 ? '-- -- -- --' : '01 02 -- --');
    const what = { kind: 'phdr-memsz', index: 0, filesz: 4n, memsz: BigInt(memByteLength) };
    expect(dump).toMatchObject({ complete: false, mapComplete: false, problems: [{ fileOffset: 64, what }] });
  });

  describe('addresses that do not go together', () => {
    const LINEAR = 0xffff_0000_0000_0000n;
    const IMAGE = 0xffff_8000_8000_0000n;
    const vmcoreinfo = 'SYMBOL(_stext)=ffff800080000010\n';
    const ram = (paddr: number, claimed = paddr, vaddr = LINEAR + BigInt(paddr)) => ({
      paddr: claimed,
      vaddr,
      bytes: bytes(1, 2, 3, 4),
      memByteLength: 0x1000,
    });
    /** As the kernel and kexec-tools have it: a mapping of its own, within the memory of another segment. */
    const image = ram(0x4000_0000, 0x4000_0000, IMAGE);
    const problemsOf = (segments: readonly ElfSegment[], info = vmcoreinfo) =>
      open(elfCore(segments, { vmcoreinfo: info })).problems.map(({ what }) => what);
    const others = [ram(0x4000_0000), ram(0x6000_0000)];

    test('one p_paddr in one byte: said, and not mended', () => {
      const core = elfCore([image, ...others, ram(0x8000_0000, 0xa000_0000)], { vmcoreinfo });
      const what = { kind: 'phdr-displaced', index: 4, paddr: 0xa000_0000n, linear: { paddr: 0x8000_0000n }, count: 2 };
      expect(open(core)).toMatchObject({ complete: false, mapComplete: false, problems: [{ what }] });
      expect(show(core, 0xa000_0000, 4)).toBe('01 02 03 04');
    });

    test('also of the memory that the image is in', () => {
      expect(problemsOf([image, ram(0x4000_0000, 0x4800_0000), ram(0x6000_0000), ram(0x8000_0000)])).toMatchObject([
        { kind: 'phdr-displaced', index: 2 },
      ]);
    });

    test.each<[string, readonly ElfSegment[], string?]>([
      ['all as they should be', [image, ...others, ram(0x8000_0000)]],
      ['no others that agree', [image, ram(0x4000_0000), ram(0x8000_0000, 0xa000_0000)]],
      ['two that part', [image, ...others, ram(0x8000_0000, 0xa000_0000), ram(0x9000_0000, 0xb000_0000)]],
      ['one that parts in several bytes, as other mappings do', [...others, ram(0x8000_0000, 0x8102_0000)]],
      ['one that would be where another is', [...others, ram(0x6000_0000, 0x6100_0000)]],
      ['virtual addresses of nobody, as QEMU writes them', [...others, { ...ram(0x8000_0000, 0xa000_0000), vaddr: 0 }]],
      ['nothing that says which one is the image', [...others, ram(0x8000_0000, 0xa000_0000)], 'OSRELEASE=6.1\n'],
    ])('%s: nothing is said', (_, segments, info) => expect(problemsOf(segments, info)).toEqual([]));
  });

  describe('headers that cannot all be right', () => {
    const at = (paddr: number, of: Partial<ElfSegment> = {}): ElfSegment => ({
      paddr,
      vaddr: 0xffff_0000_0000_0000n + BigInt(paddr),
      bytes: bytes(1, 2, 3, 4, 5, 6, 7, 8),
      ...of,
    });
    const { contentAt } = elfCore([at(0x1000), at(0x4000)]);
    const misplaced = (segments: readonly ElfSegment[]) => open(elfCore(segments)).problems.map(({ what }) => what);

    test.each<[string, number, object]>([
      ['one byte into the bytes of the other', (contentAt[0] as number) + 1, { why: 'shared', other: 1 }],
      ['one byte before them', (contentAt[1] as number) + 7, { why: 'shared', other: 1 }],
      ['in the ELF header', 0, { why: 'among-headers' }],
      ['in the program headers', 64, { why: 'among-headers' }],
    ])('p_offset %s: none of its bytes is taken for memory', (_, fileOffset, why) => {
      const core = elfCore([at(0x1000, { fileOffset }), at(0x4000)]);
      expect(open(core)).toMatchObject({ complete: false, mapComplete: false });
      expect(misplaced([at(0x1000, { fileOffset }), at(0x4000)])).toContainEqual({
        kind: 'phdr-misplaced',
        index: 0,
        ...why,
      });
      expect(show(core, 0x1000, 8)).toBe('?? ?? ?? ?? ?? ?? ?? ??');
    });

    test('p_offset among the notes', () => {
      const options = { vmcoreinfo: 'PAGESIZE=4096\n' };
      const fileOffset = elfCore([at(0x1000)], options).notesAt + 8;
      expect(show(elfCore([at(0x1000, { fileOffset })], options), 0x1000, 1)).toBe('??');
    });

    test.each([1n, 0x10n, 0x800n])('a p_vaddr that is 0x%s bytes off within its page: either may be wrong', (off) => {
      const core = elfCore([at(0x1000, { vaddr: 0xffff_0000_0000_1000n + off }), at(0x4000)]);
      expect(open(core).problems.map(({ what }) => what)).toEqual([
        { kind: 'phdr-misplaced', index: 0, why: 'addresses-part' },
      ]);
      expect(show(core, 0x1000, 1)).toBe('??');
      expect(show(core, 0x4000, 1)).toBe('01');
    });

    test('two mappings of one memory share its bytes, as QEMU writes them', () => {
      const first = at(0x1000);
      const again = at(0x1004, { bytes: undefined, fileOffset: (contentAt[0] as number) + 4, fileByteLength: 4 });
      expect(misplaced([first, again])).toEqual([]);
    });

    test('an e_phnum that leaves out the last: memory is missing, and no address is said to be no RAM', () => {
      const core = elfCore([at(0x1000), at(0x4000)], { phnum: 1 });
      expect(open(core)).toMatchObject({
        complete: false,
        mapComplete: false,
        problems: [{ fileOffset: 64 + 56, what: { kind: 'phdrs-go-on', count: 1 } }],
      });
    });
  });

  test('bytes that no address needs may be missing from the file', () => {
    const image = elfCore([{ ...page, fileByteLength: 1000, memByteLength: 4 }]);
    expect(open(image).problems).toHaveLength(1);
    expect(show(image, 0x1000, 4)).toBe('01 02 03 04');
  });

  test('a segment of nothing is nothing', () => {
    const image = elfCore([{ paddr: 0x1000 }, { paddr: 0x2000, bytes: bytes(9) }]);
    expect(open(image)).toMatchObject({ complete: true, mapComplete: true, problems: [] });
    expect(open(image).memory.ranges).toEqual([{ start: 0x2000, end: 0x2001 }]);
  });

  test('p_paddr of all ones is a segment without a physical address, not damage', () => {
    const dump = open(elfCore([{ ...page, paddr: ALL_ONES }, page]));
    expect(dump.memory.ranges).toEqual([{ start: 0x1000, end: 0x1004 }]);
    expect(dump).toMatchObject({ complete: true, problems: [] });
  });

  test('other kinds of program header are no memory', () => {
    const image = elfCore([{ ...page, paddr: 0x2000, type: PT_GNU_STACK }, page]);
    expect(open(image).memory.ranges).toEqual([{ start: 0x1000, end: 0x1004 }]);
  });

  test('no memory at all is a dump of nothing but holes', () => {
    const dump = open(elfCore([{ paddr: 0 }]));
    expect(dump.memory.ranges).toEqual([]);
    expect(dump).toMatchObject({ complete: true, mapComplete: true });
  });

  test('overlapping segments, as arm64 kernels write them: the image once more inside its RAM bank', () => {
    const ram = patternBytes(64);
    const image = elfCore([
      { paddr: 0x1010, bytes: ram.subarray(16, 32), memByteLength: 24 },
      { paddr: 0x1000, bytes: ram },
    ]);
    const into = new Uint8Array(64);
    expect(open(image).memory.read(0x1000, into)).toEqual([{ offset: 0, byteLength: 64, state: 'present' }]);
    expect(into).toEqual(ram);
  });

  test('of overlapping segments, the one with the bytes fills what the other one lacks', () => {
    const image = elfCore([
      { paddr: 0x1000, memByteLength: 6, fileOffset: 0 },
      { paddr: 0x1002, bytes: bytes(7, 8) },
    ]);
    expect(show(image, 0x1000, 6)).toBe('xx xx 07 08 xx xx');
  });

  test('memory beyond 52 address bits is left out and said to be', () => {
    const image = elfCore([{ ...page, paddr: 2n ** 52n }, { ...page, paddr: 2n ** 52n - 3n }, page]);
    const dump = open(image);
    expect(dump.memory.ranges).toEqual([{ start: 0x1000, end: 0x1004 }]);
    expect(dump.complete).toBe(false);
    expect(dump.problems).toEqual([
      {
        file: 'dump',
        fileOffset: 64,
        what: { kind: 'phdr-beyond', index: 0, paddr: 2n ** 52n },
      },
      {
        file: 'dump',
        fileOffset: 120,
        what: { kind: 'phdr-beyond', index: 1, paddr: 2n ** 52n - 3n },
      },
    ]);
  });

  test('memory up to the last of 52 address bits is not', () => {
    const image = elfCore([{ ...page, paddr: 2n ** 52n - 4n }]);
    expect(open(image)).toMatchObject({ complete: true, problems: [] });
    expect(show(image, 2 ** 52 - 4, 4)).toBe('01 02 03 04');
  });

  test.each([
    ['sizes that add up beyond 64 bits', { memByteLength: ALL_ONES }],
    ['an address that does', { paddr: ALL_ONES - 1n }],
  ])('%s cannot wrap around to a low address', (_, lie) => {
    const dump = open(elfCore([{ ...page, ...lie }]));
    expect(dump.memory.ranges).toEqual([]);
    expect(dump.problems).toHaveLength(1);
  });
});

describe('a file that ends too early', () => {
  test('what the segments still promise is lost', () => {
    const image = elfCore([
      { paddr: 0x1000, bytes: bytes(1, 2, 3, 4) },
      { paddr: 0x2000, bytes: bytes(5, 6), memByteLength: 3 },
    ]);
    const cut = image.bytes.subarray(0, image.headersEnd + 2);
    expect(show(cut, 0x1000, 4)).toBe('01 02 ?? ??');
    expect(show(cut, 0x2000, 4)).toBe('?? ?? xx --');
    expect(open(cut)).toMatchObject({
      complete: false,
      problems: [
        { fileOffset: 64, what: { kind: 'phdr-cut', index: 0, neededEnd: 0xb4n, fileEnd: 0xb2 } },
        { fileOffset: 120, what: { kind: 'phdr-cut', index: 1, neededEnd: 0xb6n, fileEnd: 0xb2 } },
      ],
    });
  });

  test('a segment wholly beyond the end is lost, not a hole', () => {
    expect(show(elfCore([{ ...page, fileOffset: 2n ** 40n }]), 0x1000, 5)).toBe('?? ?? ?? ?? --');
  });

  test('an offset that no file can have is the same', () => {
    expect(show(elfCore([{ ...page, fileOffset: ALL_ONES }]), 0x1000, 5)).toBe('?? ?? ?? ?? --');
  });

  test.each([
    [16, 0],
    [17, 1],
    [1000, 984],
  ])('%i damaged headers: 16 are listed, %i summarised', (count, more) => {
    const lost = Array.from({ length: count }, (_, i) => ({ paddr: i * 16, fileByteLength: 4, fileOffset: 2 ** 40 }));
    const { problems, complete } = open(elfCore(lost));
    expect(complete).toBe(false);
    expect(problems.slice(0, 16).map(({ fileOffset }) => fileOffset)).toEqual(
      Array.from({ length: 16 }, (_, i) => 64 + i * 56),
    );
    const summary = {
      file: 'dump',
      fileOffset: 64,
      what: { kind: 'more-phdrs', count: more },
    };
    expect(problems.slice(16)).toEqual(more === 0 ? [] : [summary]);
  });

  test.each([
    [0, true],
    [1, false],
    [2, true],
    [3, false],
    [0xffff_ffff, false],
  ])('e_flags %i: complete %s', (flags, complete) => {
    const dump = open(elfCore([page], { flags }));
    expect(dump).toMatchObject({ complete, problems: [] });
  });

  const unwritten = { paddr: 0, type: PT_NULL, fileOffset: 0 };

  test.each([
    ['stopped at once', [unwritten, unwritten], 0],
    ['stopped after one segment', [page, unwritten, unwritten], 0],
    ['out of space', [page, unwritten], 1],
    ['an empty header in front', [unwritten, page], 0],
  ] as [string, ElfSegment[], number][])('makedumpfile, %s: the memory map may be short', (_, segments, flags) => {
    const dump = open(elfCore(segments, { flags }));
    const empty = segments.filter(({ type }) => type === PT_NULL).length;
    expect(dump).toMatchObject({ complete: false, mapComplete: false, problems: [{ fileOffset: 64 }] });
    expect(dump.problems[0]?.what).toEqual({ kind: 'phdrs-empty', count: empty, of: segments.length });
  });

  test('out of space with all headers written: by its own account only', () => {
    const image = elfCore([page], { flags: 1 });
    expect(open(image)).toMatchObject({ complete: false, mapComplete: false, problems: [] });
  });

  test('a cut file still says where all memory is', () => {
    const image = elfCore([page]);
    const dump = open(image.bytes.subarray(0, -1));
    expect(dump).toMatchObject({ complete: false, mapComplete: true });
  });
});

describe('more program headers than 16 bits count', () => {
  test('PN_XNUM: the count is in section header 0', () => {
    const tiny = Array.from({ length: 65_600 }, (_, i) =>
      i % 32 === 30 ? { paddr: i * 16, bytes: bytes(i & 0xff, i >> 8) } : { paddr: 0, type: PT_GNU_STACK },
    );
    const image = elfCore([...tiny, page, { paddr: 2 ** 30, bytes: bytes(0xaa) }], { extendedCount: true });
    expect(image.bytes.readUInt16LE(56)).toBe(0xffff);
    const dump = open(image);
    expect(dump.memory.ranges).toHaveLength(2050 + 2);
    expect(dump.memory.ranges.at(-1)).toEqual({ start: 2 ** 30, end: 2 ** 30 + 1 });
    expect(dump).toMatchObject({ complete: true, problems: [] });
    expect(show(image, 65_598 * 16, 3)).toBe('3e 00 --');
  });

  test('PN_XNUM with a number that 16 bits would hold is read as well', () => {
    expect(show(elfCore([page], { extendedCount: true }), 0x1000, 4)).toBe('01 02 03 04');
  });

  test('65534 headers are counted in the ELF header itself', () => {
    const image = elfCore([...new Array<ElfSegment>(65_533).fill({ paddr: 0, type: PT_GNU_STACK }), page]);
    expect(image.bytes.readUInt16LE(56)).toBe(0xfffe);
    expect(show(image, 0x1000, 4)).toBe('01 02 03 04');
  });
});

describe('notes', () => {
  const assumed = [{ kind: 'page-size', byteLength: 4096, unsaidBy: 'elf' }];

  test.each([4096, 16384, 65536])('PAGESIZE=%i', (pageSize) => {
    const vmcoreinfo = `OSRELEASE=6.12.0\nBUILD-ID=00ff\nPAGESIZE=${pageSize}\nSYMBOL(mem_map)=0\nCRASHTIME=17\n`;
    const dump = open(elfCore([page], { vmcoreinfo }));
    expect(dump).toMatchObject({ pageSize, assumptions: [] });
  });

  test.each([
    ['no notes', {}],
    ['an empty note segment', { notes: new Uint8Array(0) }],
    ['VMCOREINFO without PAGESIZE', { vmcoreinfo: 'OSRELEASE=6.12.0\n' }],
    ['an empty VMCOREINFO', { vmcoreinfo: '' }],
    ['a PAGESIZE that no arm64 kernel has', { vmcoreinfo: 'PAGESIZE=8192\n' }],
    ['a PAGESIZE of nothing', { vmcoreinfo: 'PAGESIZE=\n' }],
    ['a PAGESIZE that is cut off', { vmcoreinfo: 'OSRELEASE=6.12.0\nPAGESIZE=6553' }],
    ['another key that ends in PAGESIZE', { vmcoreinfo: 'HUGEPAGESIZE=65536\n' }],
    ['the note of another name', { notes: note('VMCOREINFO_XEN', 'PAGESIZE=65536\n') }],
    ['a name that only begins like it', { notes: note('VMCOREINFO2', 'PAGESIZE=65536\n') }],
  ])('%s: 4 KiB pages, said to be an assumption', (_, options) => {
    expect(open(elfCore([page], options))).toMatchObject({ pageSize: 4096, assumptions: assumed });
  });

  test('a page size given from outside is for a dump that does not say its own', () => {
    expect(open(elfCore([page]), 65536)).toMatchObject({ pageSize: 65536, assumptions: [] });
    expect(open(elfCore([page], { vmcoreinfo: 'PAGESIZE=16384\n' }), 65536)).toMatchObject({ pageSize: 16384 });
  });

  test('the note is found behind those of the CPUs', () => {
    const cpu = note('CORE', patternBytes(391), { type: 1 });
    const qemu = note('QEMU', patternBytes(50));
    const notes = Buffer.concat([cpu, qemu, cpu, qemu, note('VMCOREINFO', 'PAGESIZE=16384\n')]);
    expect(open(elfCore([page], { notes })).pageSize).toBe(16384);
  });

  test('the note is found in the second of two note segments', () => {
    const second = note('VMCOREINFO', 'PAGESIZE=16384\n');
    const image = elfCore([{ paddr: 0, type: PT_NOTE, bytes: second }, page], { notes: note('CORE', 'x') });
    expect(open(image).pageSize).toBe(16384);
  });

  test('the text may end without a newline, with NULs, or with the file', () => {
    const text = 'A=1\nPAGESIZE=16384';
    const unpadded = note('VMCOREINFO', text).subarray(0, 12 + 12 + text.length);
    for (const notes of [note('VMCOREINFO', text), note('VMCOREINFO', `${text}\0\0\0junk`), unpadded]) {
      expect(open(elfCore([page], { notes, notesLast: true })).pageSize).toBe(16384);
    }
  });

  test.each([
    ['a name of 4 GiB', { nameByteLength: 0xffff_ffff }],
    ['a content of 4 GiB', { contentByteLength: 0xffff_ffff }],
    ['both', { nameByteLength: 0xffff_fffd, contentByteLength: 0xffff_fffd }],
  ])('%s before it: the notes end there, and memory is as it was', (_, claims) => {
    const notes = Buffer.concat([note('CORE', 'x', claims), note('VMCOREINFO', 'PAGESIZE=16384\n')]);
    const image = elfCore([page], { notes });
    expect(open(image)).toMatchObject({ pageSize: 4096, complete: true });
    expect(show(image, 0x1000, 4)).toBe('01 02 03 04');
  });

  test('a VMCOREINFO that claims more than there is gives what there is', () => {
    const notes = note('VMCOREINFO', 'PAGESIZE=16384\n', { contentByteLength: 0xffff_ffff });
    expect(open(elfCore([page], { notes })).pageSize).toBe(16384);
  });

  test('notes that are all zero come to an end', () => {
    const source = new MemorySource(elfCore([page], { notes: new Uint8Array(64 * KIB) }).bytes);
    expect(openElf(source).pageSize).toBe(4096);
  });

  test('a note segment beyond the file has no notes', () => {
    const image = elfCore([{ paddr: 0, type: PT_NOTE, fileByteLength: 100, fileOffset: ALL_ONES }, page]);
    expect(open(image)).toMatchObject({ pageSize: 4096, complete: true });
  });

  test('thousands of note segments over the same bytes are not read thousands of times', () => {
    const notes = new Uint8Array(64 * KIB);
    const again = { paddr: 0, type: PT_NOTE, fileByteLength: notes.length, fileOffset: 64 };
    const source = new MemorySource(elfCore([...new Array<ElfSegment>(20_000).fill(again), page], { notes }).bytes);
    openElf(source);
    // Headers once, notes up to the limit of 16 MiB; without a limit it would be 1.3 GB.
    expect(source.bytesRead).toBeLessThan(source.byteLength + 2 ** 24 + 64);
  });
});

describe('whatever happens to a file', () => {
  // Small, and with everything in it: notes, overlap, a tail left out, a hole, a page without bytes.
  const ram = patternBytes(48, 7);
  const segments = [
    { paddr: 0x1008, bytes: ram.subarray(8, 24) },
    { paddr: 0x1000, bytes: ram.subarray(0, 40), memByteLength: 44 },
    { paddr: 0x1030, bytes: patternBytes(9, 8) },
    { paddr: 0x1040, memByteLength: 8, fileOffset: 0 },
  ];
  const image = elfCore(segments, { vmcoreinfo: 'PAGESIZE=16384\n' });
  const START = 0xff8;
  const BYTES = 0x60;

  /** What the first `length` bytes of the file can say about one address. */
  function expected(length: number, paddr: number): { state: PageState; byte: number } {
    const claims = segments.flatMap((one, i): { state: PageState; byte: number }[] => {
      const index = paddr - one.paddr;
      const held = one.bytes?.length ?? 0;
      if (index < 0 || index >= (one.memByteLength ?? held)) return [];
      if (index >= held) return [{ state: 'excluded', byte: 0 }];
      const there = (image.contentAt[i] as number) + index < length;
      return [there ? { state: 'present', byte: one.bytes?.[index] as number } : { state: 'lost', byte: 0 }];
    });
    const best = (['present', 'lost', 'excluded'] as const).flatMap((state) => claims.filter((c) => c.state === state));
    return best[0] ?? { state: 'hole', byte: 0 };
  }

  test('cut at every length: a refusal, or the truth about every byte', async () => {
    for (let length = 0; length < image.bytes.length; length++) {
      const cut = image.bytes.subarray(0, length);
      if (length < image.headersEnd) {
        const { tag } = await refusalOf(() => open(cut));
        expect(tag, `cut at ${length}`).toBe('format');
        continue;
      }
      const dump = open(cut);
      const into = new Uint8Array(BYTES).fill(0xee);
      const runs = dump.memory.read(START, into);
      expectPartition(runs, BYTES);
      const found = runs.flatMap(({ offset, byteLength, state }) =>
        Array.from(into.subarray(offset, offset + byteLength), (byte) => ({ state, byte })),
      );
      expect(found, `cut at ${length}`).toEqual(Array.from({ length: BYTES }, (_, i) => expected(length, START + i)));
      // The end of the file belongs to the third segment, so no cut goes unnoticed.
      expect(dump, `cut at ${length}`).toMatchObject({ complete: false, problems: [{}, ...dump.problems.slice(1)] });
      expect([4096, 16384]).toContain(dump.pageSize);
    }
  });

  test('uncut, the same model finds everything', () => {
    expect(open(image)).toMatchObject({ complete: true, problems: [], pageSize: 16384 });
    const states = Array.from({ length: BYTES }, (_, i) => expected(image.bytes.length, START + i).state);
    expect(new Set(states)).toEqual(new Set(['present', 'excluded', 'hole']));
  });

  /** Opens a damaged file: a refusal is fine; a dump must answer about its memory without surprises. */
  function mustNotBreak(file: Uint8Array): void {
    const source = new MemorySource(file);
    let ranges: readonly AddressRange[];
    let memory: ReturnType<typeof open>['memory'];
    try {
      ({ memory } = openElf(source));
      ({ ranges } = memory);
    } catch (error) {
      if (error instanceof InputError && error.tag === 'format') return;
      throw error;
    }
    let end = -1;
    for (const range of ranges) {
      if (range.start <= end) throw new Error('ranges ascend and do not touch');
      if (range.end <= range.start) throw new Error('no range is empty');
      ({ end } = range);
      const into = new Uint8Array(64);
      expectPartition(memory.read(range.start, into), 64);
      expectPartition(memory.read(Math.max(0, range.end - 32), into), 64);
    }
    expect(end, 'nothing beyond 52 bits').toBeLessThanOrEqual(2 ** 52);
    expectPartition(memory.runs(0, 2 ** 52), 2 ** 52);
    expect(source.bytesRead, 'bytes read').toBeLessThan(4 * file.length + ranges.length * 128);
  }

  const forms = { plain: image, extended: elfCore(segments, { vmcoreinfo: 'PAGESIZE=16384\n', extendedCount: true }) };

  test.each(Object.entries(forms))(
    'every byte before the contents replaced, %s form',
    (_, { bytes: file, contentAt }) => {
      const end = contentAt[0] as number;
      for (let at = 0; at < end; at++) {
        const original = file[at] as number;
        const values = [0, 1, 0x7f, 0x80, 0xff, original ^ 1, original ^ 0x80, original + 1, original - 1];
        for (const value of SLOW ? new Set(values) : [values[at % values.length] as number]) {
          const damaged = Uint8Array.from(file);
          damaged[at] = value;
          try {
            mustNotBreak(damaged);
          } catch (cause) {
            throw new Error(`byte 0x${at.toString(16)} set to 0x${(value & 0xff).toString(16)}`, { cause });
          }
        }
      }
    },
  );

  test('many bytes replaced at once, and the file cut', () => {
    const damage = fc.array(fc.tuple(fc.nat(image.bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 });
    holds(
      fc.property(fc.constantFrom(...Object.values(forms)), damage, fc.nat(64), ({ bytes: file }, changes, cut) => {
        const damaged = Uint8Array.from(file.subarray(0, file.length - cut));
        // The identification stays, else nearly every try would end there.
        for (const [at, value] of changes) if (at >= 20) damaged[at] = value;
        mustNotBreak(damaged);
      }),
      { numRuns: runs(2000) },
    );
  });
});
