/** What the dump leaves open, a captured log tells: the adoption, what made it fail, and that every device came in. */

import { expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { comparisonInWords } from '../../src/report/prose/adoption/log-comparison.ts';
import { IOMEM, inspectMachine, L1, L2_BUS0, type MachineOptions } from '../support/made/machine.ts';

/** RAM of the machine that the dump lacks. */
const NOT_IN_DUMP = 0x8a00_0000;
const bypass = { V: 1, Config: 4 };

const withL2At = (l2: number) =>
  new Image().l1(L1, 0, 9, L2_BUS0).l1(L1, 1, 9, l2).abortTable(L2_BUS0, 256).ste(L2_BUS0, 8, bypass);

const line = (text: string) => `[    0.5] arm-smmu-v3 smmu: ${text}\n`;
const INIT = '[    1.2] Run /init as init process\n';
const RETAINED = line('kdump: retaining SMMUEN for in-flight DMA');
const DEAD = '[    0.7] Internal error: synchronous external abort: 0000000096000010 [#1]  SMP\n';

const onMachine = (memory: Image, log: string | null, options: MachineOptions = {}) =>
  inspectMachine(memory, {
    iomem: IOMEM,
    name: 'smmu',
    ...options,
    ...(log === null ? {} : { dmesg: { file: 'dmesg.txt', text: log } }),
  });

const v10 = { revision: 'v10', insert: [0x8, 0x100] };

test('v10 has to read an L2 table that the dump lacks: without a log nothing is known', async () => {
  const { smmu, summary } = await onMachine(withL2At(NOT_IN_DUMP), null, v10);
  expect(smmu.fate).toEqual({ kind: 'unknown', after: null });
  expect(smmu.adoption).toMatchObject({ verdict: 'indeterminate', settledByLog: false });
  expect(summary.exitCode).toBe(3);
});

test('a log tells that it was adopted', async () => {
  const { smmu, summary } = await onMachine(withL2At(NOT_IN_DUMP), RETAINED + INIT, v10);
  expect(smmu.fate).toEqual({ kind: 'adopted', after: null });
  expect(smmu.adoption).toMatchObject({ verdict: 'adopted', settledByLog: true, ret: 0 });
  expect(smmu.adoption.decidedBy?.id).toBe('ids.scan');
  expect(smmu.dmesg).toMatchObject({ agree: 1, missing: 0, extra: 0 });
  expect(smmu.devices.map(({ fate }) => fate)).toEqual(['accepted', 'accepted']);
  expect(summary.exitCode).toBe(0);
});

test('a log tells that it fell back', async () => {
  const log =
    line('kdump: failed to reserve in-use ASIDs/VMIDs') +
    line('kdump: falling back to full reset') +
    line('SMMU currently enabled! Resetting...');
  const { smmu } = await onMachine(withL2At(NOT_IN_DUMP), log + INIT, v10);
  expect(smmu.fate.kind).toBe('falls-back');
  expect(smmu.adoption).toMatchObject({ verdict: 'fallback', settledByLog: true, ret: null });
  expect(smmu.dmesg).toMatchObject({ agree: 3, missing: 0, extra: 0 });
});

test('an L1 table that the dump lacks: a log names the descriptor', async () => {
  const memory = new Image().reserve(L2_BUS0, 0x4000);
  const log =
    line("kdump: adopting crashed kernel's stream table") +
    line('kdump: L1[5] unsupported span 3 (vs 9)') +
    line('kdump: falling back to full reset') +
    line('SMMU currently enabled! Resetting...');
  const iomem = IOMEM;
  expect((await onMachine(memory, null, { iomem })).smmu.fate.kind).toBe('unknown');
  const { smmu } = await onMachine(memory, log + INIT, { iomem });
  expect(smmu.adoption).toMatchObject({ verdict: 'fallback', settledByLog: true });
  expect(smmu.dmesg).toMatchObject({ agree: 4, missing: 0, extra: 0 });
});

test.each([
  ['l1 stream table is corrupted', 'two-level.l1-overlap'],
  ['l2 stream table is corrupted', 'two-level.l2-overlap'],
])('what of the kdump kernel is where is not known: a log says `%s`', async (complaint, check) => {
  const log =
    line("kdump: adopting crashed kernel's stream table") +
    line(`kdump: ${complaint}`) +
    line('kdump: falling back to full reset') +
    line('SMMU currently enabled! Resetting...');
  const options = { name: 'smmu', revision: 'v5' };
  expect((await inspectMachine(withL2At(L2_BUS0), options)).smmu.fate.kind).toBe('unknown');
  const dmesg = { file: 'dmesg.txt', text: log + INIT };
  const { smmu } = await inspectMachine(withL2At(L2_BUS0), { ...options, dmesg });
  expect(smmu.adoption).toMatchObject({ verdict: 'fallback', settledByLog: true, decidedBy: { id: check } });
  expect(smmu.dmesg).toMatchObject({ agree: 4, missing: 0, extra: 0 });
});

test('a log that names the L2 table which v5 finds corrupt as its device comes settles the others, too', async () => {
  const log =
    line("kdump: adopting crashed kernel's stream table") +
    line('kdump: retaining SMMUEN for in-flight DMA') +
    line('kdump: L1[1] now points at a corrupt range') +
    line('Failed to register iommu') +
    line('probe with driver arm-smmu-v3 failed with error -22');
  const options = { name: 'smmu', revision: 'v5', insert: [0x8, 0x100] };
  expect((await inspectMachine(withL2At(L2_BUS0), options)).smmu.fate.kind).toBe('unknown');
  const dmesg = { file: 'dmesg.txt', text: log + INIT };
  const { smmu } = await inspectMachine(withL2At(L2_BUS0), { ...options, dmesg });
  expect(smmu.devices.map(({ fate }) => fate)).toEqual(['accepted', 'refused']);
  expect(smmu.fate).toEqual({ kind: 'smmu-lost', after: 'adopted' });
  expect(smmu.dmesg).toMatchObject({ agree: 5, missing: 0, extra: 0 });
});

// The descriptor of bus 1 is not known at the moment of the insertions.
const later = () => new Image().reserve(L2_BUS0, 0x4000);

test('a descriptor that is not known as its device comes leaves open what registration ends in', async () => {
  const options = { insert: [0x8, 0x100], later: later() };
  const { smmu, summary } = await onMachine(withL2At(NOT_IN_DUMP), null, options);
  expect(smmu.fate).toEqual({ kind: 'unknown', after: 'adopted' });
  expect(smmu.devices.map(({ fate }) => fate)).toEqual(['unknown', 'unknown']);
  expect(summary.exitCode).toBe(3);
});

test('a log that reaches init tells that it registered', async () => {
  const options = { insert: [0x8, 0x100], later: later() };
  const log = line("kdump: adopting crashed kernel's stream table") + RETAINED;
  const { smmu, summary } = await onMachine(withL2At(NOT_IN_DUMP), log + INIT, options);
  expect(smmu.fate).toEqual({ kind: 'adopted', after: null });
  expect(smmu.devices.map(({ fate }) => fate)).toEqual(['accepted', 'accepted']);
  expect(summary.exitCode).toBe(0);
});

test.each([
  ['ends before', ''],
  ['tells of a death', DEAD + INIT],
  ['says that it did not register', line('Failed to register iommu') + INIT],
])('a log that %s tells no such thing', async (_, rest) => {
  const log = line("kdump: adopting crashed kernel's stream table") + RETAINED + rest;
  const options = { insert: [0x8, 0x100], later: later() };
  expect((await onMachine(withL2At(NOT_IN_DUMP), log, options)).smmu.fate.kind).toBe('unknown');
});

test('a log of another SMMU, and one that contradicts itself, tell nothing', async () => {
  const other = RETAINED.replace('smmu:', 'other:') + line('unrelated') + INIT;
  expect((await onMachine(withL2At(NOT_IN_DUMP), other, v10)).smmu.fate.kind).toBe('unknown');
  const both = RETAINED + line('kdump: falling back to full reset') + INIT;
  expect((await onMachine(withL2At(NOT_IN_DUMP), both, v10)).smmu.fate.kind).toBe('unknown');
});

test('what the dump tells is not overruled by a log', async () => {
  const log = line('kdump: falling back to full reset') + INIT;
  const { smmu } = await onMachine(withL2At(L2_BUS0), log, v10);
  expect(smmu.adoption).toMatchObject({ verdict: 'adopted', settledByLog: false });
  expect(smmu.dmesg?.extra).toBe(1);
});

test('a kernel that allocates an event queue is not one with v10', async () => {
  const log = line('allocated 131072 entries for evtq') + RETAINED + INIT;
  const extras = async (revision: string) => {
    const { smmu } = await onMachine(withL2At(L2_BUS0), log, { revision, insert: [0x8] });
    return smmu.dmesg?.lines.filter(({ status }) => status === 'extra').map(({ text }) => text);
  };
  expect(await extras('v10')).toEqual(['allocated 131072 entries for evtq']);
  expect(await extras('v7')).toEqual([]);
});

test.each([
  [25, []],
  [26, ['2-level strtab only covers 25/26 bits of SID']],
  [32, ['2-level strtab only covers 25/32 bits of SID']],
])('a table built anew for %i bits of StreamID', async (bits, warned) => {
  const registers = { IDR1: `0x${(0x0273_0500 + bits).toString(16)}` };
  const span3 = withL2At(L2_BUS0).l1(L1, 2, 3, L2_BUS0);
  for (const revision of ['v6', 'v7', 'v10']) {
    const { smmu } = await onMachine(span3, null, { registers, revision });
    const said = smmu.kernelLog.map(({ text }) => text);
    expect(said.slice(said.indexOf('kdump: falling back to full reset') + 1)).toEqual([
      ...warned,
      'SMMU currently enabled! Resetting...',
    ]);
  }
  const off = await onMachine(span3, null, { registers: { ...registers, CR0: '0x0' } });
  expect(off.smmu.kernelLog.map(({ text }) => text)).toEqual(warned);
  const adopted = await onMachine(withL2At(L2_BUS0), null, { registers });
  expect(adopted.smmu.kernelLog.map(({ text }) => text)).not.toContain(warned[0] ?? 'nothing');
});

test('what a log has more than could be predicted is no difference', async () => {
  const options = { insert: [0x8, 0x100], later: later() };
  const log = line("kdump: adopting crashed kernel's stream table") + RETAINED + line('Failed to register iommu');
  const { smmu, findings } = await onMachine(withL2At(NOT_IN_DUMP), log, options);
  expect(smmu.dmesg).toMatchObject({ agree: 2, missing: 0, extra: 1 });
  expect(findings.filter(({ rule }) => rule === 'dmesg-differs')).toEqual([]);
  expect(comparisonInWords(smmu)).toEqual({
    how: 'open',
    rest: '2 lines agree, 1 more, about which nothing could be predicted',
  });
});

test('a command that times out in the reset is as predicted, one of later is a fault', async () => {
  const timeout = (at: number) =>
    line(`CMD_SYNC timeout at 0x0000000${at} [hwprod 0x0000000${at + 1}, hwcons 0x00000000]`);
  const log =
    line("kdump: adopting crashed kernel's stream table") + RETAINED + timeout(1) + timeout(3) + timeout(5) + INIT;
  const { smmu } = await onMachine(withL2At(L2_BUS0), log, { revision: 'v2', registers: { GERROR: '0x1' } });
  expect(smmu.dmesg).toMatchObject({ agree: 4, missing: 0, extra: 0, faultLines: 1, otherLines: 0 });
});
