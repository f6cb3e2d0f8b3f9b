/** The table that a kernel builds when it adopts none: when there is no memory for it, the probe of the SMMU fails. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { contiguous } from '../../src/adopt/contiguous-memory.ts';
import {
  IOMEM,
  inspectMachine,
  LINEAR,
  LINEAR_REGISTERS,
  logOf,
  type MachineOptions,
} from '../support/made/machine.ts';

/** A linear table with a size that every revision from v3 on rejects, on hardware of so many StreamID bits. */
const rejected = (sidBits: number, more: MachineOptions = {}) => ({
  ...more,
  registers: { ...LINEAR_REGISTERS, IDR1: `0x${sidBits.toString(16)}`, STRTAB_BASE_CFG: '0x3f' },
});
const by = (revision: string, sidBits: number, more: MachineOptions = {}) =>
  inspectMachine(new Image().abortTable(LINEAR, 256), { revision, ...rejected(sidBits, more) });

const fallback = (findings: readonly { readonly rule: string; readonly message: string }[]) =>
  findings.find(({ rule }) => rule === 'adoption-fallback')?.message;

describe('after a linear table that v3 rejects, which leaves it without two levels', () => {
  test('no more than the largest block is had', async () => {
    const { smmu, findings } = await by('v3', 16);
    expect(smmu.fate).toEqual({ kind: 'falls-back', after: null });
    expect(fallback(findings)).toMatch(/^v3 gives up with -EINVAL and resets the SMMU: /);
  });

  test('whether CMA gives more cannot be told, and nothing is said of a reset or of devices', async () => {
    const { smmu, findings, summary } = await by('v3', 17, { insert: [8] });
    expect(smmu.fate).toEqual({ kind: 'unknown', after: 'fallback' });
    expect(fallback(findings)).toContain('and resets the SMMU if it has memory for a table of its own: ');
    expect(smmu).toMatchObject({ reset: null, devices: [], adoption: { verdict: 'fallback', errno: 'EINVAL' } });
    expect(findings.find(({ rule }) => rule === 'table-allocation-open')?.args).toEqual({
      ...{ revision: 'v3', format: 'linear', sidBits: 17, byteLength: 2 ** 23 },
    });
    expect(summary.exitCode).toBe(3);
  });

  test.each([
    [22, 2 ** 28, "more than all of the kdump kernel's memory"],
    [26, 0, 'no more than 32 bits of the size'],
    [31, 0, 'no more than 32 bits of the size'],
  ])('with %i StreamID bits %i bytes are asked for: %s', async (sidBits, byteLength) => {
    const inspected = await by('v3', sidBits, { iomem: IOMEM, insert: [8] });
    const { smmu, findings } = inspected;
    expect(smmu.fate).toEqual({ kind: 'probe-fails', after: 'fallback' });
    expect(smmu).toMatchObject({ reset: null, devices: [], rmr: [] });
    expect(logOf(inspected).slice(-3)).toEqual([
      'kdump: falling back to full reset',
      `failed to allocate linear stream table (${byteLength} bytes)`,
      'probe with driver arm-smmu-v3 failed with error -12',
    ]);
    expect(findings.find(({ rule }) => rule === 'table-not-allocated')?.kernelMessage).toMatch(/^failed to allocate/);
    expect(fallback(findings)).toMatch(
      /^v3 gives up with -EINVAL, has no memory .*, and fails the probe without a reset: /,
    );
    expect(findings.map(({ rule }) => rule)).not.toContain('reset-cuts-off');
  });

  test('a shift by 32 bits is not defined', async () => {
    const { smmu, findings } = await by('v3', 32, { iomem: IOMEM });
    expect(smmu.fate).toEqual({ kind: 'unknown', after: 'fallback' });
    expect(findings.find(({ rule }) => rule === 'table-allocation-open')?.args).toMatchObject({ byteLength: null });
  });

  test('v4 has two levels all the same, and parts from v3 there', async () => {
    const { smmu } = await by('all', 26, { iomem: IOMEM });
    const fates = Object.entries(smmu.adoptions ?? {}).map(([name, { fate }]) => `${name} ${fate.kind}`);
    expect(fates.slice(2, 6)).toEqual(['v3 probe-fails', 'v4 falls-back', 'v5 falls-back', 'v6 falls-back']);
    expect(smmu.splits?.find(({ revision }) => revision === 'v3')).toMatchObject({
      aspect: 'table',
      why: 'v6 builds a two-level table; v3 has no memory for a linear table',
    });
  });
});

describe('a captured log tells what cannot be told', () => {
  const lines = (...more: string[]) =>
    ["adopting crashed kernel's stream table", 'unsupported log2size 63 (> 17)', 'falling back to full reset', ...more]
      .map((text, i) => `[    0.${i}] arm-smmu-v3 arm-smmu-v3.0.auto: kdump: ${text}\n`)
      .join('');

  test.each([
    ['SMMU currently enabled! Resetting...', 'falls-back'],
    ['failed to allocate linear stream table (8388608 bytes)', 'probe-fails'],
  ])('%s', async (line, kind) => {
    const dmesg = { file: 'dmesg', text: lines(line).replace(`kdump: ${line}`, line) };
    const { smmu } = await by('v3', 17, { dmesg });
    expect(smmu.fate.kind).toBe(kind);
    expect(smmu.adoption.settledByLog).toBe(true);
  });
});

test('on hardware without two levels the rejected table is replaced by a linear one in every revision', async () => {
  const { smmu } = await by('v10', 26, { iomem: IOMEM });
  expect(smmu.fate.kind).toBe('falls-back');
  const memory = new Image().abortTable(LINEAR, 256);
  const options = { revision: 'v10', ...rejected(26, { iomem: IOMEM }) };
  const without = { ...options, registers: { ...options.registers, IDR0: '0x054c101b' } };
  expect((await inspectMachine(memory, without)).smmu.fate).toEqual({ kind: 'probe-fails', after: 'fallback' });
});

describe('what the page allocator gives in one piece', () => {
  const kernel = (pageSize: number) => ({ pageSize, ramByteLength: null });

  test.each([
    [0x1000, 2 ** 22, 2 ** 27],
    [0x4000, 2 ** 25, 2 ** 27],
    [0x10000, 2 ** 29, 2 ** 29],
  ])('with pages of %i bytes', (pageSize, byDefault, most) => {
    const given = (byteLength: number, cma: boolean) => contiguous(byteLength, kernel(pageSize), cma);
    expect(given(byDefault, false)).toBe('granted');
    expect(given(byDefault + 1, true)).toBe('cannot-be-told');
    expect(given(most + 1, false)).toBe('refused');
    expect(given(most + 1, true)).toBe('cannot-be-told');
  });

  test('never more than the kernel has', () => {
    expect(contiguous(2 ** 20, { pageSize: 0x1000, ramByteLength: 2 ** 20 - 1 }, true)).toBe('refused');
  });
});
