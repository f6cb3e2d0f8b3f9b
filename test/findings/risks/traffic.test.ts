/** What goes on after an adoption, and what is cut off without one. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import {
  CDS,
  HOLE,
  IOMEM,
  inspectMachine,
  L1,
  L2_BUS0,
  L2_BUS1,
  type MachineOptions,
} from '../../support/made/machine.ts';
import { busZero, cd, found, rulesOf, stage1, stage2, TTB } from '../../support/made/risk-machine.ts';

const bypass = { V: 1, Config: 4 };
const machine = () => busZero(new Image()).reserve(TTB, 4096).cd(CDS, 0, cd());
const broken = () => machine().ste(L2_BUS0, 8, stage1(0)).l1(L1, 1, 3, L2_BUS1);
const rule = async (name: Parameters<typeof found>[1], image: Image, options: MachineOptions = {}) =>
  found(await inspectMachine(image, options), name);

describe('dma-goes-on', () => {
  test('counts streams, and those in bypass', async () => {
    const image = machine().ste(L2_BUS0, 8, stage1(0)).ste(L2_BUS0, 16, bypass).ste(L2_BUS0, 24, stage2());
    expect(await rule('dma-goes-on', image)).toEqual([
      { args: { streams: 3, bypass: 1, sids: '0x8, 0x10, 0x18', because: 'adopted' }, location: {} },
    ]);
  });

  test('not those that abort, are reserved, or are refused', async () => {
    const image = machine()
      .ste(L2_BUS0, 8, stage1(0))
      .ste(L2_BUS0, 16, { V: 1, Config: 2 })
      .ste(L2_BUS0, 24, stage1(0, { S1STALLD: 1 }))
      .ste(L2_BUS0, 32, { V: 0, Config: 5 });
    expect(await rule('dma-goes-on', image)).toMatchObject([{ args: { streams: 1, sids: '0x8' } }]);
  });

  test('names eight', async () => {
    const image = machine();
    for (let sid = 0; sid < 9; sid++) image.ste(L2_BUS0, sid, bypass);
    expect(await rule('dma-goes-on', image)).toMatchObject([
      { args: { streams: 9, sids: '0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7 and 1 more' } },
    ]);
  });

  test('not where none is active, nor where the SMMU was off', async () => {
    expect(await rule('dma-goes-on', machine())).toEqual([]);
    const off = await inspectMachine(machine().ste(L2_BUS0, 8, bypass), { registers: { CR0: '0x0' } });
    expect([...rulesOf(off)].filter((one) => ['dma-goes-on', 'reset-cuts-off'].includes(one))).toEqual([]);
  });
});

describe('reset-cuts-off', () => {
  test('after a fallback', async () => {
    const inspected = await inspectMachine(broken());
    expect(found(inspected, 'reset-cuts-off')).toEqual([
      {
        args: { streams: 1, sids: '0x8', instead: 'reset-aborts' },
        location: {},
      },
    ]);
    expect([...rulesOf(inspected)]).not.toContain('dma-goes-on');
  });

  test('when one device takes the SMMU with it, as GBPA says', async () => {
    const lost = (gbpa: string | null) =>
      rule('reset-cuts-off', machine().ste(L2_BUS0, 8, stage1(0)), { insert: [0x1_0000], registers: { GBPA: gbpa } });
    expect(await lost('0x1000')).toMatchObject([{ args: { instead: 'lost-bypasses' } }]);
    expect(await lost('0x101000')).toMatchObject([{ args: { instead: 'lost-aborts' } }]);
    expect(await lost(null)).toMatchObject([{ args: { instead: 'lost-unknown' } }]);
  });

  test('when the kernel dies', async () => {
    const image = machine().ste(L2_BUS0, 8, stage1(0)).l1(L1, 1, 9, HOLE);
    expect(await rule('reset-cuts-off', image, { insert: [0x100], iomem: IOMEM })).toMatchObject([
      { args: { instead: 'kernel-dies' } },
    ]);
  });
});

describe('ats-enabled', () => {
  const ATS = { IDR0: '0x0d4c141b' };
  const image = (eats = 1) => machine().ste(L2_BUS0, 8, stage1(0, { EATS: eats }));

  test.each([
    ['v6', '0xd', 'set'],
    ['v10', '0xd', 'stays-0'],
    ['v10', '0x1d', 'stays-1'],
  ])('%s, CR0 %s', async (revision, CR0, atschk) => {
    expect(await rule('ats-enabled', image(), { revision, registers: { ...ATS, CR0 } })).toEqual([
      { args: { streams: 1, sids: '0x8', atschk }, location: {} },
    ]);
  });

  test('not without IDR0.ATS, without EATS, or in bypass', async () => {
    expect(await rule('ats-enabled', image())).toEqual([]);
    expect(await rule('ats-enabled', image(0), { registers: ATS })).toEqual([]);
    const bypassing = machine().ste(L2_BUS0, 8, { ...bypass, EATS: 1 });
    expect(await rule('ats-enabled', bypassing, { registers: ATS })).toEqual([]);
  });

  test('not of an SMMU that was off', async () => {
    expect(await rule('ats-enabled', image(), { registers: { ...ATS, CR0: '0x0' } })).toEqual([]);
  });
});

describe('stall-enabled', () => {
  const STALL = { registers: { IDR0: '0x0c4c101b' } };
  const stalling = () => new Image().reserve(TTB, 4096).cd(CDS, 0, cd({ S: 1 }));
  const image = (ste = {}) => busZero(stalling()).ste(L2_BUS0, 8, stage1(0, ste));

  test('by CD.S, each stream once, and by S2S', async () => {
    const more = image({ S1CDMax: 1, S1DSS: 2 })
      .cd(CDS, 1, cd({ S: 1 }))
      .ste(L2_BUS0, 16, stage2({ S2S: 1 }));
    expect(await rule('stall-enabled', more, STALL)).toEqual([
      { args: { streams: 2, sids: '0x8, 0x10' }, location: {} },
    ]);
  });

  test('not behind an STE that the hardware refuses, nor without S', async () => {
    expect(await rule('stall-enabled', image({ S1CDMax: 21 }), STALL)).toEqual([]);
    expect(await rule('stall-enabled', machine().ste(L2_BUS0, 8, stage1(0)), STALL)).toEqual([]);
    const s2 = machine().ste(L2_BUS0, 16, stage2({ S2S: 1, S2VMID: 3, S2T0SZ: 63 }));
    expect(await rule('stall-enabled', s2, STALL)).toEqual([]);
  });

  test('not after a reset, which ends what stalls', async () => {
    expect(await rule('stall-enabled', image().l1(L1, 1, 3, L2_BUS1), STALL)).toEqual([]);
  });
});
