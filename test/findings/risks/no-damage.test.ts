/** What newer kernels do, and what must not be taken for damage: what is said of it, and what is not. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { inspectMachine, L1, L2_BUS0, L2_BUS1, type MachineOptions } from '../../support/made/machine.ts';
import { CMDQ, commandWords, fill } from '../../support/made/queue-machine.ts';
import { found, rulesOf } from '../../support/made/risk-machine.ts';

const bypass = { V: 1, Config: 4, SHCFG: 1 };
const ATS = { IDR0: '0x0d4c141b' };

const machine = (ste: Readonly<Record<string, number>> = bypass) =>
  new Image().l1(L1, 0, 9, L2_BUS0).abortTable(L2_BUS0, 256).ste(L2_BUS0, 8, ste);
const rules = async (memory: Image, options: MachineOptions = {}) => [
  ...rulesOf(await inspectMachine(memory, options)),
];

describe('an entry', () => {
  test('without EATS on hardware with ATS, as of a device in quarantine, has less to say than one with', async () => {
    const plain = await rules(machine(), { registers: ATS, insert: [8] });
    expect(await rules(machine({ ...bypass, EATS: 0 }), { registers: ATS, insert: [8] })).toEqual(plain);
    expect(plain.filter((rule) => rule.startsWith('ats'))).toEqual([]);
  });

  test('with INSTCFG, as all have in newer kernels, is like one without', async () => {
    const plain = await rules(machine(), { insert: [8] });
    expect(await rules(machine({ ...bypass, INSTCFG: 2 }), { insert: [8] })).toEqual(plain);
  });
});

test('an L2 table whose L1 pointer is not written yet is nobody concern: its bus has none', async () => {
  const plain = await rules(machine(), { insert: [8] });
  const early = machine().abortTable(L2_BUS1, 256).ste(L2_BUS1, 0, bypass);
  expect(await rules(early, { insert: [8] })).toEqual(plain);
});

describe('commands that are written twice', () => {
  const invalidation = commandWords('CMD_CFGI_STE', { StreamID: 8, Leaf: 1 });
  const other = commandWords('CMD_CFGI_STE', { StreamID: 9, Leaf: 1 });
  const sync = commandWords('CMD_SYNC');
  const repeated = async (...commands: readonly bigint[][]) => {
    const memory = machine().reserve(CMDQ, 4096);
    fill(memory, CMDQ, 0, commands, 8);
    const registers = {
      CMDQ_BASE: `0x${(CMDQ + 3).toString(16)}`,
      CMDQ_PROD: `0x${commands.length.toString(16)}`,
      CMDQ_CONS: '0x0',
    };
    const [finding] = found(await inspectMachine(memory, { registers }), 'invalidations-pending');
    return (finding?.args as { repeated: number } | undefined)?.repeated;
  };

  test('one right behind the other, or with a CMD_SYNC between', async () => {
    expect(await repeated(invalidation, invalidation, sync)).toBe(1);
    expect(await repeated(invalidation, sync, invalidation, sync)).toBe(1);
  });

  test('not the ordinary sequence of invalidations with a CMD_SYNC behind each', async () => {
    expect(await repeated(invalidation, sync, other, sync)).toBe(0);
  });
});
