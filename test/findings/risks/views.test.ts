/** Where hardware and kernel read different entries. */

import { expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { hex, inspectMachine, L1, L2_BUS0, L2_BUS1, LINEAR, LINEAR_REGISTERS } from '../../support/made/machine.ts';
import { busZero, found } from '../../support/made/risk-machine.ts';

const bypass = { V: 1, Config: 4 };

test('an L2 pointer into the middle of a table', async () => {
  const image = busZero(new Image())
    .abortTable(L2_BUS1, 512)
    .l1(L1, 1, 9, L2_BUS1 + 64)
    .ste(L2_BUS1, 3, bypass);
  expect(found(await inspectMachine(image), 'views-differ')).toEqual([
    {
      args: { structure: 'L2 table of L1[1]', streams: 2, sids: '0x102, 0x103' },
      location: { l1Index: 1, firstSid: 0x100, lastSid: 0x1ff, pciBus: '01', address: hex(L1 + 8) },
    },
  ]);
});

test('not where both find the same, nor in an aligned table', async () => {
  const image = (l2: number) => busZero(new Image()).abortTable(L2_BUS1, 512).l1(L1, 1, 9, l2);
  expect(found(await inspectMachine(image(L2_BUS1 + 64)), 'views-differ'), 'all abort').toEqual([]);
  const aligned = image(L2_BUS1).ste(L2_BUS1, 3, bypass);
  expect(found(await inspectMachine(aligned), 'views-differ'), 'aligned').toEqual([]);
});

test('the base of an L1 table of 128 bytes', async () => {
  const table = () => busZero(new Image()).abortTable(L2_BUS0, 256);
  const at = (base: number) => inspectMachine(table(), { registers: { STRTAB_BASE: hex(base) } });
  // 8 descriptors on, so that each of 2 * 256 StreamIDs finds another.
  expect(found(await at(L1 + 64), 'views-differ')).toEqual([
    {
      args: { structure: 'L1 table', streams: 256, sids: '0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7 and 248 more' },
      location: {},
    },
  ]);
  expect(found(await at(L1), 'views-differ')).toEqual([]);
});

test('the base of a linear table', async () => {
  const image = () => new Image().abortTable(LINEAR, 128).ste(LINEAR, 5, bypass);
  const at = (base: number) => inspectMachine(image(), { registers: { ...LINEAR_REGISTERS, STRTAB_BASE: hex(base) } });
  expect(found(await at(LINEAR + 64), 'views-differ')).toEqual([
    { args: { structure: 'stream table', streams: 2, sids: '0x4, 0x5' }, location: {} },
  ]);
  expect(found(await at(LINEAR), 'views-differ')).toEqual([]);
});

test('what the dump lacks on one side is no difference', async () => {
  const image = busZero(new Image())
    .abortTable(L2_BUS1, 64)
    .l1(L1, 1, 9, L2_BUS1 + 0x1000);
  expect(found(await inspectMachine(image), 'views-differ')).toEqual([]);
});
