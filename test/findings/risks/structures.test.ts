/** Where the SMMU's structures lie, and what lies on top of what. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import {
  CDS,
  HOLE,
  hex,
  IOMEM,
  inspectMachine,
  KDUMP_END,
  KDUMP_START,
  L1,
  L2_BUS0,
  L2_BUS1,
  UART,
} from '../../support/made/machine.ts';
import { at, busZero, cd, found, rulesOf, stage1 } from '../../support/made/risk-machine.ts';

const L2_BYTES = 0x4000;
const withL2 = (l2: number, image = new Image()) => busZero(image).l1(L1, 1, 9, l2);
const bus1 = { l1Index: 1, firstSid: 0x100, lastSid: 0x1ff, pciBus: '01', address: hex(L1 + 8) };
const withCdTable = (table: number, more = {}) =>
  busZero(new Image()).ste(L2_BUS0, 8, stage1(0, { S1ContextPtr: table, ...more }));
const placed = (structure: string, address: number, byteLength: number) => ({
  structure,
  address: hex(address),
  byteLength,
});

describe('an SMMU as a reset leaves it', () => {
  // QEMU's: LOG2SIZE of the queues is the most that they take.
  const reset = {
    ...{ CR0: '0x0', STRTAB_BASE: '0x0', STRTAB_BASE_CFG: '0x0' },
    ...{ CMDQ_BASE: '0x13', EVENTQ_BASE: '0x13', PRIQ_BASE: '0x0' },
  };
  const rulesAt = async (registers: Record<string, string>) =>
    [...rulesOf(await inspectMachine(busZero(new Image()), { registers }))].sort();

  test('has neither a table nor queues that could lie anywhere', async () => {
    expect(await rulesAt(reset)).toEqual(['smmu-disabled']);
  });

  test('not one that is on, nor a table that a driver gave and took out of use', async () => {
    const outside = ['structure-outside-ram', 'table-not-in-dump'];
    expect(await rulesAt({ ...reset, CR0: '0x1' })).toEqual(expect.arrayContaining(['table-not-in-dump']));
    expect(await rulesAt({ ...reset, STRTAB_BASE: '0x4000000000000000' })).toEqual(expect.arrayContaining(outside));
    expect(await rulesAt({ ...reset, CR0: '0x8' })).toEqual(expect.arrayContaining(['structure-outside-ram']));
  });
});

describe('structure-outside-ram', () => {
  test('a CD table where the dump has nothing, without a memory map', async () => {
    const inspected = await inspectMachine(withCdTable(0x9000_0000));
    expect(found(inspected, 'structure-outside-ram')).toEqual([
      { args: { ...placed('CD table of SID 0x8', 0x9000_0000, 64), state: 'hole' }, location: at(8, 0x9000_0000) },
    ]);
  });

  test('not the last CD of a page that is there, and a table of two that is not wholly', async () => {
    const image = () => new Image().reserve(CDS, 4096);
    const last = busZero(image()).ste(L2_BUS0, 8, stage1(63));
    expect(rulesOf(await inspectMachine(last)), 'one CD').not.toContain('structure-outside-ram');
    const two = busZero(image()).ste(L2_BUS0, 8, stage1(63, { S1CDMax: 1, S1DSS: 2 }));
    expect(found(await inspectMachine(two), 'structure-outside-ram'), 'two CDs').toMatchObject([
      { args: placed('CD table of SID 0x8', CDS + 63 * 64, 128) },
    ]);
  });

  test('a leaf of a two-level CD table, and a queue', async () => {
    const image = withCdTable(CDS, { S1CDMax: 10, S1Fmt: 2, S1DSS: 2 }).write(CDS, [0x9000_0001n]);
    const inspected = await inspectMachine(image, { registers: { EVENTQ_BASE: '0x91000004' } });
    expect(found(inspected, 'structure-outside-ram').map(({ args }) => args)).toEqual([
      { ...placed('event queue', 0x9100_0000, 512), state: 'hole' },
      { ...placed('CD leaf of SID 0x8', 0x9000_0000, 0x1_0000), state: 'hole' },
    ]);
  });

  test('an L2 table is named once: the kernel does not map it either', async () => {
    const rules = rulesOf(await inspectMachine(withL2(HOLE), { insert: [0x100] }));
    expect(rules).toContain('l2-outside-memory');
    expect(rules).not.toContain('structure-outside-ram');
  });

  test('nothing behind an STE that the hardware refuses', async () => {
    const illegal = withCdTable(0x9000_0000, { S1STALLD: 1 });
    expect(rulesOf(await inspectMachine(illegal))).not.toContain('structure-outside-ram');
  });
});

describe('structure-in-kdump-memory', () => {
  test.each([
    ['inside', KDUMP_START],
    ['across its start', KDUMP_START - L2_BYTES / 2],
    ['across its end', KDUMP_END - L2_BYTES / 2],
  ] as const)('an L2 table %s', async (how, l2) => {
    // Unaligned where it has to be to lie across: the kernel takes the pointer as it is.
    const inspected = await inspectMachine(withL2(l2), { iomem: IOMEM });
    expect(found(inspected, 'structure-in-kdump-memory')).toEqual([
      { args: { ...placed('L2 table of L1[1]', l2, L2_BYTES), how, mapped: true }, location: bus1 },
    ]);
    const rewritten = { what: 'the pointer to the L2 table of L1[1]', address: hex(l2) };
    const expected = how === 'inside' ? [{ args: rewritten, location: bus1 }] : [];
    expect(found(inspected, 'rewritten-after-adoption')).toEqual(expected);
  });

  test.each([
    ['right before it', KDUMP_START - L2_BYTES],
    ['right behind it', KDUMP_END],
  ])('not one %s', async (_, l2) => {
    const rules = rulesOf(await inspectMachine(withL2(l2, new Image().reserve(l2, L2_BYTES)), { iomem: IOMEM }));
    expect(rules).not.toContain('structure-in-kdump-memory');
    expect(rules).not.toContain('rewritten-after-adoption');
  });

  test('a CD table is mapped only by revisions that scan it, a queue by none', async () => {
    const registers = { CMDQ_BASE: hex(KDUMP_START + 4) };
    const mapped = async (revision: string) =>
      found(
        await inspectMachine(withCdTable(KDUMP_START + 0x1000), { iomem: IOMEM, registers, revision }),
        'structure-in-kdump-memory',
      ).map(({ args }) => [(args as { structure: string }).structure, (args as { mapped: boolean }).mapped]);
    expect(await mapped('v6')).toEqual([
      ['command queue', false],
      ['CD table of SID 0x8', false],
    ]);
    expect(await mapped('v10')).toEqual([
      ['command queue', false],
      ['CD table of SID 0x8', true],
    ]);
  });
});

describe('registers and holes', () => {
  test('structure-in-mmio: a device of the memory map', async () => {
    const inspected = await inspectMachine(withL2(UART - L2_BYTES), { iomem: IOMEM });
    expect(found(inspected, 'structure-in-mmio'), 'right before it is no device').toEqual([]);
    const hit = await inspectMachine(withL2(UART), { iomem: IOMEM });
    expect(found(hit, 'structure-in-mmio')).toEqual([
      { args: { ...placed('L2 table of L1[1]', UART, L2_BYTES), device: 'pl011@9000000' }, location: bus1 },
    ]);
    expect(found(hit, 'structure-in-hole'), 'the device is worse than the hole behind it').toEqual([]);
  });

  test('structure-in-mmio: an SMMU, without a memory map', async () => {
    const own = { name: 'smmu0', base: '0x9050000' };
    const in2nd = await inspectMachine(withL2(0x906_c000), own);
    expect(found(in2nd, 'structure-in-mmio')).toMatchObject([{ args: { device: 'smmu0' }, location: bus1 }]);
    const behind = await inspectMachine(withL2(0x907_0000), own);
    expect(rulesOf(behind), 'behind its second page').not.toContain('structure-in-mmio');
  });

  test('structure-in-hole, which no map can tell from a dump that is not whole', async () => {
    const inspected = await inspectMachine(withL2(HOLE), { iomem: IOMEM });
    expect(found(inspected, 'structure-in-hole')).toEqual([
      { args: placed('L2 table of L1[1]', HOLE, L2_BYTES), location: bus1 },
    ]);
    expect(rulesOf(await inspectMachine(withL2(HOLE)))).not.toContain('structure-in-hole');
  });

  test('not where the CPU cannot map it at all, so that nothing is read', async () => {
    const inspected = await inspectMachine(withL2(2 ** 49), { iomem: IOMEM, insert: [0x100] });
    expect([...rulesOf(inspected)]).toContain('insert-l2-not-mappable');
    expect([...rulesOf(inspected)].filter((rule) => rule.startsWith('structure-'))).toEqual([]);
  });

  test('what no revision reads, or not this time, is not where the kernel dies', async () => {
    const hole = async (image: Image, options = {}) =>
      [...rulesOf(await inspectMachine(image, { iomem: IOMEM, ...options }))].filter((r) => r.startsWith('structure-'));
    expect(await hole(withL2(0)), 'a null pointer').toEqual(['structure-unreachable']);
    expect(await hole(withL2(HOLE).l1(L1, 2, 3, L2_BUS1)), 'a fallback').toEqual(['structure-unreachable']);
    expect(await hole(withL2(HOLE), { firmwareCoherent: false }), 'no attempt').toEqual(['structure-unreachable']);
  });

  test('structure-unreachable: what the kernel never reads, until a revision does', async () => {
    const image = () => withCdTable(UART);
    const registers = { IDR0: '0x0d4d101b', IDR1: '0x02739d10', PRIQ_BASE: hex(HOLE + 4) };
    const v6 = await inspectMachine(image(), { iomem: IOMEM, registers });
    expect(found(v6, 'structure-unreachable')).toEqual([
      {
        args: { ...placed('PRI queue', HOLE, 256), where: 'a hole of the physical map' },
        location: { address: hex(HOLE) },
      },
      {
        args: { ...placed('CD table of SID 0x8', UART, 64), where: 'the registers of pl011@9000000' },
        location: at(8, UART),
      },
    ]);
    const v10 = await inspectMachine(image(), { iomem: IOMEM, revision: 'v10' });
    expect(rulesOf(v10)).not.toContain('structure-unreachable');
    expect(found(v10, 'structure-in-mmio')).toMatchObject([{ args: { device: 'pl011@9000000' } }]);
  });

  test('a queue is as large as the hardware lets it be, and is not there where it has none', async () => {
    const queue = async (registers: Record<string, string>) =>
      found(await inspectMachine(busZero(new Image()), { iomem: IOMEM, registers }), 'structure-unreachable');
    const capped = await queue({ CMDQ_BASE: hex(HOLE + 31), IDR1: '0x00730510' });
    expect(capped).toMatchObject([{ args: { structure: 'command queue', byteLength: 2 ** 3 * 16 } }]);
    expect(await queue({ PRIQ_BASE: hex(HOLE + 4) }), 'IDR0.PRI is 0').toEqual([]);
  });

  test('RAM of the map that the dump lacks is none of these', async () => {
    const rules = rulesOf(await inspectMachine(withL2(0x8f00_0000), { iomem: IOMEM }));
    expect([...rules].filter((rule) => rule.startsWith('structure-'))).toEqual([]);
  });
});

describe('structure-above-oas', () => {
  const limit = 2 ** 44;
  test('ends exactly at the limit, or goes beyond it', async () => {
    const below = await inspectMachine(withL2(limit - L2_BYTES, new Image().reserve(limit - L2_BYTES, L2_BYTES)));
    expect(found(below, 'structure-above-oas')).toEqual([]);
    const above = await inspectMachine(withL2(limit, new Image().reserve(limit, L2_BYTES)));
    expect(found(above, 'structure-above-oas')).toEqual([
      { args: { ...placed('L2 table of L1[1]', limit, L2_BYTES), oasBits: 44 }, location: bus1 },
    ]);
  });

  test('is not guessed without IDR5', async () => {
    const image = withL2(limit, new Image().reserve(limit, L2_BYTES));
    expect(rulesOf(await inspectMachine(image, { registers: { IDR5: null } }))).not.toContain('structure-above-oas');
  });
});

describe('what lies on top of what', () => {
  const both = () => busZero(new Image()).abortTable(L2_BUS1, 256);

  test('l2-aliased: one table for three buses, and no overlap for it', async () => {
    const inspected = await inspectMachine(both().l1(L1, 1, 9, L2_BUS1).l1(L1, 2, 9, L2_BUS1).l1(L1, 7, 9, L2_BUS1));
    expect(found(inspected, 'l2-aliased')).toEqual([
      { args: { l2: hex(L2_BUS1), slots: 'L1[1], L1[2], L1[7]', count: 3 }, location: bus1 },
    ]);
    expect(found(inspected, 'structures-overlap')).toEqual([]);
  });

  test('structures-overlap: by how many bytes, and not where they only touch', async () => {
    // Four commands of 16 bytes.
    const queueAt = (base: number) =>
      inspectMachine(both().l1(L1, 1, 9, L2_BUS1), { registers: { CMDQ_BASE: hex(base + 2) } });
    expect(found(await queueAt(L2_BUS1 + 0x40), 'structures-overlap')).toEqual([
      {
        args: { first: 'the L2 table of L1[1]', second: 'the command queue', byteLength: 64 },
        location: { address: hex(L2_BUS1 + 0x40) },
      },
    ]);
    const touching = await queueAt(L2_BUS1 + L2_BYTES);
    expect([...rulesOf(touching)]).not.toContain('structures-overlap');
    expect([...rulesOf(touching)]).not.toContain('l2-aliased');
  });

  test('a CD that two streams share is one structure', async () => {
    const image = both().ste(L2_BUS0, 8, stage1(0)).ste(L2_BUS0, 16, stage1(0)).cd(CDS, 0, cd());
    expect(rulesOf(await inspectMachine(image))).not.toContain('structures-overlap');
  });
});
