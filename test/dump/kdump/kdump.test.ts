/** Headers of kdump-compressed dumps: what is refused and in which words, and what is said of the system. */

import { describe, expect, test } from 'vitest';
import { openKdump } from '../../../src/dump/kdump/kdump.ts';
import { InputError } from '../../../src/errors.ts';
import { refusalOf } from '../../support/refusal.ts';
import { MemorySource, patternBytes } from '../../support/sources.ts';
import { type KdumpImage, type KdumpOptions, type KdumpPage, kdump } from '../../support/writers/kdump-writer.ts';

const open = (image: KdumpImage | Uint8Array, pageSize?: number) =>
  openKdump([new MemorySource('stored' in image ? image.bytes : image)], pageSize);
const page: KdumpPage = { pfn: 3, as: 'plain', bytes: patternBytes(4096) };
const one = (options: KdumpOptions = {}) => {
  const blockSize = options.blockSize ?? 4096;
  return kdump([{ ...page, bytes: patternBytes(blockSize) }], options);
};
const patch = (at: number, value: number | bigint, width: 4 | 8 = 4) => one({ patches: [{ at, value, width }] });

describe('a utsname that lies 4 bytes off', () => {
  /** The texts as makedumpfile before 1.6.9 writes them: from the fifth byte of utsname on. */
  const shift = (image: { readonly bytes: Buffer }) => {
    const bytes = Buffer.from(image.bytes);
    bytes.copyWithin(12, 16, 12 + 6 * 65);
    return bytes;
  };

  test('is put right, and said', async () => {
    const dump = await open(shift(one({ utsname: { release: '5.15.0-46-generic' } })));
    expect(dump.details).toMatchObject({ kernelRelease: '5.15.0-46-generic', machine: 'aarch64' });
    expect(dump).toMatchObject({ complete: true, problems: [] });
    expect(dump.assumptions).toEqual([{ kind: 'machine', machine: 'aarch64' }]);
  });

  test('of another machine is refused as that', async () => {
    const image = shift(one({ utsname: { machine: 'x86_64' } }));
    expect(await refusalOf(() => open(image))).toMatchObject({
      message: 'dump: offset 0x110: machine x86_64; aarch64 is needed',
    });
  });
});

describe('refusals', () => {
  const SUB = 4096;
  const damaged = 'the header is damaged, so copy the dump again';
  const cases: [string, string, KdumpImage | Uint8Array][] = [
    ['an empty file', 'offset 0x0: the header is cut off; 464 bytes are needed', new Uint8Array(0)],
    [
      'a header that is cut off',
      'offset 0x0: the header is cut off; 464 bytes are needed',
      one().bytes.subarray(0, 463),
    ],
    [
      'another signature',
      'offset 0x0: no kdump-compressed dump: it does not begin with "KDUMP   "',
      Buffer.alloc(9000, 'DISKDUMP'),
    ],
    ['x86', 'offset 0x110: machine x86_64; aarch64 is needed', one({ utsname: { machine: 'x86_64' } })],
    ['32-bit Arm', 'offset 0x110: machine armv7l (32-bit); aarch64 is needed', one({ utsname: { machine: 'armv7l' } })],
    [
      'big-endian Arm',
      'offset 0x110: machine aarch64_be; aarch64 is needed',
      one({ utsname: { machine: 'aarch64_be' } }),
    ],
    ['version 0', `offset 0x8: header version 0; 1 to 6 are known: ${damaged}`, one({ version: 0 })],
    [
      'version 7',
      'offset 0x8: header version 7; 1 to 6 are known: where a newer makedumpfile wrote it, see whether a newer smmu-adopt ' +
        `reads it, or save /proc/vmcore as an ELF core (makedumpfile -E); else ${damaged}`,
      one({ version: 7 }),
    ],
    ['a negative version', `offset 0x8: header version -1; 1 to 6 are known: ${damaged}`, patch(8, -1)],
    ['blocks of 512', 'offset 0x1ac: block size 512; 4096, 16384, 65536 are possible', patch(428, 512)],
    ['blocks of 8192', 'offset 0x1ac: block size 8192; 4096, 16384, 65536 are possible', patch(428, 8192)],
    ['negative blocks', 'offset 0x1ac: block size -4096; 4096, 16384, 65536 are possible', patch(428, -4096)],
    ['no sub header', 'offset 0x1b0: a sub header of 0 blocks; the file has room for 1 to 4', patch(432, 0)],
    ['a negative sub header', 'offset 0x1b0: a sub header of -1 blocks; the file has room for 1 to 4', patch(432, -1)],
    [
      'a sub header as large as the file',
      'offset 0x1b0: a sub header of 5 blocks; the file has room for 1 to 4',
      patch(432, 5),
    ],
    [
      'a file that ends with the header',
      'offset 0x1b0: a sub header of 1 blocks; the file has room for 1 to 1',
      one().bytes.subarray(0, 4096),
    ],
    [
      'no pages',
      'offset 0x1060: max_mapnr 0; 1 to 1099511627776 pages fit into 52 address bits',
      patch(SUB + 96, 0n, 8),
    ],
    [
      'pages beyond 52 bits',
      'offset 0x1060: max_mapnr 1099511627777; 1 to 1099511627776 pages fit into 52 address bits',
      patch(SUB + 96, 2n ** 40n + 1n, 8),
    ],
    [
      'as many pages as 64 bits count',
      'offset 0x1060: max_mapnr 18446744073709552000; 1 to 1099511627776 pages fit into 52 address bits',
      patch(SUB + 96, -1n, 8),
    ],
    [
      'no pages in the old field',
      'offset 0x1b8: max_mapnr 0; 1 to 1099511627776 pages fit into 52 address bits',
      one({ version: 5, patches: [{ at: 440, value: 0, width: 4 }] }),
    ],
    [
      'more pages than a bitmap has bits',
      'offset 0x1b4: 2 blocks of bitmaps; 65537 pages need 3 for each bitmap',
      patch(SUB + 96, 65537n, 8),
    ],
    ['no bitmaps', 'offset 0x1b4: 0 blocks of bitmaps; 4 pages need 1 for each bitmap', patch(436, 0)],
    [
      'two bitmaps of one block and a half',
      'offset 0x1b4: 3 blocks of two bitmaps; an even number is needed',
      patch(436, 3),
    ],
    [
      'bitmaps beyond the end of the file',
      'offset 0x1b4: 1000 blocks of bitmaps reach to offset 0x3ea000, beyond the end of the file (offset 0x5018), so no page can be found',
      patch(436, 1000),
    ],
    [
      'bitmaps that are cut off',
      'offset 0x1b4: 2 blocks of bitmaps reach to offset 0x4000, beyond the end of the file (offset 0x3fff), so no page can be found',
      one().bytes.subarray(0, 0x3fff),
    ],
    [
      'a part that ends before it begins',
      'offset 0x1050: a part from page 3 to page 2; pages 0 to 4 are possible, in this order',
      one({ split: { startPfn: 3, endPfn: 2 } }),
    ],
    [
      'a part behind all memory, in the old fields',
      'offset 0x1010: a part from page 5 to page 9; pages 0 to 4 are possible, in this order',
      one({ version: 2, split: { startPfn: 5, endPfn: 9 } }),
    ],
  ];
  test.each(cases)('%s', async (_, message, image) => {
    expect(await refusalOf(() => open(image))).toEqual({ tag: 'format', message: `dump: ${message}` });
  });

  test('carry the file and the place for programs too', async () => {
    const error = await open(one({ version: 9 })).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ tag: 'format', file: 'dump', place: 'offset 0x8' });
  });

  test('no dump at all', async () => {
    expect(await refusalOf(() => openKdump([]))).toEqual({ tag: 'usage', message: 'no dump was named' });
  });
});

describe('what the headers say', () => {
  test('of a dump that makedumpfile wrote', async () => {
    const vmcoreinfo = 'OSRELEASE=6.12.9-arm64\nPAGESIZE=4096\nSYMBOL(x)=ffff';
    expect(await open(one({ vmcoreinfo, dumpLevel: 17 }))).toMatchObject({
      format: 'kdump',
      wrapper: null,
      pageSize: 4096,
      complete: true,
      zeroPagesFiltered: true,
      details: { kernelRelease: '6.12.9-arm64', machine: 'aarch64', dumpLevel: 17 },
      assumptions: [],
      problems: [],
    });
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'version %i: VMCOREINFO by itself since 3, among the notes since 4',
    async (version) => {
      const text = await open(one({ version, vmcoreinfo: 'OSRELEASE=text\nA=1\n' }));
      expect(text.details.vmcoreinfo.get('A')).toBe(version < 3 ? undefined : '1');
      expect(text.details.kernelRelease).toBe(version < 3 ? '6.12.0-test' : 'text');
      const noted = await open(one({ version, notedVmcoreinfo: 'OSRELEASE=noted\n' }));
      expect(noted.details.kernelRelease).toBe(version < 4 ? '6.12.0-test' : 'noted');
      const both = await open(one({ version, vmcoreinfo: 'OSRELEASE=text\n', notedVmcoreinfo: 'OSRELEASE=noted\n' }));
      expect(both.details.kernelRelease).toBe(version < 3 ? '6.12.0-test' : 'text');
    },
  );

  test.each([
    ['aarch64', 'aarch64'],
    ['', null],
    ['Unknown', null],
  ])('machine "%s"', async (machine, expected) => {
    expect((await open(one({ utsname: { machine } }))).details.machine).toBe(expected);
  });

  test('no release anywhere', async () => {
    expect((await open(one({ utsname: { release: '' } }))).details.kernelRelease).toBeNull();
  });

  test('text behind the end of a name is none', async () => {
    const { details } = await open(one({ utsname: { release: '6.1\0garbage', machine: 'aarch64\0garbage' } }));
    expect(details).toMatchObject({ kernelRelease: '6.1', machine: 'aarch64' });
  });

  test.each([
    [0, false],
    [1, true],
    [30, false],
    [31, true],
  ])('dump level %i: zero pages filtered %s', async (dumpLevel, zeroPagesFiltered) => {
    const dump = await open(one({ dumpLevel }));
    expect(dump).toMatchObject({ zeroPagesFiltered, problems: [] });
    expect(dump.details.dumpLevel).toBe(dumpLevel);
  });

  test.each([32, -1])('dump level %i is none', async (dumpLevel) => {
    const what = { kind: 'dump-level', dumpLevel, highest: 31 };
    const dump = await open(one({ dumpLevel }));
    expect(dump).toMatchObject({ zeroPagesFiltered: null, problems: [{ file: 'dump', fileOffset: 4096 + 8, what }] });
    expect(dump.details.dumpLevel).toBeNull();
  });

  test.each([
    [1, true],
    [0x37, true],
    [8, false],
    [9, false],
  ])('status 0x%s: complete %s', async (status, complete) => {
    expect(await open(one({ status }))).toMatchObject({ complete, problems: [] });
  });

  test.each([
    ['beyond the file', 0x10_0000n, 4n],
    ['of an absurd size', 4200n, -1n],
    ['at an absurd offset', -8n, 4n],
  ])('VMCOREINFO %s is a problem, and the notes are asked instead', async (_, offset, byteLength) => {
    const patches = [
      { at: 4096 + 32, value: offset, width: 8 },
      { at: 4096 + 40, value: byteLength, width: 8 },
    ] as const;
    const dump = await open(one({ vmcoreinfo: 'A=1', notedVmcoreinfo: 'PAGESIZE=4096\nB=2\n', patches }));
    expect([...dump.details.vmcoreinfo.keys()]).toEqual(['PAGESIZE', 'B']);
    const what = {
      kind: 'notes-cut',
      of: 'VMCOREINFO',
      byteLength: BigInt.asUintN(64, byteLength),
      fileOffset: BigInt.asUintN(64, offset),
    };
    expect(dump.problems).toEqual([{ file: 'dump', fileOffset: 4096 + 32, what }]);
  });
});

describe('page size', () => {
  const qemu = { utsname: { sysname: '', release: '', machine: 'Unknown' }, blockSize: 65536 } as const;

  test.each([4096, 16384, 65536])('is the block size %i', async (blockSize) => {
    expect(await open(one({ blockSize }))).toMatchObject({ pageSize: blockSize, assumptions: [], problems: [] });
  });

  test('of a dump by QEMU is an assumption', async () => {
    const assumptions = [{ kind: 'page-size', byteLength: 4096, unsaidBy: 'qemu' }];
    expect(await open(one(qemu))).toMatchObject({ pageSize: 4096, assumptions, problems: [] });
  });

  test('of a dump by QEMU can be given, or is that of VMCOREINFO', async () => {
    expect(await open(one(qemu), 16384)).toMatchObject({ pageSize: 16384, assumptions: [] });
    const told = await open(one({ ...qemu, notedVmcoreinfo: 'PAGESIZE=4096\n' }), 16384);
    expect(told).toMatchObject({ pageSize: 4096, assumptions: [], problems: [] });
  });

  test('QEMU knows no other blocks for this architecture', async () => {
    expect(await open(one({ ...qemu, blockSize: 16384 }))).toMatchObject({ pageSize: 16384, assumptions: [] });
  });

  test('VMCOREINFO and the blocks disagree', async () => {
    const dump = await open(one({ vmcoreinfo: 'PAGESIZE=65536\n' }));
    const what = { kind: 'page-size-differs', blockByteLength: 4096, pageByteLength: 65536 };
    expect(dump).toMatchObject({
      pageSize: 65536,
      complete: true,
      problems: [{ file: 'dump', fileOffset: 428, what }],
    });
    expect(dump.memory.ranges).toEqual([{ start: 0x3000, end: 0x4000 }]);
  });

  test('a PAGESIZE that no arm64 kernel has does not count', async () => {
    expect(await open(one({ vmcoreinfo: 'PAGESIZE=8192\n' }))).toMatchObject({ pageSize: 4096, problems: [] });
  });

  test('one block counts as all the pages in it', async () => {
    const { pages, codecs } = (await open(one(qemu))).census();
    expect({ pages, codecs }).toEqual({ pages: { present: 16, zero: 0, excluded: 0, lost: 0 }, codecs: { plain: 16 } });
  });
});

test.each([
  [0, false, true],
  [0, true, true],
  [31, false, true],
  [31, true, false],
])('level %i, one bitmap: %s. What is not stored is no RAM: %s', async (dumpLevel, oneBitmap, mapComplete) => {
  const pages: KdumpPage[] = [{ pfn: 3, as: 'plain' }];
  if (dumpLevel > 0) pages.push({ pfn: 4, as: 'excluded' });
  expect(await open(kdump(pages, { dumpLevel, oneBitmap }))).toMatchObject({ complete: true, mapComplete });
});

test('opening reads headers, bitmaps, the first and the last descriptors, not the pages', async () => {
  const pages = Array.from({ length: 600 }, (_, pfn): KdumpPage => ({ pfn, as: 'plain', bytes: patternBytes(4096) }));
  const source = new MemorySource(kdump(pages).bytes);
  await openKdump([source]);
  expect(source.reads).toEqual([
    { offset: 0, byteLength: 464 },
    { offset: 4096, byteLength: 104 },
    { offset: 3 * 4096, byteLength: 75 },
    { offset: 4 * 4096, byteLength: 256 * 24 },
    { offset: 2 * 4096, byteLength: 75 },
    { offset: 4 * 4096, byteLength: 600 * 24 },
  ]);
});
