/** The context descriptors that a report lists behind a stage 1 STE, and what it says of those that it does not. */

import { beforeEach, describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import type { PhysicalMemory } from '../../src/dump/memory.ts';
import { MemoryView } from '../../src/dump/view.ts';
import type { SteRow } from '../../src/index.ts';
import { encodeFields, type FieldInputs } from '../../src/smmu/fields.ts';
import { STE } from '../../src/smmu/structures/ste.ts';
import { CdLister } from '../../src/tables/cd-rows.ts';
import { ListBudget } from '../../src/tables/listing.ts';
import { CDS, inspectMachine, L1, L2_BUS0 } from '../support/made/machine.ts';
import { slowTest } from '../support/slow.ts';

const LEAF = 0x8804_0000;
const SID = 0x10;

const linearCds = (s1cdmax: number): FieldInputs => ({ S1ContextPtr: CDS, S1CDMax: s1cdmax, S1Fmt: 0 });
const leaves4k = (s1cdmax: number): FieldInputs => ({ S1ContextPtr: CDS, S1CDMax: s1cdmax, S1Fmt: 1 });
const leaves64k = (s1cdmax: number): FieldInputs => ({ S1ContextPtr: CDS, S1CDMax: s1cdmax, S1Fmt: 2 });

const cd = (asid: number) => ({ V: 1, ASID: asid, AA64: 1, T0SZ: 16 });

/** A machine with one active stream, at {@link SID}. */
function machine(ste: FieldInputs): Image {
  return new Image()
    .l1(L1, 0, 9, L2_BUS0)
    .abortTable(L2_BUS0, 256)
    .ste(L2_BUS0, SID, { V: 1, Config: 5, ...ste });
}

async function rowOf(memory: Image, idr1 = '0x02730510'): Promise<SteRow> {
  const { smmu } = await inspectMachine(memory, { registers: { IDR1: idr1 } });
  const rows = [...smmu.stes];
  expect(rows.map(({ sid }) => sid)).toEqual([SID]);
  return rows[0] as SteRow;
}

const listed = ({ cds }: SteRow) => cds.map(({ ssid, address, asid }) => ({ ssid, address, asid }));

describe('the valid descriptors, decoded', () => {
  test('the only one of a stream without SubstreamIDs', async () => {
    const row = await rowOf(machine({ S1ContextPtr: CDS }).cd(CDS, 0, cd(7)).cd(CDS, 1, cd(8)));
    expect(row.cdTable).toEqual({
      format: 'single',
      address: '0x88020000',
      entries: 1,
      withoutSsid: 'translated by the only CD',
      unknown: 0,
      notListed: 0,
      notExamined: 0,
    });
    expect(listed(row)).toEqual([{ ssid: 0, address: '0x88020000', asid: 7 }]);
    expect(row.cds[0]).toMatchObject({ pageState: 'present', fields: { V: 1, ASID: 7, AA64: 1, T0SZ: 16 } });
    // V is bit 31, AA64 bit 41, ASID bits 63:48, T0SZ bits 5:0.
    expect(row.cds[0]?.words).toEqual(['0x0007020080000010', ...Array(7).fill('0x0000000000000000')]);
  });

  test('hardware without SubstreamIDs has one, whatever S1CDMax says', async () => {
    const row = await rowOf(machine(linearCds(3)).cd(CDS, 0, cd(7)).cd(CDS, 1, cd(8)), '0x02730010');
    expect(row.cdTable).toMatchObject({ format: 'single', entries: 1 });
    expect(listed(row)).toEqual([{ ssid: 0, address: '0x88020000', asid: 7 }]);
  });

  test('of a linear table, by SubstreamID', async () => {
    const memory = machine({ ...linearCds(3), S1DSS: 2 })
      .cd(CDS, 0, cd(7))
      .cd(CDS, 5, cd(9))
      .cd(CDS, 8, cd(10));
    const row = await rowOf(memory);
    expect(row.cdTable).toMatchObject({ format: 'linear', entries: 8, withoutSsid: 'translated by CD 0' });
    expect(listed(row)).toEqual([
      { ssid: 0, address: '0x88020000', asid: 7 },
      { ssid: 5, address: '0x88020140', asid: 9 },
    ]);
  });

  test('of leaves of 4 KiB', async () => {
    const memory = machine(leaves4k(8))
      .write(CDS + 8, [BigInt(LEAF) | 1n])
      .cd(LEAF, 2, cd(7));
    const row = await rowOf(memory);
    expect(row.cdTable).toMatchObject({ format: '4k-leaves', entries: 256, unknown: 0 });
    expect(listed(row)).toEqual([{ ssid: 0x42, address: '0x88040080', asid: 7 }]);
  });

  test('a worked example: STE word 0x500000009200002b, SubstreamID 0x345 at L2Ptr + 0xd140', async () => {
    const memory = machine({})
      .write(L2_BUS0 + SID * 64, [0x5000_0000_9200_002bn])
      .write(0x9200_0000, [BigInt(LEAF) | 1n])
      .reserve(LEAF, 0x1_0000)
      .write(LEAF + 0xd140, [0x0007_0000_8000_0000n])
      .write(LEAF + 0x1_0000, [0x0008_0000_8000_0000n]);
    const row = await rowOf(memory);
    expect(row).toMatchObject({ config: 's1', fields: { S1Fmt: 2, S1ContextPtr: '0x92000000', S1CDMax: 10 } });
    expect(row.cdTable).toMatchObject({ format: '64k-leaves', entries: 0x400, unknown: 0 });
    expect(listed(row)).toEqual([{ ssid: 0x345, address: '0x8804d140', asid: 7 }]);
  });
});

test.each([
  [0, 'terminated (F_STREAM_DISABLED)'],
  [1, 'stage 1 bypassed'],
  [2, 'translated by CD 0'],
  [3, 'terminated (reserved value, as 0)'],
])('S1DSS %i: traffic without a SubstreamID is %s', async (s1dss, meaning) => {
  const row = await rowOf(machine({ ...linearCds(1), S1DSS: s1dss }).reserve(CDS, 4096));
  expect(row.cdTable?.withoutSsid).toBe(meaning);
});

describe('what has no descriptors to list', () => {
  test.each([
    ['bypass', { Config: 4 }],
    ['stage 2', { Config: 6, S2VMID: 1 }],
    ['a reserved Config', { Config: 2 }],
  ])('%s', async (_, ste) => {
    const { cdTable, cds } = await rowOf(machine({ S1ContextPtr: CDS, ...ste }).cd(CDS, 0, cd(7)));
    expect({ cdTable, cds }).toEqual({ cdTable: null, cds: [] });
  });

  test('an invalid STE that is asked for', async () => {
    const memory = machine({}).ste(L2_BUS0, 0x11, { V: 0, Config: 5, S1ContextPtr: CDS }).cd(CDS, 0, cd(7));
    const { smmu } = await inspectMachine(memory, { sids: [0x11] });
    expect([...smmu.stes]).toMatchObject([{ sid: 0x11, valid: false, cdTable: null, cds: [] }]);
  });

  test("a nested stream's table is at a guest's address, which is not followed", async () => {
    const row = await rowOf(machine({ ...linearCds(3), Config: 7, S2VMID: 1, S1DSS: 1 }).cd(CDS, 0, cd(7)));
    expect(row.cdTable).toEqual({
      format: 'guest',
      address: '0x88020000',
      entries: 8,
      withoutSsid: 'stage 1 bypassed',
      unknown: 0,
      notListed: 0,
      notExamined: 8,
    });
    expect(row.cds).toEqual([]);
  });
});

describe('what the dump lacks', () => {
  test('a linear table', async () => {
    const row = await rowOf(machine(linearCds(3)));
    expect(row.cdTable).toMatchObject({ entries: 8, unknown: 8 });
    expect(row.cds).toEqual([]);
  });

  test('a leaf of several', async () => {
    const memory = machine(leaves64k(11))
      .write(CDS, [BigInt(LEAF) | 1n, 0x7000_0001n])
      .reserve(LEAF, 0x1_0000)
      .cd(LEAF, 1, cd(7));
    const row = await rowOf(memory);
    expect(row.cdTable).toMatchObject({ entries: 2048, unknown: 1024 });
    expect(listed(row)).toEqual([{ ssid: 1, address: '0x88040040', asid: 7 }]);
  });

  test('level 1 descriptors: all that they could lead to', async () => {
    const row = await rowOf(machine(leaves64k(11)));
    expect(row.cdTable).toMatchObject({ entries: 2048, unknown: 2048 });
  });

  test('the only level 1 descriptor: no more than the table has', async () => {
    const row = await rowOf(machine(leaves64k(5)));
    expect(row.cdTable).toMatchObject({ entries: 32, unknown: 32 });
  });
});

describe('more than a report holds', () => {
  test('256 are listed, the rest counted', async () => {
    const memory = machine(linearCds(9));
    for (let ssid = 0; ssid < 512; ssid += 1) memory.cd(CDS, ssid, cd(ssid % 2 === 0 ? 1 + ssid / 2 : 0x100));
    const row = await rowOf(memory);
    expect(row.cds).toHaveLength(256);
    expect(row.cds.at(-1)).toMatchObject({ ssid: 255, asid: 0x100 });
    expect(row.cdTable).toMatchObject({ entries: 512, notListed: 256, unknown: 0, notExamined: 0 });
  });

  test('exactly 256 leave nothing out', async () => {
    const memory = machine(linearCds(8));
    for (let ssid = 0; ssid < 256; ssid += 1) memory.cd(CDS, ssid, cd(1));
    expect((await rowOf(memory)).cdTable).toMatchObject({ notListed: 0 });
  });
});

describe('a hostile table', () => {
  const CD_TABLE = 0x9000_0000;
  const CD_BYTES = 64;
  const repeated = (words: readonly number[]) => {
    const all = Uint32Array.from({ length: 1 << 16 }, (_, i) => words[i % words.length] as number);
    return new Uint8Array(all.buffer);
  };
  const validCds = repeated([0x8000_0000, ...Array(15).fill(0)]);
  const descriptors = repeated([LEAF + 1, 0]);
  /** Memory without end: every level 1 descriptor of a table leads to one leaf, in which every CD is valid. */
  const endless: PhysicalMemory = {
    ranges: [],
    runs: (_, byteLength) => [{ offset: 0, byteLength, state: 'present' }],
    read(paddr, into) {
      bytesRead += into.byteLength;
      const pattern = paddr < CD_TABLE ? validCds : descriptors;
      for (let at = 0; at < into.byteLength; at += pattern.byteLength) {
        into.set(pattern.subarray(0, into.byteLength - at), at);
      }
      return [{ offset: 0, byteLength: into.byteLength, state: 'present' }];
    },
  };
  const SSID_BITS = 31;
  const lister = () =>
    new CdLister(
      new MemoryView({ memory: endless, pageSize: 4096, zeroPagesFiltered: null }),
      SSID_BITS,
      new ListBudget(1).cds,
    );
  const ste = (s1fmt: number, s1cdmax: number) =>
    encodeFields(STE, { V: 1, Config: 5, S1ContextPtr: CD_TABLE, S1Fmt: s1fmt, S1CDMax: s1cdmax });
  let bytesRead = 0;
  beforeEach(() => {
    bytesRead = 0;
  });

  test('of 2^20 SubstreamIDs in 1024 slots: all looked at, 256 listed', () => {
    const { cdTable, cds } = lister().list('s1', ste(2, 20));
    expect(cds).toHaveLength(256);
    expect(cdTable).toMatchObject({ entries: 2 ** 20, notListed: 2 ** 20 - 256, notExamined: 0, unknown: 0 });
    expect(bytesRead).toBe(2 ** 20 * CD_BYTES + 1024 * 8);
  });

  slowTest('of 2^27: what is not looked at any more is counted, and many of them read no more', () => {
    const one = lister();
    const { cdTable, cds } = one.list('s1', ste(2, 27));
    const { entries, notListed, notExamined } = cdTable ?? { entries: 0, notListed: 0, notExamined: 0 };
    expect(entries).toBe(2 ** 27);
    expect(notExamined).toBeGreaterThanOrEqual(2 ** 27 - 2 ** 24);
    expect(cds.length + notListed + notExamined).toBe(2 ** 27);
    for (let others = 0; others < 1000; others += 1) {
      expect(one.list('s1', ste(2, 20)).cdTable).toMatchObject({ notListed: 0, notExamined: 2 ** 20 });
    }
    expect(bytesRead).toBeLessThanOrEqual(2 ** 24 * CD_BYTES);
  });

  test.each([
    ['linear', 0],
    ['leaves of 4 KiB, more slots than are looked at', 1],
  ])('of 2^31 SubstreamIDs, %s: nothing is looked at', (_, s1fmt) => {
    const { cdTable, cds } = lister().list('s1', ste(s1fmt, 31));
    expect(cds).toEqual([]);
    expect(cdTable).toMatchObject({ entries: 2 ** 31, notExamined: 2 ** 31, notListed: 0 });
    expect(bytesRead).toBe(0);
  });

  test('leaves the tables of other streams as they are', async () => {
    const one = lister();
    expect(one.list('s1', ste(0, 31)).cds).toEqual([]);
    const sound = encodeFields(STE, { V: 1, Config: 5, S1ContextPtr: LEAF });
    const { cdTable, cds } = one.list('s1', sound);
    expect(cdTable).toMatchObject({ entries: 1, notExamined: 0 });
    expect(cds.map(({ address }) => address)).toEqual([LEAF]);
  });
});
