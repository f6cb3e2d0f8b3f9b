/** What an inspection reads: the pages that hold tables, and no others. Time depends on the machine, reads do not. */

import { expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import type { Dump } from '../../src/dump/dump.ts';
import { openElf } from '../../src/dump/formats/elf.ts';
import { openKdump } from '../../src/dump/kdump/kdump.ts';
import { parseSnapshot } from '../../src/index.ts';
import { inspectJson } from '../support/published.ts';
import { MemorySource } from '../support/sources.ts';
import { elfCore } from '../support/writers/elf-writer.ts';
import { type KdumpPage, kdump } from '../support/writers/kdump-writer.ts';

const PAGE = 4096;
const L1 = 0x8000_0000;
const L2 = 0x8800_0000;

/** Two busses in use, at two ends of a memory with a thousand pages that matter to nobody. */
const tables = new Image()
  .l1(L1, 0, 9, L2)
  .l1(L1, 7, 9, L2 + 0x4000)
  .abortTable(L2, 256)
  .abortTable(L2 + 0x4000, 256)
  .ste(L2 + 0x4000, 3, { V: 1, Config: 4 });
const tablePages = tables.extents().flatMap(({ paddr, bytes }): KdumpPage[] =>
  Array.from({ length: bytes.length / PAGE }, (_, i) => ({
    pfn: paddr / PAGE + i,
    bytes: bytes.subarray(i * PAGE, (i + 1) * PAGE),
    as: 'zlib',
  })),
);
const otherPages = Array.from(
  { length: 1000 },
  (_, i): KdumpPage => ({
    pfn: 0x8400_0000 / PAGE + i,
    bytes: Buffer.alloc(PAGE, `page ${i} `),
    as: 'zlib',
  }),
);
const registers = {
  STRTAB_BASE: '0x80000000',
  STRTAB_BASE_CFG: '0x10210',
  CR0: '0x1',
  IDR0: '0x0c080010',
  IDR1: '0x10',
};
const snapshot = parseSnapshot({ registers }, 'regs.json');

async function inspected(contents: Omit<Dump, 'files' | 'close'>): Promise<void> {
  const dump = { ...contents, files: ['dump'], paths: [], close: () => {}, loadMapIgnored: false };
  const { smmus } = await inspectJson(dump, snapshot, { insert: 'all' });
  expect(smmus[0]).toMatchObject({
    adoption: { verdict: 'adopted' },
    stes: [{ sid: 0x703 }],
  });
}

test('a kdump-compressed dump: every table page is read and decompressed once, no other page ever', async () => {
  const image = kdump([...tablePages, ...otherPages], { utsname: { release: 'test', machine: 'aarch64' } });
  const source = new MemorySource(image.bytes);
  await inspected(await openKdump([source]));
  const times = (pfn: number) => {
    const page = image.stored.get(pfn);
    return source.reads.filter(({ offset }) => offset === page?.at).length;
  };
  expect(tablePages.map(({ pfn }) => [pfn, times(pfn)])).toEqual(tablePages.map(({ pfn }) => [pfn, 1]));
  expect(otherPages.filter(({ pfn }) => times(pfn) > 0)).toEqual([]);
});

test('an ELF core: what is read is headers and tables, a few bytes more than they hold', async () => {
  const extents = [...tables.extents(), { paddr: 0x8400_0000, bytes: Buffer.alloc(1000 * PAGE, 0xa5) }];
  const source = new MemorySource(elfCore(extents).bytes);
  await inspected(openElf(source));
  // The L1 table is gone through for the adoption, the findings, the census, the risks and the rows; the L2 tables too,
  // and by the ID scan of the revisions that it is compared with.
  expect(source.bytesRead).toBeLessThan(6 * tablePages.length * PAGE);
  expect(source.reads.length).toBeLessThan(40);
});

/** The same with a stream behind whose CD a thousand pages are mapped. */
const CD_PAGE = 0x8802_0000;
const TTB = 0x8803_0000;
const translating = new Image()
  .l1(L1, 7, 9, L2)
  .abortTable(L2, 256)
  .ste(L2, 3, { V: 1, Config: 5, S1ContextPtr: CD_PAGE })
  .cd(CD_PAGE, 0, { V: 1, ASID: 1, TTB0: TTB, T0SZ: 25, EPD1: 1, IPS: 5, AA64: 1, A: 1, R: 1 })
  .write(TTB, [BigInt(TTB + 0x1000) | 3n])
  .write(TTB + 0x1000, [BigInt(TTB + 0x2000) | 3n, BigInt(TTB + 0x3000) | 3n])
  .write(TTB + 0x2000, new Array<bigint>(1024).fill(0x8400_0743n));
const ofTranslation = (offset: number, start: number) => offset >= start && offset < start + 0x4000;

async function readsOf(deep: boolean) {
  const { bytes, contentAt } = elfCore(translating.extents());
  const source = new MemorySource(bytes);
  const dump = { ...openElf(source), files: ['dump'], paths: [], close: () => {}, loadMapIgnored: false };
  const withStage1 = parseSnapshot({ registers: { ...registers, IDR0: '0x0c08001b' } }, 'regs.json');
  const { smmus } = await inspectJson(dump, withStage1, { deep });
  expect(smmus[0]?.reachable?.[0]?.leaves, 'the stream was found').toBe(deep ? 1024 : undefined);
  const start = contentAt[translating.extents().findIndex(({ paddr }) => paddr === TTB)] as number;
  return { bytesRead: source.bytesRead, ofTables: source.reads.filter(({ offset }) => ofTranslation(offset, start)) };
}

test('translation tables are read for --deep alone, and each of them once', async () => {
  const shallow = await readsOf(false);
  expect(shallow.ofTables).toEqual([]);
  const deep = await readsOf(true);
  expect(deep.ofTables.length).toBe(4);
  expect(deep.bytesRead - shallow.bytesRead).toBe(4 * PAGE);
});
