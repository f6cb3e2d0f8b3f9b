/**
 * Tables made to keep their reader busy: the inspection ends, and says what it left out. What it went through is counted,
 * not timed.
 */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { nextTable, page } from '../../../samples/machine.ts';
import { encodeFields, type FieldInputs } from '../../../src/smmu/fields.ts';
import { CD } from '../../../src/smmu/structures/cd.ts';
import { STE } from '../../../src/smmu/structures/ste.ts';
import { hex, inspectMachine, type MachineOptions } from '../../support/made/machine.ts';
import { cd, found, rulesOf, stage1, stage2, stage2Page } from '../../support/made/risk-machine.ts';
import { slowTest } from '../../support/slow.ts';

const TABLE = 0xa000_0000;
const CDS = 0x9000_0000;
const STES = 0x8000_0000;
const CD_OF = { T0SZ: 16, TTB0: TABLE, IPS: 5 };

/** An image with large arrays of one structure in it. */
class Bulk extends Image {
  readonly #arrays: { paddr: number; bytes: Uint8Array }[] = [];

  /** `count` structures, of which the first word of each is made by `word0`, the second by `word1`. */
  fill(paddr: number, words: readonly bigint[], count: number, change?: (i: number, at: DataView) => void): this {
    const bytes = Buffer.alloc(count * words.length * 8, Buffer.from(new BigUint64Array(words).buffer));
    for (let i = 0; change !== undefined && i < count; i++)
      change(i, new DataView(bytes.buffer, bytes.byteOffset + i * words.length * 8));
    this.#arrays.push({ paddr, bytes });
    return this;
  }

  override extents() {
    return [...super.extents(), ...this.#arrays].sort((a, b) => a.paddr - b.paddr);
  }
}

const stes = (image: Bulk, log2Size: number, fields: FieldInputs, change?: (i: number, at: DataView) => void) =>
  image.fill(STES, encodeFields(STE, fields), 2 ** log2Size, change);
const oneStream = (fields: FieldInputs = stage1(0, { S1ContextPtr: CDS })) =>
  new Bulk().abortTable(STES, 64).ste(STES, 8, fields) as Bulk;
const entries = (make: (i: number) => bigint) => Array.from({ length: 512 }, (_, i) => make(i));
/** Neither is right behind the other, so that nothing joins. */
const scattered = () => entries((i) => page(0xc000_0000 + ((i * 0x2000) % 0x10_0000)));

/** One table of each level, in which every entry leads on. */
const full = (image: Bulk) => {
  for (let level = 0; level < 3; level++) {
    image.write(
      TABLE + level * 0x1000,
      entries(() => nextTable(TABLE + (level + 1) * 0x1000)),
    );
  }
  return image.write(TABLE + 0x3000, scattered()) as Bulk;
};

async function inspectDeep(image: Image, log2Size: number, options: MachineOptions = {}) {
  const registers = { STRTAB_BASE: hex(STES), STRTAB_BASE_CFG: hex(log2Size), IDR1: '0x02730514', IDR5: '0x75' };
  const inspected = await inspectMachine(image, { deep: true, registers, ...options });
  // As it is found: publishing tables of these sizes takes longer than all the rest.
  return { inspected, reachable: inspected.facts.smmus[0]?.reachable ?? [] };
}

describe('tables that lead to themselves', () => {
  test('each entry of every level', async () => {
    const image = oneStream()
      .cd(CDS, 0, cd(CD_OF))
      .write(
        TABLE,
        entries(() => page(TABLE)),
      );
    const { reachable } = await inspectDeep(image, 6);
    expect(reachable).toMatchObject([{ tables: 4, leaves: 512, complete: true }]);
  });

  test('two that lead to each other', async () => {
    const image = oneStream()
      .cd(CDS, 0, cd(CD_OF))
      .write(
        TABLE,
        entries(() => page(TABLE + 0x1000)),
      )
      .write(
        TABLE + 0x1000,
        entries(() => page(TABLE)),
      );
    expect((await inspectDeep(image, 6)).reachable).toMatchObject([{ tables: 4, leaves: 512, complete: true }]);
  });

  test('one of each level, full', async () => {
    expect((await inspectDeep(full(oneStream()).cd(CDS, 0, cd(CD_OF)), 6)).reachable).toMatchObject([
      { tables: 4, leaves: 512, mappedBytes: 512 * 4096, complete: true },
    ]);
  });
});

slowTest('a stage 2 that maps the tables of stage 1 onto each other', async () => {
  const S2 = 0xb000_0000;
  const image = oneStream(stage2({ Config: 7, S1ContextPtr: 0, S2T0SZ: 16, S2SL0: 2, S2PS: 5, S2TTB: S2 }));
  for (let level = 0; level < 3; level++) {
    image.write(
      S2 + level * 0x1000,
      entries(() => nextTable(S2 + (level + 1) * 0x1000)),
    );
  }
  // Four pages: one with the CD, whose other words lead on as entries, and three tables, over and over again.
  image.write(
    S2 + 0x3000,
    entries((i) => stage2Page(TABLE + (i % 4) * 0x1000)),
  );
  image
    .write(
      TABLE,
      entries((i) => page(((i * 7) % 512) * 0x1000)),
    )
    .cd(TABLE, 0, cd({ ...CD_OF, TTB0: 0x1000 }));
  let seed = 1;
  for (let table = 1; table < 4; table++) {
    image.write(
      TABLE + table * 0x1000,
      entries(() => {
        seed = (seed * 1103515245 + 12345) % 2 ** 31;
        return page((seed >>> 8) * 0x1000);
      }),
    );
  }
  const { reachable } = await inspectDeep(image, 6);
  expect(reachable).toMatchObject([{ stage: 1, complete: false }]);
  expect(reachable[0]?.leaves).toBeGreaterThan(10_000);
});

/** Every entry of 4096 tables leads to any of them, with any limits. */
function maze(): Bulk {
  const image = new Bulk();
  let seed = 1;
  return image.fill(TABLE, [0n], 4096 * 512, (_, at) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    at.setUint32(0, TABLE + (seed % 4096) * 4096 + 0x743, true);
    at.setUint32(4, ((seed >>> 12) & 15) << 27, true);
  });
}

slowTest('many streams into a maze of tables share one budget', async () => {
  const image = maze();
  stes(image, 8, stage1(0), (i, at) => at.setUint32(0, CDS + i * 64 + 11, true));
  image.fill(CDS, encodeFields(CD, cd(CD_OF)), 256, (i, at) => at.setUint32(8, TABLE + i * 4096, true));
  const { reachable } = await inspectDeep(image, 8);
  expect(reachable).toHaveLength(256);
  expect(reachable[0], 'the first').toMatchObject({ complete: true });
  expect(reachable.at(-1), 'the last').toMatchObject({ complete: false, tables: 0, leaves: 0 });
});

describe('2^16 active streams', () => {
  slowTest('of one CD', async () => {
    const image = full(new Bulk()).cd(CDS, 0, cd(CD_OF)) as Bulk;
    const { inspected, reachable } = await inspectDeep(stes(image, 16, stage1(0, { S1ContextPtr: CDS })), 16);
    expect(reachable).toMatchObject([{ streams: 2 ** 14, leaves: 512 }]);
    expect(found(inspected, 'risks-cut')).toEqual([{ args: { what: 'active-stes', examined: 2 ** 14 }, location: {} }]);
  });

  slowTest('with a CD and a first table each', async () => {
    const image = full(new Bulk());
    stes(image, 16, stage1(0), (i, at) => at.setUint32(0, CDS + i * 64 + 11, true));
    image.fill(CDS, encodeFields(CD, cd(CD_OF)), 2 ** 16, (i, at) =>
      at.setUint32(8, TABLE + 0x1_0000 + i * 0x1000, true),
    );
    image.fill(TABLE + 0x1_0000, [nextTable(TABLE + 0x1000), ...new Array<bigint>(511).fill(0n)], 2 ** 13);
    const { inspected, reachable } = await inspectDeep(image, 16);
    expect(reachable).toHaveLength(2 ** 12);
    expect(found(inspected, 'risks-cut').map(({ args }) => args)).toEqual([
      { what: 'translation-tables', examined: 2 ** 12 },
      { what: 'active-stes', examined: 2 ** 14 },
    ]);
  });

  slowTest('with CD tables of 2^14 leaves each, all of them the same few', async () => {
    const leaf = 0xb000_0000;
    const image = new Bulk().reserve(leaf, 4096) as Bulk;
    image.fill(CDS, [BigInt(leaf) | 1n], 2 ** 17);
    stes(image, 16, stage1(0, { S1CDMax: 20, S1Fmt: 1, S1DSS: 2 }), (i, at) =>
      at.setUint32(0, CDS + (i % 1024) * 64 + (1 << 4) + 11, true),
    );
    const { inspected } = await inspectDeep(image, 16);
    const cut = found(inspected, 'risks-cut').map(({ args }) => (args as { what: string }).what);
    expect(cut).toEqual(expect.arrayContaining(['cd-places', 'structures']));
  });
});

describe('2^20 valid CDs', () => {
  const streams = () => oneStream(stage1(0, { S1ContextPtr: CDS, S1CDMax: 20, S1DSS: 2 }));
  const cds = (image: Bulk, change?: (i: number, at: DataView) => void) =>
    image.fill(CDS, encodeFields(CD, cd(CD_OF)), 2 ** 20, change);
  const CUT = { what: 'cds', examined: 2 ** 16 };

  slowTest('with one table', async () => {
    const { inspected, reachable } = await inspectDeep(cds(full(streams())), 6);
    expect(reachable).toMatchObject([{ sids: [8], streams: 1, leaves: 512 }]);
    expect(found(inspected, 'risks-cut')).toEqual([{ args: CUT, location: {} }]);
  });

  slowTest('with as many tables', async () => {
    const image = full(streams()).fill(CDS, encodeFields(CD, cd(CD_OF)), 2 ** 20, (i, at) =>
      at.setUint32(8, (TABLE + i * 0x1000) >>> 0, true),
    );
    const { inspected, reachable } = await inspectDeep(image, 6);
    expect(reachable).toHaveLength(2 ** 12);
    expect(found(inspected, 'risks-cut').map(({ args }) => args)).toEqual([
      { what: 'translation-tables', examined: 2 ** 12 },
      CUT,
    ]);
    expect(found(inspected, 'page-table-damaged').length, 'findings').toBeLessThanOrEqual(1000);
  });
});

slowTest('one less than the limits is not cut', async () => {
  const image = new Bulk().reserve(TABLE, 4096).cd(CDS, 0, cd({ ...CD_OF, EPD0: 1 })) as Bulk;
  stes(image, 14, stage1(0, { S1ContextPtr: CDS }));
  expect([...rulesOf((await inspectDeep(image, 14)).inspected)]).not.toContain('risks-cut');
});

slowTest('2^17 L2 tables that are nowhere, with a memory map of a thousand devices', async () => {
  const image = new Bulk().fill(STES, [0n], 2 ** 17, (i, at) => {
    at.setUint32(0, ((i % 2 ** 17) * 0x4000 + 9) >>> 0, true);
    at.setUint32(4, 2 + Math.floor(i / 2 ** 18), true);
  });
  const iomem = Array.from({ length: 1000 }, (_, i) => {
    const start = (0x1000_0000 + i * 0x1_0000).toString(16);
    return `${start}-${start.slice(0, -3)}fff : device ${i}`;
  });
  const registers = { STRTAB_BASE: hex(STES), STRTAB_BASE_CFG: '0x10219', IDR1: '0x02730519', IDR5: '0x75' };
  const { inspected } = await inspectDeep(image, 25, {
    registers,
    iomem: [...iomem, '80000000-8fffffff : System RAM'],
  });
  const { findings } = inspected;
  expect(findings.filter(({ rule }) => rule === 'structure-in-hole')).toHaveLength(1000);
  expect([...rulesOf(inspected)]).toContain('risks-cut');
});
