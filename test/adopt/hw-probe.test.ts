/** Hardware that the driver does not take: its probe ends before the gate, whatever is in the tables. */

import { describe, expect, test } from 'vitest';
import { REVISIONS } from '../../src/adopt/revisions/revisions.ts';
import { bypassOnTwoBusses, inspectMachine, logOf, type MachineOptions, REGISTERS } from '../support/made/machine.ts';

const inspected = (registers: NonNullable<MachineOptions['registers']>, more: MachineOptions = {}) =>
  inspectMachine(bypassOnTwoBusses(), { registers, insert: [8], ...more });

/** A register of the healthy machine with other bits in a field. */
function put(register: 'IDR0' | 'IDR1', lsb: number, width: number, value: number): Record<string, string> {
  const mask = ((1n << BigInt(width)) - 1n) << BigInt(lsb);
  const word = (BigInt(REGISTERS[register]) & ~mask) | (BigInt(value) << BigInt(lsb));
  return { [register]: `0x${word.toString(16)}` };
}

const PRESET = 'embedded implementation not supported';
const REFUSED: readonly (readonly [string, Record<string, string>, string, string, string])[] = [
  ['big endian only', put('IDR0', 21, 2, 3), 'probe.endianness', 'TTENDIAN 3', 'unknown/unsupported TT endianness!'],
  [
    'a reserved TTENDIAN',
    put('IDR0', 21, 2, 1),
    'probe.endianness',
    'TTENDIAN 1',
    'unknown/unsupported TT endianness!',
  ],
  ['AArch32 tables only', put('IDR0', 2, 2, 1), 'probe.table-format', 'TTF 1', 'AArch64 table format not supported!'],
  ['a preset table', put('IDR1', 30, 1, 1), 'probe.preset', 'TABLES_PRESET 1, QUEUES_PRESET 0, REL 0', PRESET],
  ['preset queues', put('IDR1', 29, 1, 1), 'probe.preset', 'TABLES_PRESET 0, QUEUES_PRESET 1, REL 0', PRESET],
  ['relative addresses', put('IDR1', 28, 1, 1), 'probe.preset', 'TABLES_PRESET 0, QUEUES_PRESET 0, REL 1', PRESET],
  [
    'a queue for one batch',
    put('IDR1', 21, 5, 6),
    'probe.command-queue',
    'CMDQS 6',
    'command queue size <= 64 entries not supported',
  ],
];

describe.each(REFUSED)('%s', (_, registers, id, observed, complaint) => {
  test.each([...REVISIONS.keys()])('%s gives up with -ENXIO and touches nothing', async (revision) => {
    const report = await inspected(registers, { revision });
    const { smmu, findings } = report;
    expect(smmu.fate).toEqual({ kind: 'probe-fails', after: null });
    expect(smmu).toMatchObject({ reset: null, devices: [], inserts: [] });
    expect(smmu.adoption).toMatchObject({ verdict: 'probe-fails', ret: -6, errno: 'ENXIO', optionAfter: false });
    expect(smmu.adoption.decidedBy).toMatchObject({ id, result: 'fail', observed });
    expect(smmu.adoption.checks[0]).toEqual(smmu.adoption.decidedBy);
    // The core prints nothing of its own for -ENXIO.
    expect(logOf(report)).toEqual([complaint]);
    expect(findings.filter(({ rule }) => rule === 'hardware-refused')).toMatchObject([
      { severity: 'error', reach: 'smmu', args: { check: id, errno: 'ENXIO' }, kernelMessage: complaint },
    ]);
    expect(findings.map(({ rule }) => rule)).not.toContain('probe-fails');
  });
});

describe('what the driver takes', () => {
  test.each([
    ['both byte orders', put('IDR0', 21, 2, 0)],
    ['AArch32 tables too', put('IDR0', 2, 2, 3)],
    ['stage 1 alone', put('IDR0', 0, 2, 2)],
    ['stage 2 alone', put('IDR0', 0, 2, 1)],
    ['a queue for two batches', put('IDR1', 21, 5, 7)],
    ['ID registers that nobody has read', { IDR0: null, IDR1: null }],
    ['of which somebody knew the sizes alone', { IDR0: '0x08000010', IDR1: '0x10' }],
  ])('%s', async (_, registers) => {
    const { smmu } = await inspected(registers);
    expect(smmu.adoption.verdict).toBe('adopted');
    expect(smmu.adoption.checks.filter(({ id }) => id.startsWith('probe.'))).toEqual([]);
  });
});

test('the first reason is the one that is printed', async () => {
  const report = await inspected({ ...put('IDR0', 2, 2, 1), IDR1: '0x70200010' });
  expect(logOf(report)).toEqual(['AArch64 table format not supported!']);
});

test('firmware is only asked of coherency where the byte order will do', async () => {
  const overridden = 'IDR0.COHACC overridden by FW configuration (false)';
  const firmware = { firmwareCoherent: false };
  expect(logOf(await inspected(put('IDR0', 21, 2, 3), firmware))).toEqual(['unknown/unsupported TT endianness!']);
  expect(logOf(await inspected(put('IDR1', 28, 1, 1), firmware))).toEqual([overridden, PRESET]);
});

test('registers that nobody answered for tell nothing of hardware', async () => {
  const zeros = Object.fromEntries(Object.keys(REGISTERS).map((name) => [name, '0x0']));
  const { smmu, findings } = await inspected(zeros);
  expect(smmu.fate.kind).toBe('unknown');
  expect(findings.map(({ rule }) => rule)).not.toContain('hardware-refused');
});
