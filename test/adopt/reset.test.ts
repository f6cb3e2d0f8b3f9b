/** The registers after the reset, by revision and by what the adoption came to; and what a thin snapshot leaves open. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import type { QueuesInWords } from '../../src/report/prose/adoption/reset.ts';
import { type Inspected, inspectMachine, L1, L2_BUS0, logOf, type MachineOptions } from '../support/made/machine.ts';

type Registers = NonNullable<MachineOptions['registers']>;

const ATS = '0x0d4c141b';
const NO_ATS = '0x0d4c101b';
/** SPLIT 6, which Linux does not adopt. */
const WRONG_SPLIT = { STRTAB_BASE_CFG: '0x1018c' };
const OFF = { CR0: '0x0' };
const REVISIONS = ['v6', 'v7', 'v10'];

const RETAINING = 'kdump: retaining SMMUEN for in-flight DMA';
const RESETTING = 'SMMU currently enabled! Resetting...';

const machine = () => new Image().l1(L1, 0, 9, L2_BUS0).abortTable(L2_BUS0, 256);
const inspected = (revision: string, registers: Registers, options: MachineOptions = {}) =>
  inspectMachine(machine(), { revision, registers, ...options });

/** The reset, which has to be there. */
function resetOf({ smmu: { reset } }: Inspected) {
  if (reset === null) throw new Error('no reset');
  return reset;
}

/** `kind: CR0 kept -> after, ATSCHK before -> after`. */
async function registersAfter(revision: string, registers: Registers, options: MachineOptions = {}): Promise<string> {
  const { kind, cr0, atschk } = resetOf(await inspected(revision, registers, options));
  return `${kind}: ${cr0.kept} -> ${cr0.after}, ATSCHK ${atschk.before} -> ${atschk.after}`;
}

describe.each(REVISIONS)('%s', (revision) => {
  test('CR0 is 0xd before, 0x9 after an adoption and after a fallback', async () => {
    for (const registers of [{}, WRONG_SPLIT]) {
      const { cr0 } = resetOf(await inspected(revision, registers));
      expect({ before: cr0.before, after: cr0.after }).toEqual({ before: '0xd', after: '0x9' });
    }
  });

  test('an adoption keeps SMMUEN, and says so', async () => {
    const one = await inspected(revision, {});
    expect(resetOf(one)).toMatchObject({ kind: 'adopted', cr0: { kept: '0x1' }, gbpaAbort: { before: 0, after: 0 } });
    expect(logOf(one).at(-1)).toBe(RETAINING);
    expect(resetOf(one).phases.map(({ inFlight }) => inFlight)).toEqual([
      'translated',
      'translated',
      'translated',
      'aborted',
    ]);
  });

  test.each([
    ['a fallback', WRONG_SPLIT, {}, 'kdump: falling back to full reset'],
    ['service failure', { GERROR: '0x100' }, {}, 'kdump: SMMU in Service Failure Mode, must reset'],
    ['no coherency', {}, { firmwareCoherent: false }, 'kdump: non-coherent SMMU unsupported; reset to block all DMAs'],
  ])('%s: a full reset, GBPA.ABORT set before SMMUEN is cleared', async (_, registers, options, before) => {
    const one = await inspected(revision, registers, options);
    expect(resetOf(one)).toMatchObject({ kind: 'full', cr0: { kept: '0x0', after: '0x9' } });
    expect(resetOf(one).gbpaAbort).toEqual({ before: 0, after: 1 });
    expect(resetOf(one).phases.map(({ inFlight }) => inFlight)).toEqual(['translated', 'aborted', 'aborted']);
    expect(logOf(one).slice(-2)).toEqual([before, RESETTING]);
  });

  test('a firmware flag that contradicts IDR0 is said before everything else', async () => {
    const one = await inspected(revision, {}, { firmwareCoherent: false });
    expect(logOf(one)[0]).toBe('IDR0.COHACC overridden by FW configuration (false)');
  });

  test.each([
    ['0x1000', 0, 'bypassed'],
    ['0x101000', 1, 'aborted'],
    [null, null, 'unknown'],
  ] as const)(
    'an SMMU that was off: the ordinary reset says nothing, GBPA %s stays as it is',
    async (GBPA, abort, inFlight) => {
      const one = await inspected(revision, { ...OFF, GBPA });
      expect(resetOf(one)).toMatchObject({ kind: 'ordinary', cr0: { before: '0x0', kept: '0x0', after: '0x9' } });
      expect(resetOf(one).gbpaAbort).toEqual({ before: abort, after: abort });
      expect(resetOf(one).phases.map((phase) => phase.inFlight)).toEqual([inFlight, inFlight, 'aborted']);
      expect(logOf(one)).toEqual([]);
    },
  );

  test('whatever the reset, the event and the PRI queue stay off', async () => {
    for (const registers of [{}, WRONG_SPLIT, OFF]) {
      const cr0 = { CR0: registers === OFF ? '0x0' : '0xf' };
      const { queues } = resetOf(await inspected(revision, { ...registers, ...cr0 })) as object as {
        readonly queues: QueuesInWords;
      };
      expect(queues.command).toMatch(/^programmed anew/);
      expect(queues.event).toMatch(/^off/);
      expect(queues.pri).toMatch(/^off/);
    }
  });
});

describe('CR0.ATSCHK', () => {
  test.each([
    // Through v6 it is forced on where the hardware has ATS.
    ['v6', ATS, '0xd', 'adopted: 0x1 -> 0x19, ATSCHK 0 -> 1'],
    ['v7', ATS, '0xd', 'adopted: 0x1 -> 0x9, ATSCHK 0 -> 0'],
    ['v10', ATS, '0xd', 'adopted: 0x1 -> 0x9, ATSCHK 0 -> 0'],
    ['v6', ATS, '0x1d', 'adopted: 0x11 -> 0x19, ATSCHK 1 -> 1'],
    ['v7', ATS, '0x1d', 'adopted: 0x11 -> 0x19, ATSCHK 1 -> 1'],
    ['v10', ATS, '0x1d', 'adopted: 0x11 -> 0x19, ATSCHK 1 -> 1'],
    ['v6', NO_ATS, '0xd', 'adopted: 0x1 -> 0x9, ATSCHK 0 -> 0'],
    ['v6', NO_ATS, '0x1d', 'adopted: 0x11 -> 0x19, ATSCHK 1 -> 1'],
    ['v7', NO_ATS, '0x1d', 'adopted: 0x11 -> 0x19, ATSCHK 1 -> 1'],
    ['v10', NO_ATS, '0x1d', 'adopted: 0x11 -> 0x19, ATSCHK 1 -> 1'],
  ])('%s, IDR0 %s, CR0 %s: %s', async (revision, IDR0, CR0, expected) => {
    expect(await registersAfter(revision, { IDR0, CR0 })).toBe(expected);
  });

  test.each(REVISIONS)('a reset that is not soft follows IDR0.ATS: %s', async (revision) => {
    const full = (IDR0: string, CR0: string) => registersAfter(revision, { ...WRONG_SPLIT, IDR0, CR0 });
    expect(await full(ATS, '0xd')).toBe('full: 0x0 -> 0x19, ATSCHK 0 -> 1');
    expect(await full(ATS, '0x1d')).toBe('full: 0x0 -> 0x19, ATSCHK 1 -> 1');
    expect(await full(NO_ATS, '0x1d')).toBe('full: 0x0 -> 0x9, ATSCHK 1 -> 0');
    expect(await registersAfter(revision, { ...OFF, IDR0: ATS })).toBe('ordinary: 0x0 -> 0x19, ATSCHK 0 -> 1');
    expect(await registersAfter(revision, { CR0: '0x10', IDR0: NO_ATS })).toBe('ordinary: 0x0 -> 0x9, ATSCHK 1 -> 0');
  });
});

describe('the bits of CR0 that an adoption keeps', () => {
  /** SMMUEN, all three queues, ATSCHK, VMW 3 and DPT_WALK_EN. */
  const CR0 = '0x4df';
  test.each([
    ['v6', 'adopted: 0x11 -> 0x19, ATSCHK 1 -> 1'],
    ['v7', 'adopted: 0x11 -> 0x19, ATSCHK 1 -> 1'],
    ['v10', 'adopted: 0x4d1 -> 0x4d9, ATSCHK 1 -> 1'],
  ])('%s', async (revision, expected) => {
    expect(await registersAfter(revision, { CR0 })).toBe(expected);
    expect(await registersAfter(revision, { ...WRONG_SPLIT, CR0 })).toBe('full: 0x0 -> 0x9, ATSCHK 1 -> 0');
  });

  test('--no-gate adopts an SMMU that was off, which is then switched on', async () => {
    expect(await registersAfter('v6', OFF, { gate: false })).toBe('adopted: 0x0 -> 0x9, ATSCHK 0 -> 0');
  });
});

describe('a register that the snapshot lacks is not invented', () => {
  test.each([
    ['v6', 'adopted: null -> null, ATSCHK null -> null'],
    ['v7', 'adopted: null -> null, ATSCHK null -> null'],
    ['v10', 'adopted: null -> null, ATSCHK null -> null'],
  ])('CR0, %s adopts: what was kept cannot be told', async (revision, expected) => {
    expect(await registersAfter(revision, { CR0: null })).toBe(expected);
  });

  test('CR0, full reset: what was there does not matter', async () => {
    expect(await registersAfter('v6', { ...WRONG_SPLIT, CR0: null })).toBe('full: 0x0 -> 0x9, ATSCHK null -> 0');
  });

  test.each([
    ['v6', '0xd', 'adopted: 0x1 -> null, ATSCHK 0 -> null'],
    ['v6', '0x1d', 'adopted: 0x11 -> 0x19, ATSCHK 1 -> 1'],
    ['v7', '0xd', 'adopted: 0x1 -> 0x9, ATSCHK 0 -> 0'],
    ['v10', '0xd', 'adopted: 0x1 -> 0x9, ATSCHK 0 -> 0'],
  ])('IDR0, %s, CR0 %s: v6 alone asks for ATS', async (revision, CR0, expected) => {
    expect(await registersAfter(revision, { IDR0: null, CR0 })).toBe(expected);
  });

  test('IDR0, full reset', async () => {
    expect(await registersAfter('v7', { ...WRONG_SPLIT, IDR0: null })).toBe('full: 0x0 -> null, ATSCHK 0 -> null');
  });

  test.each([{ GERROR: null }, { GERRORN: null }, { GERROR: null, GERRORN: null }])('%o', async (registers) => {
    expect(resetOf(await inspected('v6', registers)).gerror).toEqual({ active: null, acknowledged: null });
  });

  test('GBPA', async () => {
    expect(resetOf(await inspected('v6', { GBPA: null })).gbpaAbort).toEqual({ before: null, after: null });
    const full = resetOf(await inspected('v6', { ...WRONG_SPLIT, GBPA: null }));
    expect(full.gbpaAbort).toEqual({ before: null, after: 1 });
  });
});

describe('GERROR is acknowledged when a bit of 0x1fd is active', () => {
  const NAMES: readonly (readonly [bit: number, name: string])[] = [
    [0, 'CMDQ_ERR'],
    [2, 'EVENTQ_ABT_ERR'],
    [3, 'PRIQ_ABT_ERR'],
    [4, 'MSI_CMDQ_ABT_ERR'],
    [5, 'MSI_EVENTQ_ABT_ERR'],
    [6, 'MSI_PRIQ_ABT_ERR'],
    [7, 'MSI_GERROR_ABT_ERR'],
    [8, 'SFM_ERR'],
  ];
  const gerrorOf = async (revision: string, registers: Registers) =>
    resetOf(await inspected(revision, registers)).gerror;
  const resets: readonly (readonly [string, Registers, string])[] = [
    ['an adoption', {}, 'adopted'],
    ['a fallback', WRONG_SPLIT, 'full'],
    ['an SMMU that was off', OFF, 'ordinary'],
  ];

  test.each(NAMES)('bit %i, %s: active in either direction', async (bit, name) => {
    const value = `0x${(1 << bit).toString(16)}`;
    const active = { active: [name], acknowledged: true };
    expect(await gerrorOf('v6', { GERROR: value })).toEqual(active);
    expect(await gerrorOf('v6', { GERRORN: value })).toEqual(active);
    expect(await gerrorOf('v6', { GERROR: value, GERRORN: value })).toEqual({ active: [], acknowledged: false });
  });

  test.each(
    REVISIONS.flatMap((revision) => resets.map(([what, registers, kind]) => ({ revision, what, registers, kind }))),
  )('$revision, after $what', async ({ revision, registers, kind }) => {
    const errors = { GERROR: '0xfd', GERRORN: '0x01' };
    const reset = resetOf(await inspected(revision, { ...registers, ...errors }));
    expect(reset.kind).toBe(kind);
    expect(reset.gerror).toEqual({ active: NAMES.slice(1, 7).map(([, name]) => name), acknowledged: true });
    expect(resetOf(await inspected(revision, registers)).gerror).toEqual({ active: [], acknowledged: false });
  });

  test.each([
    [1, '0x2'],
    [9, '0x200'],
    [10, '0x400'],
  ])('bit %i does not count', async (_, GERROR) => {
    expect(await gerrorOf('v6', { GERROR })).toEqual({ active: [], acknowledged: false });
  });
});

test('no reset is told where it cannot be told which', async () => {
  // The L1 table is not in the dump at all.
  const memory = new Image().reserve(L2_BUS0, 4096);
  const { smmu } = await inspectMachine(memory, { memremap: 'kernel' });
  expect({ verdict: smmu.adoption.verdict, reset: smmu.reset }).toEqual({ verdict: 'indeterminate', reset: null });
});
