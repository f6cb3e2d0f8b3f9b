/** Registers that were read after the kdump kernel's probe: said in the headline, and no verdict rests on them. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { doubtOf } from '../../../src/inspect/emulation/register-moment.ts';
import { plainStyle } from '../../../src/report/text/style.ts';
import { textVerdicts } from '../../../src/report/text/text.ts';
import { RegisterFile } from '../../../src/snapshot/register-file.ts';
import type { CaptureMoment } from '../../../src/snapshot/snapshot.ts';
import { inspectMachine, L1, L2_BUS0, type MachineOptions, REGISTERS } from '../../support/made/machine.ts';

const MIB = 2 ** 20;
const RAM = [
  { start: 0, end: 256 * MIB },
  { start: 512 * MIB, end: 768 * MIB },
];
const GAP_START = 256 * MIB;

interface Given {
  readonly cr0?: bigint | null;
  readonly captured?: CaptureMoment;
  readonly table?: number;
  readonly kdumpRam?: readonly { start: number; end: number }[];
  readonly raw?: boolean;
  readonly unanswered?: 'all-zero' | 'all-ones';
}

const doubt = ({ cr0 = 0xdn, captured = 'unknown', table = MIB, kdumpRam = [], raw = false, unanswered }: Given) =>
  doubtOf({
    captured,
    unanswered: unanswered ?? null,
    registers: new RegisterFile({
      name: 'smmu',
      base: null,
      firmwareCoherent: null,
      registers: new Map(cr0 === null ? [] : [['CR0', cr0]]),
    }),
    table: { start: table, end: table + 4096 },
    kdumpRam,
    vmcoreRam: raw ? null : RAM,
  });

test.each<[string, Given, ReturnType<typeof doubt>]>([
  ['a running kernel', {}, null],
  ['one with a PRI queue and ATS', { cr0: 0x1fn }, null],
  ['an SMMU that was off', { cr0: 0x0n }, null],
  ['no CR0', { cr0: null }, null],
  ['only SMMUEN', { cr0: 0x1n }, null],
  ['nobody answered', { unanswered: 'all-ones', captured: 'after-kdump-probe' }, 'all-ones'],
  ['the snapshot says so', { captured: 'after-kdump-probe' }, 'captured-after-probe'],
  ['a table there, read before the probe', { captured: 'before-kdump-probe', table: GAP_START }, null],
  ['CR0 as the reset leaves it, whoever says what', { captured: 'running', cr0: 0x9n }, 'cr0-after-reset'],
  ['CR0 as the reset leaves it', { cr0: 0x9n }, 'cr0-after-reset'],
  ['the same with ATSCHK and VMW', { cr0: 0x59n }, 'cr0-after-reset'],
  ['a raw image, taken with its registers', { cr0: 0x9n, table: GAP_START, raw: true }, null],
  ['a table at the start of the gap', { table: GAP_START }, 'table-in-gap'],
  ['a table at the end of the gap', { table: 512 * MIB - 4096 }, 'table-in-gap'],
  ['a table partly in the gap', { table: GAP_START - 64 }, null],
  ['a table behind all RAM', { table: 768 * MIB }, null],
  ['the gap is not the reservation', { table: GAP_START, kdumpRam: [{ start: 300 * MIB, end: 400 * MIB }] }, null],
  [
    'the reservation is known',
    { table: 300 * MIB, kdumpRam: [{ start: 300 * MIB, end: 400 * MIB }], raw: true },
    'table-in-kdump-memory',
  ],
])('%s', (_, given, sign) => expect(doubt(given)).toBe(sign));

const healthy = () => new Image().l1(L1, 0, 9, L2_BUS0).abortTable(L2_BUS0, 256).ste(L2_BUS0, 8, { V: 1, Config: 4 });

const quiet = async (options: MachineOptions) => {
  const inspected = await inspectMachine(healthy(), options);
  return { ...inspected, said: [...textVerdicts(inspected.facts, plainStyle(200))].join('') };
};

describe('a healthy table with CR0 as the reset leaves it', () => {
  const registers = { CR0: '0x9' };

  test.each(['v6', 'v7', 'v10'])('%s: nothing is firm', async (revision) => {
    const { smmu, findings, summary, said } = await quiet({ registers, revision, insert: 'all' });
    expect(smmu.adoption).toMatchObject({ verdict: 'indeterminate', doubt: 'cr0-after-reset', ret: null });
    expect(smmu.fate).toEqual({ kind: 'unknown', after: null });
    expect([smmu.devices, smmu.kernelLog, smmu.reset]).toEqual([[], [], null]);
    expect(findings.filter(({ rule }) => rule === 'registers-after-probe')).toHaveLength(1);
    expect(findings.filter(({ rule }) => rule === 'adoption-indeterminate')).toEqual([]);
    expect(summary.exitCode).toBe(3);
    expect(said).toContain("CANNOT BE TOLD: THESE REGISTERS ARE OF AFTER THE KDUMP KERNEL'S PROBE");
  });

  test('unless a log says the same as they do', async () => {
    const text = 'arm-smmu-v3 smmu: kdump: retaining SMMUEN for in-flight DMA\n';
    const { smmu } = await quiet({ registers, name: 'smmu', dmesg: { file: 'log', text } });
    expect(smmu.adoption).toMatchObject({ verdict: 'adopted', doubt: null, settledByLog: true });
    const other = 'arm-smmu-v3 smmu: kdump: falling back to full reset\n';
    const contrary = await quiet({ registers, name: 'smmu', dmesg: { file: 'log', text: other } });
    expect(contrary.smmu.adoption).toMatchObject({ verdict: 'indeterminate', settledByLog: false });
  });
});

test.each([
  ['every register is zero', '0x0', 'all-zero'],
  ['every register is all ones', '0xffffffff', 'all-ones'],
])('%s: nobody answered, and nothing is firm', async (words, value, sign) => {
  const registers = Object.fromEntries(Object.keys(REGISTERS).map((name) => [name, value]));
  const { smmu, findings, summary, said } = await quiet({ registers });
  expect(smmu.adoption).toMatchObject({ verdict: 'indeterminate', doubt: sign });
  expect(findings.filter(({ rule }) => rule === 'registers-unanswered')).toHaveLength(1);
  expect(findings.find(({ rule }) => rule === 'registers-unanswered')?.message).toContain(words);
  expect(summary.exitCode).toBe(3);
  expect(said).toContain('CANNOT BE TOLD: NOBODY ANSWERED WHEN THESE REGISTERS WERE READ');
});

test('what decides whether an adoption is attempted, and was assumed, is in the headline', async () => {
  const { said, smmu } = await quiet({ registers: { CR0: null } });
  expect(smmu.adoption.verdict).toBe('adopted');
  expect(said).toContain('ADOPTED, assuming CR0.SMMUEN = 1, revision v6');
  expect((await quiet({})).said).not.toContain('assuming');
  const both = await quiet({ registers: { CR0: null, IDR0: null } });
  expect(both.said).toContain('assuming IDR0.COHACC = 1, CR0.SMMUEN = 1');
});
