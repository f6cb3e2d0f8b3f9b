/** Through v5 bypass STEs of firmware's reserved regions go into the adopted table, before the reset and any device. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { plainStyle } from '../../../src/report/text/style.ts';
import { textReport } from '../../../src/report/text/text.ts';
import { IOMEM, inspectMachine, L1, L2_BUS0, logOf, type MachineOptions } from '../../support/made/machine.ts';

const machine = () => new Image().l1(L1, 0, 9, L2_BUS0).l1(L1, 15, 0, 0).abortTable(L2_BUS0, 256);
const by = (revision: string, options: MachineOptions, memory = machine()) =>
  inspectMachine(memory, { revision, iomem: IOMEM, ...options });

describe('an abort STE that becomes bypass', () => {
  const options = { rmr: [8], insert: [8, 9] };

  test('defers the attach of its device, and of no other', async () => {
    const deferred = async (revision: string) => (await by(revision, options)).smmu.devices.map((one) => one.deferred);
    expect(await deferred('v5')).toEqual([true, false]);
    expect(await deferred('v6')).toEqual([false, false]);
  });

  test('is what the headline excepts, and what tells v5 from v6', async () => {
    const { facts, smmu } = await by('v5', options);
    const said = (text: string) => text.replaceAll(/\s+/g, ' ');
    expect(said([...textReport(facts, plainStyle(100))].join(''))).toContain(
      'goes on translating, but for SID 0x8 of reserved regions, bypassed from now on',
    );
    expect(smmu.rmr).toMatchObject([{ sid: 8, kept: false, failed: false, config: 'abort' }]);
    const { splits } = (await by('all', options)).smmu;
    expect(splits?.filter(({ aspect }) => aspect === 'rmr').map(({ revision }) => revision)).toEqual([
      ...['v1', 'v2', 'v3', 'v4', 'v5'],
    ]);
  });
});

test('the L2 table that it is written into is there when a device of its bus comes', async () => {
  const fresh = async (rmr: readonly number[]) =>
    (await by('v5', { rmr, insert: [0x108] })).smmu.inserts.map((one) => one.fresh);
  expect(await fresh([])).toEqual([true]);
  expect(await fresh([0x100])).toEqual([false]);
});

test('a StreamID beyond the table has none: the driver says so and goes on', async () => {
  const options = { rmr: [0x1000, 8], insert: [8] };
  const inspected = await by('v5', options);
  expect(logOf(inspected)).toEqual([
    "kdump: adopting crashed kernel's stream table",
    'RMR SID(0x1000) bypass failed',
    'kdump: retaining SMMUEN for in-flight DMA',
  ]);
  expect(inspected.smmu.rmr.map(({ kept, failed }) => [kept, failed])).toEqual([
    [true, true],
    [false, false],
  ]);
  expect(logOf(await by('v6', options))).not.toContain('RMR SID(0x1000) bypass failed');
});

test('an L2 table that cannot be mapped has none either, and where nobody notices the kernel dies', async () => {
  const memory = () => machine().l1(L1, 1, 9, 0x2_0000_0000_0000);
  const outcome = async (revision: string) => {
    const { smmu } = await by(revision, { rmr: [0x100] }, memory());
    return [smmu.fate, smmu.rmr[0]?.kept, smmu.rmr[0]?.failed, smmu.reset === null];
  };
  expect(await outcome('v2')).toEqual([{ kind: 'kernel-dies', after: 'adopted' }, null, false, true]);
  expect(await outcome('v4')).toEqual([{ kind: 'adopted', after: null }, true, true, false]);
});

test('in the table that v3 never programs it makes its device wait as well, whoever has lived before', async () => {
  const registers = { IDR0: '0x054c101b' };
  const { adoptions } = (await by('all', { rmr: [8], insert: [8, 9], registers })).smmu;
  const waits = (revision: string) => adoptions?.[revision]?.devices.map(({ deferred }) => deferred);
  expect(waits('v3')).toEqual([true, false]);
  expect(waits('v4')).toEqual([false, false]);
});
