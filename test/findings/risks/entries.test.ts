/** What is wrong with single entries. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { CDS, IOMEM, inspectMachine, KDUMP_END, KDUMP_START, L2_BUS0 } from '../../support/made/machine.ts';
import { at, busZero, cd, found, rulesOf, stage1, stage2, TTB } from '../../support/made/risk-machine.ts';

const machine = () => busZero(new Image()).reserve(TTB, 4096);
const withCd = (fields = {}, ste = {}) => machine().ste(L2_BUS0, 8, stage1(0, ste)).cd(CDS, 0, cd(fields));

test('a stream as Linux makes it has none of it', async () => {
  const rules = rulesOf(await inspectMachine(withCd()));
  for (const rule of ['ste-illegal', 'cd-illegal', 'reserved-bits-set', 'cd-asid-zero', 'ttb-not-in-ram']) {
    expect([...rules]).not.toContain(rule);
  }
});

test('ste-illegal, with the field; its CDs are not looked at', async () => {
  const inspected = await inspectMachine(withCd({ T0SZ: 60 }, { S1STALLD: 1 }));
  expect(found(inspected, 'ste-illegal')).toEqual([
    {
      args: { sid: 8, field: 'S1STALLD', observed: '1 (CD.S must be 0)', required: '0: IDR0.STALL_MODEL is 1' },
      location: at(8),
    },
  ]);
  expect(found(inspected, 'cd-illegal')).toEqual([]);
});

test('an abort STE is legal whatever else it holds', async () => {
  const image = machine().ste(L2_BUS0, 8, { V: 1, Config: 0, S1STALLD: 1, S1CDMax: 31 });
  expect(found(await inspectMachine(image), 'ste-illegal')).toEqual([]);
});

test('cd-illegal, once for a CD that two streams share', async () => {
  const image = withCd({ T0SZ: 60 }).ste(L2_BUS0, 16, stage1(0));
  expect(found(await inspectMachine(image), 'cd-illegal')).toEqual([
    { args: { sid: 8, ssid: 0, field: 'T0SZ', observed: '60', required: '16 to 48' }, location: at(8, CDS) },
  ]);
  expect(found(await inspectMachine(withCd({ T0SZ: 48 })), 'cd-illegal'), 'the largest that is legal').toEqual([]);
});

test('CDs behind S1CDMax, each by its SubstreamID', async () => {
  const image = withCd({}, { S1CDMax: 3, S1DSS: 2 })
    .cd(CDS, 5, cd({ A: 0 }))
    .cd(CDS, 8, cd({ A: 0 }));
  expect(found(await inspectMachine(image), 'cd-illegal'), 'the ninth is not of the table').toMatchObject([
    { args: { sid: 8, ssid: 5, field: 'A' }, location: at(8, CDS + 5 * 64) },
  ]);
});

test('reserved-bits-set: by word, in STE and CD', async () => {
  const dirty = withCd().write(L2_BUS0 + 8 * 64 + 24, [1n << 56n]);
  expect(found(await inspectMachine(dirty), 'reserved-bits-set')).toEqual([
    { args: { entry: 'STE', sid: 8, bits: 'word 3 0x100000000000000' }, location: at(8) },
  ]);
  const cdBits = withCd().write(CDS + 8, [BigInt(TTB) | (1n << 56n)]);
  expect(found(await inspectMachine(cdBits), 'reserved-bits-set')).toMatchObject([
    { args: { entry: 'CD[0]', sid: 8 }, location: at(8, CDS) },
  ]);
});

test('s1fmt-reserved: only where there are SubstreamIDs', async () => {
  const fmt3 = (more: object) => inspectMachine(withCd({}, { S1Fmt: 3, ...more }));
  expect(found(await fmt3({ S1CDMax: 1, S1DSS: 2 }), 's1fmt-reserved')).toEqual([
    { args: { sid: 8 }, location: at(8) },
  ]);
  expect(found(await fmt3({ S1CDMax: 0 }), 's1fmt-reserved')).toEqual([]);
});

test('cd-asid-zero, not in a CD that is not valid', async () => {
  expect(found(await inspectMachine(withCd({ ASID: 0 })), 'cd-asid-zero')).toEqual([
    { args: { sid: 8, ssid: 0 }, location: at(8, CDS) },
  ]);
  expect(found(await inspectMachine(withCd({ ASID: 0, V: 0 })), 'cd-asid-zero')).toEqual([]);
});

describe('the first table', () => {
  const outside = 0x9000_0000;
  test('ttb-not-in-ram: of stage 1', async () => {
    expect(found(await inspectMachine(withCd({ TTB0: outside })), 'ttb-not-in-ram')).toEqual([
      { args: { sid: 8, table: 'TTB0', address: '0x90000000', state: 'hole' }, location: at(8, CDS) },
    ]);
    const off = withCd({ TTB0: outside, EPD0: 1, EPD1: 1 });
    expect(found(await inspectMachine(off), 'ttb-not-in-ram'), 'not where the half is off').toEqual([]);
    const illegal = withCd({ TTB0: outside, A: 0 });
    expect(found(await inspectMachine(illegal), 'ttb-not-in-ram'), 'not behind an illegal CD').toEqual([]);
  });

  test('ttb-not-in-ram: of stage 2', async () => {
    const image = (ttb: number) => machine().ste(L2_BUS0, 8, stage2({ S2TTB: ttb }));
    expect(found(await inspectMachine(image(outside)), 'ttb-not-in-ram')).toEqual([
      { args: { sid: 8, table: 'S2TTB', address: '0x90000000', state: 'hole' }, location: at(8) },
    ]);
    expect(found(await inspectMachine(image(TTB)), 'ttb-not-in-ram')).toEqual([]);
  });

  test('rewritten-after-adoption: up to the edges of the reservation', async () => {
    const at39 = (ttb: number) => inspectMachine(withCd({ TTB0: ttb }), { iomem: IOMEM });
    expect(found(await at39(KDUMP_START), 'rewritten-after-adoption')).toEqual([
      { args: { what: 'TTB0 of SID 0x8', address: '0x8c000000' }, location: at(8, CDS) },
    ]);
    expect(rulesOf(await at39(KDUMP_END)), 'right behind it').not.toContain('rewritten-after-adoption');
    expect(rulesOf(await at39(KDUMP_START - 4096)), 'right before it').not.toContain('rewritten-after-adoption');
  });
});
