/**
 * A dump that is unfinished, or may be, has no holes: whatever it lost, no answer says firmly that there is no RAM, and
 * no verdict rests on it.
 */

import { describe, expect, test } from 'vitest';
import type { Extent } from '../../samples/image.ts';
import { linear, smmu } from '../../samples/machine.ts';
import {
  dumpInfo,
  InputError,
  inspect,
  type OpenedDump,
  openDump,
  parseIomem,
  parseSnapshot,
} from '../../src/index.ts';
import { htmlReport } from '../../src/report/html/html.ts';
import { SLOW } from '../support/slow.ts';
import { patternBytes } from '../support/sources.ts';
import { compressSnappyFramed } from '../support/writers/compress.ts';
import { type ElfSegment, elfCore, PT_NULL } from '../support/writers/elf-writer.ts';
import { cutIntoRecords, flatten } from '../support/writers/flatten.ts';
import { kdump } from '../support/writers/kdump-writer.ts';
import { limeDump } from '../support/writers/lime-writer.ts';

const PAGE = 4096;
const VMCOREINFO = 'PAGESIZE=4096\n';

function open(bytes: Uint8Array): Promise<OpenedDump> {
  return openDump({ byteLength: bytes.length, read: (at, length) => bytes.subarray(at, at + length), name: 'dump' });
}

/**
 * Where to cut, from the shortest file that can be told from raw memory on: where time is no matter, where words of 64 bits
 * begin and a byte to either side of that, as structures and their members do.
 */
const lengthsBelow = (end: number) =>
  Array.from({ length: end - 16 }, (_, i) => 16 + i).filter((length) =>
    SLOW ? (length + 1) % 8 < 3 : length % 97 === 16,
  );

describe('cut anywhere', () => {
  const extents: Extent[] = [
    { paddr: 0x3_0000, bytes: patternBytes(PAGE, 1) },
    { paddr: 0x4_0000, bytes: patternBytes(2 * PAGE, 2) },
    { paddr: 0x1_0000, bytes: patternBytes(PAGE, 3) },
  ];
  const elf = elfCore(extents, { vmcoreinfo: VMCOREINFO }).bytes;
  const pages = extents
    .flatMap(({ paddr, bytes }) =>
      Array.from({ length: bytes.length / PAGE }, (_, i) => ({
        pfn: paddr / PAGE + i,
        as: 'zlib' as const,
        bytes: bytes.subarray(i * PAGE, (i + 1) * PAGE),
      })),
    )
    .sort((a, b) => a.pfn - b.pfn);
  const compressed = kdump(pages, { vmcoreinfo: VMCOREINFO }).bytes;
  // As makedumpfile writes ELF: the headers come last, over empty ones.
  const headers = elf.subarray(0, 0x400);
  const headersLast = flatten([
    { offset: 0, bytes: elfCore([...extents.map(() => ({ paddr: 0, type: PT_NULL, fileOffset: 0 }))]).bytes },
    ...cutIntoRecords(elf, [1000]).slice(1),
    { offset: 0, bytes: headers },
    { offset: 0x400, bytes: elf.subarray(0x400, 1000) },
  ]).bytes;

  test.each<[string, Buffer]>([
    ['ELF', elf],
    ['kdump', compressed],
    ['flattened ELF', flatten(cutIntoRecords(elf, [700, 4096])).bytes],
    ['flattened ELF, headers last', headersLast],
    ['flattened kdump', flatten(cutIntoRecords(compressed, [4096, 1000])).bytes],
    ['LiME', limeDump(extents).bytes],
    ['AVML', limeDump(extents.map((one) => ({ ...one, compressed: [compressSnappyFramed(one.bytes)] }))).bytes],
  ])('%s', async (_, file) => {
    const whole = await open(file);
    for (const { paddr, bytes } of extents) {
      expect(whole.memory.runs(paddr, bytes.length).map(({ state }) => state)).toEqual(['present']);
    }
    const firm: unknown[] = [];
    let opened = 0;
    for (const length of lengthsBelow(file.length)) {
      let dump: OpenedDump;
      try {
        dump = await open(file.subarray(0, length));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        continue;
      }
      opened += 1;
      // Only a format without an end may look whole.
      if (dump.complete === true) firm.push({ length, complete: true });
      for (const { paddr, bytes } of extents) {
        const into = Buffer.alloc(bytes.length);
        for (const { offset, byteLength, state } of dump.memory.read(paddr, into)) {
          const right = into.subarray(offset, offset + byteLength).equals(bytes.subarray(offset, offset + byteLength));
          if (state !== 'lost' && !(state === 'present' && right)) firm.push({ length, paddr, offset, state, right });
        }
      }
    }
    expect(firm).toEqual([]);
    expect(opened).toBeGreaterThan(0);
  });
});

describe('the table lies in what is missing', () => {
  const snapshot = parseSnapshot(
    {
      version: 1,
      captured: 'before-kdump-probe',
      smmus: [smmu({ STRTAB_BASE: '0x88100000', STRTAB_BASE_CFG: '0x6' })],
    },
    'regs.json',
  );
  const table = linear()
    .extents()
    .find(({ paddr, bytes }) => paddr <= 0x8810_0000 && 0x8810_0000 < paddr + bytes.length) as Extent;
  const other: Extent = { paddr: 0x9000_0000, bytes: patternBytes(PAGE) };
  const unwritten: ElfSegment = { paddr: 0, type: PT_NULL, fileOffset: 0 };
  const elf = (segments: readonly ElfSegment[], flags = 0) =>
    elfCore(segments, { flags, vmcoreinfo: VMCOREINFO }).bytes;
  const compressed = (status: number) =>
    kdump([{ pfn: other.paddr / PAGE, as: 'plain', bytes: other.bytes }], { status, vmcoreinfo: VMCOREINFO }).bytes;
  const killed = elf([unwritten, unwritten]);
  const lime = limeDump([other, table]);
  const avml = limeDump([other, table].map((one) => ({ ...one, compressed: true })));

  async function outcomeOf(file: Uint8Array, revision: string) {
    const dump = await open(file);
    const { smmus, summary } = await inspect(dump, snapshot, { revision });
    return { verdict: smmus[0]?.adoption.verdict, exitCode: summary.exitCode, info: dumpInfo(dump).dump };
  }

  const unfinished: [string, Uint8Array][] = [
    ['ELF, stopped at once', killed],
    ['ELF, stopped in the middle', elf([other, unwritten])],
    ['ELF, out of space', elf([other], 1)],
    ['ELF, a segment above 52 bits', elf([other, { ...table, paddr: 2 ** 60 }])],
    ['ELF, a segment of no size', elf([other, { ...table, memByteLength: 0 }])],
    ['ELF, a segment of another type', elf([other, { ...table, type: 0x101 }])],
    ['flattened, its last record missing', flatten(cutIntoRecords(killed, [64]), { endMark: false }).bytes],
    ['kdump, out of space', compressed(8)],
    ['kdump, cut', compressed(0).subarray(0, -1)],
    [
      'flattened kdump, its last record missing',
      flatten(cutIntoRecords(compressed(0), [4096]), { endMark: false }).bytes,
    ],
    ['LiME, cut in a header', lime.bytes.subarray(0, (lime.headersAt[1] as number) + 10)],
    ['LiME, cut between records', lime.bytes.subarray(0, lime.headersAt[1] as number)],
    ['LiME, a record above 52 bits', limeDump([other, { ...table, paddr: 2 ** 60 }]).bytes],
    ['AVML, cut between records', avml.bytes.subarray(0, avml.headersAt[1] as number)],
    [
      'AVML, a gap',
      limeDump([
        { ...other, compressed: true },
        { ...table, paddr: 0x8900_0000 },
      ]).bytes,
    ],
  ];

  test.each(unfinished)('%s: cannot be told', async (_, file) => {
    for (const revision of ['v6', 'v7', 'v10']) {
      const { verdict, exitCode, info } = await outcomeOf(file, revision);
      expect({ revision, verdict, exitCode }).toEqual({ revision, verdict: 'indeterminate', exitCode: 3 });
      expect(info).toMatchObject({ complete: false, memoryComplete: false });
      expect(info.completeness).toMatch(/^(short|unknown)$/);
    }
  });

  test('a finished dump says firmly that it is not there', async () => {
    for (const file of [elf([other]), compressed(0), flatten(cutIntoRecords(compressed(0), [4096])).bytes]) {
      const { verdict, exitCode, info } = await outcomeOf(file, 'v6');
      expect({ verdict, exitCode }).toEqual({ verdict: 'fallback', exitCode: 1 });
      expect(info).toMatchObject({ complete: true, completeness: 'whole', memoryComplete: true });
    }
  });

  test('what is there is read as ever', async () => {
    for (const file of [elf([table, other]), elf([table, unwritten]), lime.bytes, avml.bytes]) {
      expect((await outcomeOf(file, 'v6')).verdict).toBe('adopted');
    }
  });

  test.each([
    ['may be short', elf([other, unwritten]), 'unknown: the memory map of the dump may be short', 'no RAM, according'],
    ['is whole', elf([other]), 'no RAM, according to the dump', 'may be short'],
  ])('the memory map of the HTML report says that it %s', async (_, file, says, saysNot) => {
    const dump = await open(file);
    const report = [...htmlReport(await inspect(dump, snapshot))].join('');
    expect(report).toContain(says);
    expect(report).not.toContain(saysNot);
  });

  test('with /proc/iomem the machine says what is where, not the dump', async () => {
    const iomem = parseIomem('90000000-9fffffff : System RAM\n88000000-88ffffff : 88000000.flash\n', 'iomem');
    const dump = await open(elf([other, unwritten]));
    const { smmus } = await inspect(dump, snapshot, { iomem, revision: 'v10' });
    // A table in a device's registers maps; that the dump knows nothing of it makes it no RAM.
    expect(smmus[0]?.adoption.mappings[0]?.why).toEqual({ kind: 'leads-to', what: 'device' });
  });
});
