/** `--deep`: the translation tables behind the streams. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { nextTable, page, pageTables } from '../../../samples/machine.ts';
import type { FieldInputs } from '../../../src/smmu/fields.ts';
import {
  CDS,
  hex,
  IOMEM,
  inspectMachine,
  KDUMP_END,
  KDUMP_START,
  L2_BUS0,
  type MachineOptions,
} from '../../support/made/machine.ts';
import {
  at,
  busZero,
  cd,
  found,
  readOnlyPage,
  rulesOf,
  stage1,
  stage2,
  stage2Page,
  TTB,
} from '../../support/made/risk-machine.ts';

const NOWHERE = { firstSid: 8, lastSid: 8, pciBus: '00' };
const machine = () => busZero(new Image());
const deep = (image: Image, options: MachineOptions = {}) => inspectMachine(image, { deep: true, ...options });
/** One stage 1 stream whose tables map these pages. */
const mapping = (pages: readonly bigint[], fields: FieldInputs = {}) =>
  pageTables(machine(), TTB, pages).ste(L2_BUS0, 8, stage1(0)).cd(CDS, 0, cd(fields));

describe('what is reached', () => {
  test('is not listed unasked', async () => {
    const damaged = mapping([page(2 ** 44), page(KDUMP_START)]);
    const inspected = await inspectMachine(damaged, { iomem: IOMEM });
    expect(inspected.smmu.reachable).toBeNull();
    expect([...rulesOf(inspected)]).not.toContain('page-table-damaged');
  });

  test('stage 1: pages, of which some can be written', async () => {
    const { smmu } = await deep(mapping([page(0x8900_0000), readOnlyPage(0x8901_0000), 0n, page(0x8900_1000)]));
    expect(smmu.reachable).toEqual([
      {
        ...{ sids: [8], streams: 1, stage: 1, table: hex(TTB), asid: 1, vmid: null },
        ...{ mappedBytes: 3 * 4096, writableBytes: 2 * 4096, leaves: 3, tables: 3 },
        ...{ missingTables: 0, faults: 0, complete: true },
      },
    ]);
  });

  test('bypass: all that the SMMU can put out', async () => {
    const { smmu } = await deep(machine().ste(L2_BUS0, 8, { V: 1, Config: 4 }).ste(L2_BUS0, 9, { V: 1, Config: 4 }));
    expect(smmu.reachable).toMatchObject([{ sids: [8, 9], stage: null, table: null, writableBytes: 2 ** 44 }]);
  });

  test('bypass without a SubstreamID, where S1DSS says so, beside the tables of the substreams', async () => {
    const stream = (S1DSS: number) =>
      pageTables(machine(), TTB, [page(0x8900_0000)])
        .ste(L2_BUS0, 8, stage1(0, { S1CDMax: 1, S1DSS }))
        .cd(CDS, 0, cd());
    const stages = async (s1dss: number) => (await deep(stream(s1dss))).smmu.reachable?.map(({ stage }) => stage);
    expect(await stages(1)).toEqual([null, 1]);
    expect(await stages(0), 'CD 0 serves SubstreamID 0').toEqual([1]);
    expect(await stages(2), 'CD 0 serves what comes without').toEqual([1]);
  });

  test('stage 2, and stage 1 under it', async () => {
    const image = machine()
      // IPAs 0 to 0x3fff: CDs and tables of the guest, then a page.
      .write(TTB, [nextTable(TTB + 0x1000)])
      .write(TTB + 0x1000, [nextTable(TTB + 0x2000)])
      .write(TTB + 0x2000, [0x8901_0000, 0x8901_1000, 0x8901_2000, 0x8901_3000, 0x8902_0000].map(stage2Page))
      .ste(L2_BUS0, 8, stage2({ S2T0SZ: 25 }))
      .ste(L2_BUS0, 16, stage2({ Config: 7, S1ContextPtr: 0, S2T0SZ: 25 }))
      .cd(0x8901_0000, 0, cd({ ASID: 5, TTB0: 0x1000 }))
      .write(0x8901_1000, [nextTable(0x2000)])
      .write(0x8901_2000, [nextTable(0x3000)])
      // Not one after the other, so that each takes a walk of stage 2 of its own.
      .write(0x8901_3000, [page(0x4000), page(0x3000), page(0x4000), page(0x9000)]);
    const inspected = await deep(image);
    expect(inspected.smmu.reachable).toMatchObject([
      { sids: [8], stage: 2, table: hex(TTB), asid: null, vmid: 3, mappedBytes: 5 * 4096, tables: 3, faults: 0 },
      { sids: [16], stage: 1, table: '0x1000', asid: 5, vmid: 3, mappedBytes: 3 * 4096, leaves: 3, faults: 1 },
    ]);
    expect(found(inspected, 'page-table-damaged'), 'an IPA that stage 2 does not map').toEqual([
      {
        args: { sid: 16, table: 'TTB0', what: 'F_TRANSLATION', times: 1, first: '0x3000' },
        location: { firstSid: 16, lastSid: 16, pciBus: '00' },
      },
    ]);
  });

  test('streams that share tables are one line, whose ASID is not that of the first', async () => {
    const image = mapping([page(0x8900_0000)])
      .ste(L2_BUS0, 16, stage1(1))
      .cd(CDS, 1, cd({ ASID: 2 }));
    expect((await deep(image)).smmu.reachable).toMatchObject([{ sids: [8, 16], streams: 2, asid: null, leaves: 1 }]);
    const same = mapping([page(0x8900_0000)]).ste(L2_BUS0, 16, stage1(0));
    expect((await deep(same)).smmu.reachable).toMatchObject([{ sids: [8, 16], asid: 1 }]);
  });

  test('but not where the format of the tables is another', async () => {
    const image = mapping([page(0x8900_0000)])
      .ste(L2_BUS0, 16, stage1(1))
      .cd(CDS, 1, cd({ T0SZ: 26 }));
    expect((await deep(image)).smmu.reachable).toHaveLength(2);
  });

  test('many streams are counted once each, though few are named', async () => {
    const image = pageTables(machine(), TTB, [page(0x8900_0000)])
      .cd(CDS, 0, cd())
      .cd(CDS, 1, cd());
    for (let sid = 0; sid < 20; sid++) image.ste(L2_BUS0, sid, stage1(0, { S1CDMax: 1, S1DSS: 2 }));
    const [line] = (await deep(image)).smmu.reachable ?? [];
    expect(line).toMatchObject({ streams: 20 });
    expect(line?.sids).toHaveLength(16);
  });

  test('nothing behind what the hardware refuses, nor while the SMMU is off', async () => {
    const illegal = mapping([page(0x8900_0000)], { A: 0 });
    expect((await deep(illegal)).smmu.reachable, 'CD').toEqual([]);
    const ste = mapping([page(0x8900_0000)]).ste(L2_BUS0, 8, stage1(0, { S1STALLD: 1 }));
    expect((await deep(ste)).smmu.reachable, 'STE').toEqual([]);
    const off = await deep(mapping([page(KDUMP_START)]), { registers: { CR0: '0x0' }, iomem: IOMEM });
    expect(off.smmu.reachable, 'off').toEqual([]);
    expect([...rulesOf(off)]).not.toContain('dma-into-kdump-memory');
  });
});

describe('which streams reach the kdump memory, unasked', () => {
  const unasked = (image: Image) => inspectMachine(image, { iomem: IOMEM });
  const NOBODY = { sids: [], streams: 0, bypassSids: [], bypassStreams: 0, complete: true };

  test('one by its tables', async () => {
    const inspected = await unasked(mapping([page(0x8900_0000), page(KDUMP_START)]));
    expect(inspected.smmu.kdumpReach).toEqual({ ...NOBODY, sids: [8], streams: 1 });
    expect(found(inspected, 'dma-into-kdump-memory')).toHaveLength(1);
    expect(found(inspected, 'kdump-memory-reach')).toEqual([]);
  });

  test('all that share the tables, once each', async () => {
    const image = mapping([page(KDUMP_START)])
      .ste(L2_BUS0, 9, stage1(0))
      .ste(L2_BUS0, 12, stage1(0));
    const inspected = await unasked(image);
    expect(inspected.smmu.kdumpReach).toEqual({ ...NOBODY, sids: [8, 9, 12], streams: 3 });
    expect(found(inspected, 'dma-into-kdump-memory')).toHaveLength(1);
  });

  test('none, which is said', async () => {
    const inspected = await unasked(mapping([page(0x8900_0000), readOnlyPage(KDUMP_START)]));
    expect(inspected.smmu.kdumpReach).toEqual(NOBODY);
    expect(found(inspected, 'kdump-memory-reach')).toMatchObject([{ args: { active: 1, bypass: 0, complete: 1 } }]);
  });

  test('those over whose entries bypass STEs of reserved regions go, in use or not', async () => {
    const inspected = async (revision: string) =>
      inspectMachine(mapping([page(0x8900_0000)]), { iomem: IOMEM, revision, rmr: [3, 8], deep: true });
    const rewritten = await inspected('v5');
    expect(rewritten.smmu.kdumpReach).toEqual({ ...NOBODY, bypassSids: [3, 8], bypassStreams: 2 });
    expect(found(rewritten, 'kdump-memory-reach')).toMatchObject([{ args: { active: 2, bypass: 2 } }]);
    expect(rewritten.smmu.reachable?.map(({ stage, streams }) => [stage, streams])).toEqual([
      [null, 2],
      [1, 1],
    ]);
    const kept = await inspected('v6');
    expect(kept.smmu.kdumpReach).toEqual(NOBODY);
    expect(found(kept, 'kdump-memory-reach')).toMatchObject([{ args: { active: 1, bypass: 0 } }]);
  });

  test('one in bypass', async () => {
    const inspected = await unasked(mapping([page(0x8900_0000)]).ste(L2_BUS0, 9, { V: 1, Config: 4 }));
    expect(inspected.smmu.kdumpReach).toEqual({ ...NOBODY, bypassSids: [9], bypassStreams: 1 });
    expect(found(inspected, 'kdump-memory-reach')).toMatchObject([{ args: { active: 2, bypass: 1 } }]);
  });

  test('not all that there is, where a table is missing', async () => {
    const image = mapping([page(0x8900_0000)]).write(TTB + 0x1008, [nextTable(0x8a80_0000)]);
    expect((await unasked(image)).smmu.kdumpReach).toMatchObject({ streams: 0, complete: false });
  });

  test.each([
    [1000, true],
    [1100, false],
  ])('%i tables: all of them is %s', async (tables, complete) => {
    const image = mapping([]);
    for (let i = 0; i < tables; i++) {
      const [middle, last] = [TTB + 0x30_0000 + Math.floor(i / 512) * 4096, TTB + 0x40_0000 + i * 4096];
      image.write(TTB + Math.floor(i / 512) * 8, [nextTable(middle)]);
      image.write(middle + (i % 512) * 8, [nextTable(last)]).write(last, [page(0x8900_0000)]);
    }
    expect((await unasked(image)).smmu.kdumpReach).toEqual({ ...NOBODY, complete });
  });

  test('not known without the reservation, nor while the SMMU is off', async () => {
    expect((await inspectMachine(mapping([page(KDUMP_START)]))).smmu.kdumpReach).toBeNull();
    const off = await inspectMachine(mapping([page(KDUMP_START)]), { registers: { CR0: '0x0' }, iomem: IOMEM });
    expect(off.smmu.kdumpReach).toBeNull();
  });
});

describe('page-table-damaged', () => {
  test('by what is wrong, where first', async () => {
    const beyond = page(2 ** 44);
    const image = mapping([beyond, page(0x8900_0000), beyond]).write(TTB + 0x1008, [nextTable(0x9000_0000)]);
    expect(found(await deep(image), 'page-table-damaged')).toEqual([
      { args: { sid: 8, table: 'TTB0', what: 'F_ADDR_SIZE', times: 2, first: '0x0' }, location: NOWHERE },
      {
        args: { sid: 8, table: 'TTB0', what: 'table not in the dump (hole)', times: 1, first: '0x200000' },
        location: NOWHERE,
      },
    ]);
  });

  test('not the last address that is fine, nor an entry that was not accessed yet', async () => {
    const image = mapping([page(2 ** 44 - 4096), page(0x8900_0000) & ~0x400n]);
    const inspected = await deep(image);
    expect(found(inspected, 'page-table-damaged')).toEqual([]);
    expect(inspected.smmu.reachable, 'though it faults').toMatchObject([{ leaves: 1, faults: 1 }]);
  });
});

describe('dma-into-kdump-memory', () => {
  const hits = async (pages: readonly bigint[]) =>
    found(await deep(mapping(pages), { iomem: IOMEM }), 'dma-into-kdump-memory');

  test('how much, in how many ranges, and by which address first', async () => {
    const pages = [page(0x8900_0000), page(KDUMP_START + 0x1000), page(KDUMP_START + 0x2000), page(KDUMP_START)];
    expect(await hits(pages)).toEqual([
      {
        args: { sid: 8, iova: '0x1000', pa: '0x8c001000', byteLength: 3 * 4096, ranges: 2 },
        location: at(8, KDUMP_START + 0x1000),
      },
    ]);
  });

  test('a range that goes on in the next table is one', async () => {
    const image = mapping([]).write(TTB + 0x1000, [nextTable(TTB + 0x2000), nextTable(TTB + 0x3000)]);
    image.write(TTB + 0x2ff8, [page(KDUMP_START)]).write(TTB + 0x3000, [page(KDUMP_START + 0x1000)]);
    expect(found(await deep(image, { iomem: IOMEM }), 'dma-into-kdump-memory')).toMatchObject([
      { args: { iova: '0x1ff000', byteLength: 2 * 4096, ranges: 1 } },
    ]);
  });

  test('a block of which the reservation is a part', async () => {
    const image = mapping([]).write(TTB, [BigInt(0x8000_0000) | 0x745n]);
    expect(found(await deep(image, { iomem: IOMEM }), 'dma-into-kdump-memory')).toMatchObject([
      { args: { iova: '0xc000000', pa: hex(KDUMP_START), byteLength: KDUMP_END - KDUMP_START, ranges: 1 } },
    ]);
  });

  test('not what is right beside it, nor what can only be read', async () => {
    expect(await hits([page(KDUMP_START - 4096), page(KDUMP_END), readOnlyPage(KDUMP_START)])).toEqual([]);
  });

  test('the upper half, by the addresses that devices use', async () => {
    const image = mapping([]).cd(CDS, 0, cd({ EPD0: 1, EPD1: 0, TG1: 2, T1SZ: 25, TTB1: TTB, TTB0: 0 }));
    image.write(TTB + 0x2000, [page(KDUMP_START)]);
    expect(found(await deep(image, { iomem: IOMEM }), 'dma-into-kdump-memory')).toMatchObject([
      { args: { iova: '0xffffff8000000000' } },
    ]);
  });
});
