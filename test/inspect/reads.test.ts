/** What an inspection reads: the pages that hold tables, and no others. Time depends on the machine, reads do not. */

import { expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import type { Dump } from '../../src/dump/dump.ts';
import { openElf } from '../../src/dump/elf.ts';
import { openKdump } from '../../src/dump/kdump.ts';
import { inspect, parseSnapshot } from '../../src/index.ts';
import { elfCore } from '../support/elf-writer.ts';
import { type KdumpPage, kdump } from '../support/kdump-writer.ts';
import { MemorySource } from '../support/sources.ts';

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
  const { smmus } = await inspect(dump, snapshot, { insert: 'all' });
  expect(JSON.parse(JSON.stringify(smmus[0]))).toMatchObject({
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
  // The L1 table is gone through for the adoption, the findings, the census and the rows; the L2 tables twice and more.
  expect(source.bytesRead).toBeLessThan(10 * tablePages.length * PAGE);
  expect(source.reads.length).toBeLessThan(40);
});
